"""Writes a stored transcript as a packet capture."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sockproof import __version__
from sockproof.commands.one_case import play_case, probed
from sockproof.commands.stored import Wanted
from sockproof.errors import RecordError, UsageError
from sockproof.record.rows import CaseRow
from sockproof.repro.flows import packets_of
from sockproof.repro.pcapng import pcapng
from sockproof.spec.matrix import spec_by_id

__all__ = ["write_pcap"]


def write_pcap(wanted: Wanted, given: str, path: Path) -> int:
    """Write the packets that a case's transcript stands for; how many there are. A case that is
    not of a record is played first.

    Raises:
        UsageError: the case has no peers, or the record no transcript of it. RecordError: the file
            cannot be written.
    """
    if not wanted.case.spec:
        raise UsageError(f"{wanted.case} is about no server", "there is nothing to capture")
    row = wanted.row or _played(wanted, given)
    if not row.transcript:
        raise UsageError(
            f"{wanted.record.path if wanted.record else 'it'} keeps no transcript of {row.id}",
            "make the record with --keep all",
        )
    spec = spec_by_id(wanted.case.spec)
    packets = packets_of(row.transcript, is_stream=spec.is_stream, start_s=_started_s(wanted))
    if not packets:
        raise UsageError(f"no peer sends or receives anything in {row.id}", "nothing to capture")
    try:
        path.write_bytes(pcapng(packets, _comment(row), f"sockproof {__version__}"))
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}", "choose another") from None
    return len(packets)


def _played(wanted: Wanted, given: str) -> CaseRow:
    return play_case(wanted.case, [probed(wanted.iut(given))], wanted.generating)[0].row


def _started_s(wanted: Wanted) -> float:
    """When the run began: a transcript tells only how long after the case's beginning."""
    told = str(wanted.record.header.get("started", "")) if wanted.record else ""
    try:
        return datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def _comment(row: CaseRow) -> str:
    return (
        f"{row.id}: {row.verdict}. Synthesised from a transcript of sockproof, not captured: the "
        "order and the octets are those that the peers sent and saw; handshakes, acknowledgements "
        "and sequence numbers are made up, and times are those of the peers' steps. "
        f"{' '.join(filter(None, (row.expected, row.actual)))}"
    )
