"""Cuts a record down to the cases that ``-k``, ``--spec`` and ``--area`` name, as a run would."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Sequence

from sockproof.record.reader import Record
from sockproof.record.scope import scope_of
from sockproof.spec.keywords import keyword_matcher

__all__ = ["select"]


def select(
    record: Record, keyword: str = "", specs: Sequence[str] = (), areas: Sequence[str] = ()
) -> Record:
    """The record with the cases selected, and their requirements; itself when all are.

    Raises:
        UsageError: ``keyword`` is not an expression.
    """
    if not (keyword or specs or areas):
        return record
    named = keyword_matcher(keyword)
    cases = tuple(
        case
        for case in record.cases
        if named(case.id)
        and (not areas or case.id.partition("/")[0] in areas)
        and (not specs or not case.spec or _any_matches(case.spec, specs))
    )
    used = {case.requirement for case in cases}
    rows = {id_: row for id_, row in record.requirements.items() if id_ in used}
    header = {**record.header, "settings": {**record.settings, **_narrowed(record, keyword, specs)}}
    return dataclasses.replace(record, header=header, cases=cases, requirements=rows)


def _narrowed(record: Record, keyword: str, specs: Sequence[str]) -> dict[str, object]:
    """What the cut record says of its selection. Of two lists of specs it names the first: whoever
    cuts one of several records cuts all of them."""
    told = scope_of(record)
    keywords = list(dict.fromkeys(one for one in (told.keyword, keyword) if one))
    both = " and ".join(f"({one})" for one in keywords)
    return {
        "select": both if keywords[1:] else "".join(keywords),
        "specs": list(told.specs or specs),
    }


def _any_matches(spec: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(spec, pattern) for pattern in patterns)
