"""Records that a test edits: their lines with digests made anew, as if they had been written so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sockproof.record.digests import DigestChain
from sockproof.record.writer import DIGESTS_SINCE

__all__ = ["lines_of", "write_sealed"]


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The lines of a record as objects, without their digests."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "digest"} for line in lines]


def write_sealed(path: Path, lines: Iterable[Mapping[str, Any]], whole: str = "") -> Path:
    """Write these lines as a record, in the form that the first of them names.

    ``whole`` is what the footer says of them all, instead of what is so.
    """
    chain, found = DigestChain(), []
    told = list(lines)
    for line in told:
        row = dict(line)
        if row.get("kind") == "footer" and row.get("whole"):
            row["whole"] = whole or chain.whole
        text = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        found.append(chain.sealed(text) if told[0]["schema"] >= DIGESTS_SINCE else text)
    path.write_bytes(b"".join(found))
    return path
