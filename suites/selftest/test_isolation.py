"""An isolated run: what an implementation cannot do in it, how it ends, and where it is refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sockproof.record.reader import read_record
from suites.selftest.runs import (
    DEADLINE_S,
    REFUSED,
    Ended,
    Mark,
    command,
    environment,
    living,
    started_command,
    wait_until,
)

CHOSEN = ("-k", REFUSED, "--spec", "TCP/inet", "--report-dir", "out")
# What it tries is told in the report folder, the only one where it may write.
NOSY = """
import ctypes, os, socket, stat
from socketserver import *

def remount():
    if ctypes.CDLL(None).mount(None, b"/", None, 32 | 4096, None):
        raise OSError(0, "mounts stay as they are")

def devices():
    kinds = (stat.S_ISBLK, stat.S_ISCHR)
    modes = dict((one.path, one.stat(follow_symlinks=False).st_mode) for one in os.scandir("/dev"))
    nodes = [path for path, mode in modes.items() if any(kind(mode) for kind in kinds)]
    opened = [path for path in nodes if path not in HARMLESS and opens(path)]
    return "opened: %s" % opened

HARMLESS = ["/dev/" + name for name in "null zero full random urandom tty ptmx".split()]

def opens(path):
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        return True
    except OSError:
        return False

TRIES = {
    "home": lambda: open("mine.txt", "w"),
    "temporary": lambda: open(os.environ["TMPDIR"] + "/x", "w") and os.environ["TMPDIR"],
    "network": lambda: socket.create_connection(("192.0.2.1", 9), 5),
    "loopback": lambda: socket.create_server(("127.0.0.1", 0)),
    "mounts": remount,
    "its user": lambda: os.kill(PARENT, 0),
    "the machine": lambda: open("/proc/sys/kernel/core_pattern", "r+") and None,
    "devices": devices,
    "sockets of others": lambda: str(os.listdir("/run")),
}
for name, attempt in TRIES.items():
    try:
        told = attempt()
        told = told if isinstance(told, str) else "done"
    except OSError as error:
        told = error.strerror
    with open("out/told", "a") as file:
        file.write("%s: %s\\n" % (name, told))
"""
TOLD = {
    "home": "Read-only file system",
    "network": "Network is unreachable",
    "loopback": "done",
    "mounts": "mounts stay as they are",
    "its user": "No such process",
    "the machine": "Read-only file system" if os.geteuid() == 0 else "Permission denied",
    "devices": "opened: []",
    "sockets of others": "[]",
}
# It takes away from whoever it starts what a namespace of users takes.
NO_NAMESPACES = """
import ctypes, os, sys
assert not ctypes.CDLL(None).unshare(0x10000000)
open("/proc/sys/user/max_user_namespaces", "w").write("0")
os.execv(sys.argv[1], sys.argv[1:])
"""
NOBODY = 65534


def can_isolate() -> bool:
    """Whether this system lets its user have namespaces, and everything that they need."""
    unshare = shutil.which("unshare")
    words = "--user --map-root-user --pid --fork --mount --net --mount-proc true"
    return (
        bool(unshare) and not subprocess.run([str(unshare), *words.split()], check=False).returncode
    )


pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not can_isolate(),
    reason="this system does not let its user have namespaces",
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a module that is nosy; nothing is beside the report but what was there."""
    (tmp_path / "nosy.py").write_text(NOSY.replace("PARENT", str(os.getpid())))
    yield tmp_path
    assert {path.name for path in tmp_path.iterdir()} <= {"nosy.py", "out", "printed"}


def ended(folder: Path, *words: str, before: tuple[str, ...] = ()) -> Ended:
    """``sockproof run --isolate``, started by another command if ``before`` is one."""
    done = subprocess.run(
        [*before, *command("run", "--isolate", *CHOSEN, *words)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("workers", ["0", "2"])
def test_isolated_run_keeps_an_implementation_in(folder: Path, workers: str) -> None:
    """It has no network, no other process, and no file to write but its report's."""
    done = ended(folder, "--iut", "./nosy.py", "-n", workers)

    assert done.status == 0, done.stderr
    lines = (folder / "out" / "told").read_text().splitlines()
    told = dict(line.split(": ", 1) for line in lines)
    assert not Path(told.pop("temporary")).exists()
    assert told == TOLD
    record = read_record(folder / "out" / "nosy.jsonl")
    assert (record.complete, len(record.cases)) == (True, 1)
    assert (folder / "out" / "report.html").is_file()


@pytest.mark.by_turns(5)
def test_status_of_an_isolated_run_is_that_of_the_run(folder: Path) -> None:
    """A module that is no server, and a selection of nothing, are told as ever; no folder stays."""
    no_server = ended(folder, "--iut", "json")
    nothing = ended(folder, "--iut", "./nosy.py", "-k", "no-such-case")

    assert (no_server.status, nothing.status) == (3, 4)
    assert "the module has none of socketserver's classes" in no_server.stderr
    assert nothing.error.startswith("no case is selected")


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests here are of such a user")
def test_any_user_may_isolate(folder: Path) -> None:
    """Whose number is not the one that stands for nobody where users are not known."""
    as_a_user = ("unshare", "--user", "--map-user=1000", "--map-group=1000")

    done = ended(folder, "--iut", "./nosy.py", "-n", "0", before=as_a_user)

    assert done.status == 0, done.stderr


@pytest.mark.by_turns(3)
def test_temporary_folder_may_have_any_name(folder: Path) -> None:
    """One that leaves no room for Unix sockets, with a name below it, is not taken."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        done = ended(folder, "--iut", "./nosy.py", "-n", "0", before=("env", f"TMPDIR={place}"))

    assert done.status == 0, done.stderr


def test_system_that_does_not_allow_it_is_told(folder: Path) -> None:
    """In one line, before anything is started or made."""
    refused = ended(folder, "--iut", "./nosy.py", before=(sys.executable, "-c", NO_NAMESPACES))

    assert refused.status == 4
    assert refused.error.startswith("--isolate: this system does not allow a namespace of users: ")
    assert not (folder / "out").exists()


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_no_process_outlives_an_isolated_run(folder: Path, number: signal.Signals) -> None:
    """Not one that has hidden from everything but the kernel, whether we are told or killed."""
    mark = Mark.new()
    hiding = "import os, time\nopen('out/begun', 'w').close()\ntime.sleep(600)\n"
    (folder / "nosy.py").write_text(hiding)
    process = started_command(
        folder, "run", "--isolate", "--iut", "./nosy.py", *CHOSEN, **mark.variables
    )

    wait_until((folder / "out" / "begun").exists)
    process.send_signal(number)
    status = process.wait(DEADLINE_S)

    assert status == (3 if number == signal.SIGTERM else -number)
    wait_until(lambda: not list(living(mark)))
