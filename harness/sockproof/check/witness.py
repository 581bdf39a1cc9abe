"""Takes each row of a check as it comes: writes the record, and remembers why it is incomplete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sockproof.check.invariants.table import Play
from sockproof.check.known_deviations import KnownDeviations
from sockproof.errors import HarnessError
from sockproof.output_folder import OutputFolder
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.record.writer import RecordWriter, record_name
from sockproof.spec.catalogue import load_checked

__all__ = ["CheckWitness"]


class _Audience(Protocol):
    """Whoever watches, such as a progress bar."""

    def begin(self, play: Play) -> None: ...
    def see(self, row: CaseRow) -> None: ...
    def take(self, row: CaseRow) -> None: ...
    def stop(self) -> None: ...


class CheckWitness:
    """Writes one record while the check goes on, and closes it at the end of the block.

    The record is opened with the first row: a check that reaches nobody leaves an earlier one
    alone, and its error is raised. What ends a check later is told in ``problems``. ``speaks`` is
    what the server was found to speak. ``known`` says what is expected of the cases.
    """

    def __init__(
        self,
        output: OutputFolder,
        header: Mapping[str, Any],
        plays: Sequence[Play],
        audience: _Audience,
        known: KnownDeviations,
    ) -> None:
        self.rows: list[CaseRow] = []
        self.problems: list[str] = []
        self.speaks = ""
        self._output, self._header, self._plays = output, header, plays
        self._audience, self._known = audience, known
        self._writer: RecordWriter | None = None

    @property
    def _name(self) -> str:
        return record_name(str(self._header["implementation"]["id"]))

    @property
    def requirements(self) -> list[str]:
        """The ids of what is looked at, in the order of the table of invariants."""
        return list(dict.fromkeys(play.invariant.requirement for play in self._plays))

    @property
    def path(self) -> Path:
        """The record."""
        return self._output.place(self._name)

    def begin(self, play: Play) -> None:
        """One case is about to be played."""
        self._audience.begin(play)

    def see(self, row: CaseRow) -> None:
        """One case has been played, and may be looked at once more before it is taken."""
        self._audience.see(row)

    def take(self, row: CaseRow) -> None:
        """One case has ended."""
        if self._writer is None:
            self._writer = RecordWriter(self.path, self._header, self._output)
            for requirement in self.requirements:
                self._writer.requirement(_row_of(requirement))
        told = self._known.told(row)
        self._writer.case(told)
        self.rows.append(told)
        self._audience.take(told)

    def __enter__(self) -> CheckWitness:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Close the record; whether what ended the block is told by it."""
        self._audience.stop()
        if self._writer is None:
            return False
        is_told = isinstance(error, HarnessError | KeyboardInterrupt)
        if error is not None:
            self.problems.append(str(error) or "interrupted")
        elif len(self.rows) < len(self._plays):
            self.problems.append(f"only {len(self.rows)} of {len(self._plays)} cases were played")
        whole = not (self.problems or self._header["settings"].get("select"))
        stale = self._known.stale(whole=whole)
        self._writer.close(not self.problems, "; ".join(self.problems), stale)
        return is_told


def _row_of(requirement_id: str) -> RequirementRow:
    found = load_checked().get(requirement_id)
    return RequirementRow(found.id, found.area, found.title, found.level, found.source)
