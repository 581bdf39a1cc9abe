"""The badge: how the run went in two words, in the form that shields.io takes from a URL.

https://shields.io/badges/endpoint-badge
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sockproof.errors import RecordError
from sockproof.judge.verdict import Conformance
from sockproof.record.reader import Record
from sockproof.report.tally import tally
from sockproof.spec.levels import Level

__all__ = ["badge", "write_badge"]

INCOMPLETE = "incomplete"
_COLOURS = {
    INCOMPLETE: "lightgrey",
    Conformance.NONCONFORMANT.value: "red",
    Conformance.CONFORMANT.value: "yellowgreen",
    Conformance.STRICT.value: "brightgreen",
}
"""Worst first: the badge has the colour of the worst implementation."""


def badge(records: Sequence[Record]) -> dict[str, Any]:
    """The endpoint's object. One implementation is told with its count at MUST, several by number.

    There is no percentage: ``conformant, MUST 1028/1028`` or ``3 strict, 1 incomplete``.
    """
    standings = [_standing(record) for record in records]
    counted = Counter(standings)
    if len(records) == 1:
        message = f"{standings[0]}, MUST {tally(records[0]).levels[Level.MUST]}"
    else:
        message = ", ".join(
            f"{counted[word]} {word}" for word in reversed(_COLOURS) if counted[word]
        )
    worst = next((word for word in _COLOURS if counted[word]), INCOMPLETE)
    return {
        "schemaVersion": 1,
        "label": "socketserver",
        "message": message or "nothing was played",
        "color": _COLOURS[worst],
        "isError": worst in (INCOMPLETE, Conformance.NONCONFORMANT.value),
    }


def _standing(record: Record) -> str:
    return tally(record).conformance.value if record.complete else INCOMPLETE


def write_badge(records: Sequence[Record], path: Path) -> None:
    """Write the badge.

    Raises:
        RecordError: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(badge(records)) + "\n", "utf-8")
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}") from error
