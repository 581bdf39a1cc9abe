"""create_connection() to a host that has several addresses, those of loopback; and what is left."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Capable,
    Constant,
    Inconclusive,
    Kept,
    ModuleUnderTest,
    NotApplicable,
    Observe,
    check,
    requirement,
    same,
)
from suites.socket.scenes import addresses_of, needs

_LOOPBACK = {"inet": "127.0.0.1", "inet6": "::1"}


def _addresses(tested: ModuleUnderTest, port: int, capable: Capable) -> list[str]:
    """The hosts of loopback in the order in which they are tried: no host at all means these.

    Raises:
        NotApplicable: they are not both there.
    """
    needs(capable, "inet6")
    found = addresses_of(tested, None, port, 0, Constant("SOCK_STREAM"))
    hosts = [entry[4][0] for entry in found]
    if sorted(hosts) != sorted(_LOOPBACK.values()):
        raise NotApplicable(f"no host is {' and '.join(hosts)} here")
    return hosts


# An address that no machine has: of those that are kept for documents (RFC 5737).
_NOWHERE = ("192.0.2.1", 0)


def _last_of(hosts: list[str]) -> str:
    """The family of the last one."""
    return next(family for family, host in _LOOPBACK.items() if host == hosts[-1])


def _port(tested: ModuleUnderTest, listens: str = "") -> Kept:
    """One that is held at both hosts, and at which one of them may listen.

    Raises:
        Inconclusive: each that was tried is taken at one of them.
    """
    for _ in range(10):
        holders = {"inet": tested.stream("holder"), "inet6": tested.stream("other", "inet6")}
        holders["inet"].do("bind", ("127.0.0.1", 0))
        holders["inet"].do("getsockname", keep="there")
        tested.library("operator").do("getitem", Kept("there"), 1, keep="port")
        if holders["inet6"].attempt("bind", ("::1", Kept("port"))).error is None:
            if listens:
                holders[listens].do("listen", 8)
            return Kept("port")
        for holder in holders.values():
            holder.do("close")
    raise Inconclusive("no port is free at both hosts of loopback")


@requirement("socket/create-connection-goes-on-to-the-next", variants={f: f for f in _LOOPBACK})
def test_next_address_is_tried_where_one_refuses(
    tested: ModuleUnderTest, variant: str, capable: Capable
) -> None:
    """Whichever of two is the one that listens."""
    _addresses(tested, 1, capable)
    port = _port(tested, variant)

    tested.do("create_connection", (None, port), keep="sock")

    host = tested.held("sock").do("getpeername")[0]
    same(_LOOPBACK[variant], host, "the host that it is connected to")


@requirement("socket/create-connection-raises-the-last-error", variants={f: f for f in _LOOPBACK})
def test_error_is_that_of_the_last_address(
    tested: ModuleUnderTest, variant: str, capable: Capable
) -> None:
    """Where one is refused, and to the other there is no way from the source. The last is that of
    the list, as the documentation says: in which order they are tried is not left to the module."""
    hosts = _addresses(tested, 1, capable)
    port = _port(tested)
    source = (_LOOPBACK[variant], 0)

    if hosts[-1] == _LOOPBACK[variant]:
        tested.expect_error(
            "ECONNREFUSED", "create_connection", (None, port), source_address=source
        )
        return
    error = tested.refused("create_connection", (None, port), source_address=source)
    wanted = f"the error of bind(), of {hosts[-1]}"
    check(error.errno_name != "ECONNREFUSED", expected=wanted, actual=str(error))


_GROUP = """
def errors_told(port, source=None):
    try:
        tested.create_connection((None, port), source_address=source, all_errors=True)
    except ExceptionGroup as group:
        return len(group.exceptions)
tested.errors_told = errors_told
"""


@requirement("socket/create-connection-tells-the-error-of-each")
def test_all_errors_are_as_many_as_addresses(tested: ModuleUnderTest, capable: Capable) -> None:
    """Two, where both refuse, and where neither is reached from the source."""
    _addresses(tested, 1, capable)
    port = _port(tested)
    tested.execute(_GROUP)

    tested.expect(2, "errors_told", port)
    tested.expect(2, "errors_told", port, _NOWHERE)


# How Python calls a socket that nobody has closed, once it is collected.
_LEFT_OPEN = """
import gc, warnings
def left_open(name, *given, **named):
    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        try:
            made = getattr(tested, name)(*given, **named)
            if hasattr(made, "close"):
                made.close()
        except (OSError, ValueError):
            pass
        made = None
        gc.collect()
    return [str(one.message) for one in told if one.category is ResourceWarning]
tested.left_open = left_open
tested.dropped = lambda: tested.socket() and None  # which nobody closes
tested.is_told = lambda: bool(left_open("dropped"))
"""
_USED, _REFUSING, _PORT = Kept("used"), Kept("refusing"), Kept("port")
_CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "connection-is-refused": (("create_connection", _REFUSING), {}),
    "source-is-nowhere": (("create_connection", _REFUSING), {"source_address": _NOWHERE}),
    "second-address-takes-it": (("create_connection", (None, _PORT)), {}),
    "server-cannot-be": (("create_server", _USED), {}),
    "server-is-of-both": (("create_server", _USED), {"dualstack_ipv6": True}),
    "dual-stack-is-asked-for": (("has_dualstack_ipv6",), {}),
}


@requirement("socket/calls-close-what-they-give-up", variants=_CALLS)
def test_call_closes_the_sockets_that_it_gives_up(
    tested: ModuleUnderTest, variant: tuple[tuple[Any, ...], dict[str, Any]], capable: Capable
) -> None:
    """None is left to the collector, which would warn of it."""
    given, named = variant
    if (None, _PORT) in given:
        _port(tested, _last_of(_addresses(tested, 1, capable)))
    tested.listening("listener").do("getsockname", keep="used")
    tested.bound("deaf").do("getsockname", keep="refusing")
    tested.execute(_LEFT_OPEN)
    if not tested.do("is_told"):
        raise NotApplicable("nobody is told here of a socket that is not closed")

    tested.expect([], "left_open", *given, **named)


# Python frees an error at once unless it refers to itself, as by the variables of what raised it.
_ERRORS_LEFT = """
import gc
def errors_left(address):
    gc.collect()
    gc.disable()
    before = sum(isinstance(one, OSError) for one in gc.get_objects())
    try:
        tested.create_connection(address).close()
    except OSError:
        pass
    left = sum(isinstance(one, OSError) for one in gc.get_objects()) - before
    gc.enable()
    return left
tested.errors_left = errors_left
"""


@requirement("socket/what-create-connection-leaves")
def test_what_create_connection_leaves_is_recorded(
    tested: ModuleUnderTest, observe: Observe, capable: Capable
) -> None:
    """Errors for the collector, once refused and once not, and the protocol of what it makes."""
    if not tested.value_of("hasattr(__import__('sys'), 'getrefcount')"):
        raise NotApplicable("here nothing is freed at once")
    last = _last_of(_addresses(tested, 1, capable))
    tested.execute(_ERRORS_LEFT)

    for name, listens in {"refused": "", "made": last}.items():
        left = tested.do("errors_left", (None, _port(tested, listens)))
        observe(f"errors that are left when it is {name}", str(left))
    tested.do("create_connection", tested.listening().address, keep="sock")
    observe("protocol", str(tested.held("sock").get("proto")))
