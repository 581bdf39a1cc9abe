"""Failures of a check that have one cause, as one finding, under a hash that is the same next time.

A cause is what a failure shows of the server: where its threads stand, what is left over, or else
the words of what was seen. Numbers, ports, ids, line numbers and folders of files are no part of
it, and neither is the variant: a client that leaves by an end and one that leaves by a reset find
the same fault. What is seen while clients leave and what is seen at the stop are two.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.spec.levels import Level

__all__ = [
    "CheckFinding",
    "cause_of",
    "findings_of",
    "found_before",
    "hashes_of",
    "place_in_check",
    "steady_text",
]

_DIGITS = 12
# Requirements whose failures may have one cause; any other stands for itself.
_TOGETHER = {
    "leaving-clients-leave-nothing": "leaving",
    "leaving-clients-spin-nothing": "leaving",
    "stop-ends-in-time": "stopping",
    "second-interrupt-ends-it": "stopping",
    "stop-frees-the-address": "address",
    "starts-again-at-once": "address",
    "octet-by-octet": "in pieces",
    "cut-anywhere": "in pieces",
}
# `18 in handle() at chat.py:31`, and the same in the stacks of py-spy and of faulthandler.
_PLACE = re.compile(r"(?:(\d+) (?:wait )?in )?([\w.<>]+)\(\) (?:at|in) ([^:,;\n]+):\d+")
_LEFT = re.compile(r"\d+ (?:more )?(threads?|child(?:ren)?|descriptors?|sockets?)\b")
# A path's folders, what stands in brackets or quotes, and what has a digit in it.
_FOLDERS = re.compile(r"(?:[A-Za-z]:)?[^\s'\"]*[/\\](?=[^\s/\\])")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|'[^']*'|\"[^\"]*\"|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"\S*\d\S*")


@dataclass(frozen=True)
class CheckFinding:
    """One fault of a server: the cases of a record that show it, gravest first; never empty.

    ``is_new`` says that no record shows it that it was held against.
    """

    hash: str
    record: Record
    cases: tuple[CaseRow, ...]
    is_new: bool = True

    @property
    def first(self) -> CaseRow:
        return self.cases[0]

    @property
    def level(self) -> Level:
        return self.record.level_of(self.first)

    @property
    def sentence(self) -> str:
        """What was seen, in the words of the gravest case."""
        return self.first.actual or self.first.reason

    @property
    def script(self) -> str:
        """The file of the script of the gravest case, beside the record, and what it showed when
        it was tried; empty if there is none."""
        return str(self.first.observations.get("script", ""))

    @property
    def requirements(self) -> list[str]:
        return list(dict.fromkeys(case.requirement for case in self.cases))

    @property
    def is_known(self) -> bool:
        """Whether an expectation knows of all of it."""
        return all(case.as_known for case in self.cases)

    @property
    def counts(self) -> bool:
        """Whether a check fails of it."""
        return self.is_new and not self.is_known


def findings_of(record: Record, before: Iterable[Record] = ()) -> list[CheckFinding]:
    """The findings of a check, gravest first; none of a record of a run. Those that a record from
    ``before`` has as well are not new."""
    old = {name for other in before for name in hashes_of(other).values()}
    levels, hashes, place = list(Level), hashes_of(record), place_in_check(record)
    failed = [case for case in record.cases if case.id in hashes]
    failed.sort(key=lambda one: (levels.index(record.level_of(one)), place(one)))
    by_hash: dict[str, list[CaseRow]] = {}
    for case in failed:
        by_hash.setdefault(hashes[case.id], []).append(case)
    return [
        CheckFinding(name, record, tuple(cases), name not in old) for name, cases in by_hash.items()
    ]


def place_in_check(record: Record) -> Callable[[CaseRow], tuple[int, str]]:
    """By which cases of a check that are as grave stand: their requirements as they are listed,
    then their ids. They are recorded as they end, which is another order each time."""
    order = {name: number for number, name in enumerate(record.requirements)}
    return lambda one: (order[one.requirement], one.id)


def found_before(record: Record, before: Iterable[Record]) -> set[str]:
    """The ids of the cases of findings that a record from ``before`` has, too."""
    old = [one for one in findings_of(record, before) if not one.is_new]
    return {case.id for one in old for case in one.cases}


def hashes_of(record: Record) -> dict[str, str]:
    """The hash of the cause of each failure, by the id of its case; empty of a record of a run.

    A failure that shows no cause has that of another one of the same moment and variant.
    """
    if record.subject is None:
        return {}
    failed = [case for case in record.cases if case.verdict is Verdict.FAIL]
    causes = {case.id: _shown(case) for case in failed}
    of_moment: dict[tuple[str, str], str] = {}
    for case in sorted(failed, key=place_in_check(record)):
        if causes[case.id]:
            of_moment.setdefault((_moment(case), case.place), causes[case.id])
    return {
        case.id: _hash(
            _moment(case),
            causes[case.id] or of_moment.get((_moment(case), case.place)) or _sentence(case),
        )
        for case in failed
    }


def cause_of(case: CaseRow) -> str:
    """The hash of the cause that a failure shows by itself."""
    return _hash(_moment(case), _shown(case) or _sentence(case))


def _hash(*parts: str) -> str:
    told = "\n".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).hexdigest()[:_DIGITS]


def _moment(case: CaseRow) -> str:
    """When it is that the failure shows."""
    name = case.requirement.partition("/")[2]
    return _TOGETHER.get(name, name)


def _shown(case: CaseRow) -> str:
    """What is left over if that is no thread, else where most threads stand; empty if neither is
    told. Whoever does not end cannot always be asked where it stands, and is one finding."""
    if _moment(case) == "stopping":
        return "goes on"
    left = [word.rstrip("s") for word in _LEFT.findall(case.actual)]
    if left and "thread" not in left:
        return f"left over: {', '.join(sorted(set(left)))}"
    return _place(case.actual)


def _place(text: str) -> str:
    """The function, and its file without a folder, where most threads stand."""
    found: Counter[str] = Counter()
    for number, function, file in _PLACE.findall(text):
        found[f"{function}() at {file.rpartition('/')[2]}"] += int(number or 1)
    return found.most_common(1)[0][0] if found else ""


def steady_text(messages: Sequence[str]) -> str:
    """What all messages say that have one cause, and will say the next time: where threads stand,
    or else their longest words without figures; empty if there are none."""
    places = {_place(text) for text in messages}
    place = places.pop() if len(places) == 1 else ""
    if place and all(place in text for text in messages):
        return place
    parts = (part.strip(" ,;:()") for part in re.split(r"\S*\d\S*|[;\n]", messages[0]))
    common = [part for part in parts if all(part in text for text in messages)]
    return max(common, key=len, default="")


def _sentence(case: CaseRow) -> str:
    """What was seen, without what is another each time, and what only the variant is."""
    variant = case.place.partition(",")[2]
    text = _without_end(case.actual or case.reason, case.expected)
    for part in filter(None, (variant, variant.replace("-", " "))):
        text = text.replace(part, "")
    text = _FOLDERS.sub("", _ASIDE.sub(" ", text))
    return " ".join(_NUMBER.sub(" ", text).split())


def _without_end(text: str, expected: str) -> str:
    """The text without the words that end what was expected as well: those tell of the variant."""
    said, promised = text.split(" "), expected.split(" ")
    alike = _alike(reversed(said), reversed(promised))
    return text if alike < 2 else " ".join(said[: len(said) - alike])


def _alike(one: Iterator[str], other: Iterator[str]) -> int:
    number = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        number += 1
    return number
