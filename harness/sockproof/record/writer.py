"""Writes a record line by line as results come, so that a crash loses nothing."""

from __future__ import annotations

import dataclasses
import itertools
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

from sockproof.errors import RecordError
from sockproof.file_names import file_name
from sockproof.judge.verdict import Verdict
from sockproof.output_folder import OutputFolder
from sockproof.record.digests import DigestChain
from sockproof.record.rows import (
    AttributionRow,
    CaseRow,
    FooterRow,
    RequirementRow,
    counts_by_level,
    counts_by_verdict,
)
from sockproof.spec.levels import Level
from sockproof.system_errors import advice_on

__all__ = ["DIGESTS_SINCE", "SCHEMA", "RecordWriter", "record_lines", "record_name"]

# The version of the record's form that this sockproof writes, and the newest it reads.
SCHEMA = 4
# The first with digests. Records of reference keep to the form before: they change only where what
# they say does.
DIGESTS_SINCE = 4


def record_name(iut_id: str) -> str:
    """The name of the file of an implementation's record, whatever its id is."""
    return file_name(iut_id, ".jsonl")


class RecordWriter:
    """One record file, open for writing.

    ``header`` is the header line as an object; ``kind``, ``schema`` and ``suite`` are filled in.
    ``path`` is the user's word; in a ``folder`` only its last part counts.
    As a context manager it writes the footer at the end of the block, and none when the block
    ends with an exception: the record then says by itself that it is incomplete.

    Raises:
        RecordError: the file cannot be written, or the header does not name an implementation.
    """

    def __init__(
        self, path: Path | str, header: Mapping[str, Any], folder: OutputFolder | None = None
    ) -> None:
        self.path = Path(path)
        self._requirements: dict[str, Level] = {}
        self._cases: dict[str, tuple[Level, Verdict]] = {}
        self._chain = DigestChain()
        self._began_s = self._last_s = time.monotonic()
        first = {"kind": "header", "schema": SCHEMA, "suite": "sockproof", **header}
        implementation = header.get("implementation")
        if not isinstance(implementation, Mapping) or not implementation.get("id"):
            raise RecordError("the header names no implementation", "set implementation.id")
        line = self._chain.sealed(_line(first, "header"))
        self._file = folder.create(self.path.name) if folder else self._opened()
        self._put(line)

    def _opened(self) -> BinaryIO:
        """Without a buffer, or what it could not write would stay in it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("wb", buffering=0)
        except OSError as error:
            raise self._unwritten(error) from error

    def requirement(self, row: RequirementRow) -> None:
        """Write one selected requirement; its cases come after it.

        Raises:
            RecordError: the requirement is already in this record.
        """
        if row.id in self._requirements:
            raise RecordError(f"requirement {row.id!r} is already in {self.path}")
        self._put(self._chain.sealed(_line(row.to_json(), row.id)))
        self._requirements[row.id] = row.level

    def case(self, row: CaseRow) -> None:
        """Write one ended case.

        Raises:
            RecordError: the case is already in this record, its requirement is not, or an
                observation is no JSON value.
        """
        if row.id in self._cases:
            raise RecordError(f"case {row.id!r} is already in {self.path}")
        if row.requirement not in self._requirements:
            raise RecordError(f"case {row.id!r}: requirement {row.requirement!r} was not written")
        self._put(self._chain.sealed(_line(row.to_json(), row.id)))
        self._cases[row.id] = self._requirements[row.requirement], row.verdict
        self._last_s = time.monotonic()

    def has(self, case_id: str) -> bool:
        """Whether this case was written."""
        return case_id in self._cases

    def attribute(self, row: AttributionRow) -> None:
        """Write what was found out about a case after it was recorded.

        Raises:
            RecordError: the case is not in this record.
        """
        if row.case not in self._cases:
            raise RecordError(f"case {row.case!r} is not in {self.path}")
        self._put(self._chain.sealed(_line(row.to_json(), row.case)))

    def close(self, complete: bool = True, reason: str = "", stale: Sequence[str] = ()) -> None:
        """Write the footer and close the file.

        ``reason`` says why a run is not complete; ``stale`` are expectations that no single case
        shows to be stale.
        """
        if self._file.closed:
            return
        footer = FooterRow(
            complete,
            reason,
            ended=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            counts=counts_by_verdict(verdict for _, verdict in self._cases.values()),
            levels=counts_by_level(self._cases.values()),
            duration_s=round(self._last_s - self._began_s, 3),  # others may have been played since
            stale=tuple(stale),
            whole=self._chain.whole,
        )
        self._put(self._chain.sealed(_line(footer.to_json(), "footer")))
        self._file.close()

    def abandon(self) -> None:
        """Close the file without a footer: the record stays incomplete."""
        self._file.close()

    def _put(self, line: bytes) -> None:
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> RecordError:
        return RecordError(f"cannot write {self.path}: {error.strerror}", advice_on(error))

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self.close() if error is None else self.abandon()


def record_lines(
    header: Mapping[str, Any],
    requirements: Iterable[RequirementRow],
    cases: Iterable[CaseRow],
    footer: FooterRow,
    schema: int = SCHEMA,
) -> Iterator[bytes]:
    """The lines of a record one by one, in the form of ``schema``; ``cases`` are asked for one at a
    time. The digest of them all is put into the footer.

    Raises:
        RecordError: an observation is no JSON value.
    """
    chain = DigestChain() if schema >= DIGESTS_SINCE else None
    rows: Iterable[Mapping[str, Any]] = itertools.chain(
        [{**header, "schema": schema}],
        (requirement.to_json() for requirement in requirements),
        (case.to_json() for case in cases),
    )
    for row in rows:
        line = _line(row, str(row.get("id", row.get("kind"))))
        yield chain.sealed(line) if chain else line
    if chain:
        footer = dataclasses.replace(footer, whole=chain.whole)
    line = _line(footer.to_json(), "footer")
    yield chain.sealed(line) if chain else line


def _line(row: Mapping[str, Any], what: str) -> bytes:
    """One line of ASCII JSON: whatever octets are in it, none breaks the line or the terminal."""
    try:
        text = json.dumps(row, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise RecordError(f"{what}: {error}", "record text, numbers, lists and objects") from error
    return text.encode("ascii") + b"\n"
