"""Why a case failed: what ended, raised or stands in the module under test is told beside what a
client saw; what a case did on purpose is not."""

from __future__ import annotations

import dataclasses
import socketserver
from pathlib import Path
from typing import Any

import pytest

from sockproof.iut.cause import Evidence, cause_of
from sockproof.iut.event_words import called, in_words
from sockproof.iut.outcomes import Event
from sockproof.judge.checks import Crash, Mismatch, NotApplicable
from sockproof.timing import SCALE_VARIABLE
from suites.selftest.runs import records_in, sockproof_

OWN = Path(socketserver.__file__).read_text("utf-8")
SHORT = {SCALE_VARIABLE: "0.2"}
"""What is silent here is silent for good."""
IN_VAIN = Mismatch("an answer", "nothing for 5 s")
ENDED = Event(
    "ended",
    1.0,
    7,
    "serve_forever-0.1",
    {
        "label": "serve_forever-0.1",
        "error": {"type": "ValueError", "bases": ["ValueError"], "errno_name": "", "text": "boom"},
    },
)
WAY = """File "<sockproof agent>/servers.py", line 186, in body
File "/home/me/mine.py", line 57, in get_request
File "/usr/lib/python3/socket.py", line 9, in accept"""
ENDED_THERE = dataclasses.replace(
    ENDED, fields={**ENDED.fields, "error": {**ENDED.fields["error"], "traceback": WAY}}
)
RAISED = """Exception in thread Thread-3:
Traceback (most recent call last):
  File "/usr/lib/python3/threading.py", line 10, in run
  File "/home/me/mine.py", line 57, in process_request
    self.count + None
  File "/usr/lib/python3/socket.py", line 9, in accept
TypeError: unsupported operand
"""
SCRIPTED = """Traceback (most recent call last):
  File "/home/me/mine.py", line 57, in process_request
  File "<sockproof agent>/script.py", line 52, in fail
ValueError: raised by the script
"""
STACKS = """Thread 0x1 (most recent call first):
  File "/usr/lib/python3/selectors.py", line 415 in select
  File "/home/me/mine.py", line 20 in serve_forever
  File "<sockproof agent>/servers.py", line 188 in body

Current thread 0x2 (most recent call first):
  File "<sockproof agent>/case.py", line 49 in next
"""

STANDING = STACKS.replace("selectors.py", "threading.py").replace("select\n", "wait\n")


@pytest.mark.parametrize(
    ("evidence", "cause"),
    [
        ({"events": [ENDED]}, "serve_forever() ended by ValueError: boom"),
        (
            {"stderr": RAISED},
            "TypeError: unsupported operand, raised in process_request() (mine.py:57)",
        ),
        ({"stderr": SCRIPTED}, ""),
        ({"stderr": "ValueError: no traceback"}, ""),
        (
            {"stacks": STACKS},
            "serve_forever() is idle: it waits for the next request in select() (mine.py:20)",
        ),
        (
            {"stacks": STANDING},
            "serve_forever() stands in serve_forever() (mine.py:20), in a call of wait()",
        ),
        ({"stacks": STACKS.replace("/usr/lib/python3/selectors.py", "<sockproof agent>/a.py")}, ""),
        ({"events": [ENDED], "stderr": RAISED}, "serve_forever() ended by ValueError: boom"),
        (
            {"events": [ENDED_THERE]},
            "serve_forever() ended by ValueError: boom, raised in get_request() (mine.py:57)",
        ),
        (
            {"stderr": RAISED, "stacks": STACKS},
            "TypeError: unsupported operand, raised in process_request() (mine.py:57)",
        ),
        (
            {"stderr": RAISED, "stacks": STANDING},
            "serve_forever() stands in serve_forever() (mine.py:20), in a call of wait()",
        ),
        ({}, ""),
    ],
    ids=[
        "loop-ended",
        "raised",
        "scripted",
        "no-traceback",
        "idle",
        "stands",
        "held",
        "surest-first",
        "ended-there",
        "idle-is-no-news",
        "printed-on-the-way",
        "nothing",
    ],
)
def test_cause_is_found(evidence: dict[str, Any], cause: str) -> None:
    """In what its process told, printed, and was found at."""
    assert cause_of(IN_VAIN, Evidence(module_file="/home/me/mine.py", **evidence)) == cause


@pytest.mark.parametrize(
    "problem",
    [
        None,
        NotApplicable("x"),
        Crash("it goes on", "the process was killed by SIGKILL"),
        Mismatch("it returns", "it raised ValueError: boom"),
    ],
)
def test_nothing_is_said_twice(problem: BaseException | None) -> None:
    """Where nothing failed, or the failure says it already, there is no cause beside it."""
    assert cause_of(problem, Evidence([ENDED])) == ""


@pytest.mark.parametrize(
    ("event", "count", "wanted", "words"),
    [
        ("ended", 1, {"label": "serve_forever-0.1"}, "serve_forever() ends"),
        ("handler", 1, {"phase": "setup"}, "setup() of a handler is called"),
        ("handled", 3, {}, "3 handlers come to their ends"),
        ("step", 2, {"do": "gate", "name": "hold"}, "2 handlers are at work on requests"),
        ("step", 1, {"do": "read_line"}, "a handler reads a line"),
        ("step", 2, {"do": "write_back"}, "handlers answer 2 times"),
        ("step", 1, {"do": "run"}, "a handler is done with 'run'"),
        ("call", 2, {"method": "get_request"}, "get_request() is called 2 times"),
        ("child", 1, {}, "the server's process tells 'child'"),
        ("return", 1, {}, "() returns"),
    ],
)
def test_events_are_told_in_words(
    event: str, count: int, wanted: dict[str, Any], words: str
) -> None:
    """What a case waits for is told as what the server does."""
    assert in_words(event, count, wanted) == words


def test_label_names_its_method() -> None:
    """As the case called it."""
    assert called("server_close-0.12") == "server_close"


BROKEN = (
    "        data, client_addr = self.socket.recvfrom(self.max_packet_size)\n",
    "        data, client_addr, flags = self.socket.recvfrom(self.max_packet_size)\n",
)


@pytest.mark.by_turns(8)
def test_every_output_tells_the_cause(tmp_path: Path) -> None:
    """A loop that ended by an exception, of which a client saw no more than silence."""
    (tmp_path / "mine.py").write_text(OWN.replace(*BROKEN))
    case = "datagrams/reply-goes-to-the-sender[UDP/inet]"
    where = ("--report-dir", "out", "-n", "0")

    ended = sockproof_(tmp_path, "run", "--iut", "./mine.py", "-k", case, *where, **SHORT)

    (record,) = records_in(tmp_path).values()
    cause = record.cases[0].cause
    assert "not enough values to unpack (expected 3, got 2)" in cause
    assert "serve_forever() ended by ValueError" in cause
    assert f"cause     {cause}" in ended.stdout
    for name in ("report.html", "summary.md"):
        assert "not enough values to unpack" in (tmp_path / "out" / name).read_text("utf-8")
    again = sockproof_(tmp_path, "replay", "out/mine.jsonl", case, "--iut", "./mine.py", **SHORT)
    assert f"  cause   {cause}" in again.stdout


@pytest.mark.by_turns(5)
def test_what_to_type_next_is_runnable(tmp_path: Path) -> None:
    """The commands about the first failure, as they are printed."""
    (tmp_path / "mine.py").write_text(OWN.replace(*BROKEN))
    case = "datagrams/reply-goes-to-the-sender[UDP/inet]"
    where = ("-n", "0", "--report-dir", "o ut")

    ended = sockproof_(tmp_path, "run", "--iut", "./mine.py", "-k", case, *where, **SHORT)

    told = [line.split(None, 1)[1] for line in ended.stdout.splitlines() if " sockproof " in line]

    assert [one.split()[:2] for one in told[-3:]] == [
        ["sockproof", "replay"],
        ["sockproof", "repro"],
        ["sockproof", "explain"],
    ]


def test_smoke_exchange_tells_its_cause(tmp_path: Path) -> None:
    """One that fails says what the loop ended by."""
    found = "            request, client_address = self.get_request()\n"
    assert found in OWN
    (tmp_path / "mine.py").write_text(OWN.replace(found, found.replace("address =", "a, b =")))

    ended = sockproof_(tmp_path, "run", "--iut", "./mine.py", **SHORT)

    assert "(serve_forever() ended by ValueError: not enough values" in ended.stderr
