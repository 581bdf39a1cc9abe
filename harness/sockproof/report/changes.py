"""A change between two records, in the same words in the terminal, in Markdown and on the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from sockproof.record.rows import RequirementRow
from sockproof.report.places import in_order, place_words
from sockproof.report.text import counted
from sockproof.spec.levels import Level

__all__ = ["Change", "Fold", "Kind", "folds"]


class Kind(str, Enum):
    """What a change is; the values are headings, gravest first."""

    FAILING = "newly failing"
    UNCLEAN = "newly unclean"
    GONE = "gone"
    LOST = "no longer applicable"
    UNKNOWN = "no longer known"
    MESSAGE = "other messages"
    VERDICT = "other verdicts"
    TEARDOWN = "other teardowns"
    OBSERVATION = "other observations"
    PASSING = "newly passing"
    CLEAN = "newly clean"
    ENDS = "no longer promised"
    BEGINS = "newly promised"
    APPLICABLE = "newly applicable"
    NEW = "new"
    LEVEL = "other levels"
    TITLE = "other titles"

    def __str__(self) -> str:
        return self.value

    @property
    def by_reason(self) -> bool:
        """Such changes come by the dozen for one reason, and are shown by it."""
        return self in (Kind.LOST, Kind.APPLICABLE)

    @property
    def of_promise(self) -> bool:
        """The reason of such a change is since when, or until when, the requirement holds."""
        return self in (Kind.BEGINS, Kind.ENDS)

    @property
    def reason_label(self) -> str:
        """What stands before the reason of a change of this kind."""
        return {Kind.APPLICABLE: "before", Kind.LOST: "for"}.get(self, "why")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one requirement, on one or several places of ``of`` that it is played on.

    A place is what stands in a case id's brackets, ``TCP/inet`` or ``TCP/inet,backlog 5``.
    ``name`` is an observation's; ``was`` and ``now`` are verdicts, values or texts. ``why`` is
    what the first of the cases tells. ``known`` is the reason of the expectation that is met.
    """

    kind: Kind
    requirement: RequirementRow
    was: str = ""
    now: str = ""
    name: str = ""
    why: str = ""
    known: str = ""
    regression: bool = False
    places: tuple[str, ...] = ()
    of: int = 0

    @property
    def place_words(self) -> str:
        """``TCP/inet``, ``all 12 cases``, ``TCP/inet, TCP/inet6, UDP/inet and 4 more``, nothing."""
        return place_words(self.places, self.of)

    @property
    def where(self) -> str:
        """Its places; of a promise that begins or ends also since when, or until when it holds."""
        span = self.why if self.kind.of_promise else ""
        return ", ".join(filter(None, (self.place_words, span)))

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What there is to tell below the id, as pairs of a label and a text."""
        kind = self.kind
        found = [("", self.name)] if self.name else []
        if not (kind.by_reason or kind.of_promise or kind in (Kind.GONE, Kind.NEW)):
            found += [("was", self.was), ("now", self.now)]
        elif self.now not in ("", "PASS", "NOT_APPLICABLE"):  # else the heading says it
            found.append(("is", self.now))
        elif kind is Kind.GONE and self.was != "PASS":
            found.append(("was", self.was))
        if self.why and not kind.of_promise:
            found.append((kind.reason_label, self.why))
        return found + ([("known", self.known)] if self.known else [])


@dataclass(frozen=True)
class Fold:
    """Changes of one kind that have one reason, over many requirements."""

    kind: Kind
    why: str
    changes: list[Change]

    @property
    def regression(self) -> bool:
        return any(change.regression for change in self.changes)

    @property
    def levels(self) -> list[Level]:
        """Their levels, strongest first."""
        found = {change.requirement.level for change in self.changes}
        return [level for level in Level if level in found]

    @property
    def count(self) -> str:
        """``28 requirements, 72 cases``."""
        requirements = len({change.requirement.id for change in self.changes})
        cases = sum(len(change.places) for change in self.changes)
        return f"{counted(requirements, 'requirement')}, {counted(cases, 'case')}"

    @property
    def where(self) -> str:
        """The server specs of the places."""
        specs = {place.partition(",")[0] for change in self.changes for place in change.places}
        return place_words(in_order(specs))


def folds(changes: Iterable[Change]) -> list[Fold]:
    """The changes of a kind by their reason."""
    found: dict[str, Fold] = {}
    for change in changes:
        found.setdefault(change.why, Fold(change.kind, change.why, [])).changes.append(change)
    return list(found.values())
