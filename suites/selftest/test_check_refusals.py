"""What a check cannot judge: a status, one line, and nothing is left running."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from fixtures.listeners.table import LISTENERS
from sockproof.iut.addresses import short_temporary_folder
from sockproof.record.reader import read_record
from suites.selftest.checked import CHECK, check, rows_of, words_of
from suites.selftest.runs import (
    DEADLINE_S,
    REPORTS,
    Mark,
    command,
    environment,
    living,
    sockproof_,
    started_command,
    wait_until,
)

AT_FAULT, BAD_USAGE = 3, 4
QUICK = {"SOCKPROOF_TIMEOUT_SCALE": "0.1"}

# Words behind "check", the status, and what the line says. {closed} is a port without a listener.
REFUSED: list[tuple[list[str], int, str]] = [
    ([], BAD_USAGE, "nothing to check"),
    ([""], BAD_USAGE, "nothing says at which port"),
    (["127.0.0.1:{closed}"], AT_FAULT, "nobody can be reached at 127.0.0.1:{closed}: connection r"),
    (["[::1]:{closed}"], AT_FAULT, "nobody can be reached at [::1]:{closed}"),
    (["udp:127.0.0.1:{closed}"], AT_FAULT, "nobody"),
    (["unix:absent"], AT_FAULT, "nobody can be reached at unix:absent: no such file"),
    (["unix:@sockproof-absent"], AT_FAULT, "nobody can be reached at unix:@sockproof-absent"),
    (["unixgram:absent"], AT_FAULT, "nobody can be reached at unixgram:absent: no such file"),
    (["unixgram:"], BAD_USAGE, "'unixgram:' is no address: it has no path; type unixgram:/run/"),
    ([f"unix:{'x' * 108}"], BAD_USAGE, "a path has at most 107 octets"),
    (["localhost"], BAD_USAGE, "'localhost' is no address: it has no port; type localhost:PORT"),
    (["127.0.0.1", "9000"], BAD_USAGE, "host and port are one word; type 127.0.0.1:9000"),
    (["127.0.0.1:99999"], BAD_USAGE, "'127.0.0.1:99999' is no address"),
    (["10.1.2.3:80"], BAD_USAGE, "10.1.2.3 is not this machine's loopback"),
    (["example.org:80"], BAD_USAGE, "'example.org' is no IP address"),
    (["--stop", "x", "127.0.0.1:{closed}"], BAD_USAGE, "--stop is for programs"),
    (["--", "true"], BAD_USAGE, "nothing says at which port the program listens"),
    (["--", "true", "{port}"], AT_FAULT, "ended with status 0 before it listened"),
    (["--", "false", "{port}"], AT_FAULT, "ended with status 1 before it listened"),
    (["--", "sleep", "600", "{port}"], AT_FAULT, "it does not listen at 127.0.0.1:"),
    (["--", "./absent", "{port}"], AT_FAULT, "cannot start './absent': no such file"),
    (["--", "/", "{port}"], AT_FAULT, "cannot start '/': permission denied"),
    (["--", "", "{port}"], AT_FAULT, "cannot start ''"),
    (["--listens", "nonsense", "--", "true"], BAD_USAGE, "'nonsense' is no address"),
    (["--listens", "127.0.0.1:0", "--", "true"], BAD_USAGE, "nothing says at which port"),
    (["--stop", "'", "--", "true", "{port}"], BAD_USAGE, '--stop "\'": no closing quotation'),
    (["-k", "nothing-such", "--", "true", "{port}"], BAD_USAGE, "no case is selected"),
    (["--tls", "udp:127.0.0.1:{closed}"], BAD_USAGE, "there is no TLS over datagrams"),
    (
        ["--tls-ca", "absent.pem", "127.0.0.1:{closed}"],
        BAD_USAGE,
        "cannot read absent.pem: No",
    ),
    (["--tls", "127.0.0.1:{closed}"], AT_FAULT, "nobody can be reached at 127.0.0.1:{closed}"),
    (["--say", "\\x", "--", "true", "{port}"], BAD_USAGE, "--say '\\\\x'"),
]


@pytest.fixture
def closed() -> Iterator[str]:
    """A port that is taken, and where nobody listens; of datagrams it is free. One socket takes it
    for both families: for another one it may no longer be free."""
    with socket.socket(socket.AF_INET6) as one:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.bind(("::", 0))
        yield str(one.getsockname()[1])


@pytest.mark.by_turns(8)
@pytest.mark.parametrize(("words", "status", "told"), REFUSED)
def test_it_is_refused_in_a_line(
    tmp_path: Path, closed: str, words: list[str], status: int, told: str
) -> None:
    """Nothing is written either, where nothing was judged."""
    mark = Mark.new()
    given = [word.replace("{closed}", closed) for word in words]

    ended = sockproof_(tmp_path, *CHECK, *given, **mark.variables, **QUICK)

    assert ended.status == status, ended
    assert told.replace("{closed}", closed) in ended.error
    assert list(living(mark)) == []
    assert not list(tmp_path.rglob("*.jsonl"))


@pytest.mark.by_turns(5)
def test_another_answer_than_the_user_says(tmp_path: Path) -> None:
    """The words of the user are not judged: they are wrong, or the server is."""
    options = ("--say", "PING\\r\\n", "--expect", "+PONG")

    ended = check(tmp_path, LISTENERS["threaded"], *options)

    assert ended.status == AT_FAULT
    assert r"answers b'PING\r\n' to b'PING\r\n', not b'+PONG'" in ended.error


def test_a_socket_that_is_not_ours(tmp_path: Path) -> None:
    """A file that we may not connect to is a refusal, not a finding."""
    path = tmp_path / "s"
    fewer_rights = ["unshare", "--user"] if os.geteuid() == 0 else []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        run = subprocess.run(
            [*fewer_rights, *command(*CHECK, f"unix:{path}")],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(),
            check=False,
        )
    if fewer_rights and "unshare" in run.stderr:
        pytest.skip("no namespaces of its own can be made here")
    assert (run.returncode, run.stderr.count("\n")) == (AT_FAULT, 1)
    assert f"nobody can be reached at unix:{path}: permission denied" in run.stderr


@pytest.mark.by_turns(5)
def test_an_interrupt_closes_the_record(tmp_path: Path) -> None:
    """Status 3, a record that says so, reports; the program that was started has ended."""
    mark = Mark.new()
    words = [*CHECK, *words_of(LISTENERS["threaded"])]
    with started_command(tmp_path, *words, **mark.variables) as run:
        wait_until(lambda: has_rows(tmp_path) or run.poll() is not None)
        run.send_signal(signal.SIGINT)
        assert run.wait(DEADLINE_S) == AT_FAULT

    printed = (tmp_path / "printed").read_text("utf-8")
    assert "Traceback" not in printed
    (path,) = (tmp_path / "out").glob("*.jsonl")
    assert "interrupted" in read_record(path).incomplete_reason
    assert {one.name for one in (tmp_path / "out").iterdir()} >= REPORTS
    wait_until(lambda: not list(living(mark)))


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("is_started", [True, False])
def test_a_check_that_is_killed_leaves_nothing(tmp_path: Path, *, is_started: bool) -> None:
    """Neither its folder nor a process, whether it has started a program or came to an address."""
    mark, temporary = Mark.new(), short_temporary_folder()
    words = words_of(LISTENERS["threaded"]) if is_started else ["127.0.0.1:{port}"]
    with mute_server() as port:
        given = [word.replace("{port}", port) if not is_started else word for word in words]
        variables = {"TMPDIR": temporary, **mark.variables}
        with started_command(tmp_path, *CHECK, *given, **variables) as run:
            folders = partial(Path(temporary).glob, f"sockproof-{run.pid:x}-*")
            wait_until(lambda: any(folders()) or run.poll() is not None)
            run.kill()

    assert (tmp_path / "printed").read_text("utf-8") == ""
    wait_until(lambda: not any(folders()))
    wait_until(lambda: not list(living(mark)))


@contextlib.contextmanager
def mute_server() -> Iterator[str]:
    """The port of somebody who listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield str(one.getsockname()[1])


def has_rows(folder: Path) -> bool:
    return any('"kind":"case"' in path.read_text("utf-8") for path in folder.rglob("*.jsonl"))


@pytest.mark.by_turns(12)
def test_a_program_that_is_killed_meanwhile(tmp_path: Path) -> None:
    """Its end is told, and the check goes on with another life."""
    mark, server = Mark.new(), LISTENERS["threaded"]
    given = [*CHECK, "-k", "garbage or rest or next-client", *words_of(server)]
    with started_command(tmp_path, *given, **mark.variables) as run:
        wait_until(lambda: has_rows(tmp_path) or run.poll() is not None)
        for pid in living(mark):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if os.fsencode(server.path) in words[:2]:
                with contextlib.suppress(ProcessLookupError):  # its life was over just now
                    os.kill(pid, signal.SIGKILL)
        status = run.wait(DEADLINE_S)

    assert status in (0, 1, AT_FAULT)
    assert "Traceback" not in (tmp_path / "printed").read_text("utf-8")
    assert rows_of(tmp_path)
    wait_until(lambda: not list(living(mark)))


@pytest.mark.by_turns(5)
def test_a_program_that_answers_nothing_and_never_closes(tmp_path: Path) -> None:
    """It is checked by what the kernel tells: its connections are accepted."""
    source = tmp_path / "mute.py"
    source.write_text(
        "import signal, socket, sys\n"
        "one, kept = socket.create_server(('127.0.0.1', int(sys.argv[1]))), []\n"
        "try:\n"
        "    while True: kept.append(one.accept()[0])\n"
        "except KeyboardInterrupt: pass\n"
    )
    words = ["-k", "crowd or stop-ends", "--", sys.executable, str(source), "{port}"]

    ended = sockproof_(tmp_path, *CHECK, *words)

    assert ended.status == 0, ended
    assert "accepts connections, and says nothing" in ended.stdout.replace("\n", " ")
