"""Stand-alone scripts of what becomes of a whole process: killed, ended, or standing still."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.repro.fates import fate_of
from sockproof.repro.trial import GONE, THERE
from suites.selftest.runs import DEADLINE_S, sockproof_

PRELOAD = "import eventlet; eventlet.monkey_patch()"
QUICK = {"SOCKPROOF_TIMEOUT_SCALE": "0.3"}
ECHO = "streams/whole-message-echo[ThreadingTCP/inet]"
# By whose implementation it is: the case, and what a script observes of it.
FATES = {
    "crashes_in_constructor": (ECHO, "killed by signal 11"),
    "exits_in_handler": (ECHO, "exit status 9"),
    "ends_the_main_thread": (ECHO, "raises KeyboardInterrupt"),
    # eventlet's hub ends at a timer that never fires.
    "eventlet": ("serving/poll-interval-values[TCP/inet,infinite]", "raises OverflowError"),
    "computes_in_handler": (ECHO, "stands still"),
}
OTHERWISE = {"ends_the_main_thread": ("observed: (b'', 'end of stream')",)}
"""What some show as well, by chance, when they are written."""
OVER_EVENTLET = {"eventlet", "computes_in_handler"}
PARTS = 20
"""The turns in which they are written; each takes several seconds."""


def implementation(name: str, folder: Path) -> tuple[str, tuple[str, ...]]:
    """What ``--iut`` takes, and what a script is given to look at the same."""
    if name == "eventlet":
        return name, ()
    module = partner(name)
    if name not in OVER_EVENTLET:
        return module, (module,)
    told = folder / f"{name}.toml"
    command = f"command = {sys.executable!r}\nmodule = {module!r}\npreload = {PRELOAD!r}\n"
    told.write_text(f"name = {name!r}\n{command}", "utf-8")
    return str(told), (module,)


def status(script: Path, *arguments: str) -> tuple[int, str]:
    """How it ends, and what it prints last, without anything of ours on its path."""
    command = [sys.executable, "-sE", "-W", "ignore", str(script), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)
    return ended.returncode, ended.stdout.splitlines()[-1]


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("name", FATES)
def test_fate_of_a_process_is_shown(name: str, tmp_path: Path) -> None:
    """Who outlives it tells of it; of the interpreter's own module, that all goes on."""
    case, observed = FATES[name]
    iut, given = implementation(name, tmp_path)
    script = tmp_path / "repro.py"

    options = ("--iut", iut, "--shorten", "2", "-o", script.name)
    written = sockproof_(tmp_path, "repro", case, *options, **QUICK)

    assert written.status == 0, written.stderr
    text = script.read_text("ascii")
    assert "sockproof" not in text
    ends, last = status(script, *given)
    assert ends == THERE
    # An interrupt is heard when the thread has left its call: by then the client may have read.
    assert last in (f"observed: {observed!r}", *OTHERWISE.get(name, ()))
    bare = tmp_path / "bare.py"
    bare.write_text(text.replace(f"\n{PRELOAD}\n", "\n"), "ascii")
    assert status(bare) == (GONE, "observed: 'goes on'")


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("the process was killed by SIGSEGV", "killed by signal 11"),
        ("the process ended with exit status 9", "exit status 9"),
        ("the process ended with exit status 70: a.b.Timeout: 0.001 seconds", "raises Timeout"),
        ("the process ended with exit status 70: KeyboardInterrupt", "raises KeyboardInterrupt"),
        ("the process ended with exit status 70: what it printed at last", ""),
        ("the case took more than 60 s and was killed", ""),
        ("", ""),
    ],
)
def test_fate_in_a_scripts_words(text: str, fate: str) -> None:
    """Only what the process met by itself is one."""
    assert fate_of(text) == fate
