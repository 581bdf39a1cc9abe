"""Surroundings of an implementation that stand in its way: told in one line, or arranged for.

Each row is a wrapper of the interpreter, as a user has one: a script that ends with ``exec`` of a
Python. A case that fails there would be a fault of the surroundings, told as one of the server.
"""

from __future__ import annotations

import functools
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sockproof.judge.verdict import Verdict
from suites.selftest.runs import Ended, play, records_in

NOBODY = "setpriv --reuid {uid} --regid {uid} --clear-groups"
IN_MOUNTS = "unshare --mount sh -c '{mount} && exec \"$@\"' sh"
HINT_AT_LIMITS = r"raise its limits? on processes \(ulimit -u\)"

STREAM = ("unix/address-as-bytes", "--spec", "UnixStream/path")
DATAGRAM = ("unix/bound-datagram-client-gets-reply", "--spec", "UnixDatagram/path")
RELATIVE = ("unix/relative-path", "--spec", "UnixStream/path")
FORKING = ("dispatch/handlers-find-what-the-server-has", "--spec", "ForkingTCP/inet")
PLAIN = ("dispatch/handlers-find-what-the-server-has", "--spec", "TCP/inet")


@dataclass(frozen=True)
class Surroundings:
    """One row.

    ``wrapper`` is the shell's text before ``PYTHON "$@"``, in which ``{uid}`` is a user of nobody
    else. ``status`` and ``told`` are how the run ends, and a pattern of the first line of standard
    error, empty if nothing is there. ``played`` is what is selected, and ``verdict`` what becomes
    of it, if anything is played.
    """

    wrapper: str
    told: str = ""
    status: int = 0
    played: Sequence[str] = PLAIN
    verdict: Verdict | None = Verdict.PASS
    setup: str = ":"


def refused(wrapper: str, told: str, played: Sequence[str] = PLAIN) -> Surroundings:
    """Nothing can be judged there."""
    return Surroundings(wrapper, told, 3, played, None)


ROWS = {
    "as-it-is": Surroundings("exec"),
    "another-user": Surroundings(f"exec {NOBODY}", played=STREAM),
    "another-user-replies": Surroundings(f"exec {NOBODY}", played=DATAGRAM),
    "another-user-elsewhere": Surroundings(f"exec {NOBODY}", played=RELATIVE),
    "another-user-alone": Surroundings(f"exec {NOBODY}", setup="umask 077", played=STREAM),
    "own-temporary-folder": Surroundings(
        f"exec {IN_MOUNTS.format(mount='mount -t tmpfs none /tmp')}",
        "what needs path is not applicable: it cannot listen at a path below /tmp: "
        "FileNotFoundError.*; let both have one folder",
        3,
        STREAM,
        Verdict.NOT_APPLICABLE,
    ),
    "read-only-folders": Surroundings(
        f"exec {IN_MOUNTS.format(mount='mount -t tmpfs -o ro none /tmp')}",
        "what needs path is not applicable: it cannot listen at a path below /tmp",
        3,
        DATAGRAM,
        Verdict.NOT_APPLICABLE,
    ),
    "another-network": refused(
        "exec unshare --net sh -c 'ip link set lo up; exec \"$@\"' sh",
        "it is in another network than sockproof: .* refused; let it share the network",
    ),
    "no-network": refused("exec unshare --net", "its network does not work: .*unreachable"),
    "no-process": refused(
        f"exec {NOBODY} prlimit --nproc=1",
        f"no process can be started for its agent: .*; {HINT_AT_LIMITS}",
    ),
    "no-process-of-a-case": refused(
        f"exec {NOBODY} prlimit --nproc=2",
        f"no process can be started for a case: .*; {HINT_AT_LIMITS}",
    ),
    "few-processes": refused(
        f"exec {NOBODY} prlimit --nproc=4",
        f"cannot start 4 threads and 3 children: .*; {HINT_AT_LIMITS}",
        FORKING,
    ),
    "own-numbers": Surroundings("exec unshare --pid --fork --mount-proc"),
    "no-proc": Surroundings(
        f"exec {IN_MOUNTS.format(mount='mount -t tmpfs none /proc')}",
        "a teardown does not see threads that its interpreter has not started: no /proc",
    ),
    "banner": Surroundings("echo Welcome; echo; exec"),
    "half-a-banner": Surroundings("printf 'Password: '; exec"),
    "banner-that-is-hostile": Surroundings("printf '[%.0s' $(seq 20000); echo; exec"),
    "banner-as-ours": refused(
        'echo \'{"r":"hello","value":{"protocol":2}}\'; exec',
        "what the agent says of itself is in no order: .*; give a command that runs a Python",
    ),
    "banner-without-end": refused("yes & exec", "it prints 'y' and more, and is no agent"),
    "no-input": refused("exec </dev/null", "no answer, the interpreter ended with status 0"),
    "no-output": refused("exec >&-", "no answer, the interpreter"),
    "few-descriptors": Surroundings("ulimit -n 40; exec"),
    "no-variables": Surroundings("exec env -i"),
}


@functools.cache
def python_of_everybody() -> str:
    """A Python that other users can run as well."""
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv here")
    for path in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        command = f"{NOBODY.format(uid=65534)} env {path} -c 'import socketserver, json'"
        if subprocess.run(["sh", "-c", command], capture_output=True).returncode == 0:
            return path
    pytest.skip("no Python here that another user can run, or no other user can be had")


def wrapped(row: Surroundings, folder: Path, uid: int) -> Path:
    """The row's script; skips where this machine does not let us have such surroundings."""
    python = python_of_everybody() if NOBODY in row.wrapper else sys.executable
    before = f"{row.setup}\n{row.wrapper.replace('{uid}', str(uid))}"
    for needed in ("unshare", "prlimit", "ip"):
        if re.search(rf"\b{needed}\b", before) and not shutil.which(needed):
            pytest.skip(f"no {needed} here")
    path = folder / "wrapper.sh"
    path.write_text(f'#!/bin/sh\n{before} "{python}" "$@"\n')
    path.chmod(0o755)
    if "unshare" in before or "--reuid" in before:
        tried = subprocess.run([path, "-c", ""], capture_output=True, text=True)
        if tried.returncode and "limit" not in before:
            pytest.skip(f"not permitted here: {tried.stderr.strip()[-200:]}")
    return path


def played(row: Surroundings, folder: Path, uid: int, iut: str = "") -> Ended:
    """A run of what the row selects, in its surroundings."""
    keyword, *options = row.played
    given = iut or str(wrapped(row, folder, uid))
    bound = {"SOCKPROOF_TIMEOUT_SCALE": "0.2"} if row.status else {}
    return play(folder, [given], keyword, options=["-n", "0", *options], **bound)


@pytest.mark.by_turns(16)
@pytest.mark.parametrize("name", ROWS)
def test_surroundings_are_told_or_arranged_for(name: str, temporary: Path) -> None:
    """No case fails of them; a line says what they are, and what to do."""
    row = ROWS[name]

    ended = played(row, temporary, 54400 + list(ROWS).index(name))

    lines = [line for line in ended.stderr.splitlines() if line.startswith("sockproof: ")]
    assert "Traceback" not in ended.stderr
    assert ended.status == row.status, ended
    assert bool(lines) == bool(row.told), lines
    assert re.search(row.told, lines[0] if lines else ""), lines
    records = list(records_in(temporary).values()) if (temporary / "out").exists() else []
    verdicts = {case.verdict for record in records for case in record.cases}
    assert verdicts == ({row.verdict} if row.verdict else set()), ended
    assert sorted(path.name for path in temporary.iterdir()) == sorted(
        {"wrapper.sh", *(["out"] if records or row.verdict else [])}
    )


@contextmanager
def name_server() -> Iterator[list[bytes]]:
    """Takes queries on this machine, and answers none: what is asked, in its order."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind(("127.0.0.99", 53))
        except OSError as error:
            pytest.skip(f"no name server can be had here: {error.strerror}")
        server.settimeout(60)

        def take() -> None:
            while (query := server.recv(4096)) != b"end":
                asked.append(query)

        thread = threading.Thread(target=take)
        thread.start()
        yield asked
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"end", server.getsockname())
        thread.join()


ASKS = """
import http.server
from socketserver import *

class TCPServer(http.server.HTTPServer):
    pass
"""


def test_no_name_server_is_asked(temporary: Path) -> None:
    """A server that looks up the name of its address, as that of http.server does, has one that is
    known on every machine; where it is not, its cases are not applicable."""
    (temporary / "resolv.conf").write_text("nameserver 127.0.0.99\n")
    (temporary / "asks.py").write_text(ASKS)
    mount = f"mount --bind {temporary}/resolv.conf /etc/resolv.conf"
    row = Surroundings(f"exec {IN_MOUNTS.format(mount=mount)}")
    wrapper = wrapped(row, temporary, 0)
    definition = f"command = ['{wrapper}', '-B']\nmodule = 'asks.py'\nname = 'asks'\n"
    (temporary / "asks.toml").write_text(definition)

    with name_server() as asked:
        ended = played(row, temporary, 0, str(temporary / "asks.toml"))

    assert ended.status == 0, ended
    assert {case.verdict for case in records_in(temporary)["asks"].cases} == {Verdict.PASS}
    assert asked == []
