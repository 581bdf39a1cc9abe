"""The transcript: one order of what both ends did, in lanes whose names do not change."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from sockproof.case.transcript import transcript_of
from sockproof.iut.case_log import CaseLog, Entry
from sockproof.iut.outcomes import Event
from sockproof.iut.process import CaseProcess
from suites.selftest.agents import run

CASE_PID = 100


def event(at_s: float, name: str = "handler", /, pid: int = CASE_PID, **fields: Any) -> Event:
    return Event(name, at_s, pid, fields.pop("thread", "MainThread"), fields)


def merged(entries: list[Entry], events: list[Event]) -> list[dict[str, Any]]:
    return told_of(CaseLog(10.0, CASE_PID, entries=entries, events=events))


def told_of(log: CaseLog) -> list[dict[str, Any]]:
    return [one.to_json() for one in transcript_of(log)]


def test_both_sides_come_by_time() -> None:
    """Times are seconds since the transcript began, to the microsecond."""
    told = merged(
        [Entry(10.1, "peer", "send"), Entry(10.30000049, "peer", "close")],
        [event(10.2, phase="setup")],
    )

    assert told == [
        {"t_s": 0.1, "lane": "peer", "what": "send"},
        {"t_s": 0.2, "lane": "server", "what": "handler setup"},
        {"t_s": 0.3, "lane": "peer", "what": "close"},
    ]


def test_each_side_keeps_its_own_order() -> None:
    """An event that arrived later stays later, though its clock was read earlier."""
    told = merged(
        [Entry(10.25, "peer", "send")],
        [event(10.3, phase="setup"), event(10.2, phase="handle"), event(10.4, phase="finish")],
    )

    assert [(entry["t_s"], entry["what"]) for entry in told] == [
        (0.25, "send"),
        (0.3, "handler setup"),
        (0.3, "handler handle"),
        (0.4, "handler finish"),
    ]


def test_lanes_are_numbered_in_order_of_appearance() -> None:
    """Threads and children are named by their turn; the main thread and the loop are the server."""
    told = merged(
        [],
        [
            event(11.0, thread="serve_forever-0"),
            event(11.1, thread="Thread-77"),
            event(11.2, pid=4712, thread="serve_forever-0"),
            event(11.3, thread="Thread-9"),
            event(11.4, pid=4711, thread="serve_forever-0"),
            event(11.5, thread="Thread-77"),
            event(11.6, pid=4712, thread="Thread-1"),
            event(11.7),
        ],
    )

    assert [entry["lane"] for entry in told] == [
        "server",
        "thread 1",
        "child 1",
        "thread 2",
        "child 2",
        "thread 1",
        "child 1",
        "server",
    ]


def test_what_an_event_tells_is_in_its_note() -> None:
    """Fields without a place of their own are told by name; serial numbers are left out."""
    error = {"type": "ValueError", "text": "on purpose"}
    (told,) = merged([], [event(10.0, "step", do="raise", id="7.1", error=error, name="hold")])

    assert told == {
        "t_s": 0.0,
        "lane": "server",
        "what": "step raise",
        "note": "name='hold'",
        "error": "ValueError: on purpose",
    }


def test_a_short_payload_is_told_whole() -> None:
    """Every octet has a character, and there is no digest."""
    log = CaseLog()
    log.note("peer", "send", b"a\x00\xff")

    (told,) = told_of(log)

    assert told["octets"] == {"length": 3, "text": "a\x00\xff", "sha256": ""}


def test_a_long_payload_is_told_by_length_start_and_digest() -> None:
    """256 octets of it are kept, and what all of them hash to."""
    payload = bytes(range(256)) * 4
    log = CaseLog()
    log.note("peer", "receive", payload)

    (told,) = told_of(log)

    assert told["octets"] == {
        "length": 1024,
        "text": payload[:256].decode("latin-1"),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }


def test_an_empty_payload_is_not_no_payload() -> None:
    """A datagram without octets is told as such."""
    log = CaseLog()
    log.note("peer", "send", b"")
    log.note("peer", "close")

    first, second = told_of(log)

    assert first["octets"] == {"length": 0, "text": "", "sha256": ""}
    assert "octets" not in second


def test_peers_in_threads_lose_no_entry() -> None:
    """Four peers that note 500 entries each have 2,000 in the end, each in its own order."""
    log = CaseLog()

    def play(lane: str) -> None:
        for number in range(500):
            log.note(lane, str(number))

    threads = [threading.Thread(target=play, args=(f"peer-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    told = told_of(log)
    for number in range(4):
        own = [entry["what"] for entry in told if entry["lane"] == f"peer-{number}"]
        assert own == [str(n) for n in range(500)]


def test_events_of_a_real_process_are_in_time_with_ours(case_process: CaseProcess) -> None:
    """Between two entries of ours stands what a thread and a child told between them."""
    log = case_process.log
    log.note("peer", "before")
    run(
        case_process,
        """
        from _sockproof_agent import events
        child = os.fork()
        if child == 0:
            events.emit("told")
            os._exit(0)
        os.waitpid(child, 0)
        thread = threading.Thread(target=events.emit, args=("told",))
        thread.start()
        thread.join()
        events.emit("told")
        """,
    )
    log.note("peer", "after")

    lanes = [entry["lane"] for entry in told_of(log)]
    assert lanes == ["peer", "child 1", "thread 1", "server", "peer"]
