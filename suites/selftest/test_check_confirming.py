"""What a check finds is told and confirmed while it goes on; an interrupt loses none of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sockproof.check.scripts.confirming import SCRIPT
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from suites.selftest.runs import (
    Mark,
    command,
    environment,
    in_terminal,
    living,
    sockproof_,
    started_command,
    wait_until,
)

# Its first life answers, to whoever finds out what it speaks; another one holds whoever comes.
HOLDING = """
import os, socketserver, sys

with open("lives", "a") as lives:
    lives.write("x")
HOLDS = os.path.getsize("lives") > 1

class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            if HOLDS:
                open("held", "w").close()
                self.rfile.read()
            self.wfile.write(line)

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

with Server(("127.0.0.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
"""
# Each life tells its number, before it listens; the command ends the last one.
SERVER = """
import os
import beside

with open("number", "w") as number:
    number.write(str(os.getpid()))
beside.main()
"""
STOP = """
import os, signal
import beside_too

with open("number") as number:
    os.kill(int(number.read()), signal.SIGTERM)
"""
LISTENER = [sys.executable, str(Path(__file__).with_name("one_fault_listener.py"))]
QUICK = ("check", "--patience", "0.5", "--report-dir", "out")
HELD = "neighbours-delay-nobody[TCP/inet,silent]"
STAYS = "leaving-clients-leave-nothing[TCP/inet,end]"


def _record(folder: Path) -> Record:
    (path,) = folder.glob("out/*.jsonl")
    return read_record(path)


@contextmanager
def _listening(fault: str) -> Iterator[str]:
    """The address of a server with a fault."""
    words = [LISTENER[0], "-u", LISTENER[1], "0", fault, "tells"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            yield f"127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def _scripts(mark: Mark) -> list[int]:
    """The processes of scripts that a check tries now."""
    found = []
    for pid in living(mark):
        with suppress(OSError):
            if b"/script.py\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("kind", ["program", "address"])
def test_interrupt_while_a_script_is_tried_loses_nothing(tmp_path: Path, kind: str) -> None:
    """The failure is in the record, and the reports are there; the script is ended."""
    mark, fault = Mark.new(), "one after the other"
    with _listening(fault) as address:
        subject = [address] if kind == "address" else ["--", *LISTENER, "{port}", fault]
        words = [*QUICK, "-k", f"{HELD} or at-rest", *subject]
        with started_command(tmp_path, *words, **mark.variables) as check:
            wait_until(lambda: _scripts(mark))
            for script in _scripts(mark):
                os.kill(script, signal.SIGSTOP)  # it does not end before the interrupt
            check.send_signal(signal.SIGINT)
            status = check.wait(60)

    printed = (tmp_path / "printed").read_text("utf-8")
    record = _record(tmp_path)
    assert (status, record.complete) == (3, False), printed
    (failed,) = (row for row in record.cases if row.verdict is Verdict.FAIL)
    assert failed.id == f"invariants/{HELD}"
    assert "interrupted" in record.incomplete_reason
    assert "1 finding" in printed
    assert (tmp_path / "out" / "report.html").exists()
    assert list(living(mark)) == []


@pytest.mark.by_turns(5)
def test_interrupt_while_a_script_is_tried_early_ends_it(tmp_path: Path) -> None:
    """It is tried beside the case that seems to fail, before that is sure."""
    mark = Mark.new()
    words = ["check", "--patience", "120", "--report-dir", "out", "-k", STAYS]
    subject = ["--", *LISTENER, "{port}", "waits for ever"]
    with started_command(tmp_path, *words, *subject, **mark.variables) as check:
        wait_until(lambda: _scripts(mark))
        for script in _scripts(mark):
            os.kill(script, signal.SIGSTOP)  # it does not end before the interrupt
        check.send_signal(signal.SIGINT)
        status = check.wait(60)

    assert status == 3, (tmp_path / "printed").read_text("utf-8")
    assert list(living(mark)) == []


@pytest.mark.by_turns(5)
def test_interrupt_makes_no_finding(tmp_path: Path) -> None:
    """The server ends by it, and the case that is played is not judged."""
    (tmp_path / "holding.py").write_text(HOLDING, "utf-8")
    words = ["check", "--patience", "120", "--report-dir", "out", "-k", f"{HELD} or at-rest"]
    with started_command(tmp_path, *words, "--", sys.executable, "holding.py", "{port}") as check:
        wait_until((tmp_path / "held").exists)
        check.send_signal(signal.SIGINT)
        status = check.wait(60)

    printed = (tmp_path / "printed").read_text("utf-8")
    failed = [row.id for path in tmp_path.glob("out/*.jsonl") for row in read_record(path).cases]
    assert (status, "finding" in printed) == (3, False), printed
    assert f"invariants/{HELD}" not in failed


@pytest.mark.by_turns(5)
def test_script_that_was_tried_early_is_not_tried_again(tmp_path: Path) -> None:
    """The program lives to be asked what it speaks, for the case, and for its script."""
    listener = " ".join([*LISTENER, "$0", "'waits for ever'"])
    program = ["sh", "-c", f"echo >> {tmp_path}/starts; exec {listener}", "{port}"]

    ended = sockproof_(tmp_path, *QUICK, "-k", STAYS, "--", *program)

    script = "scripts/leaving-clients-leave-nothing-end.py shows it"
    assert (ended.status, _seen_of(tmp_path)) == (1, {f"invariants/{STAYS}": script}), ended
    assert (tmp_path / "starts").read_text("utf-8") == "\n" * 3


@pytest.mark.by_turns(12)
def test_what_is_found_is_told_in_a_terminal_at_once(tmp_path: Path) -> None:
    """Before it is confirmed; in the end it stands among the findings alone."""
    words = command(*QUICK, "-k", STAYS, "--", *LISTENER, "{port}", "waits for ever")

    ended = in_terminal(words, 120, cwd=tmp_path, env=environment(TERM="xterm"))

    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ended.stdout)
    found, _, end = told.partition("1 finding")
    assert (ended.status, "  found  20 clients left (end); 0.5 s later" in found) == (1, True), told
    assert "found  20 clients" not in end


def _seen_of(folder: Path) -> dict[str, str]:
    return {row.id: str(row.observations.get(SCRIPT, "")) for row in _record(folder).cases}


@pytest.mark.by_turns(6)
def test_failure_of_a_server_that_is_gone_is_not_tried(tmp_path: Path) -> None:
    """Nobody is there who could show it; its script says so, and can be run by hand."""
    case = "garbage-is-survived[TCP/inet,NUL]"
    with _listening("ends of NUL") as address:
        ended = sockproof_(tmp_path, *QUICK, "-k", case, address)

    script = tmp_path / "out" / "scripts" / "garbage-is-survived-NUL.py"
    seen = _seen_of(tmp_path)[f"invariants/{case}"]
    why = "was not run: the server answers nobody any more, since invariants/garbage-is-survived"
    assert (ended.status, seen) == (1, f"scripts/{script.name} {why}"), ended
    assert f"this script {why}" in " ".join(script.read_text("utf-8").split())


@pytest.fixture
def with_modules(tmp_path: Path) -> list[str]:
    """The words of a program that imports a module beside it; ``stop.py``, which ends it, too."""
    (tmp_path / "beside.py").write_text(Path(LISTENER[1]).read_text("utf-8"), "utf-8")
    (tmp_path / "beside_too.py").touch()
    (tmp_path / "server.py").write_text(SERVER, "utf-8")
    (tmp_path / "stop.py").write_text(STOP, "utf-8")
    return [sys.executable, "server.py", "{port}"]


@pytest.mark.by_turns(5)
def test_script_starts_the_program_as_the_check_does(
    tmp_path: Path, with_modules: list[str]
) -> None:
    """One that imports a module beside it is no other in the script."""
    ended = sockproof_(tmp_path, *QUICK, "-k", STAYS, "--", *with_modules, "waits for ever")

    script = "scripts/leaving-clients-leave-nothing-end.py shows it"
    assert (ended.status, _seen_of(tmp_path)) == (1, {f"invariants/{STAYS}": script}), ended


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(
    "case", ["stop-ends-in-time[TCP/inet,idle]", "starts-without-names[TCP/inet]"]
)
def test_whatever_is_started_finds_the_modules_beside_it(
    tmp_path: Path, with_modules: list[str], case: str
) -> None:
    """The command that stops the program, and the program where no name server answers."""
    options = ["--stop", f"{sys.executable} stop.py", "-k", case]

    ended = sockproof_(tmp_path, *QUICK, *options, "--", *with_modules, "none")

    (row,) = _record(tmp_path).cases
    assert row.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE), ended
    assert "ends with status" not in row.reason
