"""The lines of a record as values: requirement, case, footer, and what a case line is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.evidence import TranscriptEvent
from sockproof.record.json_object import Json, JsonObject, Number, object_of, plain_of
from sockproof.spec.case_id import CaseId
from sockproof.spec.levels import Level

__all__ = [
    "AttributionRow",
    "CaseRow",
    "FooterRow",
    "Inherited",
    "Known",
    "Override",
    "RequirementRow",
    "Teardown",
    "counts_by_level",
    "counts_by_verdict",
]


@dataclass(frozen=True, slots=True)
class Teardown(JsonObject):
    """What the case left behind: ``fd 7 -> socket:[123]``, ``thread Thread-3``, ``child 4711``."""

    ALWAYS = ("verdict",)

    verdict: TeardownVerdict = TeardownVerdict.NOT_CHECKED
    leaks: tuple[str, ...] = ()

    @property
    def unclean(self) -> bool:
        """Something was left behind, or had to be killed; "not checked" is not unclean."""
        return self.verdict in (TeardownVerdict.LEAKED, TeardownVerdict.STILL_RUNNING)


@dataclass(frozen=True, slots=True)
class Known(JsonObject):
    """The expectation that a case met: a known deviation, why it is known, and whether it still is.

    ``stale`` says what is no longer so; it is empty when the case ended as was expected.
    ``teardown`` is whether the teardown that the case ended with was expected, too.
    """

    ALWAYS = ("link", "file", "stale", "teardown")

    reason: str
    link: str = ""
    file: str = ""
    stale: str = ""
    teardown: bool = False


@dataclass(frozen=True, slots=True)
class Inherited(JsonObject):
    """Whose a deviation is besides: ``of`` is the implementation below, the interpreter's own
    module, which ends the case alike; ``seen`` says by what that is known."""

    ALWAYS = ("seen",)

    of: str
    seen: str = ""
    reason: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Override(JsonObject):
    """What of a user's server class a deviation comes from: with these ``names`` as socketserver's
    class has them, the case ends well. Where they are ``chosen``, they are attributes that
    socketserver documents for its users to set, or what a constructor's parameters are called, and
    no promise is broken."""

    ALWAYS = ("chosen",)

    names: tuple[str, ...]
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class AttributionRow(JsonObject):
    """What is found out about a case once it is recorded: that its deviation is inherited, or of
    what in a user's class it comes."""

    KIND = "attribution"

    case: str
    inherited: Inherited | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class RequirementRow(JsonObject):
    """One requirement that was selected; ``since`` and ``until`` are Python levels or None."""

    KIND = "requirement"
    ALWAYS = ("source", "since", "until")

    id: str
    area: str
    title: str
    level: Level
    source: str = ""
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class CaseRow(JsonObject):
    """One case as it ended.

    ``reason`` explains NOT_APPLICABLE, INCONCLUSIVE and ERROR, ``expected`` and ``actual`` a FAIL,
    and ``cause`` says more of that, if the process has told. ``lacks`` is the capability or class
    without which a case is NOT_APPLICABLE, if that is why.
    ``spec`` is a server spec id, or empty where none applies. ``observations`` are JSON values.
    ``generated`` is of a case that plays generated plans: ``seed``, how many ``plans`` were played,
    and the one that failed, shrunk, as ``failing``.
    """

    KIND = "case"
    ALWAYS = ("teardown",)

    id: str
    requirement: str
    spec: str
    verdict: Verdict
    reason: str = ""
    expected: str = ""
    actual: str = ""
    cause: str = ""
    stderr: str = ""
    stdout: str = ""
    stacks: str = ""
    teardown: Teardown = Teardown()
    duration_s: Number = 0.0
    observations: Mapping[str, Any] = field(default_factory=dict)
    known: Known | None = None
    inherited: Inherited | None = None
    override: Override | None = None
    generated: Mapping[str, Any] | None = None
    transcript: tuple[TranscriptEvent, ...] = ()
    lacks: str = ""

    @property
    def place(self) -> str:
        """What stands in the id's brackets, ``TCP/inet`` or ``TCP/inet,backlog 5``, or nothing."""
        return self.id.removeprefix(self.requirement).removeprefix("[").removesuffix("]")

    @property
    def words(self) -> str:
        """All that it says of how it ended."""
        return f"{self.expected}\n{self.actual}\n{self.reason}"

    @property
    def stale(self) -> bool:
        """What was expected of it is no longer so."""
        return self.known is not None and bool(self.known.stale)

    @property
    def deviates(self) -> bool:
        """FAIL, ERROR, INCONCLUSIVE, or an unclean teardown, expected or not."""
        quiet = (Verdict.PASS, Verdict.NOT_APPLICABLE)
        return self.verdict not in quiet or self.teardown.unclean

    @property
    def needs_attention(self) -> bool:
        """It deviates by itself and nobody expected that, or what was expected of it is stale."""
        if self.known is None:
            return self.deviates and self.inherited is None and not self._is_chosen
        return self.stale or (self.teardown.unclean and not self.known.teardown)

    @property
    def as_known(self) -> bool:
        """It deviates just as was expected."""
        return self.known is not None and self.deviates and not self.needs_attention

    @property
    def as_inherited(self) -> bool:
        """It deviates just as the interpreter's own module does, and nobody expected anything."""
        return self.known is None and self.deviates and self.inherited is not None

    @property
    def as_chosen(self) -> bool:
        """It deviates by what the author of a class has set as may be set, and nobody expected
        anything."""
        return self.known is None and self.deviates and self._is_chosen

    @property
    def _is_chosen(self) -> bool:
        return self.override is not None and self.override.chosen

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> CaseRow:
        """Read a case line, which needs a teardown; requirement and spec may be left to the id."""
        named = CaseId.read(str(row.get("id")))
        usual = {"requirement": named.requirement, "spec": named.spec, "teardown": None}
        return object_of(cls, {**usual, **row})

    def to_json(self) -> Json:
        """The line as an object, without what is empty, and without what the id names already."""
        named = CaseId.read(self.id)
        usual = {"requirement": named.requirement, "spec": named.spec}
        return {key: value for key, value in plain_of(self).items() if usual.get(key) != value}


@dataclass(frozen=True, slots=True)
class FooterRow(JsonObject):
    """How the run ended; ``counts`` has the number of cases by verdict, ``levels`` by level and
    verdict, ``ended`` is ISO 8601.

    A record of reference tells neither ``ended`` nor ``duration_s``, nor ``levels``. ``stale`` are
    the expectations that no single case shows to be stale. ``whole`` is the SHA-256 of all lines
    before this one.
    """

    KIND = "footer"
    ALWAYS = ("reason", "counts", "stale")

    complete: bool
    reason: str = ""
    ended: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    duration_s: Number | None = None
    stale: tuple[str, ...] = ()
    whole: str = ""


def counts_by_verdict(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How often there is each verdict, as a footer has it."""
    counted = Counter(verdicts)
    return {verdict.value: counted[verdict] for verdict in Verdict}


def counts_by_level(found: Iterable[tuple[Level, Verdict]]) -> dict[str, dict[str, int]]:
    """How often there is each verdict at each level; what there is not is left out."""
    counted: dict[str, dict[str, int]] = {}
    for (level, verdict), number in sorted(Counter(found).items()):
        counted.setdefault(level.value, {})[verdict.value] = number
    return counted
