"""replay --debug: a user at a terminal, with a debugger before each handler of a case."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from suites.selftest.runs import DEADLINE_S, Mark, command, environment, living, sockproof_

THREADS = "threading/threads-share-the-server[ThreadingTCP/inet]"
CHILDREN = "forking/requests-run-at-once[ForkingTCP/inet]"
REFUSED = "dispatch/refused-request-is-closed[TCP/inet]"
CHECKED = "invariants/next-client-is-served[TCP/inet,end]"
PROMPT = "(Pdb) "
# It is then what a shell makes of a command that its user types.
IN_FOREGROUND = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
OTHERS = [name for name in ("python2.7", "pypy3") if shutil.which(name)]


class Terminal:
    """One where a command runs, seen from the keyboard: ``text`` is all that it shows so far."""

    def __init__(self, keyboard: int, process: subprocess.Popen[bytes]) -> None:
        self._keyboard, self._process = keyboard, process
        self.text = ""

    def type(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def shows(self, wanted: str) -> str:
        """Everything up to there that has not been read before; fails if it never comes."""
        limit_s, before = time.monotonic() + DEADLINE_S, len(self.text)
        while wanted not in self.text[before:]:
            assert time.monotonic() < limit_s, self.text
            assert self._reads_more(), self.text
        return self.text[before:]

    def ends(self) -> int:
        """All that it shows until the command ends; its status."""
        while self._reads_more():
            pass
        return self._process.wait(DEADLINE_S)

    def _reads_more(self) -> bool:
        if not select.select([self._keyboard], [], [], DEADLINE_S)[0]:
            return False
        try:
            data = os.read(self._keyboard, 65536)
        except OSError:  # how Linux says that nobody has the other side open any more
            data = b""
        self.text += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def debugging(folder: Path, *words: str, **variables: str) -> Iterator[Terminal]:
    """``sockproof replay --debug`` in a terminal, at its first prompt; nothing of it stays."""
    mark = Mark.new()
    keyboard, screen = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", IN_FOREGROUND, *command("replay", "--debug", *words)],
        cwd=folder,
        env=environment(**mark.variables, **variables),
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
    ) as process:
        os.close(screen)
        try:
            yield Terminal(keyboard, process)
        finally:
            process.kill()
    os.close(keyboard)
    assert list(living(mark)) == []


def answers(terminal: Terminal, keys: Sequence[str]) -> list[str]:
    """What each line that is typed at a prompt shows, to the next prompt."""
    shown = []
    for line in keys:
        terminal.type(f"{line}\n")
        shown.append(terminal.shows(PROMPT))
    return shown


def goes_on(terminal: Terminal, stops: int) -> int:
    """Leave that many stops; the status of the command."""
    for _ in range(stops - 1):
        answers(terminal, ["continue"])
    terminal.type("continue\n")
    return terminal.ends()


def test_user_sees_where_the_handler_is_begun(tmp_path: Path) -> None:
    """In the implementation, for each of three; what is no step of it is passed over."""
    with debugging(tmp_path, THREADS) as terminal:
        begun = terminal.shows(PROMPT)
        where, one_step, value = answers(terminal, ["where", "next", "p client_address"])
        status = goes_on(terminal, stops=3)

    assert "--Call--" in begun
    assert "socketserver.py" in begun.splitlines()[-3]
    assert "finish_request" in where
    assert "process_request_thread" in where
    assert "socketserver.py" in one_step
    assert "('127.0.0.1', " in value
    assert terminal.text.count("before a handler") == 3
    assert (status, "1 of 1 ended as promised" in terminal.text) == (0, True), terminal.text


def test_children_have_the_terminal_one_after_the_other(tmp_path: Path) -> None:
    """Though both are there at once, and each is a process."""
    with debugging(tmp_path, CHILDREN) as terminal:
        terminal.shows(PROMPT)
        steps = answers(terminal, ["next", "next", "next", "next"])
        status = goes_on(terminal, stops=2)

    assert ["before a handler" in step for step in steps] == [False] * 4
    assert (status, "1 of 1 ended as promised" in terminal.text) == (0, True), terminal.text


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("other", OTHERS)
def test_other_pythons_stop_as_well(tmp_path: Path, other: str) -> None:
    """The oldest, and one whose objects keep their descriptors for a while: that is no leak."""
    with debugging(tmp_path, "--iut", other, THREADS) as terminal:
        terminal.shows(PROMPT)
        status = goes_on(terminal, stops=3)

    assert (status, "1 of 1  PASS\r\n" in terminal.text) == (0, True), terminal.text


@pytest.mark.by_turns(5)
def test_nobody_waits_for_the_user_in_vain(tmp_path: Path) -> None:
    """Who takes his time longer than anything may take, and a case as a whole."""
    thinks = 'p __import__("select").select([], [], [], 4)'

    with debugging(tmp_path, THREADS, SOCKPROOF_TIMEOUT_SCALE="0.1") as terminal:
        terminal.shows(PROMPT)
        answers(terminal, [thinks])
        status = goes_on(terminal, stops=3)

    assert (status, "1 of 1 ended as promised" in terminal.text) == (0, True), terminal.text


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("keys", ["\x03", "q\n"], ids=["Ctrl-C", "q"])
def test_user_ends_all(tmp_path: Path, keys: str) -> None:
    """At any prompt, with a line and the status of what was not done."""
    with debugging(tmp_path, THREADS) as terminal:
        terminal.shows(PROMPT)
        terminal.type(keys)
        status = terminal.ends()

    assert status == 3
    assert terminal.text.splitlines()[-1] == "sockproof: error: interrupted"


@pytest.mark.by_turns(3)
def test_case_without_a_handler_says_so(tmp_path: Path) -> None:
    """And ends with its verdict."""
    with debugging(tmp_path, REFUSED) as terminal:
        status = terminal.ends()

    assert (status, PROMPT in terminal.text) == (0, False)
    assert "sockproof: no handler told that it began" in terminal.text


def test_debugger_needs_a_terminal(tmp_path: Path) -> None:
    """Nothing is played without one."""
    refused = subprocess.run(
        command("replay", "--debug", THREADS),
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )

    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr == (
        "sockproof: error: --debug needs a terminal as standard input; type the command in one\n"
    )


def test_program_that_is_checked_gets_no_debugger(tmp_path: Path) -> None:
    """A line says how to have one."""
    refused = sockproof_(tmp_path, "replay", "--debug", CHECKED, "--", "true", "{port}")

    assert refused.status == 4
    assert refused.error == (
        "--debug is for cases of a module: no debugger is put into a program that is checked; "
        "start it with 'python3 -m pdb', and give its address instead"
    )
