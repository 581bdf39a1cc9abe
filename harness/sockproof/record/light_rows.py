"""Cases without their evidence, which stays in the file: so a large record takes little memory."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sockproof.errors import ChangedRecord, RecordError
from sockproof.record.rows import CaseRow

__all__ = ["LightRows", "StoredEvidence"]

_Value = TypeVar("_Value", bound=Hashable)
_Any = TypeVar("_Any")
# Values that many cases have are kept once; past so many different ones no more are looked for.
_MOST_SHARED = 10_000
_EVIDENCE = ("stderr", "stdout", "stacks", "transcript")


@dataclass(frozen=True)
class StoredEvidence:
    """The file of a record, and where in it the cases stand that have evidence, by their ids."""

    path: Path
    places: Mapping[str, int]

    def whole(self, case: CaseRow) -> CaseRow:
        """The case with its evidence, read from the file.

        Raises:
            ChangedRecord: the file is no longer the one that was read. RecordError: it cannot be.
        """
        if case.id not in self.places:
            return case
        try:
            with self.path.open("rb") as file:
                file.seek(self.places[case.id])
                stored = CaseRow.from_json(json.loads(file.readline()))
        except OSError as error:
            raise RecordError(f"cannot read {self.path}: {error.strerror}") from error
        except (ValueError, TypeError, RecursionError, RecordError):
            stored = None
        if stored is None or stored.id != case.id:
            raise ChangedRecord(f"{self.path} was changed while it was read", "try again")
        return dataclasses.replace(case, **{name: getattr(stored, name) for name in _EVIDENCE})


@dataclass
class LightRows:
    """Makes cases light. ``place`` is where the line of the next one begins, in octets; ``places``
    are those of the cases that had evidence."""

    place: int = 0
    places: dict[str, int] = field(default_factory=dict)
    _shared: dict[object, Any] = field(default_factory=dict)
    _nothing: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, case: CaseRow) -> CaseRow:
        if any(getattr(case, name) for name in _EVIDENCE):
            self.places[case.id] = self.place
        return CaseRow(
            case.id,
            self._one(case.requirement),
            self._one(case.spec),
            case.verdict,
            reason=self._one(case.reason),
            expected=self._one(case.expected),
            actual=self._one(case.actual),
            cause=self._one(case.cause),
            teardown=self._one(case.teardown),
            duration_s=case.duration_s,
            observations=self._observations(case.observations),
            known=self._one(case.known),
            inherited=self._one(case.inherited),
            override=self._one(case.override),
            generated=case.generated,
            lacks=self._one(case.lacks),
        )

    def _one(self, value: _Value) -> _Value:
        return self._same(value, value) if value else value

    def _observations(self, seen: Mapping[str, Any]) -> Mapping[str, Any]:
        if not seen:
            return self._nothing
        return self._same((repr(seen),), seen)

    def _same(self, key: object, value: _Any) -> _Any:
        """The first value with this key."""
        is_room = len(self._shared) < _MOST_SHARED
        found: _Any = (self._shared.setdefault if is_room else self._shared.get)(key, value)
        return found
