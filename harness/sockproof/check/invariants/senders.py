"""Senders of datagrams who take no answer: they are gone, have no address, or read nothing."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

from sockproof.check.clientele import LOOK_S
from sockproof.check.scene import Scene
from sockproof.judge.checks import Hang, Mismatch, NotApplicable, check

__all__ = ["deaf_senders_block_nobody", "gone_senders_harm_nobody"]

_TAKES_WITHIN_S = 2.0
# More than the queue of a Unix socket holds by default, which is 10, at both ends.
_UNREAD = 64
_FULL_S = 0.5


def gone_senders_harm_nobody(scene: Scene, _variant: str = "") -> None:
    """Whose answer is refused, for nobody is there any more, does not keep the next from his."""
    if scene.language.only_accepts:
        raise NotApplicable("it answers nobody, as far as is known")
    number = scene.manners.clients
    (_send_and_are_gone if scene.address.spec.is_unix else _send_and_refuse)(scene, number)
    scene.log.note("clients", "send and go", note=f"{number} datagrams")
    scene.comes_to_rest()
    expected = f"when {number} senders have gone before their answers came, the next one is served"
    try:
        scene.observe("latency_s", scene.ask_next())
    except Mismatch as problem:
        told = [f"they went; then {problem.actual}", scene.has_ended]
        raise Mismatch(expected, "; ".join(filter(None, told))) from None
    check(not scene.has_ended, expected=expected, actual=scene.has_ended)


def _said(scene: Scene) -> bytes:
    return scene.language.say or b"sockproof\r\n"


def _send_and_refuse(scene: Scene, number: int) -> None:
    """Each is connected to another: so the kernel refuses what comes from the server, also while
    the socket lives."""
    family = scene.address.spec.address_family
    with socket.socket(family, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind((scene.address.at[0], 0))
        for _ in range(number):
            with socket.socket(family, socket.SOCK_DGRAM) as one:
                one.connect(elsewhere.getsockname())
                one.sendto(_said(scene), scene.address.at)


def _send_and_are_gone(scene: Scene, number: int) -> None:
    """The paths of some have been removed when they send, at those of others nobody is any more,
    and some had none."""
    for index in range(number):
        own = scene.folder / f"gone-{time.monotonic_ns()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.settimeout(_TAKES_WITHIN_S)
            if index % 3:
                one.bind(str(own))
                own.unlink()
            if index % 3 == 2:
                _leave_a_file(own)
            with contextlib.suppress(OSError):
                one.sendto(_said(scene), scene.address.at)


def _leave_a_file(path: Path) -> None:
    """As of a process that was killed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(os.fspath(path))


def deaf_senders_block_nobody(scene: Scene, _variant: str = "") -> None:
    """Who asks and reads no answers has a full queue: whoever comes next is served all the same."""
    if scene.language.only_accepts:
        raise NotApplicable("it answers nobody, as far as is known")
    scene.observe("latency_alone_s", scene.ask("client alone"))
    sent = _ask_and_read_nothing(scene)
    scene.comes_to_rest()
    try:
        scene.observe("latency_beside_s", scene.ask())
        return
    except Mismatch as problem:
        seen = f"a client asks {sent} times and reads no answer; the next one: {problem.actual}"
    scene.close_clients()
    try:
        after = f"once that one has left, it is served in {scene.ask():g} s"
    except Mismatch as problem:
        after = f"once that one has left, still: {problem.actual}"
    raise Hang("a sender who reads no answers keeps nobody waiting", f"{seen}; {after}")


def _ask_and_read_nothing(scene: Scene) -> int:
    """So often, or until the server takes no more for a while: how often it was."""
    peer, pause, taken_s = scene.sender("deaf client"), threading.Event(), time.monotonic()
    sent = 0
    while sent < _UNREAD and time.monotonic() - taken_s < _FULL_S:
        if peer.send_at_once(_said(scene)):
            pause.wait(LOOK_S)
        else:
            sent, taken_s = sent + 1, time.monotonic()
    return sent
