"""setsockopt() and getsockopt(): options of the documentation, there and back."""

from __future__ import annotations

import struct

from fixtures import Capable, Constant, HeldSocket, ModuleUnderTest, check, requirement, same
from suites.socket.scenes import needs

_FLAGS = {
    "SO_REUSEADDR": ("SOL_SOCKET", "inet", "STREAM"),
    "SO_KEEPALIVE": ("SOL_SOCKET", "inet", "STREAM"),
    "SO_OOBINLINE": ("SOL_SOCKET", "inet", "STREAM"),
    "SO_DONTROUTE": ("SOL_SOCKET", "inet", "STREAM"),
    "SO_BROADCAST": ("SOL_SOCKET", "inet", "DGRAM"),
    "TCP_NODELAY": ("IPPROTO_TCP", "inet", "STREAM"),
    "IPV6_V6ONLY": ("IPPROTO_IPV6", "inet6", "STREAM"),
}
_SOL = Constant("SOL_SOCKET")


@requirement("socket/flags-are-as-set", variants={name: name for name in _FLAGS})
def test_flag_is_as_it_was_set(tested: ModuleUnderTest, variant: str, capable: Capable) -> None:
    """On and off; an int both ways."""
    level, family, kind = _FLAGS[variant]
    needs(capable, family)
    make = tested.stream if kind == "STREAM" else tested.datagram
    sock = make("sock", family)
    option = Constant(level), Constant(variant)

    for wanted in (1, 0):
        sock.do("setsockopt", *option, wanted)

        found = sock.do("getsockopt", *option)
        check(isinstance(found, int), expected="an int", actual=found)
        same(bool(wanted), bool(found), f"{variant} after it was set to {wanted}")


@requirement("socket/option-as-octets")
def test_option_is_octets_if_a_length_is_given(tested: ModuleUnderTest) -> None:
    """SO_LINGER: two numbers, as octets both ways."""
    sock = tested.stream()
    value = struct.pack("ii", 1, 7)

    sock.do("setsockopt", _SOL, Constant("SO_LINGER"), value)

    same(value, sock.do("getsockopt", _SOL, Constant("SO_LINGER"), len(value)), "SO_LINGER")
    flag = sock.do("getsockopt", _SOL, Constant("SO_REUSEADDR"), 4)
    same(struct.pack("i", 0), flag, "SO_REUSEADDR as octets")


@requirement("socket/option-of-a-short-length")
def test_option_is_no_longer_than_asked(tested: ModuleUnderTest) -> None:
    """Of a flag, two octets."""
    sock = tested.stream()

    found = sock.do("getsockopt", _SOL, Constant("SO_REUSEADDR"), 2)

    check(isinstance(found, bytes), expected="the option as octets", actual=found)
    same(2, len(found), "octets of the option")


@requirement("socket/unknown-option-is-refused")
def test_unknown_option_is_refused(tested: ModuleUnderTest) -> None:
    """ENOPROTOOPT."""
    sock = tested.stream()

    for call, more in (("getsockopt", ()), ("setsockopt", (1,))):
        sock.expect_error("ENOPROTOOPT", call, _SOL, 9999, *more)


@requirement("socket/option-length-is-bounded", variants={"negative": -1, "too-long": 1025})
def test_length_of_an_option_is_bounded(tested: ModuleUnderTest, variant: int) -> None:
    """OSError beyond 1024 octets, and below 0."""
    tested.stream().expect_raised(
        "OSError ValueError", "getsockopt", _SOL, Constant("SO_REUSEADDR"), variant
    )


@requirement("socket/pending-error-is-told-once")
def test_error_of_a_connection_is_told_once(tested: ModuleUnderTest) -> None:
    """SO_ERROR, after a connection that was begun without waiting was refused."""
    address = tested.bound("holder").address
    sock: HeldSocket = tested.stream()
    sock.do("setblocking", False)
    sock.do("connect_ex", address)
    tested.library("select").do("select", [], [sock.kept], [], 5.0)

    told = [sock.do("getsockopt", _SOL, Constant("SO_ERROR")) for _ in range(2)]

    check(told[1] == 0, expected="no error the second time", actual=told)
