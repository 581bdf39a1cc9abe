"""On a terminal a slow command shows what it is at; in a pipe it does not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.listeners.table import LISTENERS
from suites.selftest.checked import CHECK, words_of
from suites.selftest.runs import command, environment, in_terminal

# It waits for nothing: what it shows is drawn when it begins, and when it is told anew.
AT_WORK = """
from sockproof.commands.at_work import at_work, say_first
with say_first("looking"):
    pass
with at_work("[weighing]") as tell:
    print("terminal" if tell else "pipe", flush=True)
    if tell:
        tell("measuring")
"""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LEARNING, CASE = "learning what it answers to", "at-rest-it-burns-nothing"


def test_what_it_is_at_is_told_on_a_terminal() -> None:
    """With the time since it began, and gone at the end; as text, whatever it is."""
    ended = in_terminal([sys.executable, "-c", AT_WORK], 80, env=environment(TERM="xterm"))

    assert ended.status == 0, ended
    first, _, rest = ended.stdout.partition("\r\x1b[2K")
    assert first == "  looking ..."
    assert "terminal" in rest
    assert "measuring" in rest
    assert "0:00:0" in rest
    assert rest.endswith(("\x1b[2K", "\x1b[?25h", "\x1b[1A\x1b[2K"))


def test_nothing_of_it_is_in_a_pipe() -> None:
    """Neither on standard output nor on standard error."""
    ended = subprocess.run(
        [sys.executable, "-c", AT_WORK], env=environment(), capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "pipe\n", "")


@pytest.mark.by_turns(6)
def test_check_names_its_case_on_a_terminal(tmp_path: Path) -> None:
    """As long as it is played, with the time; first, that the program is asked what it speaks."""
    words = command(*CHECK, "-k", CASE, *words_of(LISTENERS["threaded"]))

    shown = in_terminal(words, 120, cwd=tmp_path, env=environment(TERM="xterm"))
    piped = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True)

    assert (shown.status, piped.returncode) == (0, 0), shown
    assert f"  {LEARNING} ...\r\x1b[2K" in shown.stdout
    assert re.search(rf"0/1 \d:\d\d:\d\d {CASE}\[TCP/inet\]", COLOURS.sub("", shown.stdout))
    assert piped.stderr == ""
    assert LEARNING not in piped.stdout
