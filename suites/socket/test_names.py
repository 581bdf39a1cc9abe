"""Names and numbers of addresses: literals and this machine alone, so that no network is asked."""

from __future__ import annotations

import socket
from typing import Any

from fixtures import Capable, Constant, ModuleUnderTest, Observe, check, requirement, same
from suites.socket.scenes import addresses_of, interfaces_of, needs

_STREAM = {"type": Constant("SOCK_STREAM")}
_LITERALS = {
    "inet": ("127.0.0.1", "AF_INET", ("127.0.0.1", 80)),
    "inet6": ("::1", "AF_INET6", ("::1", 80, 0, 0)),
}


@requirement("socket/getaddrinfo-of-a-literal", variants=_LITERALS)
def test_literal_is_one_address(
    tested: ModuleUnderTest, variant: tuple[str, str, Any], capable: Capable
) -> None:
    """Of its family: five things, the last of which connect() takes."""
    host, family, address = variant
    needs(capable, "inet6" if ":" in host else "inet")

    found = addresses_of(tested, host, 80, **_STREAM)

    same(1, len(found), "how many addresses there are")
    told = int(getattr(socket, family)), int(socket.SOCK_STREAM), int(socket.IPPROTO_TCP), ""
    same((*told, address), tuple(found[0]), "the address")


@requirement(
    "socket/getaddrinfo-takes-texts-and-numbers",
    variants={"text": "80", "octets": b"80", "number": 80},
)
def test_port_may_be_text_octets_or_a_number(tested: ModuleUnderTest, variant: object) -> None:
    """It is a number in the address."""
    for host in ("127.0.0.1", b"127.0.0.1"):
        found = addresses_of(tested, host, variant, **_STREAM)

        same(("127.0.0.1", 80), found[0][4], f"the address of {host!r}")


@requirement(
    "socket/getaddrinfo-of-no-host", variants={"loopback": 0, "any": "AI_PASSIVE", "unasked": None}
)
def test_no_host_is_loopback_or_any(tested: ModuleUnderTest, variant: Any) -> None:
    """Loopback to connect to; with AI_PASSIVE any address, to bind to."""
    flags = {} if variant is None else {"flags": Constant(variant) if variant else 0}
    wanted = "0.0.0.0" if variant else "127.0.0.1"

    found = addresses_of(tested, None, 80, Constant("AF_INET"), **flags, **_STREAM)

    same((wanted, 80), found[0][4], "the address")


@requirement("socket/getaddrinfo-keeps-to-what-is-asked")
def test_kind_and_protocol_narrow_the_answer(tested: ModuleUnderTest) -> None:
    """Without them there is one for each kind; with them, one."""
    every = addresses_of(tested, "127.0.0.1", 80)

    of_udp = addresses_of(tested, "127.0.0.1", 80, proto=Constant("IPPROTO_UDP"))

    kinds = {entry[1] for entry in every}
    check({1, 2} <= kinds, expected="streams and datagrams", actual=sorted(kinds))
    same([2], [entry[1] for entry in of_udp], "the kinds of UDP")


@requirement("socket/getaddrinfo-raises-gaierror")
def test_name_is_no_number(tested: ModuleUnderTest) -> None:
    """gaierror, where only numbers are asked for."""
    given = {"flags": Constant("AI_NUMERICHOST")}

    tested.expect_raised("gaierror", "getaddrinfo", "localhost", 80, **given)


@requirement("socket/getaddrinfo-refuses-what-does-not-fit")
def test_address_of_another_family_is_refused(tested: ModuleUnderTest) -> None:
    """gaierror: of IPv6, where IPv4 is asked for."""
    tested.expect_raised("gaierror", "getaddrinfo", "::1", 80, Constant("AF_INET"))


_NUMERIC = {
    "inet": (("127.0.0.1", 80), ("127.0.0.1", "80")),
    "inet6": (("::1", 80, 0, 0), ("::1", "80")),
}


@requirement("socket/getnameinfo-of-numbers", variants=_NUMERIC)
def test_numbers_are_told_as_text(
    tested: ModuleUnderTest, variant: tuple[Any, Any], capable: Capable
) -> None:
    """Host and port, where no name is asked for."""
    address, wanted = variant
    needs(capable, "inet6" if ":" in address[0] else "inet")
    flags = int(socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)

    tested.expect(wanted, "getnameinfo", address, flags)


@requirement("socket/gethostbyname-of-a-literal")
def test_literal_is_its_own_address(tested: ModuleUnderTest) -> None:
    """Unchanged."""
    tested.expect("127.0.0.1", "gethostbyname", "127.0.0.1")


@requirement("socket/gethostname-is-text")
def test_name_of_the_machine_is_text(tested: ModuleUnderTest) -> None:
    """As the system has it."""
    found = tested.do("gethostname")

    same(tested.library("os").do("uname")[1], found, "gethostname()")


_V4 = {"loopback": ("127.0.0.1", b"\x7f\0\0\1"), "any": ("0.0.0.0", b"\0\0\0\0")}
_V4["highest"] = ("255.255.255.255", b"\xff\xff\xff\xff")


@requirement("socket/inet-aton-and-back", variants=_V4)
def test_four_numbers_are_four_octets(tested: ModuleUnderTest, variant: tuple[str, bytes]) -> None:
    """And back."""
    text, packed = variant

    tested.expect(packed, "inet_aton", text)
    tested.expect(text, "inet_ntoa", packed)


_V6 = {"loopback": ("::1", bytes(15) + b"\1"), "any": ("::", bytes(16))}
_V6["mapped"] = ("::ffff:127.0.0.1", bytes(10) + b"\xff\xff\x7f\0\0\1")


@requirement("socket/inet-pton-and-back", variants={**_V4, **_V6})
def test_literal_is_packed_and_back(
    tested: ModuleUnderTest, variant: tuple[str, bytes], capable: Capable
) -> None:
    """Of both families."""
    text, packed = variant
    needs(capable, "inet6" if ":" in text else "inet")
    family = Constant("AF_INET6" if ":" in text else "AF_INET")

    tested.expect(packed, "inet_pton", family, text)
    tested.expect(text, "inet_ntop", family, packed)


_WRONG = {
    "inet_aton-of-a-name": ("inet_aton", "localhost"),
    "inet_pton-of-a-name": ("inet_pton", Constant("AF_INET"), "localhost"),
    "inet_pton-of-another-family": ("inet_pton", Constant("AF_INET"), "::1"),
    "inet_pton-of-three-numbers": ("inet_pton", Constant("AF_INET"), "127.0.1"),
    "inet_ntoa-of-three-octets": ("inet_ntoa", b"abc"),
    "inet_ntop-of-three-octets": ("inet_ntop", Constant("AF_INET"), b"abc"),
    "if_nametoindex-of-nothing": ("if_nametoindex", "no-such-if"),
    "if_indextoname-of-nothing": ("if_indextoname", 999_999),
}


@requirement("socket/no-address-is-refused", variants=_WRONG)
def test_what_is_no_address_is_refused(tested: ModuleUnderTest, variant: tuple[Any, ...]) -> None:
    """OSError; of packed octets of a wrong length ValueError may be."""
    tested.expect_raised("OSError ValueError", *variant)


_ORDER = {"htons": 0x1234, "htonl": 0x12345678}


@requirement("socket/byte-order-is-that-of-the-network", variants=_ORDER)
def test_byte_order_is_that_of_the_network(tested: ModuleUnderTest, variant: int) -> None:
    """And back."""
    there, back = ("htons", "ntohs") if variant < 0x10000 else ("htonl", "ntohl")

    size = 2 if variant < 0x10000 else 4
    in_order = int.from_bytes(variant.to_bytes(size, "big"), "little")
    swapped = tested.value_of("sys.byteorder") == "little"
    tested.expect(in_order if swapped else variant, there, variant)
    tested.expect(variant, back, tested.do(there, variant))


_LIMITS = {
    "htons": ("htons", 1 << 16),
    "ntohs": ("ntohs", 1 << 16),
    "htonl": ("htonl", 1 << 32),
    "ntohl": ("ntohl", 1 << 32),
    "negative": ("htons", -1),
}


@requirement("socket/byte-order-has-limits", variants=_LIMITS)
def test_number_that_does_not_fit_is_refused(
    tested: ModuleUnderTest, variant: tuple[str, int]
) -> None:
    """OverflowError."""
    tested.expect_raised("OverflowError", *variant)


@requirement("socket/interfaces-have-numbers")
def test_interfaces_are_found_by_number_and_name(tested: ModuleUnderTest) -> None:
    """Each that is listed."""
    for number, name in interfaces_of(tested):
        tested.expect(name, "if_indextoname", number)
        tested.expect(number, "if_nametoindex", name)


@requirement("socket/errors-of-lookups")
def test_errors_of_lookups_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """What lookups raise of what is no host or port."""
    for name, given in {
        "a port that is no number": ("127.0.0.1", "80x"),
        "a port beyond 65535": ("127.0.0.1", 65536),
        "neither host nor port": (None, None),
        "a host that is a number": (1, 80),
    }.items():
        ended = tested.attempt("getaddrinfo", *given)
        observe(name, ended.error.name if ended.error else "no error")
