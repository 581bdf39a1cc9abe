"""A program starts: where its address is taken, where no name server answers."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from sockproof.check.chosen_place import chosen_address, placed
from sockproof.check.listener import Address, Listener
from sockproof.check.program_life import ProgramLife, outer_environment
from sockproof.check.scene import Scene
from sockproof.errors import HarnessError
from sockproof.judge.checks import Mismatch, NotApplicable, check
from sockproof.spec.matrix import spec_by_id

__all__ = ["FAMILIES", "address_in_use_is_told", "is_reached_by", "starts_without_names"]

FAMILIES = {"IPv4": "127.0.0.1", "IPv6": "::1", "mapped": "::ffff:127.0.0.1"}
_LAUNCHER = Path(__file__).with_name("silent_names.py")
_NAMESPACES = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork")
_REFUSED = "no namespaces of its own can be made here: unshare is missing, or not allowed"


def address_in_use_is_told(scene: Scene, _variant: str = "") -> None:
    """It ends, not with success, and says why: whoever started it need not wonder.

    The port is the kernel's choice for the very socket that takes it: one that is bound, closed and
    bound again may still be held by what another thread is just starting.
    """
    subject = _program(scene)
    address = _anew(subject)
    if address.spec.is_unix:
        address = chosen_address(replace(subject, address=address), scene.folder)
    kind = socket.SOCK_STREAM if address.is_stream else socket.SOCK_DGRAM
    with socket.socket(address.spec.address_family, kind) as taken:
        taken.bind(address.at)
        if not address.spec.is_unix:
            address = address.with_port(taken.getsockname()[1])
        if address.is_stream:
            taken.listen()
        life = ProgramLife(subject, address, scene.folder, scene.log)
        try:
            ended = life.ends(scene.patience_s)
            status, said = life.status, life.printed.strip()
        finally:
            life.kill()
    expected = "a program whose address is in use ends with a status that is not 0, and says why"
    if not ended:
        raise Mismatch(expected, f"it goes on for {scene.patience_s:g} s: {life.last_words}")
    check(status != 0, expected=expected, actual=f"it ended with 0: {life.last_words}")
    check(said, expected=expected, actual=f"it ended with {status}, and said nothing")
    scene.observe("said", life.last_words)


def _program(scene: Scene) -> Listener:
    if not scene.subject.argv:
        raise NotApplicable("the server was not started by this check")
    if not scene.subject.is_told_its_place:
        raise NotApplicable("its address is its own, and it lives there")
    return scene.subject


def _anew(subject: Listener) -> Address:
    spec = subject.address.spec
    if spec.is_unix:
        return Address(spec, "")
    return subject.address.with_port(0)


def is_reached_by(scene: Scene, family: str) -> None:
    """By which addresses of this machine its port is reached: nobody promises any."""
    port, host = scene.address.at[1], FAMILIES[family]
    spec = spec_by_id("TCP/inet" if family == "IPv4" else "TCP/inet6")
    with socket.socket(spec.address_family, socket.SOCK_STREAM) as one:
        one.settimeout(1.0)
        try:
            one.connect((host, port))
            fate = "connects"
        except OSError as error:
            fate = (error.strerror or str(error)).lower()
    scene.log.note("client", f"connect to {host}", note=fate)
    scene.observe("reached", fate)


def starts_without_names(scene: Scene, _variant: str = "") -> None:
    """It listens although no name server answers: before the first question is asked again."""
    subject = _program(scene)
    if scene.address.spec.family != "inet" or not scene.address.is_stream:
        raise NotApplicable("only for servers at 127.0.0.1")
    if not shutil.which("unshare"):
        raise NotApplicable(_REFUSED)
    seen = _launched(subject, chosen_address(subject, scene.folder), scene)
    for name in ("listens_after_s", "questions"):
        scene.observe(name, seen.get(name))
    if seen["listens"]:
        return
    if not seen["asks_again"]:
        ended = f"ends with status {seen['status']}" if seen["status"] is not None else "waits"
        raise NotApplicable(f"in a network of its own it {ended}, and not for a name server")
    asked = ", ".join(map(str, seen["questions"]))
    expected = "the program listens although no name server answers"
    raise Mismatch(expected, f"it waits for the name server, whom it asks for {asked}")


def _launched(subject: Listener, address: Address, scene: Scene) -> dict[str, Any]:
    """What the launcher tells, from within a network whose name server is silent."""
    order = {
        "words": placed(subject.argv, address),
        "host": address.at[0],
        "port": address.at[1],
        "patience_s": 2 * scene.patience_s,
        "folder": str(scene.folder),
    }
    try:
        run = subprocess.run(
            [*_NAMESPACES, sys.executable, "-I", str(_LAUNCHER), json.dumps(order)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=3 * scene.patience_s + 10,
            env=outer_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HarnessError(f"a network of its own: {error}") from None
    if run.returncode or not run.stdout.startswith(b"{"):
        raise NotApplicable(_REFUSED)
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[0])
    return told
