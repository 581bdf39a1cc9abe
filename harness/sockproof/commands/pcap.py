"""Writes a stored transcript as a packet capture."""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path

import click

from sockproof import __version__
from sockproof.commands.one_case import play_case
from sockproof.commands.output import NewFile, warn
from sockproof.commands.stored import Wanted, over_one_case
from sockproof.errors import RecordError, UsageError
from sockproof.record.rows import CaseRow
from sockproof.repro.flows import key_log_of, packets_of
from sockproof.repro.pcapng import pcapng
from sockproof.spec.matrix import spec_by_id
from sockproof.whole_file import write_whole

__all__ = ["pcap_command"]


@click.command("pcap")
@over_one_case
@click.option(
    "-o",
    "--output",
    type=NewFile(),
    metavar="FILE",
    required=True,
    help="The pcapng file.",
)
def pcap_command(wanted: Wanted, output: Path) -> None:
    """Write the transcript of a case as a packet capture for Wireshark, synthesised.

    Without a record (made with --keep all) the case is played first.
    """
    if not wanted.case.spec:
        raise UsageError(f"{wanted.case} starts no server", "there is nothing to capture")
    row = wanted.row or _played(wanted)
    if not row.transcript:
        raise UsageError(
            f"{wanted.record.path if wanted.record else 'it'} keeps no transcript of {row.id}",
            "a check keeps those of failures"
            if wanted.is_check
            else "make the record with --keep all",
        )
    try:
        number, octets = _synthesised(wanted, row)
    except (OSError, OverflowError, RecursionError, ValueError, struct.error) as error:
        problem = f"the transcript of {row.id} is in no order: {error}"
        raise RecordError(problem, "make the record again") from None
    if not number:
        raise UsageError(f"no peer sends or receives anything in {row.id}", "nothing to capture")
    write_whole(output, octets)
    warn(f"{number} packets in {output}, synthesised from the transcript")


def _played(wanted: Wanted) -> CaseRow:
    if wanted.is_check:
        return wanted.checked().played()[0]
    return play_case(wanted.case, [wanted.iut()], wanted.generating)[0].row


def _synthesised(wanted: Wanted, row: CaseRow) -> tuple[int, bytes]:
    """How many packets, and their file."""
    is_stream, start_s = spec_by_id(wanted.case.spec).is_stream, _started_s(wanted)
    packets = packets_of(row.transcript, is_stream=is_stream, start_s=start_s)
    keys = key_log_of(row.transcript)
    return len(packets), pcapng(packets, _comment(row), f"sockproof {__version__}", keys)


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
