"""A socket that is in use by another thread: what others may do with it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fixtures import (
    Constant,
    HeldSocket,
    ModuleUnderTest,
    Observe,
    Outcome,
    Peers,
    Room,
    RunningCall,
    check,
    requirement,
    same,
)
from suites.socket.scenes import connection

_OPTION = Constant("SOL_SOCKET"), Constant("SO_KEEPALIVE")
# What does not wait for the thread that receives.
_MEANWHILE: dict[str, tuple[Any, ...]] = {
    "send": (b"x",),
    "sendall": (b"x",),
    "sendmsg": ([b"x"],),
    "getsockname": (),
    "getpeername": (),
    "getsockopt": _OPTION,
    "setsockopt": (*_OPTION, 1),
    "fileno": (),
    "gettimeout": (),
    "settimeout": (60.0,),
    "shutdown": (Constant("SHUT_WR"),),
}


def _waiting(call: RunningCall) -> RunningCall:
    check(call.comes_to_wait(), expected=f"{call.method}() waits", actual="it has ended")
    return call


@requirement("socket/calls-beside-a-recv", variants={name: name for name in _MEANWHILE})
def test_call_beside_a_recv_does_not_wait_for_it(
    tested: ModuleUnderTest, peers: Peers, variant: str
) -> None:
    """It is done while recv() waits, and that goes on: what comes later is received."""
    sock, peer = connection(tested, peers)
    call = _waiting(sock.begin("recv", 100))

    sock.do(variant, *_MEANWHILE[variant])

    check(call.comes_to_wait(), expected="recv() still waits", actual="it has ended")
    peer.send(b"later")
    same(b"later", call.expect_return(), "what recv() returns")


_OF_LISTENERS: dict[str, tuple[Any, ...]] = {
    "getsockname": (),
    "getsockopt": (Constant("SOL_SOCKET"), Constant("SO_ACCEPTCONN")),
    "listen": (8,),
    "settimeout": (60.0,),
}


@requirement("socket/calls-beside-an-accept", variants={name: name for name in _OF_LISTENERS})
def test_call_beside_an_accept_does_not_wait_for_it(
    tested: ModuleUnderTest, peers: Peers, variant: str
) -> None:
    """It is done while accept() waits, which then takes the next client."""
    listener = tested.listening()
    call = _waiting(listener.begin("accept", keep=("conn", "address")))

    listener.do(variant, *_OF_LISTENERS[variant])

    check(call.comes_to_wait(), expected="accept() still waits", actual="it has ended")
    peer = peers.stream().connect(listener)
    same(peer.address, call.expect_return()[1], "the address that accept() returns")


def _both_waited(waited: Sequence[bool], method: str) -> None:
    check(all(waited), expected=f"both {method}() wait", actual="one has not waited")


@requirement("socket/datagram-goes-to-one-reader")
def test_each_datagram_goes_to_one_of_two_readers(tested: ModuleUnderTest) -> None:
    """Two threads wait at one socket, and two datagrams come: each has one of them."""
    sock, other = tested.bound_datagram(), tested.bound_datagram("other")
    calls = [sock.begin("recv", 100) for _ in range(2)]
    waited = [call.comes_to_wait() for call in calls]

    for data in (b"one", b"two"):
        other.do("sendto", data, sock.address)

    found = sorted(call.expect_return() for call in calls)
    _both_waited(waited, "recv")
    same([b"one", b"two"], found, "what the two calls return")


@requirement("socket/client-goes-to-one-accept")
def test_each_client_goes_to_one_of_two_accepts(tested: ModuleUnderTest, peers: Peers) -> None:
    """Two threads wait at one listener, and two clients come."""
    listener = tested.listening()
    calls = [listener.begin("accept", keep=(f"c{n}", f"a{n}")) for n in range(2)]
    waited = [call.comes_to_wait() for call in calls]

    clients = [peers.stream().connect(listener) for _ in range(2)]

    found = sorted(call.expect_return()[1] for call in calls)
    _both_waited(waited, "accept")
    same(sorted(client.address for client in clients), found, "who was accepted")


@requirement("socket/shutdown-ends-a-sendall-that-waits")
def test_shutdown_ends_a_sendall_of_another_thread(tested: ModuleUnderTest, peers: Peers) -> None:
    """It raises EPIPE, as what is sent from then on does."""
    sock, _ = connection(tested, peers)
    call = _waiting(sock.begin("sendall", Room(32 << 20)))

    sock.do("shutdown", Constant("SHUT_WR"))

    error = call.wait().error
    check(
        error is not None and error.errno_name == "EPIPE",
        expected="sendall() raises EPIPE",
        actual=str(error or "it returned"),
    )


def _of_a_stream(tested: ModuleUnderTest, peers: Peers) -> tuple[HeldSocket, Callable[[], Any]]:
    sock, peer = connection(tested, peers)
    return sock, lambda: peer.send(b"later")


def _of_a_listener(tested: ModuleUnderTest, _peers: Peers) -> tuple[HeldSocket, Callable[[], Any]]:
    listener = tested.listening("sock")
    where = listener.address
    return listener, lambda: tested.stream("late").attempt("connect", where)


# None has a timeout: systems differ in whether what polls a closed descriptor is ever woken.
_CLOSED: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "recv": (_of_a_stream, (100,)),
    "recv_into": (_of_a_stream, (Room(100),)),
    "accept": (_of_a_listener, ()),
}


@requirement("socket/close-beside-a-call", variants=_CLOSED)
def test_what_close_does_to_a_call_of_another_thread_is_recorded(
    tested: ModuleUnderTest, peers: Peers, variant: Any, observe: Observe
) -> None:
    """Whether the call goes on, and how it ends once something comes."""
    make, given = variant
    name = next(key for key, value in _CLOSED.items() if value is variant)
    sock, wake = make(tested, peers)
    keep = ("conn", "address") if name == "accept" else None
    call = _waiting(sock.begin(name, *given, keep=keep))

    sock.do("close")

    goes_on = call.comes_to_wait()
    observe("at close()", "it goes on" if goes_on else "it ends")
    wake()
    observe("in the end", _ending(call.wait()))


def _ending(ended: Outcome) -> str:
    return f"it raises {ended.error.name}" if ended.error else "it returns"
