"""Two transcripts of one case: what is the same in every run, and the first step that is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sockproof.iut.values import octets
from sockproof.record.evidence import TranscriptEvent
from sockproof.record.rows import CaseRow
from sockproof.repro.differences import ending_of, first_difference
from sockproof.repro.plain import Names

FOLDER = Path("/tmp/sockproof-x1")


def step(lane: str, what: str, data: bytes | None = None, **more: Any) -> TranscriptEvent:
    told: dict[str, Any] = {"t_s": 0.5, "lane": lane, "what": what, **more}
    if data is not None:
        told["octets"] = octets(data)
    return TranscriptEvent.from_json(told)


ECHO = [
    step("peer", "connect", note="('127.0.0.1', 5) to ('127.0.0.1', 6)"),
    step("peer", "send", b"line\n"),
    step("thread 1", "step read_line", b"line\n"),
    step("peer", "receive", b"line\n"),
    step("peer", "end of stream"),
]


def test_ports_and_times_do_not_count() -> None:
    """Notes and times differ from run to run."""
    other = [
        step("peer", "connect", note="('127.0.0.1', 7) to ('127.0.0.1', 8)", t_s=9.0),
        *ECHO[1:],
    ]

    assert first_difference(ECHO, other) is None


def test_lanes_may_interleave_as_they_like() -> None:
    """What the server tells may come sooner or later than what the peer does."""
    assert first_difference(ECHO, [ECHO[2], *ECHO[:2], *ECHO[3:]]) is None


def test_received_pieces_count_as_one() -> None:
    """How a stream is cut into recv() calls is the kernel's affair."""
    pieces = [step("peer", "receive", b"li"), step("peer", "receive", b"ne\n")]

    assert first_difference(ECHO, [*ECHO[:3], *pieces, ECHO[4]]) is None


def test_threads_have_no_order_among_themselves() -> None:
    """Whichever thread comes first is called thread 1."""
    one, two = ([step(f"thread {n}", "step read", data)] for n, data in ((1, b"a"), (2, b"b")))
    turned = [step("thread 1", "step read", b"b"), step("thread 2", "step read", b"a")]

    assert first_difference([*one, *two], turned) is None


@pytest.mark.parametrize(
    ("changed", "lane"),
    [
        ([*ECHO[:3], step("peer", "receive", b"LINE\n"), ECHO[4]], "peer"),
        ([*ECHO[:4], step("peer", "reset", error="[Errno 104] gone")], "peer"),
        ([*ECHO[:2], step("thread 1", "step read_line", error="OSError: x"), *ECHO[3:]], "thread"),
        (ECHO[:4], "peer"),
        ([*ECHO, step("peer-2", "connect")], "peer-2"),
    ],
)
def test_difference_is_found(changed: list[TranscriptEvent], lane: str) -> None:
    """Other octets, another ending, an error, a step too few and one too many."""
    difference = first_difference(ECHO, changed)

    assert difference is not None
    assert difference.lane == lane
    assert difference.found in [*changed, None]
    assert difference.stored in [*ECHO, None]


def test_numbers_in_messages_do_not_count() -> None:
    """Two failures that differ in a port alone are the same."""
    rows = [
        CaseRow.from_json(
            {
                "id": "a/b",
                "requirement": "a/b",
                "verdict": "FAIL",
                "actual": f"('127.0.0.1', {port}) is refused",
                "teardown": {"verdict": "clean", "leaks": []},
            }
        )
        for port in (4711, 4712)
    ]

    assert ending_of(rows[0]) == ending_of(rows[1])
    assert "4711" in str(ending_of(rows[0]))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (f"{FOLDER}/w12/s7", "(folder + '/s1')"),
        (f"{FOLDER}/pytest/test_x0/below/it", "(folder + '/below/it')"),
        (b"\0sockproof-12-3", '("\\0repro-1-%d" % os.getpid()).encode()'),
        ([True, (1,)], "[True, (1,)]"),
        ({"a": None}, "{'a': None}"),
    ],
)
def test_made_up_names_become_the_scripts_own(value: object, code: str) -> None:
    """A path or name of ours is one below the script's folder; plain data stays."""
    assert Names(FOLDER).code(value) == code


def test_source_text_is_named_too() -> None:
    """A path that a case wrote into source text is the same path as elsewhere."""
    names = Names(FOLDER)

    assert names.in_source(f"os.chdir('{FOLDER}/w1/s3')") == "os.chdir((folder + '/s1'))"
    assert names.code(f"{FOLDER}/w1/s3") == "(folder + '/s1')"
