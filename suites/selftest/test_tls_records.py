"""Records of TLS are told by type and length, and alerts by what they say, however they come."""

from __future__ import annotations

import pytest

from sockproof.case.tls_records import RecordSplitter

HELLO = b"\x16\x03\x01\x00\x05hello"
DATA = b"\x17\x03\x03\x00\x03abc"
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
SEALED_ALERT = b"\x15\x03\x03\x00\x04abcd"
TOLD = ["handshake 5", "application data 3", "alert handshake failure", "alert 4"]


@pytest.mark.parametrize("cut", range(len(HELLO + DATA + ALERT + SEALED_ALERT) + 1))
def test_records_are_the_same_wherever_they_are_cut(cut: int) -> None:
    """A header may be cut, too."""
    whole = HELLO + DATA + ALERT + SEALED_ALERT
    splitter = RecordSplitter()

    told = [*splitter.take(whole[:cut]), *splitter.take(whole[cut:])]

    assert told == TOLD
    assert splitter.left == ""


def test_part_of_a_record_is_told() -> None:
    """Of what never ends it is known how much there is."""
    splitter = RecordSplitter()

    told = list(splitter.take(HELLO + DATA[:7]))

    assert told == TOLD[:1]
    assert splitter.left == "7 of a record"


def test_what_is_no_record_is_told_once() -> None:
    """Plain text behind a record is no record, and neither is what looks like one after it."""
    splitter = RecordSplitter()

    told = [*splitter.take(HELLO + b"HTTP/1.1 400 Bad Request\r\n"), *splitter.take(DATA)]

    assert told == [TOLD[0], "no record: b'HTTP/1.1 400 Bad Req'"]


def test_unknown_alert_is_told_by_its_number() -> None:
    """Nobody is to guess it."""
    assert list(RecordSplitter().take(ALERT[:-1] + b"\xfe")) == ["alert 254"]
