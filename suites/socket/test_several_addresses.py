"""create_connection() to a host that has several addresses, those of loopback; and what is left."""

from __future__ import annotations

from fixtures import (
    Capable,
    Constant,
    Inconclusive,
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


def _last_of(hosts: list[str]) -> str:
    """The family of the last one."""
    return next(family for family, host in _LOOPBACK.items() if host == hosts[-1])


def _port(tested: ModuleUnderTest, listens: str = "") -> int:
    """One that is held at both hosts, and at which one of them may listen.

    Raises:
        Inconclusive: each that was tried is taken at one of them.
    """
    for _ in range(10):
        holders = {"inet": tested.stream("holder"), "inet6": tested.stream("other", "inet6")}
        holders["inet"].do("bind", ("127.0.0.1", 0))
        port = int(holders["inet"].address[1])
        if holders["inet6"].attempt("bind", ("::1", port)).error is None:
            if listens:
                holders[listens].do("listen", 8)
            return port
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
    """Where one is refused, and to the other there is no way from the source."""
    hosts = _addresses(tested, 1, capable)
    port = _port(tested)
    source = (_LOOPBACK[variant], 0)

    error = tested.refused("create_connection", (None, port), source_address=source)

    refused = hosts[-1] == _LOOPBACK[variant]
    told = "ECONNREFUSED" if refused else "an error of bind()"
    right = (error.errno_name == "ECONNREFUSED") is refused
    check(right, expected=f"of {hosts[-1]}, the last address: {told}", actual=str(error))


@requirement("socket/create-connection-tells-the-error-of-each")
def test_all_errors_are_as_many_as_addresses(tested: ModuleUnderTest, capable: Capable) -> None:
    """Two, where both refuse."""
    _addresses(tested, 1, capable)
    port = _port(tested)

    error = tested.refused("create_connection", (None, port), all_errors=True)

    check("2 sub-exceptions" in error.text, expected="a group of two errors", actual=str(error))


# What is left open, told by a name: how Python calls a socket that nobody has closed.
_WARNINGS = """
import gc, warnings
def left_open(call, *given, **named):
    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        try:
            call(*given, **named)
        except OSError:
            pass
        except ValueError:
            pass
        gc.collect()
    return [str(one.message) for one in told if one.category is ResourceWarning]
"""
_CALLS: dict[str, str] = {
    "connection-is-refused": "tested.create_connection(taken)",
    "second-address-takes-it": "tested.create_connection((None, port)).close()",
    "server-cannot-be": "tested.create_server(used)",
    "server-is-of-both": "tested.create_server(used, dualstack_ipv6=True)",
    "dual-stack-is-asked-for": "tested.has_dualstack_ipv6()",
}


@requirement("socket/calls-close-what-they-give-up", variants=_CALLS)
def test_call_closes_the_sockets_that_it_gives_up(
    tested: ModuleUnderTest, variant: str, capable: Capable
) -> None:
    """None is left to the collector, which would warn of it."""
    port = _port(tested, _last_of(_addresses(tested, 1, capable)))
    used, free = tested.listening("used").address, tested.bound("refusing").address
    tested.execute(f"used, taken, port = {used!r}, {free!r}, {port}")
    tested.execute(_WARNINGS)

    left = tested.value_of(f"left_open(lambda: {variant})")

    same([], left, "sockets that are left open")


# Python frees an error at once unless it refers to itself, as by the variables of what raised it.
_ERRORS = """
import gc
def errors_left(call):
    gc.collect()
    gc.disable()
    before = sum(isinstance(one, OSError) for one in gc.get_objects())
    try:
        call()
    except OSError:
        pass
    left = sum(isinstance(one, OSError) for one in gc.get_objects()) - before
    gc.enable()
    return left
"""


@requirement("socket/what-create-connection-leaves")
def test_what_create_connection_leaves_is_recorded(
    tested: ModuleUnderTest, observe: Observe, capable: Capable
) -> None:
    """Errors for the collector, once refused and once not, and the protocol of what it makes."""
    if not tested.value_of("hasattr(__import__('sys'), 'getrefcount')"):
        raise NotApplicable("here nothing is freed at once")
    last = _last_of(_addresses(tested, 1, capable))
    tested.execute(_ERRORS)

    for name, listens in {"refused": "", "made": last}.items():
        call = f"lambda: tested.create_connection((None, {_port(tested, listens)})).close()"
        left = tested.value_of(f"errors_left({call})")
        observe(f"errors that are left when it is {name}", str(left))
    there = tested.listening().address
    tested.do("create_connection", there, keep="sock")
    observe("protocol", str(tested.held("sock").get("proto")))
