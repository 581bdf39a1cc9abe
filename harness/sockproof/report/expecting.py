"""Writes expectations from records: what deviated, said so that the next run knows it.

Cases of a requirement that deviate alike become one entry, and several records tell its condition:
deviating from 3.7 to 3.9 and not in 3.6 and 3.10 gives ``since = "3.7"`` and ``until = "3.9"``.
Several records of one version tell what does not deviate each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.spec.case_id import CaseId
from sockproof.spec.levels import PythonLevel, format_python_level, parse_python_level

__all__ = ["Draft", "draft_expectations"]

LONGEST_TEXT = 80
# Characters of the common text of two messages, for them to be the same deviation.
SHORTEST_TEXT = 6

# A case that deviates, and the record that it is in.
_Member = tuple[Record, CaseRow]


@dataclass(frozen=True)
class Draft:
    """An entry without its reason, which a person has to give."""

    case: str
    at_most: int
    verdict: Verdict
    contains: str
    teardown: TeardownVerdict
    implementation: str = ""
    since: str = ""
    until: str = ""
    seen: str = ""

    def entry(self, reason: str) -> dict[str, str | int | bool]:
        """The table as it goes into a file: what is empty or the default is left out."""
        table: dict[str, str | int | bool] = {"case": self.case}
        if "*" in self.case:
            table["at_most"] = self.at_most
        table |= {"verdict": self.verdict.value, "contains": self.contains}
        if self.teardown is not TeardownVerdict.CLEAN:
            table["teardown"] = self.teardown.value
        table |= {"reason": reason, "implementation": self.implementation}
        table |= {"since": self.since, "until": self.until}
        table |= {"intermittent": True, "seen": self.seen} if self.seen else {}
        return {key: value for key, value in table.items() if value != "" or key == "reason"}


def draft_expectations(records: Sequence[Record]) -> list[Draft]:
    """An entry for all that deviates and is not known yet, in the order of the records.

    Records of several implementations give entries for each of them apart.
    """
    families: dict[str, list[Record]] = {}
    for record in records:
        families.setdefault(record.implementation.name, []).append(record)
    named = len(families) > 1 or len(records) > 1
    return [
        draft
        for name, family in families.items()
        for draft in _drafts(family, name if named else "")
    ]


def _drafts(records: Sequence[Record], implementation: str) -> Iterable[Draft]:
    """Entries for the cases of one requirement that deviate alike, in whichever records."""
    found: dict[tuple[str, Verdict, TeardownVerdict], list[_Member]] = {}
    for record in records:
        for case in record.cases:
            if case.needs_attention and not case.known:
                teardown = case.teardown.verdict if case.teardown.unclean else TeardownVerdict.CLEAN
                alike = case.requirement, case.verdict, teardown
                found.setdefault(alike, []).append((record, case))
    for (requirement, verdict, teardown), members in found.items():
        for pattern, group in _by_pattern(records, requirement, members):
            ids = {case.id for _, case in group}
            played = [one for one in records if any(map(one.case, ids))]
            since, until = _span(played, {record.iut_id for record, _ in group})
            yield Draft(
                pattern,
                len(ids),
                verdict,
                _common([_message(case) for _, case in group]),
                teardown,
                implementation,
                since,
                until,
                _seen(played, group),
            )


def _by_pattern(
    records: Sequence[Record], requirement: str, members: Iterable[_Member]
) -> Iterable[tuple[str, list[_Member]]]:
    """Patterns of ids with what deviates alike under each. No pattern takes in another case, which
    would be expected to deviate, too."""
    played = {
        case.id
        for record in records
        for case in record.cases
        if case.requirement == requirement and case.verdict is not Verdict.NOT_APPLICABLE
    }
    for group in _by_text(members):
        left = list(dict.fromkeys(case.id for _, case in group))
        others = played - set(left)
        while left:
            pattern = next(one for one in _patterns(left[0]) if not _matching(one, others))
            taken = set(_matching(pattern, left))
            left = [id_ for id_ in left if id_ not in taken]
            name = pattern if len(taken) > 1 else next(iter(taken))
            yield name, [(record, case) for record, case in group if case.id in taken]


def _patterns(case_id: str) -> Iterable[str]:
    """What may stand for the case and others of its requirement, the widest first."""
    case = CaseId.read(case_id)
    if case.spec:
        yield f"{case.requirement}[*]"
        kind, slash, _ = case.spec.partition("/")
        yield f"{case.requirement}[{kind}{slash}*]"
    if case.spec and case.variant:
        yield f"{case.requirement}[{case.spec},*]"
        yield f"{case.requirement}[*,{case.variant}]"
    yield case_id


def _matching(pattern: str, ids: Iterable[str]) -> list[str]:
    begin, star, end = pattern.partition("*")
    return [
        id_
        for id_ in ids
        if (id_.startswith(begin) and id_.endswith(end) if star else id_ == begin)
    ]


def _seen(records: Iterable[Record], group: Iterable[_Member]) -> str:
    """``2 of 3 runs``, where not every case of the group deviates so in every run of one version
    that played it; else empty."""
    runs: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        runs.setdefault((record.iut_id, record.implementation.version), []).append(record)
    shown: dict[int, set[str]] = {}
    for record, case in group:
        shown.setdefault(id(record), set()).add(case.id)
    for alike in runs.values():
        found = [shown.get(id(record), set()) for record in alike]
        if any(found) and any(ids != found[0] for ids in found):
            return f"{sum(map(bool, found))} of {len(found)} runs"
    return ""


def _by_text(members: Iterable[_Member]) -> list[list[_Member]]:
    """Put those together whose messages have a text in common that tells them from others."""
    groups: list[list[_Member]] = []
    for member in members:
        for group in groups:
            shared = _common([_message(case) for _, case in (*group, member)])
            if len(shared.strip()) >= SHORTEST_TEXT or _message(member[1]) == "":
                group.append(member)
                break
        else:
            groups.append([member])
    return groups


def _message(case: CaseRow) -> str:
    return case.actual or case.reason


def _common(texts: Sequence[str]) -> str:
    """What all first lines begin with."""
    columns = zip(*(text.partition("\n")[0] for text in texts), strict=False)
    shared = takewhile(lambda characters: len(set(characters)) == 1, columns)
    return "".join(characters[0] for characters in shared)[:LONGEST_TEXT]


def _span(records: Sequence[Record], deviating: set[str]) -> tuple[str, str]:
    """The first and the last level that deviates, where a level below or above does not."""
    levels: Mapping[bool, list[PythonLevel]] = {True: [], False: []}
    for record in records:
        levels[record.iut_id in deviating].append(parse_python_level(record.implementation.level))
    low, high = min(levels[True]), max(levels[True])
    since = format_python_level(low) if any(level < low for level in levels[False]) else ""
    until = format_python_level(high) if any(level > high for level in levels[False]) else ""
    return since, until
