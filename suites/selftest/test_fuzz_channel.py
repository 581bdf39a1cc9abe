"""Many inputs for what reads from an agent and a case's process, down to the line of the record."""

from __future__ import annotations

import contextlib
import json
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st

from sockproof.case.transcript import evidence_of
from sockproof.errors import IutUnavailable
from sockproof.iut.arrivals import Arrivals
from sockproof.iut.case_log import CaseLog
from sockproof.iut.cause import Evidence, cause_of
from sockproof.iut.greeting import PROTOCOL, is_banner, read_hello
from sockproof.iut.message_lines import Message, MessageLines
from sockproof.iut.outcomes import Outcome
from sockproof.judge.checks import Mismatch
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from suites.selftest.fuzzing import as_line, fuzz, spoiled_lines, spoiled_object

_ERROR = {"type": "OSError", "bases": ["OSError"], "errno": 2, "errno_name": "ENOENT", "text": "x"}
DEADLINE_S = 30.0
_ABOUT = {"t": 1.5, "p": 7, "th": "MainThread"}
OF_PROCESS: tuple[dict[str, Any], ...] = (
    {"e": "tick", "number": 3, "value": {"$tuple": [1, {"$octets": "\xff"}]}, **_ABOUT},
    {"e": "handler", "phase": "setup", "client": {"$repr": "<x>", "$type": "X"}, **_ABOUT},
    {"e": "call", "method": "verify_request", "arguments": [{"$socket": 7}], **_ABOUT},
    {"e": "raise", "method": "handle", "error": _ERROR, **_ABOUT},
    {"e": "ended", "label": "serve_forever-0", "error": _ERROR, **_ABOUT},
    {"e": "step", "do": "recv", "id": 1, "octets": {"text": "x", "length": 1}, **_ABOUT},
    {"r": "done", "seq": 1, "value": {"address": {"$tuple": ["127.0.0.1", 7]}, "fileno": 3}},
    {"r": "raised", "seq": 1, "value": {**_ERROR, "traceback": "Traceback"}},
    {"r": "part", "seq": 1, "text": "[1, 2"},
    {"r": "part", "seq": 1, "text": "]"},
    {"r": "done", "seq": 1, "parts": True},
)
OF_AGENT: tuple[dict[str, Any], ...] = (
    {"r": "started", "case": 1, "pid": 7},
    {"r": "stdout", "case": 1, "text": "x"},
    {"r": "stderr", "case": 1, "text": "Traceback (most recent call last):\n  x\nE"},
    {"r": "garbage", "case": 1, "text": "x"},
    {"r": "done", "seq": 1, "value": None},
    {"r": "over", "case": 1, "why": "died", "status": 9},
)
HELLO = {
    "protocol": PROTOCOL,
    "clock": 1.5,
    "pid": 7,
    "version": [3, 13, 0],
    "names": ["TCPServer"],
    "implementation": "cpython",
    "implementation_version": [3, 13, 0],
    "full_version": "3.13",
    "executable": "/x",
    "prefix": "/",
    "os_file": "/os.py",
    "module_file": "/socketserver.py",
    "platform": "linux",
    "runtime": "",
    "green_stacks": False,
    "reaches_pipes": True,
    "defines": True,
}
GREETINGS = ({"r": "hello", "value": HELLO}, {"r": "refused", "value": _ERROR}, *OF_AGENT)


def arrivals() -> Arrivals:
    """What takes the messages of one case, with nobody at the other end."""
    way = SimpleNamespace(started=lambda: None, ended=lambda: None)
    channel: Any = SimpleNamespace(
        offset_s=0.0,
        hello={},
        new_number=lambda: 1,
        listen=lambda _: None,
        way_to_case=lambda _: way,
    )
    return Arrivals(channel, CaseLog(), DEADLINE_S)


def told(text: bytes, cut_at: list[int], *, of_process: bool) -> Arrivals:
    """All that comes of a text that is read in pieces."""
    taken = arrivals()
    lines = MessageLines(taken._take, of_process=of_process)
    places = [0, *sorted(place % (len(text) + 1) for place in cut_at), len(text)]
    for start, end in pairwise(places):
        if data := text[start:end]:
            lines(data)
    lines.finish()
    return taken


def check_row(taken: Arrivals) -> None:
    """What came makes a line of a record that is read back."""
    evidence: Any = evidence_of(taken.log, taken)  # type: ignore[arg-type]
    problem = Mismatch("x", "y")
    cause = cause_of(problem, Evidence(taken.events, taken.output["stderr"], "", "/x.py"))
    row = CaseRow("a/b[TCP/inet]", "a/b", "TCP/inet", Verdict.FAIL, cause=cause, **evidence)
    line = json.dumps(row.to_json())
    assert CaseRow.from_json(json.loads(line)) == row


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("of_process", [True, False], ids=["process", "agent"])
def test_channel_takes_anything(inputs: int, of_process: bool) -> None:
    """No exception, whatever comes; what is taken is as it must be, and can be told."""
    lines = spoiled_lines(*(OF_PROCESS if of_process else OF_AGENT))
    if not of_process:
        passed_on = spoiled_lines(*OF_PROCESS).map(lambda text: text.replace(b"\n", b"\n "))
        lines = st.builds(lambda *both: b"\n ".join(both), lines, passed_on)

    def check(given: tuple[bytes, list[int]]) -> None:
        taken = told(*given, of_process=of_process)
        assert all(isinstance(event.at_s, float | int) for event in taken.events)
        assert all(isinstance(answer, Outcome) for answer in taken._answers.values())
        assert all(len(text) <= 200 for text in taken.garbage[:11])
        assert len(taken.garbage) <= 10
        if taken.over:
            assert isinstance(taken.ending(), str)
        check_row(taken)

    fuzz(inputs, st.tuples(lines, st.lists(st.integers(0, 4095), max_size=3)), check)


@pytest.mark.by_turns(5)
def test_greeting_is_read_or_refused(inputs: int) -> None:
    """Whatever an interpreter says of itself, it is that of an agent, or one line says why not."""

    def check(said: Message) -> None:
        came: list[Message] = []
        MessageLines(came.append)(as_line(said) + b"\n")
        if is_banner(came[0]):
            return
        with contextlib.suppress(IutUnavailable):
            hello = read_hello("./x", came[0])
            assert 0 <= hello["clock"] < time.time() * 1e6
            assert all(isinstance(name, str) for name in hello["names"])

    fuzz(inputs, spoiled_object(*GREETINGS), check)
