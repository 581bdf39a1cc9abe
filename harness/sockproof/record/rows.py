"""The lines of a record as values: requirement, case, footer, and what a case line is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from sockproof.errors import RecordError
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record import fields
from sockproof.record.evidence import Json, TranscriptEvent
from sockproof.spec.case_id import CaseId
from sockproof.spec.levels import Level

__all__ = [
    "CaseRow",
    "FooterRow",
    "Known",
    "RequirementRow",
    "Teardown",
]

_Word = TypeVar("_Word", bound=Enum)


def _word(kind: type[_Word], value: str, key: str) -> _Word:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(word.value) for word in kind)
        raise RecordError(f"{key!r} is {value!r}", f"it is one of: {known}") from None


@dataclass(frozen=True)
class Teardown:
    """What the case left behind: ``fd 7 -> socket:[123]``, ``thread Thread-3``, ``child 4711``."""

    verdict: TeardownVerdict = TeardownVerdict.NOT_CHECKED
    leaks: tuple[str, ...] = ()

    @property
    def unclean(self) -> bool:
        """Something was left behind, or had to be killed; "not checked" is not unclean."""
        return self.verdict in (TeardownVerdict.LEAKED, TeardownVerdict.STILL_RUNNING)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Teardown:
        verdict = _word(TeardownVerdict, fields.text(row, "verdict"), "teardown")
        return cls(verdict, fields.texts(row, "leaks"))

    def to_json(self) -> Json:
        return {
            "verdict": self.verdict.value,
            **({"leaks": list(self.leaks)} if self.leaks else {}),
        }


@dataclass(frozen=True)
class Known:
    """The expectation that a case met: a known deviation, why it is known, and whether it still is.

    ``stale`` says what is no longer so; it is empty when the case ended as was expected.
    """

    reason: str
    link: str = ""
    file: str = ""
    stale: str = ""
    teardown: bool = False
    """Whether the teardown that the case ended with was expected, too."""

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Known:
        texts = {key: fields.text(row, key, "") for key in ("link", "file", "stale")}
        return cls(fields.text(row, "reason"), **texts, teardown=fields.flag(row, "teardown"))

    def to_json(self) -> Json:
        return dict(vars(self))


@dataclass(frozen=True)
class RequirementRow:
    """One requirement that was selected; ``since`` and ``until`` are Python levels or None."""

    id: str
    area: str
    title: str
    level: Level
    source: str
    since: str | None = None
    until: str | None = None

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> RequirementRow:
        return cls(
            id=fields.text(row, "id"),
            area=fields.text(row, "area"),
            title=fields.text(row, "title"),
            level=_word(Level, fields.text(row, "level"), "level"),
            source=fields.text(row, "source", ""),
            since=fields.optional_text(row, "since"),
            until=fields.optional_text(row, "until"),
        )

    def to_json(self) -> Json:
        row: Json = {"kind": "requirement", **vars(self)}
        return row | {"level": self.level.value}


_CASE_TEXTS = ("reason", "expected", "actual", "stderr", "stdout", "stacks")


@dataclass(frozen=True)
class CaseRow:
    """One case as it ended.

    ``reason`` explains NOT_APPLICABLE, INCONCLUSIVE and ERROR, ``expected`` and ``actual`` a FAIL.
    ``spec`` is a server spec id, or empty where none applies. ``observations`` are JSON values.
    """

    id: str
    requirement: str
    spec: str
    verdict: Verdict
    reason: str = ""
    expected: str = ""
    actual: str = ""
    teardown: Teardown = Teardown()
    observations: Mapping[str, Any] = field(default_factory=dict)
    duration_s: float = 0.0
    stderr: str = ""
    stdout: str = ""
    stacks: str = ""
    transcript: tuple[TranscriptEvent, ...] = ()
    known: Known | None = None
    generated: Mapping[str, Any] | None = None
    """Of a case that plays generated plans: ``seed``, how many ``plans`` were played, and the one
    that failed, shrunk, as ``failing``."""

    @property
    def deviates(self) -> bool:
        """FAIL, ERROR, INCONCLUSIVE, or an unclean teardown, expected or not."""
        quiet = (Verdict.PASS, Verdict.NOT_APPLICABLE)
        return self.verdict not in quiet or self.teardown.unclean

    @property
    def needs_attention(self) -> bool:
        """It deviates and nobody expected that, or what was expected of it is stale."""
        if self.known is None:
            return self.deviates
        return bool(self.known.stale) or (self.teardown.unclean and not self.known.teardown)

    @property
    def as_known(self) -> bool:
        """It deviates just as was expected."""
        return self.known is not None and self.deviates and not self.needs_attention

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> CaseRow:
        """Read a case line.

        Raises:
            RecordError: a key is missing or of the wrong type, or a verdict is unknown.
        """
        case_id = fields.text(row, "id")
        case = CaseId.read(case_id)  # as ids are usually made
        return cls(
            id=case_id,
            requirement=fields.text(row, "requirement", case.requirement),
            spec=fields.text(row, "spec", case.spec),
            verdict=_word(Verdict, fields.text(row, "verdict"), "verdict"),
            teardown=Teardown.from_json(fields.word_map(row, "teardown", required=True)),
            observations=fields.word_map(row, "observations"),
            duration_s=fields.number(row, "duration_s", 0.0),
            transcript=tuple(map(TranscriptEvent.from_json, fields.items(row, "transcript"))),
            known=Known.from_json(fields.word_map(row, "known")) if "known" in row else None,
            generated=fields.word_map(row, "generated") if "generated" in row else None,
            **{key: fields.text(row, key, "") for key in _CASE_TEXTS},
        )

    def to_json(self) -> Json:
        """The line as an object, without what is empty, and without what the id names already."""
        row: Json = {"kind": "case", "id": self.id}
        named = CaseId.read(self.id)
        for key in ("requirement", "spec"):
            if getattr(self, key) != getattr(named, key):
                row[key] = getattr(self, key)
        row["verdict"] = self.verdict.value
        row |= {key: text for key in _CASE_TEXTS if (text := getattr(self, key))}
        row["teardown"] = self.teardown.to_json()
        if self.duration_s:
            row["duration_s"] = self.duration_s
        if self.observations:
            row["observations"] = dict(self.observations)
        if self.known:
            row["known"] = self.known.to_json()
        if self.generated:
            row["generated"] = dict(self.generated)
        if self.transcript:
            row["transcript"] = [event.to_json() for event in self.transcript]
        return row


@dataclass(frozen=True)
class FooterRow:
    """How the run ended; ``counts`` has the number of cases by verdict, ``ended`` is ISO 8601.

    A record of reference tells neither ``ended`` nor ``duration_s``. ``stale`` are the expectations
    that no single case shows to be stale.
    """

    complete: bool
    reason: str
    ended: str
    counts: Mapping[str, int]
    duration_s: float | None
    stale: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> FooterRow:
        return cls(
            complete=fields.flag(row, "complete"),
            reason=fields.text(row, "reason", ""),
            ended=fields.text(row, "ended", ""),
            counts=fields.counts(row, "counts"),
            duration_s=fields.number(row, "duration_s") if "duration_s" in row else None,
            stale=fields.texts(row, "stale"),
        )

    def to_json(self) -> Json:
        lists = {"counts": dict(self.counts), "stale": list(self.stale)}
        row: Json = {"kind": "footer", **vars(self), **lists}
        untold = ("ended",) * (not self.ended) + ("duration_s",) * (self.duration_s is None)
        return {key: value for key, value in row.items() if key not in untold}
