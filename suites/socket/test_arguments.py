"""Arguments that cannot be: what is raised of them."""

from __future__ import annotations

from typing import Any

from fixtures import Capable, Constant, ModuleUnderTest, Observe, Room, requirement
from suites.socket.scenes import needs

_TEXTS: dict[str, tuple[Any, ...]] = {
    "send": ("send", "text"),
    "sendall": ("sendall", "text"),
    "sendto": ("sendto", "text", ("127.0.0.1", 9)),
    "sendmsg": ("sendmsg", ["text"]),
    "recv": ("recv", "8"),
    "recv_into": ("recv_into", b"is not written to"),
    "settimeout": ("settimeout", "1"),
}


@requirement("socket/text-is-no-octets", variants=_TEXTS)
def test_value_of_a_wrong_type_is_refused(
    tested: ModuleUnderTest, variant: tuple[Any, ...]
) -> None:
    """TypeError, or BufferError of what is read alone."""
    a, _ = tested.pair()

    a.expect_raised("TypeError BufferError", *variant)


_SHAPES: dict[str, Any] = {
    "text": "127.0.0.1",
    "none": None,
    "one-part": ("127.0.0.1",),
    "three-parts": ("127.0.0.1", 1, 2),
    "port-as-text": ("127.0.0.1", "80"),
    "host-as-number": (127, 80),
}


@requirement("socket/address-of-a-wrong-shape", variants=_SHAPES)
def test_address_of_a_wrong_shape_is_refused(tested: ModuleUnderTest, variant: Any) -> None:
    """TypeError or ValueError, of whatever takes an address."""
    for call in ("bind", "connect", "connect_ex"):
        tested.stream(call).expect_raised("TypeError ValueError", call, variant)
    tested.datagram("udp").expect_raised("TypeError ValueError", "sendto", b"x", variant)


@requirement("socket/port-out-of-range", variants={"minus-1": -1, "65536": 65536, "huge": 1 << 40})
def test_port_out_of_range_is_refused(tested: ModuleUnderTest, variant: int) -> None:
    """OverflowError."""
    for call in ("bind", "connect"):
        tested.stream(call).expect_raised("OverflowError", call, ("127.0.0.1", variant))


@requirement("socket/path-that-is-too-long")
def test_path_that_is_too_long_is_refused(tested: ModuleUnderTest, capable: Capable) -> None:
    """OSError, and no socket file is made of a part of it."""
    needs(capable, "path")
    path = tested.address("path") + "x" * 200

    for call in ("bind", "connect"):
        tested.stream(call, "path").expect_raised("OSError", call, path)


@requirement("socket/unknown-family-is-refused")
def test_unknown_family_is_refused(tested: ModuleUnderTest) -> None:
    """OSError."""
    tested.expect_raised("OSError", "socket", 9999, Constant("SOCK_STREAM"))


_NONE_SUCH: dict[str, tuple[Any, ...]] = {
    "family-of-none": (0, Constant("SOCK_STREAM")),
    "type-of-none": (Constant("AF_INET"), 0),
    "protocol-of-another-type": (Constant("AF_INET"), Constant("SOCK_STREAM"), 1),
}


@requirement("socket/kinds-that-do-not-exist-are-refused", variants=_NONE_SUCH)
def test_kind_that_does_not_exist_is_refused(
    tested: ModuleUnderTest, variant: tuple[Any, ...]
) -> None:
    """OSError: a family or type of 0 is none, and streams are not of ICMP."""
    tested.expect_raised("OSError", "socket", *variant)


@requirement("socket/refused-calls-leave-the-socket")
def test_socket_is_as_it_was_after_refused_calls(tested: ModuleUnderTest) -> None:
    """It still connects and sends."""
    listener = tested.listening()
    sock = tested.stream()
    for given in _SHAPES.values():
        sock.refused("connect", given)

    sock.do("connect", listener.address)

    sock.expect(5, "send", b"hello")
    listener.accepted().expect(b"hello", "recv", 10)


@requirement("socket/errors-of-arguments")
def test_errors_of_arguments_are_recorded(tested: ModuleUnderTest, observe: Observe) -> None:
    """Of which no document speaks."""
    for name, (call, *given) in {
        "host with a null character": ("bind", ("127.0.0.1\0", 0)),
        "recv_into nothing": ("recv_into", Room(0)),
        "shutdown of an unknown direction": ("shutdown", 99),
        "timeout without end": ("settimeout", 1e300),
        "listen to a text": ("listen", "1"),
        "address of one part": ("bind", ("127.0.0.1",)),
    }.items():
        a = tested.stream("sock")
        ended = a.attempt(call, *given)
        observe(name, ended.error.name if ended.error else "no error")
