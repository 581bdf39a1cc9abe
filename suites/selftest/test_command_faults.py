"""Every command × every fault of its surroundings: a documented status, and one line that says why.

What it is asked to do is small. The faults are of the machine (no room, no descriptors, no
processes), of the standard streams, of files given and files wanted, and of the environment.
"""

from __future__ import annotations

import functools
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fixtures.partners import partner
from suites.selftest.runs import DEADLINE_S, REFUSED, SPEC, environment, play

PARTS = 76
"""Not as many as there are commands: a turn is to have some of each."""
CASE = f"{REFUSED}[{SPEC}]"
SERVER = (sys.executable, "-I", "-m", "http.server", "--bind", "127.0.0.1", "{port}")
# Every command with something short to do in a folder that holds record.jsonl. NEW is a file that
# it is to write.
COMMANDS: Mapping[str, Sequence[str]] = {
    "atlas": ("record.jsonl", "--html", "NEW"),
    "bench": ("--cases", "1", "-n", "1", "--report-dir", "NEW"),
    "bisect": (CASE, "--iut", sys.executable, "--iut", sys.executable),
    "check": ("-k", "at-rest", "--report-dir", "NEW", "--", *SERVER),
    "compare": ("record.jsonl", "record.jsonl", "--markdown", "NEW"),
    "doctor": ("--iut", sys.executable),
    "expect": ("record.jsonl", "--output", "NEW"),
    "explain": (CASE,),
    "find": ("hangs at exit",),
    "init": ("-o", "NEW", "--", *SERVER),
    "list": ("--iuts",),
    "pcap": ("record.jsonl", CASE, "-o", "NEW"),
    "replay": ("record.jsonl", CASE, "--trust-record", "-o", "NEW"),
    "report": ("record.jsonl", "--report-dir", "NEW"),
    "repro": ("record.jsonl", CASE, "--trust-record", "-o", "NEW", "--shorten", "0"),
    "run": ("-k", REFUSED, "--spec", "*TCP/inet", "-n", "2", "--report-dir", "NEW"),
    "verify": ("record.jsonl",),
    "watch": ("--to", "127.0.0.1:9", "-o", "NEW"),
    "selftest": ("--named", "-k", "refused-request-stays-open", "-n", "1", "--report-dir", "NEW"),
}
AS_INSTALLED = "import sys; sys.path.pop(0); from sockproof.__main__ import main; main()"
"""The command as a script that is on PATH: nothing in the current folder is imported."""
CACHE_NOTHING = {"PYTHONDONTWRITEBYTECODE": "1"}
"""A full disk leaves .pyc files cut short, which no other test here shall find."""
LONG = {"bench", "run", "selftest"}
"""They play everything when nothing is said."""
WRITING = [name for name, words in COMMANDS.items() if "NEW" in words]
READING = [name for name, words in COMMANDS.items() if "record.jsonl" in words]
AT_BEST = {"watch": (3,)}
"""How one ends where nothing is wrong: nobody is at the address that it leads to."""
NO_WORD = {"stderr closed", "stderr full", "everything closed"}
"""Where nobody can hear."""


@dataclass(frozen=True)
class Fault:
    """What is wrong where a command is called: limits of its process, redirections, variables,
    files in its folder, and words of its own in place of others."""

    limits: Mapping[int, int] = field(default_factory=dict)
    redirections: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[str] = ()
    words: Callable[[Sequence[str]], Sequence[str]] = tuple
    commands: Sequence[str] = tuple(COMMANDS)
    statuses: Sequence[int] = (0, 1, 3, 4)


def _in_place_of(old: str, new: str) -> Callable[[Sequence[str]], Sequence[str]]:
    return lambda words: [new if word == old else word for word in words]


def _of_file(octets: int) -> dict[int, int]:
    return {resource.RLIMIT_FSIZE: octets}


def _writing(place: str) -> Fault:
    return Fault(words=_in_place_of("NEW", place), commands=WRITING, statuses=(3, 4))


def _reading(place: str) -> Fault:
    return Fault(words=_in_place_of("record.jsonl", place), commands=READING, statuses=(3, 4))


FAULTS = {
    "no words": Fault(words=lambda _: (), commands=[*(set(COMMANDS) - LONG)], statuses=(0, 4)),
    "unknown option": Fault(
        words=lambda words: [*words, "--nope"],
        # It may be among the words that are looked for, or be an option of the program.
        commands=[*(set(COMMANDS) - {"find", "check", "init"})],
        statuses=(4,),
    ),
    "a word too many": Fault(words=lambda words: [*words, "a/b", "c"], statuses=(0, 1, 3, 4)),
    "stdout closed": Fault(redirections=">&-"),
    "stdout full": Fault(redirections=">/dev/full"),
    "stderr closed": Fault(redirections="2>&-"),
    "stderr full": Fault(redirections="2>/dev/full"),
    "everything closed": Fault(redirections="<&- >&- 2>&-"),
    "no room at all": Fault(limits=_of_file(0)),
    "little room": Fault(limits=_of_file(3000)),
    "few descriptors": Fault(limits={resource.RLIMIT_NOFILE: 16}),
    "descriptors for no case": Fault(
        limits={resource.RLIMIT_NOFILE: 40}, commands=("selftest",), statuses=(3,)
    ),
    "no processes": Fault(limits={resource.RLIMIT_NPROC: 1}),
    "no folder for it": _writing("/proc/no/such"),
    "a file in the way": _writing("record.jsonl/x"),
    "written to a full disk": _writing("/dev/full"),
    "no record": _reading("no.jsonl"),
    "a folder for a record": _reading("/dev"),
    "an empty record": _reading("/dev/null"),
    "a record of octets": _reading("octets.jsonl"),
    "no programs": Fault(variables={"PATH": "/nonexistent"}, statuses=(0, 1)),
    "no home": Fault(variables={"HOME": "/nonexistent"}, statuses=(0, 1)),
    "pyenv is a file": Fault(variables={"PYENV_ROOT": sys.executable}, statuses=(0, 1)),
    "ASCII alone": Fault(
        variables={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}, statuses=(0, 1)
    ),
    "warnings are errors": Fault(variables={"PYTHONWARNINGS": "error"}, statuses=(0, 1)),
    "modules of the user": Fault(
        files=("json.py", "socket.py", "random.py", "pytest.py"),
        # Python 3.10 has no PYTHONSAFEPATH for what multiprocessing starts.
        commands=[
            *(set(COMMANDS) - ({"bench", "selftest"} if sys.version_info < (3, 11) else set()))
        ],
        statuses=(0, 1),
    ),
}
ROOT_MAY = {"no processes"}
TABLE = [
    pytest.param(fault, name, id=f"{fault}-{name}")
    for fault in FAULTS
    for name in sorted(FAULTS[fault].commands)
]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that sees a deviation."""
    folder = tmp_path_factory.mktemp("record")
    options = ("-n", "0", "--spec", SPEC, "--keep", "all")
    module = str(shutil.copy(partner("keeps_refused"), folder))  # in nobody's home
    assert play(folder, [module], REFUSED, options=options).status == 1
    return folder / "out" / "keeps_refused.jsonl"


def _ended(folder: Path, name: str, fault: Fault) -> subprocess.CompletedProcess[str]:
    started = [sys.executable, "-c", AS_INSTALLED, name]
    words = [*started, *_in_place_of("NEW", "new")(fault.words(COMMANDS[name]))]
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" "$@" {fault.redirections}', *words],
        cwd=folder,
        env=environment(**CACHE_NOTHING, **fault.variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=DEADLINE_S,
        preexec_fn=functools.partial(_limit, fault.limits),
    )


def _limit(limits: Mapping[int, int]) -> None:
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


def _complaints(stderr: str) -> Iterator[str]:
    """What is said of a fault; progress is none."""
    for line in stderr.splitlines():
        if line.startswith("sockproof: error: "):
            yield line


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize(("fault_name", "name"), TABLE)
def test_fault_ends_with_a_documented_status_and_a_line(
    tmp_path: Path, record: Path, fault_name: str, name: str
) -> None:
    """And with what the user had as it was."""
    if fault_name in ROOT_MAY and os.geteuid() == 0:
        pytest.skip("root is not held to it")
    fault = FAULTS[fault_name]
    shutil.copy(record, tmp_path / "record.jsonl")
    (tmp_path / "octets.jsonl").write_bytes(bytes(range(256)))
    for file in fault.files:
        (tmp_path / file).write_text("raise SystemExit('this is of the user')\n")

    ended = _ended(tmp_path, name, fault)

    assert ended.returncode in (*fault.statuses, *AT_BEST.get(name, ())), ended
    assert "Traceback" not in ended.stderr, ended
    assert "INTERNALERROR" not in ended.stdout + ended.stderr, ended
    complaints = list(_complaints(ended.stderr))
    if fault_name not in NO_WORD:
        assert len(complaints) == (ended.returncode >= 3), ended
    assert (tmp_path / "record.jsonl").read_bytes() == record.read_bytes()
    assert not list(tmp_path.glob(".sockproof-*"))


def test_table_has_every_command() -> None:
    """A new command is added to it."""
    from sockproof.commands.cli import main

    assert sorted(COMMANDS) == sorted(main.list_commands(None))  # type: ignore[arg-type]
