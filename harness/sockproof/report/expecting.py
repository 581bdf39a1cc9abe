"""Writes expectations from records: what deviated, said so that the next run knows it.

Cases of a requirement that deviate alike become one entry, and several records tell its condition:
deviating from 3.7 to 3.9 and not in 3.6 and 3.10 gives ``since = "3.7"`` and ``until = "3.9"``.
Several records of one version tell what does not deviate each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.report.findings import hashes_of, steady_text
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
    played: dict[str, set[str]] = {}
    for record in records:
        for case in record.cases:
            if case.verdict is not Verdict.NOT_APPLICABLE:
                played.setdefault(case.requirement, set()).add(case.id)
            if case.needs_attention and not case.known:
                teardown = case.teardown.verdict if case.teardown.unclean else TeardownVerdict.CLEAN
                alike = case.requirement, case.verdict, teardown
                found.setdefault(alike, []).append((record, case))
    matching = {requirement: Counter(_all_patterns(ids)) for requirement, ids in played.items()}
    for (requirement, verdict, teardown), members in found.items():
        for pattern, group in _by_pattern(matching.get(requirement, Counter()), members):
            ids = {case.id for _, case in group}
            able = [one for one in records if any(map(one.case, ids))]
            since, until = _span(able, {record.iut_id for record, _ in group})
            yield Draft(
                pattern,
                len(ids),
                verdict,
                _contained(group),
                teardown,
                implementation,
                since,
                until,
                _seen(able, group),
            )


def _by_pattern(
    played: Mapping[str, int], members: Iterable[_Member]
) -> Iterable[tuple[str, list[_Member]]]:
    """Patterns of ids with what deviates alike under each. No pattern takes in another case, which
    would be expected to deviate, too: ``played`` has how many ids each pattern matches."""
    for group in _by_text(members):
        by_id: dict[str, list[_Member]] = {}
        for member in group:
            by_id.setdefault(member[1].id, []).append(member)
        by_pattern: dict[str, list[str]] = {}
        for id_ in by_id:
            for pattern in _all_patterns([id_]):
                by_pattern.setdefault(pattern, []).append(id_)
        taken: set[str] = set()
        for id_ in by_id:
            if id_ not in taken:
                pattern = next(p for p in _patterns(id_) if len(by_pattern[p]) >= played.get(p, 0))
                own = [one for one in by_pattern[pattern] if one not in taken]
                taken.update(own)
                name = pattern if len(own) > 1 else own[0]
                yield name, [member for one in own for member in by_id[one]]


def _patterns(case_id: str) -> Iterable[str]:
    """What may stand for the case and others of its requirement, the widest first."""
    case = CaseId.read(case_id)
    if case.spec:
        yield f"{case.requirement}[*]"
    if "/" in case.spec:
        yield f"{case.requirement}[{case.spec.partition('/')[0]}/*]"
    if case.spec and case.variant:
        yield f"{case.requirement}[{case.spec},*]"
        yield f"{case.requirement}[*,{case.variant}]"
    yield case_id


def _all_patterns(ids: Iterable[str]) -> Iterable[str]:
    """Of each id every pattern that matches it and that some case of its requirement may have: a
    variant may have commas in it."""
    for case_id in ids:
        case = CaseId.read(case_id)
        yield from _patterns(case_id)
        rest = case.variant.partition(",")[2] if case.spec else ""
        while rest:
            yield f"{case.requirement}[*,{rest}]"
            rest = rest.partition(",")[2]


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
    """Put those together whose messages have a text in common that tells them from others: they
    begin alike for so long, or are short and the same. Of a check, those of one finding."""
    groups: dict[str, list[_Member]] = {}
    found: dict[int, Mapping[str, str]] = {}
    for member in members:
        record, case = member
        if id(record) not in found:
            found[id(record)] = hashes_of(record)
        alike = found[id(record)].get(case.id) or _beginning(_message(case))
        groups.setdefault(alike, []).append(member)
    return list(groups.values())


def _beginning(message: str) -> str:
    """The least of a message that tells it from others; of one that has too little, all of it."""
    line = message.partition("\n")[0]
    end = len(line) - len(line.lstrip()) + SHORTEST_TEXT
    while end < len(line) and line[end - 1].isspace():
        end += 1
    return line[:end]


def _message(case: CaseRow) -> str:
    return case.actual or case.reason


def _contained(group: Sequence[_Member]) -> str:
    """What the messages of a group have in common. Those of checks have figures in them, which are
    others the next time."""
    messages = [_message(case) for _, case in group]
    is_of_checks = all(record.subject for record, _ in group)
    return (steady_text(messages) if is_of_checks else "") or _common(messages)


def _common(messages: Iterable[str]) -> str:
    """What all first lines begin with."""
    shared: str | None = None
    for message in messages:
        line = message.partition("\n")[0]
        shared = line[:LONGEST_TEXT] if shared is None else _shared(shared, line)
    return shared or ""


def _shared(one: str, other: str) -> str:
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return one[: sum(1 for _ in alike)]


def _span(records: Sequence[Record], deviating: set[str]) -> tuple[str, str]:
    """The first and the last level that deviates, where a level below or above does not."""
    levels: Mapping[bool, list[PythonLevel]] = {True: [], False: []}
    for record in records:
        if record.subject:
            return "", ""
        levels[record.iut_id in deviating].append(parse_python_level(record.implementation.level))
    low, high = min(levels[True]), max(levels[True])
    since = format_python_level(low) if any(level < low for level in levels[False]) else ""
    until = format_python_level(high) if any(level > high for level in levels[False]) else ""
    return since, until
