"""stub"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sockproof.report.reader import Record


def write_html(records: Sequence[Record], path: Path | str) -> None:
    """stub"""
