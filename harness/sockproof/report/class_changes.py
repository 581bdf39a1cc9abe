"""What is told of a user's server class: what it changes, and what of its deviations is chosen."""

from __future__ import annotations

from collections.abc import Iterator

from sockproof.record.own_class import OverriddenInfo
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.report.text import counted

__all__ = ["change_lines", "changes_title", "chosen_words", "override_words"]

_NAMED = 4


def changes_title(record: Record) -> str:
    """The head of :func:`change_lines`; empty where no class of a user was tested."""
    own = record.implementation.server
    if own is None:
        return ""
    changes = "changes" if own.overridden else "changes nothing"
    return f"{own.name} {changes} of {own.stands_for}; handlers are scripted"


def change_lines(record: Record) -> list[tuple[str, str]]:
    """The names that it has otherwise than socketserver's class, each with its value or place."""
    own = record.implementation.server
    return [(_name(one), _what(one)) for one in own.overridden] if own else []


def _name(one: OverriddenInfo) -> str:
    return f"{one.name}()" if one.is_method else one.name


def _what(one: OverriddenInfo) -> str:
    told = f"at {one.place}" if one.is_method else f"{one.value}, not {one.instead}"
    return f"{told} ({one.of})"


def chosen_words(record: Record) -> list[str]:
    """A line for each choice: how many cases deviate by it, and of which requirements."""
    found: dict[tuple[str, ...], list[CaseRow]] = {}
    for case in record.cases:
        if case.as_chosen and case.override:
            found.setdefault(case.override.names, []).append(case)
    return list(_lines(found))


def _lines(found: dict[tuple[str, ...], list[CaseRow]]) -> Iterator[str]:
    for names, cases in found.items():
        ids = list(dict.fromkeys(case.requirement for case in cases))
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        what = f"{counted(len(cases), 'case')} by its {' and '.join(names)}"
        yield f"{what}: {', '.join(ids[:_NAMED])}{more}"


def override_words(case: CaseRow) -> str:
    """Of what in the class a deviation comes, in a sentence; empty if that is not known."""
    if case.override is None:
        return ""
    names = " and ".join(case.override.names)
    which = "it may be chosen" if case.override.chosen else "its own is the cause"
    return f"it ends well with {names} as in socketserver; {which}"
