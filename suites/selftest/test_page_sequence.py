"""The sequence picture in a browser: lanes, arrows, gates and faults, tied to the transcript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sockproof.judge.verdict import Verdict
from sockproof.record.evidence import TranscriptEvent
from suites.selftest.browser import ReportPage, launched, open_report, shoot
from suites.selftest.record_data import TRANSCRIPT, case_row, octets, write_record

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CASE = {"iut": "cpython-3.13.0", "case": "dispatch/order-of-calls[TCP/inet]"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this module."""
    yield from launched()


@pytest.fixture
def drawn(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ReportPage]:
    """The drawer of a failed case with the transcript that the test is parametrized with."""
    transcript: Sequence[TranscriptEvent] = getattr(request, "param", TRANSCRIPT)
    failed = case_row(verdict=Verdict.FAIL, transcript=tuple(transcript))
    page = open_report(browser, [write_record(tmp_path / "a.jsonl", [failed])], tmp_path, **CASE)
    yield page
    assert page.faults == []
    page.tab.close()


def said(page: ReportPage) -> list[str]:
    """What the picture says of each event."""
    return page.tab.locator(".sequence .said").all_text_contents()


def heights(page: ReportPage, ends: str) -> list[float]:
    """The y of every arrow's beginning (``y1``) or end (``y2``)."""
    arrows = page.tab.locator(".sequence .arrow").all()
    return [float(arrow.get_attribute(ends) or 0) for arrow in arrows]


@pytest.mark.by_turns(5)
def test_lanes_and_arrows(drawn: ReportPage, tmp_path: Path) -> None:
    """A lane for each client, the loop and each handler; an arrow for all that crosses."""
    tab = drawn.tab
    tab.locator(".sequence-frame").scroll_into_view_if_needed()
    shoot(drawn, "sequence", tmp_path)

    lanes = tab.locator(".sequence-heads .lane-name").all_text_contents()
    assert lanes == ["peer", "peer-2", "server", "thread 1", "thread 2"]
    assert tab.locator(".sequence .event").count() == len(TRANSCRIPT)
    assert tab.locator(".sequence .arrow").count() == 8
    assert tab.locator(".sequence .arrow.fault").count() == 1
    assert tab.locator(".sequence .gate-wait").count() == 1
    assert tab.locator(".sequence .birth").count() == 2


@pytest.mark.by_turns(3)
def test_pieces_gates_and_faults_are_told(drawn: ReportPage) -> None:
    """Sends that follow each other are pieces; a gate has its name, an error its words."""
    words = said(drawn)

    assert "send 1/2 “GET /\\r” 6" in words
    assert "send “half a li” 9, not read" in words
    assert "waits at gate reply" in words
    assert "passes gate reply" in words
    assert "reset" in words
    assert any(text.startswith("read_line ConnectionResetError") for text in words)


@pytest.mark.by_turns(3)
def test_no_arrow_goes_back_in_time(drawn: ReportPage) -> None:
    """Octets are drawn as received after they were sent, though a clock says otherwise."""
    assert drawn.texts(".more")[0].startswith("An event is logged when it is over")
    pairs = zip(heights(drawn, "y1"), heights(drawn, "y2"), strict=True)
    assert all(start <= end for start, end in pairs)


@pytest.mark.by_turns(3)
def test_picture_and_transcript_light_each_other(drawn: ReportPage) -> None:
    """Pointing at an event of the one lights it in the other, by mouse and by keyboard."""
    tab = drawn.tab
    tab.hover(".transcript tr[data-e='6']")
    assert tab.locator(".sequence .lit").get_attribute("data-e") == "6"

    tab.mouse.move(0, 0)  # what scrolls below it is pointed at, too
    tab.focus(".sequence .event[tabindex='0']")
    tab.keyboard.press("ArrowDown")
    assert tab.locator(".transcript tr.lit").get_attribute("data-e") == "1"
    assert tab.locator(".sequence .event[tabindex='0']").count() == 1


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    "drawn",
    [
        [
            TranscriptEvent(0.0, "a", "open", note="('::1', 1) to ('::1', 2)"),
            TranscriptEvent(0.1, "a", "send", octets(b"one")),
            TranscriptEvent(0.2, "child 1", "handler setup", note="client=('::1', 1)"),
            TranscriptEvent(0.3, "child 1", "step write", octets(b"two")),
            TranscriptEvent(0.4, "a", "receive", octets(b"two")),
            TranscriptEvent(0.5, "a", "close"),
        ]
    ],
    indirect=True,
)
def test_datagrams(drawn: ReportPage) -> None:
    """A datagram goes to the handler that it made; opening and closing are nobody else's matter."""
    lanes = drawn.tab.locator(".sequence-heads .lane-name").all_text_contents()

    assert lanes == ["a", "server", "child 1"]
    assert drawn.tab.locator(".sequence .arrow").count() == 2
    assert "receive 3" in said(drawn)


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    "drawn",
    [
        [
            TranscriptEvent(0.0, "peer", "connect", note="1 to 2"),
            TranscriptEvent(0.1, "thread 1", "handler setup", note="client=1"),
            *(TranscriptEvent(0.2, "peer", "receive", octets(b"x" * 10)) for _ in range(100)),
            TranscriptEvent(0.3, "thread 1", "step write", octets(b"x" * 1000)),
        ]
    ],
    indirect=True,
)
def test_many_equal_events_are_one_row(drawn: ReportPage) -> None:
    """A hundred receptions in a row are one, with one arrow, and a hundred lines of transcript."""
    assert "receive ×100" in said(drawn)
    assert drawn.tab.locator(".sequence .arrow").count() == 2
    drawn.tab.hover(".sequence .event:has-text('receive')")
    assert drawn.tab.locator(".transcript tr.lit").count() == 100


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    "drawn",
    [
        [TranscriptEvent(0.0, "peer", "stall", error="timeout")],
        [TranscriptEvent(float(n), f"thread {n % 40}", "handled") for n in range(200)],
        [TranscriptEvent(0.0, "server", "step gate", note="name='never'")],
    ],
    indirect=True,
)
def test_any_transcript_is_drawn(drawn: ReportPage) -> None:
    """Events of unknown words, without connections, or in very many lanes make a picture too."""
    assert drawn.tab.locator(".sequence .event").count() > 0
