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

An expectation is *stale* when what it expects is no longer so. A run says that, and fails of it.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockproof.errors import UsageError
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.spec.case_id import requirement_of
from sockproof.spec.levels import PythonLevel, holds_between, parse_python_level

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Circumstances", "Expectation", "known_expectations", "read_expectations"]

KNOWN = Path(__file__).parent / "known"
"""Deviations of interpreters' own modules that we know of; they ship with the suite."""

_KEYS: Mapping[str, type] = {
    "case": str,
    "verdict": str,
    "reason": str,
    "contains": str,
    "teardown": str,
    "at_most": int,
    "link": str,
    "expires": str,
    "implementation": str,
    "since": str,
    "until": str,
    "lacks": list,
}
_NEEDED = ("case", "verdict", "reason")


@dataclass(frozen=True)
class Circumstances:
    """What the conditions of an expectation are about: who is tested, and what is there.

    ``level`` is the Python level it claims; where its interpreter is of that level, the version
    of the interpreter: what was mended in a bug-fix release is known until the one before it.
    """

    implementation: str
    level: PythonLevel
    capabilities: Mapping[str, bool]

    @classmethod
    def of(
        cls,
        implementation: str,
        level: PythonLevel,
        version: PythonLevel,
        capabilities: Mapping[str, bool],
    ) -> Circumstances:
        """Of an implementation that claims ``level`` under an interpreter of ``version``."""
        agrees = version[: len(level)] == level
        return cls(implementation, version if agrees else level, capabilities)


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
    file: str = ""

    def matches(self, case_id: str) -> bool:
        """Whether it is about this case. Brackets are brackets here, unlike in a shell."""
        pattern = ".*".join(map(re.escape, self.case.split("*")))
        return re.fullmatch(pattern, case_id) is not None

    @property
    def requirement_pattern(self) -> re.Pattern[str]:
        """What the ids of the requirements match whose cases it can be about."""
        requirement = requirement_of(self.case)
        return re.compile(".*".join(map(re.escape, requirement.split("*"))))

    def holds_in(self, there: Circumstances) -> bool:
        """Whether its conditions are met."""
        named = self.implementation.casefold() in ("", there.implementation.casefold())
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

    def to_json(self) -> dict[str, Any]:
        """As plain data, for another worker of the same run."""
        return {**vars(self), "verdict": self.verdict.value, "teardown": self.teardown.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Expectation:
        """The reverse of :meth:`to_json`."""
        words = {
            "verdict": Verdict(data["verdict"]),
            "teardown": TeardownVerdict(data["teardown"]),
        }
        sequences = {name: tuple(data[name]) for name in ("since", "until", "lacks")}
        return cls(**{**data, **words, **sequences})


def known_expectations() -> tuple[Expectation, ...]:
    """The deviations of interpreters' own modules that ship with the suite."""
    return tuple(one for path in sorted(KNOWN.glob("*.toml")) for one in read_expectations(path))


def read_expectations(path: Path) -> tuple[Expectation, ...]:
    """The expectations of a file.

    Raises:
        UsageError: it cannot be read, or an entry is not in order; the message names both.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read expectations: {path}: {error}") from None
    entries = table.get("expectation")
    if set(table) - {"expectation"} or not isinstance(entries, list) or not entries:
        raise UsageError(f"{path} holds no expectations", "write [[expectation]] tables")
    return tuple(_expectation(path, number, entry) for number, entry in enumerate(entries, 1))


def _expectation(path: Path, number: int, entry: Mapping[str, Any]) -> Expectation:
    place = f"{path}: expectation {number} ({entry.get('case', 'no case')})"
    for problem in _problems(entry):
        raise UsageError(f"{place}: {problem}")
    try:
        levels = {key: parse_python_level(entry[key]) for key in ("since", "until") if key in entry}
        words = {
            "verdict": Verdict(entry["verdict"]),
            "teardown": TeardownVerdict(entry.get("teardown", TeardownVerdict.CLEAN)),
        }
        datetime.date.fromisoformat(entry.get("expires", "2000-01-01"))
    except ValueError as error:
        raise UsageError(f"{place}: {error}") from None
    lists = {"lacks": tuple(entry.get("lacks", ())), "file": path.name}
    return Expectation(**{**entry, **levels, **words, **lists})


def _problems(entry: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with an entry, beside the values of its words."""
    for key, value in entry.items():
        if key not in _KEYS:
            yield f"unknown key {key!r}; the keys are {', '.join(_KEYS)}"
        elif not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            yield f"{key!r} is not a {_KEYS[key].__name__}"
    for key in _NEEDED:
        if not entry.get(key):
            yield f"the key {key!r} is missing"
    if entry.get("verdict") == Verdict.FAIL.value and not entry.get("contains"):
        yield "a FAIL needs 'contains', or any other failure would pass for this one"
    if entry.get("verdict") in ("PASS", "NOT_APPLICABLE") and "teardown" not in entry:
        yield f"{entry['verdict']} is no deviation; leave the entry out"
    if "*" in str(entry.get("case", "")) and "at_most" not in entry:
        yield "a case with * needs 'at_most', how many cases it may match"
