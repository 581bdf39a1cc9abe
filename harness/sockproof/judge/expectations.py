"""Expectations: deviations that are known, written down with a reason, and played all the same.

A file holds ``[[expectation]]`` tables::

    [[expectation]]
    case = "handlers/peer-gone-at-flush[*]"   # a case id; * stands for anything
    at_most = 4                               # how many cases a * may match
    verdict = "FAIL"                          # or INCONCLUSIVE, ERROR; PASS for a teardown alone
    contains = "BrokenPipeError"              # what expected, actual or reason must contain
    teardown = "leaked"                       # optional, with the verdict
    reason = "wfile.close() flushes again."   # for a stranger
    link = "https://bugs.python.org/issue14574"   # optional
    expires = "2027-06-30"                    # optional
    implementation = "CPython"                # conditions, all optional
    since = "3.6"                             # a Python level, or a version: 3.12.8
    until = "3.13"
    lacks = ["..."]                           # capabilities that must be absent
    runtime = "gevent"                        # the package whose sockets are used
    also_under = ["gevent"]                   # of one that ships: it is known under these, too
    intermittent = true                       # now and then only; at_most counts how often
    seen = "2 of 3 runs"                      # and how often that is, for who reads it

An expectation is *stale* when what it expects is no longer so. A run says that, and fails of it.
One that is intermittent is not, while its case passes.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

from sockproof.errors import UsageError
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.spec import toml_tables as toml
from sockproof.spec.case_id import requirement_of
from sockproof.spec.levels import PythonLevel, holds_between

__all__ = [
    "Circumstances",
    "Expectation",
    "ExpectationIndex",
    "borne_out",
    "known_expectations",
    "read_expectations",
]

# Deviations of interpreters' own modules that we know of; they ship with the suite.
KNOWN = Path(__file__).parent / "known"


@dataclass(frozen=True)
class Circumstances:
    """What the conditions of an expectation are about: who is tested, and what is there.

    ``level`` is the Python level it claims; where its interpreter is of that level, the version
    of the interpreter: what was mended in a bug-fix release is known until the one before it.
    ``runtime`` is the package whose sockets stand in for the interpreter's own; mostly none does.
    """

    implementation: str
    level: PythonLevel
    capabilities: Mapping[str, bool]
    runtime: str = ""

    @classmethod
    def of(
        cls,
        implementation: str,
        level: PythonLevel,
        version: PythonLevel,
        capabilities: Mapping[str, bool],
        runtime: str = "",
    ) -> Circumstances:
        """Of an implementation that claims ``level`` under an interpreter of ``version``."""
        agrees = version[: len(level)] == level
        return cls(implementation, version if agrees else level, capabilities, runtime)


@dataclass(frozen=True)
class Expectation:
    """One known deviation; see the module for the meaning of the fields."""

    case: str
    verdict: Verdict
    reason: str
    contains: str = ""
    teardown: TeardownVerdict = TeardownVerdict.CLEAN
    at_most: int = 1
    link: str = ""
    expires: str = ""
    implementation: str = ""
    since: PythonLevel = ()
    until: PythonLevel = ()
    lacks: tuple[str, ...] = ()
    runtime: str = ""
    intermittent: bool = False
    seen: str = ""
    also_under: tuple[str, ...] = ()
    file: str = ""

    def matches(self, case_id: str) -> bool:
        """Whether it is about this case. Brackets are brackets here, unlike in a shell."""
        if "*" not in self.case:
            return self.case == case_id
        return _pattern(self.case).fullmatch(case_id) is not None

    @property
    def requirement_pattern(self) -> re.Pattern[str]:
        """What the ids of the requirements match whose cases it can be about."""
        return _pattern(requirement_of(self.case))

    def holds_in(self, there: Circumstances) -> bool:
        """Whether its conditions are met."""
        named = self.implementation.casefold() in ("", there.implementation.casefold())
        named = named and self.runtime in ("", there.runtime)
        absent = not any(there.capabilities.get(name, False) for name in self.lacks)
        return named and absent and holds_between(there.level, self.since, self.until)

    def problem(self, verdict: Verdict, words: str, teardown: TeardownVerdict) -> str:
        """Why it is stale, seeing how a case that it is about ended; empty when it is not.

        ``words`` is all that the case says: expected, actual and reason. A case that is not
        applicable tells nothing.
        """
        if verdict is Verdict.NOT_APPLICABLE:
            return ""
        if verdict is not self.verdict:
            return f"{self.verdict} was expected, and it is {verdict}"
        if self.contains not in words:
            return f"the message no longer contains {self.contains!r}"
        wanted = self.teardown is not TeardownVerdict.CLEAN
        if wanted and teardown is not self.teardown:
            return f"teardown {self.teardown} was expected, and it is {teardown}"
        return ""

    def expired(self, today: datetime.date) -> bool:
        """Whether its day has passed."""
        return bool(self.expires) and datetime.date.fromisoformat(self.expires) < today


def borne_out(
    about: Sequence[Expectation], verdict: Verdict, words: str, teardown: TeardownVerdict
) -> Expectation | None:
    """Of the expectations about a case, the first that it ended as. Else the first that is not
    intermittent, which is stale then; none if there is none."""
    met = (one for one in about if not one.problem(verdict, words, teardown))
    steady = (one for one in about if not one.intermittent)
    return next(met, None) or next(steady, None)


class ExpectationIndex:
    """Expectations in their order, found by what they are about without looking at all of them."""

    def __init__(self, expectations: Iterable[Expectation]) -> None:
        self._exact: dict[str, list[tuple[int, Expectation]]] = {}
        self._of_requirement: dict[str, list[tuple[int, Expectation]]] = {}
        self._of_several: list[tuple[int, Expectation]] = []
        for numbered in enumerate(expectations):
            case = numbered[1].case
            if "*" not in case:
                self._exact.setdefault(case, []).append(numbered)
            elif "*" in requirement_of(case):
                self._of_several.append(numbered)
            else:
                self._of_requirement.setdefault(requirement_of(case), []).append(numbered)

    def about(self, case_id: str) -> tuple[Expectation, ...]:
        """Those that match this case, in their order."""
        starred = (*self._of_requirement.get(requirement_of(case_id), ()), *self._of_several)
        found = [*self._exact.get(case_id, ())]
        found += [(number, one) for number, one in starred if one.matches(case_id)]
        return tuple(one for _, one in sorted(found, key=itemgetter(0)))


@functools.cache
def _pattern(text: str) -> re.Pattern[str]:
    """What ``*`` in a text stands for: of several each takes as little as it can, for good, so that
    however many there are take no time."""
    first, *others = map(re.escape, re.sub(r"\*+", "*", text).split("*"))
    if not others:
        return re.compile(first)
    *inner, last = others
    taken = "".join(f"(?=(?P<g{n}>.*?{part}))(?P=g{n})" for n, part in enumerate(inner))
    return re.compile(f"{first}{taken}.*{last}")


_EXPECTATION = toml.table(
    {"case": toml.FILLED, "verdict": toml.one_of(Verdict), "reason": toml.FILLED},
    contains=toml.TEXT,
    teardown=toml.one_of(TeardownVerdict),
    at_most={"type": "integer", "minimum": 1},
    link=toml.TEXT,
    expires=toml.DAY,
    implementation=toml.TEXT,
    since=toml.LEVEL,
    until=toml.LEVEL,
    lacks=toml.list_of(toml.FILLED),
    runtime=toml.FILLED,
    intermittent=toml.FLAG,
    seen=toml.FILLED,
    also_under=toml.list_of(toml.FILLED),
)
_FILE = toml.table(expectation=toml.list_of(_EXPECTATION))
FORMAT = toml.Format(_FILE, UsageError, "write it as in docs/known-deviations.md")


def known_expectations() -> tuple[Expectation, ...]:
    """The deviations of interpreters' own modules that ship with the suite."""
    return tuple(one for path in sorted(KNOWN.glob("*.toml")) for one in read_expectations(path))


def read_expectations(path: Path) -> tuple[Expectation, ...]:
    """The expectations of a file.

    Raises:
        UsageError: it cannot be read, or an entry is not in order; the message names both.
    """
    entries = FORMAT.read(path).get("expectation", [])
    return tuple(_expectation(path, number, entry) for number, entry in enumerate(entries, 1))


def _expectation(path: Path, number: int, entry: Mapping[str, Any]) -> Expectation:
    if problem := _problem(entry):
        raise UsageError(f"{path}: expectation {number} ({entry['case']}): {problem}")
    words = {
        "verdict": Verdict(entry["verdict"]),
        "teardown": TeardownVerdict(entry.get("teardown", TeardownVerdict.CLEAN)),
    }
    lists = {name: tuple(entry.get(name, ())) for name in ("lacks", "also_under")}
    return Expectation(**{**entry, **toml.levels_of(entry), **words, **lists, "file": path.name})


def _problem(entry: Mapping[str, Any]) -> str:
    """What the keys of an entry say against each other; empty when nothing."""
    if entry["verdict"] == Verdict.FAIL.value and not entry.get("contains"):
        return "a FAIL needs 'contains', or any other failure would pass for this one"
    if entry["verdict"] in ("PASS", "NOT_APPLICABLE") and "teardown" not in entry:
        return f"{entry['verdict']} is not a deviation; leave the entry out"
    if "*" in entry["case"] and "at_most" not in entry:
        return "a case with * needs 'at_most', how many cases it may match"
    return ""
