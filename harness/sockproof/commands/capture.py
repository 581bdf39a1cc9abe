"""Captures the packets of a case while it is played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sockproof import __version__
from sockproof.commands.one_case import Playing
from sockproof.commands.output import warn
from sockproof.errors import HarnessError, UsageError
from sockproof.repro.flows import key_log_of
from sockproof.repro.packet_capture import Capture
from sockproof.repro.packets import Endpoint
from sockproof.repro.pcapng import pcapng
from sockproof.spec.case_id import CaseId
from sockproof.spec.matrix import spec_by_id
from sockproof.whole_file import write_whole

__all__ = ["refuse_to_capture", "write_capture"]


def refuse_to_capture(case: CaseId) -> None:
    """Say so, before anything is played, where there is nothing to capture.

    Raises:
        UsageError: the case has no packets.
    """
    if not case.spec:
        raise UsageError(f"{case} starts no server", "there is nothing to capture")
    if spec_by_id(case.spec).is_unix:
        raise UsageError(
            "Unix sockets send no packets that could be captured",
            "'sockproof pcap' makes some of the transcript",
        )


def write_capture(path: Path, case: CaseId, capture: Capture, played: Sequence[Playing]) -> None:
    """Write the packets of the case's own sockets, and tell how many.

    Raises:
        HarnessError: there are none. RecordError: the file cannot be written.
    """
    packets = capture.packets(set(_endpoints(played)))
    if not packets:
        raise HarnessError(
            f"no packet of {case} was seen on lo", "is the implementation on another machine?"
        )
    verdicts = ", ".join(str(one.row.verdict) for one in played)
    lost = f"; {capture.lost} packets were lost" if capture.lost else ""
    told = f"{case}: {verdicts}. Captured on lo while sockproof played it{lost}"
    keys = key_log_of(event for one in played for event in one.row.transcript)
    write_whole(path, pcapng(packets, told, f"sockproof {__version__}", keys))
    warn(f"{len(packets)} packets in {path}, captured on lo{lost}")


def _endpoints(played: Iterable[Playing]) -> Iterator[Endpoint]:
    """The addresses of the case's servers and peers."""
    for one in played:
        for operation in one.log.operations:
            yield from _of(operation.arguments.get("address"))
            outcome = operation.outcome
            for told in (outcome, getattr(outcome, "value", None)):
                yield from _of(told.get("address") if isinstance(told, dict) else None)


def _of(address: Any) -> Iterator[Endpoint]:
    """An internet address that is not a free one."""
    if isinstance(address, tuple) and len(address) >= 2 and address[1]:
        yield Endpoint(str(address[0]), int(address[1]))
