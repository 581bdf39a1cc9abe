"""What becomes of the command's output never changes how it ends: its status is a documented one.

Each run here sees a deviation, so that 1 is its status.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.partners import partner
from suites.selftest.runs import (
    AS_IN_A_TERMINAL,
    DEADLINE_S,
    REFUSED,
    command,
    environment,
    in_terminal,
    sockproof_,
    wait_until,
)

IN_PROCESS = ("-n", "0", "--spec", "ThreadingTCP/inet")
SEEN = 1
FULL = "/dev/full"
PIPE_OCTETS = 4096
"""What a pipe holds at the least."""
ROOM_OCTETS = 100
"""A line of progress, or of a list, fits in; all that is told does not."""
BUFFERING = [
    pytest.param({}, id="buffered"),
    pytest.param({"PYTHONUNBUFFERED": "1"}, id="unbuffered"),
]


def of_a_run() -> list[str]:
    """A short run that sees a deviation."""
    return [*command("run", "--iut", partner("keeps_refused"), "-k", REFUSED), *IN_PROCESS]


def assert_reported(folder: Path) -> None:
    assert {path.name for path in (folder / "sockproof-report").iterdir()} == {
        *("report.html", "summary.md", "junit.xml", "badge.json"),
        "keeps_refused.jsonl",
    }


def redirected(
    folder: Path, redirections: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Of the run, as a shell starts it with these redirections."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" "$@" {redirections}', *of_a_run()],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
    )


@pytest.mark.by_turns(40)
@pytest.mark.parametrize("variables", BUFFERING)
@pytest.mark.parametrize("redirections", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_closed_or_full_stream_changes_nothing(
    tmp_path: Path, redirections: str, variables: dict[str, str]
) -> None:
    """What is closed before is printed to nowhere, and a message that finds no room is lost."""
    seen = redirected(tmp_path, redirections, **variables)

    assert seen.returncode == SEEN, seen
    assert "Traceback" not in seen.stderr
    assert_reported(tmp_path)


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("variables", BUFFERING)
def test_full_standard_output_is_told(tmp_path: Path, variables: dict[str, str]) -> None:
    """The summary is lost, the record and the reports are not: status 3, and one line says why."""
    seen = redirected(tmp_path, f">{FULL}", **variables)

    *progress, error = seen.stderr.splitlines()
    assert seen.returncode == 3
    assert error.startswith("sockproof: error: cannot write to standard output: No space left")
    assert not any("sockproof:" in line for line in progress)
    assert_reported(tmp_path)


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("words", [("list", "--cases", "-k", REFUSED), ("explain", REFUSED)])
def test_collecting_needs_no_stream(tmp_path: Path, words: tuple[str, ...]) -> None:
    """pytest, which these use, asks for a standard error of its own."""
    for redirections in ("2>&-", "<&- >&- 2>&-"):
        shell = ["/bin/sh", "-c", f'exec "$0" "$@" {redirections}', *command(*words)]

        seen = subprocess.run(
            shell, cwd=tmp_path, env=environment(), capture_output=True, timeout=DEADLINE_S
        )

        assert seen.returncode == 0, redirections
        assert (REFUSED.encode() in seen.stdout) == (redirections == "2>&-")


@pytest.mark.by_turns(3)
def test_list_without_room_is_no_success(tmp_path: Path) -> None:
    """Half a list is not a list: 3; bad usage stays 4."""
    for words, status in ((["list"], 3), (["explain", "no/such"], 4), (["--help"], 3)):
        with Path(FULL).open("w") as full:
            seen = subprocess.run(
                command(*words), cwd=tmp_path, env=environment(), stdout=full, timeout=DEADLINE_S
            )
        assert seen.returncode == status, words


@dataclass
class Pipe:
    """A small pipe that is all the output of a run; ``reader`` is our end of it."""

    reader: int
    run: subprocess.Popen[bytes]

    def has_begun(self) -> bool:
        """Whether a first line is in it; no second one fits in."""
        (held,) = struct.unpack("i", fcntl.ioctl(self.reader, termios.FIONREAD, bytes(4)))
        return bool(held > PIPE_OCTETS - ROOM_OCTETS)

    def rest(self) -> bytes:
        """All that comes until the run has ended."""
        with open(self.reader, "rb", closefd=False) as stream:
            return stream.read()


@contextlib.contextmanager
def piped(folder: Path, arguments: Sequence[str], blocking: bool = True) -> Iterator[Pipe]:
    """A run into a pipe that is almost full already."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_OCTETS)
    os.write(writer, b"-" * (PIPE_OCTETS - ROOM_OCTETS))
    os.set_blocking(writer, blocking)
    with subprocess.Popen(
        [sys.executable, "-c", AS_IN_A_TERMINAL, *arguments],
        cwd=folder,
        env=environment(),
        stdout=writer,
        stderr=writer,
        start_new_session=True,
    ) as run:
        os.close(writer)
        try:
            yield Pipe(reader, run)
        finally:
            run.kill()
            os.close(reader)


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
def test_stopped_reader_is_waited_for(tmp_path: Path, blocking: bool) -> None:
    """It reads on late, and misses nothing; also of a pipe that another has made non-blocking."""
    with piped(tmp_path, of_a_run(), blocking) as pipe:
        wait_until(pipe.has_begun)
        printed = pipe.rest()

        assert pipe.run.wait(DEADLINE_S) == SEEN
    assert b"needs attention" in printed
    assert printed.endswith(b"report.html\n")
    assert_reported(tmp_path)


@pytest.mark.by_turns(5)
def test_slow_reader_gets_everything(tmp_path: Path) -> None:
    """Octet by octet, from a run that has more to tell than fits in."""
    read = bytearray()
    with piped(tmp_path, command("list", "--cases")) as pipe:
        wait_until(pipe.has_begun)
        while piece := os.read(pipe.reader, 777):
            read += piece
        assert pipe.run.wait(DEADLINE_S) == 0

    told = sockproof_(tmp_path, "list", "--cases").stdout
    assert read.lstrip(b"-").decode("ascii") == told
    assert len(told) > 10 * PIPE_OCTETS


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("arguments", [of_a_run(), command("list", "--cases")], ids=["run", "list"])
def test_reader_that_goes_in_the_middle_is_no_error(tmp_path: Path, arguments: list[str]) -> None:
    """The status is that of what was seen; the rest of what is told is dropped."""
    with piped(tmp_path, arguments) as pipe:
        wait_until(pipe.has_begun)
        os.read(pipe.reader, 3)
        gone = os.open(os.devnull, os.O_RDONLY)
        os.dup2(gone, pipe.reader)  # closes our end of the pipe
        os.close(gone)

        assert pipe.run.wait(DEADLINE_S) == (SEEN if "run" in arguments else 0)
    if "run" in arguments:
        assert_reported(tmp_path)


def test_peer_of_a_socket_may_go(tmp_path: Path) -> None:
    """Standard output may be a connection: its reset is a reader that has gone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ours.close()
        with theirs:
            seen = subprocess.run(
                command("list"),
                cwd=tmp_path,
                env=environment(),
                stdout=theirs.fileno(),
                timeout=DEADLINE_S,
            )

    assert seen.returncode == 0


def test_terminal_that_was_hung_up_is_a_reader_that_has_gone(tmp_path: Path) -> None:
    """As when its window is closed, and the command was told not to mind."""
    controlling, terminal = pty.openpty()
    waiting = 'read line; exec "$@"'
    with subprocess.Popen(
        ["/bin/sh", "-c", waiting, "sh", *command("list")],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=terminal,
    ) as listing:
        os.close(terminal)
        os.close(controlling)
        listing.communicate(b"go on\n", timeout=DEADLINE_S)

    assert listing.returncode == 0


@pytest.mark.by_turns(3)
def test_columns_that_are_none_are_no_width(tmp_path: Path) -> None:
    """A width of 0 would let nothing be told."""
    assert "Promise" in sockproof_(tmp_path, "explain", REFUSED, COLUMNS="0").stdout.title()


@pytest.mark.by_turns(5)
def test_parent_that_ignores_its_children_changes_nothing(tmp_path: Path) -> None:
    """SIGCHLD comes ignored from some daemons; children then leave no status."""
    shell = ["/bin/sh", "-c", 'trap "" CHLD; exec "$@"', "sh", *of_a_run()]

    seen = subprocess.run(
        shell, cwd=tmp_path, env=environment(), capture_output=True, timeout=DEADLINE_S
    )

    assert seen.returncode == SEEN, seen


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_once_more_changes_nothing(tmp_path: Path, number: int) -> None:
    """A second one while the first is dealt with: still 3, and one line."""
    with piped(tmp_path, command("list", "--cases")) as pipe:
        wait_until(pipe.has_begun)
        for _ in range(5):
            pipe.run.send_signal(number)

        assert pipe.run.wait(DEADLINE_S) == 3


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_does_not_wait_for_the_reader(tmp_path: Path, number: int) -> None:
    """A run that is told to end while nobody reads ends, with 3."""
    with piped(tmp_path, of_a_run()) as pipe:
        wait_until(pipe.has_begun)
        pipe.run.send_signal(number)

        assert pipe.run.wait(DEADLINE_S) == 3


@pytest.mark.by_turns(6)
def test_narrow_terminal_changes_nothing(tmp_path: Path) -> None:
    """Ten columns wide, and without colours: nothing is cut short."""
    ended = in_terminal(of_a_run(), 10, cwd=tmp_path, env=environment(TERM="dumb"))

    assert ended.status == SEEN, ended
    assert "dispatch/refused-request-is-closed[ThreadingTCP/inet]" in ended.stdout
    assert_reported(tmp_path)


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("variables", BUFFERING)
def test_reader_that_has_gone_before_is_no_error(tmp_path: Path, variables: dict[str, str]) -> None:
    """A run whose output nobody reads plays on, and ends with the status of what it saw."""
    with subprocess.Popen(
        of_a_run(),
        cwd=tmp_path,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as run:
        assert run.stdout is not None
        run.stdout.close()

        assert run.wait(DEADLINE_S) == SEEN
    assert_reported(tmp_path)


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_what_the_locale_lacks_is_escaped(tmp_path: Path, encoding: str) -> None:
    """The atlas has its arrows, as escapes."""
    ended = sockproof_(tmp_path, "atlas", PYTHONIOENCODING=encoding)

    assert ended.status == 0, ended
    assert "\\u2192" in ended.stdout
