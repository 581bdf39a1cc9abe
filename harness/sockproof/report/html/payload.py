"""The data inside the page: compact cells that are read at once, details that are read on demand.

A cell is ``[verdict + 8 × teardown, milliseconds, detail line]`` without its trailing zero, or 0
where the case does not exist. Repeated strings and whole repeated details are stored once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.report.html.matrix import MatrixRow, link
from sockproof.report.reader import Record
from sockproof.report.rows import CaseRow, Octets, TranscriptEvent
from sockproof.report.text import visible

__all__ = ["Payload", "script_json"]

MAX_CHARACTERS = 20_000
MAX_EVENTS = 600
BUDGET_CHARACTERS = 24_000_000
"""Past this, transcripts of cases that need no attention stay in the record file."""
_VERDICTS = tuple(Verdict)
_TEARDOWNS = tuple(TeardownVerdict)
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def script_json(value: object) -> str:
    """JSON in ASCII that is safe inside a script element: it can neither end it nor open one."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for character, escape in _UNSAFE.items():
        text = text.replace(character, escape)
    return text


def _cut(text: str) -> str:
    """Visible text of bounded length, which says how much was left out."""
    if len(text) <= MAX_CHARACTERS:
        return visible(text)
    return visible(text[:MAX_CHARACTERS]) + f"\n… cut here: the record has {len(text):,} characters"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class Payload:
    """Collects the data of a page: ``data`` is one JSON text, ``details`` one per line."""

    def __init__(
        self, records: Sequence[Record], names: Sequence[str], rows: Iterable[MatrixRow]
    ) -> None:
        self._strings: dict[str, int] = {}
        self._details: dict[str, int] = {}
        self._spent = 0
        self._n_iuts = len(records)
        columns = zip(names, records, strict=True)
        implementations = [self._implementation(name, record) for name, record in columns]
        requirements = [self._requirement(row) for row in rows]
        self.data = script_json(
            {
                "verdicts": [verdict.value for verdict in Verdict],
                "teardowns": [verdict.value for verdict in TeardownVerdict],
                "implementations": implementations,
                "requirements": requirements,
                "strings": list(self._strings),
            }
        )
        self.details = "\n".join(self._details)

    def _string(self, text: str) -> int:
        return self._strings.setdefault(_cut(text), len(self._strings))

    def _implementation(self, name: str, record: Record) -> dict[str, str]:
        about = record.implementation
        version = f"{about.name} {about.version}".strip()
        facts = {"id": name, "given": about.given, "version": version, "level": about.level}
        return {key: visible(text) for key, text in facts.items()}

    def _requirement(self, row: MatrixRow) -> dict[str, Any]:
        requirement = row.requirement
        return {
            "id": row.id,
            "area": visible(requirement.area),
            "title": row.title,
            "level": requirement.level.value,
            "source": visible(requirement.source),
            "link": visible(link(requirement.source)),
            "since": visible(requirement.since or ""),
            "until": visible(requirement.until or ""),
            "differs": row.differs,
            "rows": [
                [self._string(label), *(self._cell(by_iut.get(n)) for n in range(self._n_iuts))]
                for label, by_iut in row.cases.items()
            ],
        }

    def _cell(self, case: CaseRow | None) -> list[float] | int:
        if case is None:
            return 0
        teardown = _TEARDOWNS.index(case.teardown.verdict)
        code = _VERDICTS.index(case.verdict) + 8 * teardown
        detail = self._detail(case)
        milliseconds = round(case.duration_s * 1000, 1)
        return [code, milliseconds, detail] if detail else [code, milliseconds]

    def _detail(self, case: CaseRow) -> int:
        """The number of the case's detail line, from 1; 0 when there is nothing to tell."""
        detail: dict[str, Any] = {
            name: self._string(text)
            for name in ("reason", "expected", "actual", "stderr", "stdout", "stacks")
            if (text := getattr(case, name))
        }
        if case.teardown.leaks:
            detail["leaks"] = [self._string(leak) for leak in case.teardown.leaks]
        if case.observations:
            pairs = case.observations.items()
            detail["seen"] = [[self._string(n), self._string(_value(value))] for n, value in pairs]
        if case.transcript:
            detail |= self._transcript(case)
        if not detail:
            return 0
        line = script_json(detail)
        self._spent += len(line)
        return self._details.setdefault(line, len(self._details) + 1)

    def _transcript(self, case: CaseRow) -> dict[str, Any]:
        """The events, and how many of them are left to the record; none past the page's budget."""
        affordable = case.needs_attention or self._spent < BUDGET_CHARACTERS
        shown = case.transcript[:MAX_EVENTS] if affordable else ()
        left_out = len(case.transcript) - len(shown)
        return {"events": [self._event(event) for event in shown], "left_out": left_out}

    def _event(self, event: TranscriptEvent) -> list[Any]:
        words = (event.lane, event.what, event.note, event.error)
        return [event.t_s, *map(self._string, words), self._octets(event.octets)]

    def _octets(self, octets: Octets | None) -> list[Any] | int:
        if octets is None:
            return 0
        return [octets.text[:MAX_CHARACTERS], octets.length, visible(octets.sha256)]
