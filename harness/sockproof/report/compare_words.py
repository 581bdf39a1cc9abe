"""How changes are told in words, the same in the terminal, in Markdown and on the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sockproof.report.changes import FOLDED, Change, Kind
from sockproof.report.comparison import Comparison
from sockproof.report.places import in_order, place_words
from sockproof.spec.levels import Level

__all__ = [
    "PROMISED",
    "Fold",
    "counted",
    "folds",
    "is_folded",
    "reason_label",
    "summary",
    "told",
    "where",
]


def counted(number: int, word: str) -> str:
    """``1 case``, ``1,486 cases``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def where(change: Change) -> str:
    """``TCP/inet``, ``all 12 cases``, ``TCP/inet, TCP/inet6, UDP/inet and 4 more``; or nothing.

    Of a promise that begins or ends also since when, or until when it holds.
    """
    places = place_words(change.places, change.of)
    span = change.why if change.kind in PROMISED else ""
    return ", ".join(filter(None, (places, span)))


PROMISED = (Kind.BEGINS, Kind.ENDS)
_PLAIN = (Kind.GONE, Kind.NEW, *FOLDED, *PROMISED)
"""Kinds whose heading says what became of the verdict."""
_REASONS: Mapping[Kind, str] = {
    Kind.APPLICABLE: "before",
    Kind.LOST: "for",
}
"""How the reason of a change is called; of other kinds it is "why"."""


def reason_label(kind: Kind) -> str:
    """What stands before the reason of a change of this kind."""
    return _REASONS.get(kind, "why")


def told(change: Change) -> Iterable[tuple[str, str]]:
    """What there is to tell below a change's id, as pairs of a label and a text."""
    plain = change.kind in _PLAIN
    if change.name:
        yield "", change.name
    if plain and change.now not in ("", "PASS", "NOT_APPLICABLE"):
        yield "is", change.now
    elif plain and change.kind is Kind.GONE and change.was != "PASS":
        yield "was", change.was
    elif not plain:
        yield "was", change.was
        yield "now", change.now
    if change.why and change.kind not in PROMISED:
        yield reason_label(change.kind), change.why
    if change.known:
        yield "known", change.known


@dataclass(frozen=True)
class Fold:
    """Changes of one kind that have one reason, over many requirements."""

    label: str
    why: str
    changes: tuple[Change, ...]

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
        specs = [place.partition(",")[0] for change in self.changes for place in change.places]
        return place_words(in_order(set(specs)))


def is_folded(kind: Kind) -> bool:
    """Whether changes of this kind are shown by their reason."""
    return kind in FOLDED


def folds(changes: Iterable[Change]) -> list[Fold]:
    """The changes by their reason."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.why, []).append(change)
    return [
        Fold(reason_label(members[0].kind), why, tuple(members)) for why, members in found.items()
    ]


def summary(comparison: Comparison) -> str:
    """``1,486 cases in both: 3 newly failing, 1 other observations`` or that they are identical."""
    cases = f"{counted(comparison.common, 'case')} in both"
    if comparison.identical:
        return f"identical, {cases}"
    by_kind = comparison.by_kind.items()
    return f"{cases}: {', '.join(f'{len(changes)} {kind}' for kind, changes in by_kind)}"
