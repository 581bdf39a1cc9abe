"""The lines of a record as values: requirement, case, footer, and what a case line is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from sockproof.errors import RecordError
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.report import fields
from sockproof.spec.levels import Level

__all__ = [
    "CaseRow",
    "FooterRow",
    "Octets",
    "RequirementRow",
    "Teardown",
    "TranscriptEvent",
]

Json = dict[str, Any]
_Word = TypeVar("_Word", bound=Enum)


def _word(kind: type[_Word], value: str, key: str) -> _Word:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(str(word.value) for word in kind)
        raise RecordError(f"{key!r} is {value!r}", f"it is one of: {known}") from None


@dataclass(frozen=True)
class Octets:
    """What went over a socket: a latin-1 excerpt, the whole length in octets, a digest of all."""

    text: str
    length: int
    sha256: str = ""

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Octets:
        length = fields.whole(row, "length")
        return cls(fields.text(row, "text"), length, fields.text(row, "sha256", ""))

    def to_json(self) -> Json:
        return {"text": self.text, "length": self.length, "sha256": self.sha256}


@dataclass(frozen=True)
class TranscriptEvent:
    """One thing that one end did or saw, ``t_s`` seconds after the case began.

    ``lane`` says who: ``peer``, ``peer-2``, ``server``, ``thread Thread-1``, ``child 2``.
    """

    t_s: float
    lane: str
    what: str
    octets: Octets | None = None
    note: str = ""
    error: str = ""

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> TranscriptEvent:
        octets = fields.word_map(row, "octets") if row.get("octets") is not None else None
        return cls(
            t_s=fields.number(row, "t_s"),
            lane=fields.text(row, "lane"),
            what=fields.text(row, "what"),
            octets=None if octets is None else Octets.from_json(octets),
            note=fields.optional_text(row, "note") or "",
            error=fields.optional_text(row, "error") or "",
        )

    def to_json(self) -> Json:
        row: Json = {"t_s": self.t_s, "lane": self.lane, "what": self.what}
        if self.octets is not None:
            row["octets"] = self.octets.to_json()
        return row | {key: text for key in ("note", "error") if (text := getattr(self, key))}


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
        return {"verdict": self.verdict.value, "leaks": list(self.leaks)}


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
_ALWAYS_WRITTEN = ("reason", "expected", "actual")


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

    @property
    def needs_attention(self) -> bool:
        """FAIL, ERROR, INCONCLUSIVE, or an unclean teardown."""
        quiet = (Verdict.PASS, Verdict.NOT_APPLICABLE)
        return self.verdict not in quiet or self.teardown.unclean

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> CaseRow:
        """Read a case line.

        Raises:
            RecordError: a key is missing or of the wrong type, or a verdict is unknown.
        """
        return cls(
            id=fields.text(row, "id"),
            requirement=fields.text(row, "requirement"),
            spec=fields.text(row, "spec", ""),
            verdict=_word(Verdict, fields.text(row, "verdict"), "verdict"),
            teardown=Teardown.from_json(fields.word_map(row, "teardown", required=True)),
            observations=fields.word_map(row, "observations"),
            duration_s=fields.number(row, "duration_s", 0.0),
            transcript=tuple(map(TranscriptEvent.from_json, fields.items(row, "transcript"))),
            **{key: fields.text(row, key, "") for key in _CASE_TEXTS},
        )

    def to_json(self) -> Json:
        """The line as an object; empty stderr, stdout, stacks and transcript are left out."""
        row: Json = {"kind": "case", "id": self.id, "requirement": self.requirement}
        row |= {"spec": self.spec, "verdict": self.verdict.value}
        texts = {key: getattr(self, key) for key in _CASE_TEXTS}
        row |= {key: text for key, text in texts.items() if text or key in _ALWAYS_WRITTEN}
        row |= {"teardown": self.teardown.to_json(), "observations": dict(self.observations)}
        row["duration_s"] = self.duration_s
        if self.transcript:
            row["transcript"] = [event.to_json() for event in self.transcript]
        return row


@dataclass(frozen=True)
class FooterRow:
    """How the run ended; ``counts`` has the number of cases by verdict, ``ended`` is ISO 8601."""

    complete: bool
    reason: str
    ended: str
    counts: Mapping[str, int]
    duration_s: float

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> FooterRow:
        return cls(
            complete=fields.flag(row, "complete"),
            reason=fields.text(row, "reason", ""),
            ended=fields.text(row, "ended", ""),
            counts=fields.counts(row, "counts"),
            duration_s=fields.number(row, "duration_s", 0.0),
        )

    def to_json(self) -> Json:
        return {"kind": "footer", **vars(self), "counts": dict(self.counts)}
