"""Signals that come to a call: it goes on, or raises what the handler raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fixtures import (
    SPECS,
    CaseProcess,
    HeldSocket,
    ListeningPeer,
    ModuleUnderTest,
    NotApplicable,
    Peers,
    Room,
    check,
    requirement,
)
from suites.socket.scenes import connection

# The handler may run in the hub of a green runtime, where its os.write() refuses to wait.
_TELLS = """
import os, posix, signal
readable, writable = os.pipe()
signal.signal(signal.SIGUSR1, lambda number, frame: posix.write(writable, b"!"))
"""
_HAS_TOLD = "os.read(readable, 1)"
_TELLS_NO_MORE = "os.close(readable); os.close(writable)"
_RAISES = """
import signal
def interrupt(number, frame):
    raise LookupError("by the handler")
signal.signal(signal.SIGUSR1, interrupt)
"""
# Every 5 ms, for as long as a call lasts that has a timeout of 100 ms.
_AGAIN_AND_AGAIN = """
import signal
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
"""
_NO_MORE = "signal.setitimer(signal.ITIMER_REAL, 0)"


@dataclass
class Interrupted:
    """A socket whose call waits: what ``wake`` does ends it, with ``wanted``."""

    sock: HeldSocket
    given: tuple[Any, ...]
    wake: Callable[[], Any]
    wanted: Callable[[Any], bool]


def _receiving(*given: Any, wanted: Callable[[Any], bool]) -> Any:
    def made(tested: ModuleUnderTest, peers: Peers) -> Interrupted:
        sock, peer = connection(tested, peers)
        return Interrupted(sock, given, lambda: peer.send(b"late"), wanted)

    return made


def _accepting(tested: ModuleUnderTest, peers: Peers) -> Interrupted:
    listener = tested.listening("sock")
    come = peers.stream()
    return Interrupted(
        listener, (), lambda: come.connect(listener), lambda told: told[1] == come.address
    )


def _sending(tested: ModuleUnderTest, peers: Peers) -> Interrupted:
    sock, peer = connection(tested, peers)
    much = 16 << 20
    return Interrupted(sock, (Room(much),), lambda: peer.receive(much), lambda told: told is None)


_CALLS: Mapping[str, Callable[[ModuleUnderTest, Peers], Interrupted]] = {
    "recv": _receiving(100, wanted=lambda told: told == b"late"),
    "recv_into": _receiving(Room(100), wanted=lambda told: told == 4),
    "recvfrom": _receiving(100, wanted=lambda told: told[0] == b"late"),
    "recvmsg": _receiving(100, wanted=lambda told: told[0] == b"late"),
    "accept": _accepting,
    "sendall": _sending,
}
_MODES = {"": None, " with a timeout": 60.0}
_WAYS = {f"{call}{mode}": (call, _MODES[mode]) for call in _CALLS for mode in _MODES}


def _keep(call: str) -> Any:
    return ("conn", "address") if call == "accept" else None


@requirement("socket/interrupted-call-goes-on", variants=_WAYS)
def test_call_goes_on_after_a_signal(
    tested: ModuleUnderTest, process: CaseProcess, peers: Peers, variant: tuple[str, float | None]
) -> None:
    """The handler has run, and the call ends as it would without."""
    name, timeout = variant
    scene = _CALLS[name](tested, peers)
    scene.sock.do("settimeout", timeout)
    tested.execute(_TELLS)
    call = scene.sock.begin_in_main(name, *scene.given, keep=_keep(name))
    waits = call.comes_to_wait()

    process.send_signal("SIGUSR1")
    tested.value_of(_HAS_TOLD)
    goes_on = call.comes_to_wait()
    scene.wake()

    call.wait()
    tested.execute(_TELLS_NO_MORE)
    check(waits, expected=f"{name}() waits", actual="it has ended")
    check(goes_on, expected=f"{name}() goes on after the signal", actual="it has ended")
    told = call.expect_return()
    check(scene.wanted(told), expected=f"what {name}() returns without one", actual=told)


@requirement("socket/handler-that-raises-ends-the-call", variants=_WAYS)
def test_what_a_handler_raises_ends_the_call(
    tested: ModuleUnderTest, process: CaseProcess, peers: Peers, variant: tuple[str, float | None]
) -> None:
    """The exception comes out of it, and the next call finds the socket as it was."""
    name, timeout = variant
    scene = _CALLS[name](tested, peers)
    scene.sock.do("settimeout", timeout)
    tested.execute(_RAISES)
    call = scene.sock.begin_in_main(name, *scene.given, keep=_keep(name))
    check(call.comes_to_wait(), expected=f"{name}() waits", actual="it has ended")

    process.send_signal("SIGUSR1")
    error = call.wait().error

    check(
        error is not None and error.is_a("LookupError"),
        expected=f"{name}() raises what the handler raises",
        actual=str(error or "it returned"),
    )
    if name != "sendall":  # of which nobody knows how much was sent
        scene.wake()
        told = scene.sock.do(name, *scene.given, keep=_keep(name))
        check(scene.wanted(told), expected=f"{name}() as if nothing had been", actual=told)


_IN_VAIN = {"recv": "recv", "accept": "accept", "connect": "connect", "sendall": "sendall"}


@requirement("socket/signals-do-not-put-off-a-timeout", variants=_IN_VAIN)
def test_timeout_comes_though_signals_do(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: str
) -> None:
    """Signals come all the time; what is left of the timeout is less after each."""
    sock, given = _in_vain(tested, peers, listening_peer, variant)
    sock.do("settimeout", 0.1)
    tested.execute(_AGAIN_AND_AGAIN)

    ended = sock.attempt(variant, *given)

    tested.execute(_NO_MORE)
    if variant == "connect" and ended.error is None:
        raise NotApplicable("this system lets nobody wait for a connection")
    check(
        ended.error is not None and ended.error.is_a("timeout", "TimeoutError"),
        expected=f"{variant}() ends by its timeout",
        actual=str(ended.error or "it returned"),
    )


def _in_vain(
    tested: ModuleUnderTest, peers: Peers, there: ListeningPeer, call: str
) -> tuple[HeldSocket, tuple[Any, ...]]:
    if call != "connect":
        scene = _CALLS[call](tested, peers)
        return scene.sock, scene.given
    there.listen(SPECS["inet"], tested.address(), backlog=0)
    tested.stream("first").do("connect", there.address)
    return tested.stream(), (there.address,)
