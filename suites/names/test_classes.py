"""The module's names: which classes there are, what derives from what, what it exports.

A class that the implementation calls otherwise is looked for by that name.
"""

from __future__ import annotations

from collections.abc import Iterable

from fixtures import (
    ALL_SPECS,
    CaseProcess,
    Claims,
    NotApplicable,
    Observe,
    ServerSpec,
    check,
    requirement,
    same,
)
from suites.names.looking import (
    EXPORTED,
    FORKING_SERVERS,
    FORKING_UNIX_SERVERS,
    HANDLERS,
    MIXINS,
    SERVERS,
    UNIX_SERVERS,
    exported_names,
    has,
    lines_of,
    value_of,
)

PARENTS = {
    "TCPServer": "BaseServer",
    "UDPServer": "TCPServer",
    "UnixStreamServer": "TCPServer",
    "UnixDatagramServer": "UDPServer",
    "StreamRequestHandler": "BaseRequestHandler",
    "DatagramRequestHandler": "BaseRequestHandler",
}
FAMILIES_AND_TYPES = {
    "TCPServer": ("AF_INET", "SOCK_STREAM"),
    "UDPServer": ("AF_INET", "SOCK_DGRAM"),
    "UnixStreamServer": ("AF_UNIX", "SOCK_STREAM"),
    "UnixDatagramServer": ("AF_UNIX", "SOCK_DGRAM"),
}
# Defaults that no document promises, and that have changed.
RECORDED_DEFAULTS = {
    "BaseServer": ("timeout",),
    "TCPServer": ("request_queue_size", "allow_reuse_port"),
    "UDPServer": ("max_packet_size",),
    "ThreadingMixIn": ("block_on_close",),
    "ForkingMixIn": ("timeout", "max_children", "block_on_close"),
    "StreamRequestHandler": ("rbufsize", "wbufsize", "timeout", "disable_nagle_algorithm"),
}


@requirement("names/classes-are-exported")
def test_documented_classes_are_there(process: CaseProcess, claims: Claims) -> None:
    """The module has every documented server and handler class that the platform allows."""
    wanted: tuple[str, ...] = ("BaseServer", *SERVERS, *HANDLERS)
    if has(process, "socket", "AF_UNIX"):
        wanted += UNIX_SERVERS
    if has(process, "os", "fork"):
        wanted += FORKING_SERVERS

    _has_all(process, filter(claims, wanted))


@requirement("names/mixins-are-exported")
def test_mixins_are_there(process: CaseProcess, claims: Claims) -> None:
    """The module has the mix-in for threads, and the one for processes where there is fork()."""
    _has_all(process, filter(claims, MIXINS if has(process, "os", "fork") else MIXINS[:1]))


@requirement("names/forking-unix-classes")
def test_forking_unix_classes_are_there(process: CaseProcess, claims: Claims) -> None:
    """The module has forking Unix servers where the platform has both."""
    for module, name in (("os", "fork"), ("socket", "AF_UNIX")):
        if not has(process, module, name):
            raise NotApplicable(f"no {name} here", name)

    _has_all(process, filter(claims, FORKING_UNIX_SERVERS))


@requirement("names/class-hierarchy")
def test_classes_derive_as_documented(process: CaseProcess) -> None:
    """Servers and handlers have the documented ancestors, and mixed ones the mix-in first."""
    lines = lines_of(process)

    for child, parent in PARENTS.items():
        if child in lines and parent in lines:
            check(
                parent in lines[child],
                expected=f"{child} derives from {parent}",
                actual=f"it derives from {lines[child][1:]}",
            )
    for spec in _predefined_mixed():
        if spec.class_name in lines:
            _has_mixin_first(spec, lines)


@requirement("names/unix-datagram-derives-from-udp")
def test_unix_datagram_server_derives_from_udp(process: CaseProcess) -> None:
    """UnixDatagramServer is a UDPServer over another family, and no UnixStreamServer."""
    lines = lines_of(process)
    for name in ("UnixDatagramServer", "UDPServer"):
        if name not in lines:
            raise NotApplicable(f"the module has no {name}", name)
    line = lines["UnixDatagramServer"]

    check("UDPServer" in line, expected="UDPServer among its ancestors", actual=line)
    check("UnixStreamServer" not in line, expected="UnixStreamServer not among them", actual=line)


@requirement("names/default-attributes")
def test_default_attributes_are_as_documented(process: CaseProcess, observe: Observe) -> None:
    """Reuse and daemon threads are off, and each class has the family and type of its name."""
    lines = lines_of(process)

    for name, (family, kind) in FAMILIES_AND_TYPES.items():
        if name in lines:
            found = f"classes[{name!r}]"
            same(False, value_of(process, f"bool({found}.allow_reuse_address)"), "reuse of " + name)
            is_right = f"{found}.address_family == socket.{family}"
            check(value_of(process, is_right), expected=f"{name} of {family}", actual="another")
            is_right = f"{found}.socket_type == socket.{kind}"
            check(value_of(process, is_right), expected=f"{name} of {kind}", actual="another")
    if "ThreadingMixIn" in lines:
        is_daemonic = value_of(process, "bool(classes['ThreadingMixIn'].daemon_threads)")
        same(False, is_daemonic, "daemon_threads")
    _record_defaults(process, lines, observe)


@requirement("names/exported-list")
def test_exported_list_is_complete(process: CaseProcess) -> None:
    """__all__ holds every documented class but BaseServer that the module has."""
    lines = lines_of(process)
    is_there = has(process, "socketserver", "__all__")
    check(is_there, expected="the module has __all__", actual="it has none")

    exported = exported_names(process)

    own = {name: value_of(process, f"own_name({name!r})") for name in EXPORTED if name in lines}
    missing = [name for name, own_name in own.items() if own_name not in exported]
    check(not missing, expected="every documented class in __all__", actual=f"without {missing}")


@requirement("names/base-server-is-exported")
def test_base_server_is_exported(process: CaseProcess) -> None:
    """__all__ holds BaseServer."""
    if "BaseServer" not in lines_of(process):
        raise NotApplicable("the module has no BaseServer", "BaseServer")
    is_exported = value_of(process, "own_name('BaseServer')") in exported_names(process)

    check(is_exported, expected="BaseServer in __all__", actual="it is not there")


def _has_all(process: CaseProcess, wanted: Iterable[str]) -> None:
    lines, names = lines_of(process), list(wanted)
    if not names:
        raise NotApplicable("the module is to have none of these classes")
    missing = [name for name in names if name not in lines]
    check(not missing, expected="every documented class", actual=f"no {', '.join(missing)}")


def _predefined_mixed() -> list[ServerSpec]:
    return [spec for spec in ALL_SPECS if spec.mixin != "none" and not spec.mixed]


def _has_mixin_first(spec: ServerSpec, lines: dict[str, list[str]]) -> None:
    line = lines[spec.class_name]
    wanted = [spec.class_name, f"{spec.mixin}MixIn", f"{spec.kind}Server"]
    wanted = [name for name in wanted if name in lines]
    order = [name for name in line if name in wanted]
    same(wanted, order, f"{spec.class_name}, its mix-in and what it is mixed into")


def _record_defaults(process: CaseProcess, lines: dict[str, list[str]], observe: Observe) -> None:
    for name, attributes in RECORDED_DEFAULTS.items():
        for attribute in attributes if name in lines else ():
            expression = f"getattr(classes[{name!r}], {attribute!r}, 'none such')"
            observe(f"{name}.{attribute}", value_of(process, expression))
