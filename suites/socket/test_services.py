"""Services, protocols and what look-ups tell: by files of this machine alone, and literals."""

from __future__ import annotations

import socket
from typing import Any

from fixtures import (
    Capable,
    Constant,
    ModuleUnderTest,
    NotApplicable,
    Observe,
    check,
    requirement,
    same,
)
from suites.socket.scenes import addresses_of, interfaces_of, needs

_STREAM = {"type": Constant("SOCK_STREAM")}
_NUMERIC = int(socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)


def _service() -> tuple[str, int]:
    """A service that this machine knows by its name.

    Raises:
        NotApplicable: it knows none.
    """
    for name, port in {"http": 80, "domain": 53, "ssh": 22}.items():
        try:
            if socket.getservbyname(name, "tcp") == port:
                return name, port
        except OSError:
            pass
    raise NotApplicable("this machine knows no services by their names")


@requirement("socket/service-has-a-port", variants={"of-tcp": ("tcp",), "of-any": ()})
def test_service_is_translated_to_its_port(
    tested: ModuleUnderTest, variant: tuple[str, ...]
) -> None:
    """With its protocol, or without."""
    name, port = _service()

    tested.expect(port, "getservbyname", name, *variant)


@requirement("socket/port-has-a-service")
def test_port_is_translated_to_its_service(tested: ModuleUnderTest) -> None:
    """As a text."""
    name, port = _service()

    tested.expect(name, "getservbyport", port, "tcp")


_UNKNOWN: dict[str, tuple[Any, ...]] = {
    "service": ("getservbyname", "no-such-service"),
    "protocol-of-a-service": ("getservbyname", "http", "no-such-protocol"),
    "port": ("getservbyport", 65_533, "no-such-protocol"),
    "protocol": ("getprotobyname", "no-such-protocol"),
}


@requirement("socket/unknown-service-is-refused", variants=_UNKNOWN)
def test_what_nobody_knows_is_refused(tested: ModuleUnderTest, variant: tuple[Any, ...]) -> None:
    """OSError."""
    tested.expect_raised("OSError", *variant)


@requirement("socket/port-of-a-service-has-limits", variants={"65536": 65_536, "minus-1": -1})
def test_port_of_no_service_is_refused(tested: ModuleUnderTest, variant: int) -> None:
    """OverflowError."""
    tested.expect_raised("OverflowError", "getservbyport", variant)


@requirement("socket/protocol-has-a-number", variants={"tcp": "IPPROTO_TCP", "udp": "IPPROTO_UDP"})
def test_protocol_is_translated_to_its_number(tested: ModuleUnderTest, variant: str) -> None:
    """That of its constant."""
    name = variant.rpartition("_")[2].lower()
    try:
        socket.getprotobyname(name)
    except OSError:
        raise NotApplicable("this machine knows no protocols by their names") from None

    tested.expect(int(getattr(socket, variant)), "getprotobyname", name)


@requirement("socket/getaddrinfo-knows-services")
def test_port_may_be_a_service(tested: ModuleUnderTest) -> None:
    """Its number is in the address."""
    name, port = _service()

    found = addresses_of(tested, "127.0.0.1", name, **_STREAM)

    same(("127.0.0.1", port), found[0][4], "the address")


@requirement("socket/getnameinfo-knows-services")
def test_service_of_a_port_is_told(tested: ModuleUnderTest) -> None:
    """Unless numbers alone are asked for."""
    name, port = _service()

    for flags, wanted in ((int(socket.NI_NUMERICHOST), name), (_NUMERIC, str(port))):
        tested.expect(("127.0.0.1", wanted), "getnameinfo", ("127.0.0.1", port), flags)


@requirement("socket/getnameinfo-has-limits")
def test_flow_that_cannot_be_is_refused(tested: ModuleUnderTest, capable: Capable) -> None:
    """OverflowError, where bind() and connect() raise it as well."""
    needs(capable, "inet6")
    address = ("::1", 0, 1 << 24, 0)

    tested.expect_raised("OverflowError", "getnameinfo", address, _NUMERIC)
    tested.stream("sock", "inet6").expect_raised("OverflowError", "bind", address)


_ERRORS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "EAI_NONAME": (("localhost", 80), {"flags": Constant("AI_NUMERICHOST")}),
    "EAI_SERVICE": (("127.0.0.1", "no-such-service"), {}),
    "EAI_FAMILY": (("127.0.0.1", 80, 9_999), {}),
    "EAI_BADFLAGS": (("127.0.0.1", 80), {"flags": 1 << 30}),
}


@requirement("socket/gaierror-tells-which", variants=_ERRORS)
def test_error_of_a_lookup_has_its_number(
    tested: ModuleUnderTest, variant: tuple[tuple[Any, ...], dict[str, Any]]
) -> None:
    """That of a constant EAI_*, and a text."""
    given, options = variant
    name = next(key for key, value in _ERRORS.items() if value is variant)
    number = tested.value_of(f"tested.{name}")

    error = tested.refused("getaddrinfo", *given, **options)

    check(error.is_a("gaierror"), expected="gaierror", actual=str(error))
    check(f"[Errno {number}] " in error.text, expected=f"errno {number} ({name})", actual=error)


@requirement("socket/gethostbyname-ex-tells-three-things")
def test_extended_lookup_of_a_literal_tells_three_things(tested: ModuleUnderTest) -> None:
    """The name, other names, and addresses."""
    tested.expect(("127.0.0.1", [], ["127.0.0.1"]), "gethostbyname_ex", "127.0.0.1")


@requirement("socket/getaddrinfo-tells-the-canonical-name")
def test_canonical_name_is_told_if_asked_for(tested: ModuleUnderTest) -> None:
    """By AI_CANONNAME; else it is empty."""
    for flags, wanted in ((0, ""), (Constant("AI_CANONNAME"), "127.0.0.1")):
        found = addresses_of(tested, "127.0.0.1", 80, flags=flags, **_STREAM)

        same(wanted, found[0][3], "the canonical name")


@requirement("socket/getaddrinfo-takes-a-scope")
def test_scope_of_a_multicast_address_is_a_number(
    tested: ModuleUnderTest, capable: Capable
) -> None:
    """And the text of the address is without it."""
    needs(capable, "inet6")
    (number, name), *_ = interfaces_of(tested)

    found = addresses_of(tested, f"ff02::1de:c0:face:8d%{name}", 1234, **_STREAM)

    same(("ff02::1de:c0:face:8d", 1234, 0, number), found[0][4], "the address")


@requirement("socket/errors-of-numbers-and-interfaces")
def test_errors_of_look_ups_by_number_are_recorded(
    tested: ModuleUnderTest, observe: Observe
) -> None:
    """Which differ between versions."""
    asked: dict[str, tuple[Any, ...]] = {
        "an interface that is not there": ("if_nametoindex", "no-such-if"),
        "a number that no interface has": ("if_indextoname", 999_999),
        "an interface below 0": ("if_indextoname", -1),
        "a port beyond all numbers": ("getaddrinfo", "127.0.0.1", 1 << 70),
        "a port below 0": ("getaddrinfo", "127.0.0.1", -1),
    }
    for name, given in asked.items():
        ended = tested.attempt(*given)
        observe(name, ended.error.name if ended.error else "no error")
