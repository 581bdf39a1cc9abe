"""The data inside the page: compact cells that are read at once, details that are read on demand.

A cell is ``[code, milliseconds, detail line]`` without its trailing zero, or 0 where the case does
not exist; the code is verdict + 8 × teardown, and 32 for a known deviation, 64 for a stale
expectation, 128 for observations that differ from the reference's, 256 for a deviation that is
inherited. Repeated strings and whole
repeated details are stored once.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from markupsafe import Markup

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.evidence import Octets, TranscriptEvent
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.record.writer import SCHEMA
from sockproof.report.class_changes import override_words
from sockproof.report.findings import hashes_of, steady_text
from sockproof.report.html.chapters import ChapterEntry, chapters_of
from sockproof.report.html.matrix_view import MatrixRow, link
from sockproof.report.reference import Difference, deviates_as_well, differences, value_text
from sockproof.report.text import generating_options, visible
from sockproof.report.what_to_type import check_words, subject_words, words_of_replay

__all__ = ["PagePayload", "script_json"]

_Value = TypeVar("_Value", bound=Hashable)
MAX_CHARACTERS = 20_000
MAX_EVENTS = 600
# Past this, transcripts of cases that need no attention stay in the record file.
QUIET_CHARACTERS = 6_000_000
# Past this, every further transcript and all that was captured stays there: the page must open.
EVIDENCE_CHARACTERS = 9_000_000
# What is put into one part of the text: a text of all, and a copy of it, take much memory.
_AT_ONCE = 1000
_TEXTS = ("reason", "expected", "actual", "cause")
_CAPTURED = ("stderr", "stdout", "stacks")
_VERDICTS = tuple(Verdict)
_TEARDOWNS = tuple(TeardownVerdict)
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def script_json(value: object) -> str:
    """JSON in ASCII that is safe inside a script element: it can neither end it nor open one."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    for character, escape in _UNSAFE.items():
        text = text.replace(character, escape)
    return text


def _taken(numbered: dict[_Value, int]) -> list[_Value]:
    """What was numbered, in its order; what is written down need not be kept twice."""
    values = list(numbered)
    numbered.clear()
    return values


def _listed(name: str, texts: Iterable[str]) -> Iterator[Markup]:
    """One more key of an object, a list of what these texts are, in parts."""
    rest, comma = iter(texts), ""
    yield Markup(f',"{name}":[')
    while some := list(itertools.islice(rest, _AT_ONCE)):
        yield Markup(comma + ",".join(some))
        comma = ","
    yield Markup("]")


def _cut(text: str) -> str:
    """Visible text of bounded length, which says how much was left out."""
    if len(text) <= MAX_CHARACTERS:
        return visible(text)
    return visible(text[:MAX_CHARACTERS]) + f"\n… cut here: the record has {len(text):,} characters"


def _entry(entry: ChapterEntry) -> dict[str, Any]:
    return {"title": visible(entry.title), "link": visible(entry.link), "r": entry.numbers}


class PagePayload:
    """Collects a page's data, in parts: ``data`` is one JSON text, ``details`` one per line."""

    def __init__(
        self, records: Sequence[Record], names: Sequence[str], rows: Iterable[MatrixRow]
    ) -> None:
        self._strings: dict[str, int] = {}
        self._payloads: dict[tuple[str, int, str], int] = {}
        self._details: dict[str, int] = {}
        self._spent = 0
        self._records = records
        self._findings = {id(record): hashes_of(record) for record in records}
        columns = zip(names, records, strict=True)
        implementations = [self._implementation(name, record) for name, record in columns]
        shown = list(rows)
        requirements = [script_json(self._requirement(row)) for row in shown]
        rest = script_json(
            {
                "schema": SCHEMA,
                "limit": MAX_CHARACTERS,
                "verdicts": [verdict.value for verdict in Verdict],
                "teardowns": [verdict.value for verdict in TeardownVerdict],
                "implementations": implementations,
                "chapters": self._chapters(shown),
            }
        )
        self.data = [
            Markup(rest[:-1]),
            *_listed("strings", map(script_json, _taken(self._strings))),
            *_listed("payloads", map(script_json, _taken(self._payloads))),
            *_listed("requirements", requirements),
            Markup("}"),
        ]

    @property
    def details(self) -> Iterator[Markup]:
        """The lines, each but the first with the line feed before it."""
        for number, line in enumerate(self._details):
            yield Markup(f"\n{line}" if number else line)

    def _string(self, text: str) -> int:
        shown = _cut(text)
        if shown not in self._strings:
            self._strings[shown] = len(self._strings)
            self._spent += len(script_json(shown))
        return self._strings[shown]

    def _chapters(self, rows: Sequence[MatrixRow]) -> list[dict[str, Any]]:
        """The documentation's headings, with the requirements of each by number."""
        chapters = chapters_of(row.requirement.source for row in rows).items()
        return [{"title": title, "entries": list(map(_entry, found))} for title, found in chapters]

    def _implementation(self, name: str, record: Record) -> dict[str, str]:
        about = record.implementation
        version = f"{about.name} {about.version}".strip()
        facts = {"id": name, "given": about.given, "version": version, "level": about.level}
        if record.subject:
            facts["check"] = check_words(record)
            facts |= {"subject": subject_words(record), "replayed": words_of_replay(record)}
        return {key: visible(text) for key, text in facts.items()}

    def _requirement(self, row: MatrixRow) -> dict[str, Any]:
        requirement, numbers = row.requirement, range(len(self._records))
        return {
            "id": row.id,
            "area": visible(requirement.area),
            "title": row.title,
            "level": requirement.level.value,
            "source": visible(requirement.source),
            "link": visible(link(requirement.source)),
            "since": visible(requirement.since or ""),
            "until": visible(requirement.until or ""),
            "varies": row.varies,
            "rows": [
                [self._string(label), *(self._cell(n, by_iut[n]) for n in numbers)]
                for label, by_iut in row.cases.items()
            ],
        }

    def _cell(self, number: int, case: CaseRow | None) -> list[float] | int:
        if case is None:
            return 0
        record = self._records[number]
        unlike = differences(record, case)
        code = _VERDICTS.index(case.verdict) + 8 * _TEARDOWNS.index(case.teardown.verdict)
        code += 32 * case.as_known + 64 * case.stale + 128 * bool(unlike)
        code += 256 * case.as_inherited + 512 * case.as_chosen
        detail = self._detail(record, case, unlike)
        milliseconds = round(case.duration_s * 1000, 1)
        return [code, milliseconds, detail] if detail else [code, milliseconds]

    def _detail(self, record: Record, case: CaseRow, unlike: Sequence[Difference]) -> int:
        """The number of the case's detail line, from 1; 0 when there is nothing to tell."""
        case = record.whole(case)
        names = _TEXTS + (_CAPTURED if self._spent < EVIDENCE_CHARACTERS else ())
        texts = {name: getattr(case, name) for name in names} | {"override": override_words(case)}
        detail: dict[str, Any] = {name: self._string(text) for name, text in texts.items() if text}
        if case.teardown.leaks:
            detail["leaks"] = [self._string(leak) for leak in case.teardown.leaks]
        if case.observations or unlike:
            detail |= self._observations(record, case, unlike)
        if options := generating_options(record, case):
            detail["generating"] = self._string(options)
        if finding := self._findings[id(record)].get(case.id):
            detail["finding"] = self._string(finding)
            detail["contains"] = self._string(steady_text([case.actual]))
        if case.known:
            keys = ("reason", "link", "file", "stale")
            detail["known"] = {key: _cut(getattr(case.known, key)) for key in keys}
        if case.as_inherited and case.inherited:
            keys = ("of", "seen", "reason", "link")
            detail["inherited"] = {key: _cut(getattr(case.inherited, key)) for key in keys}
        elif record.reference and deviates_as_well(record, case):
            detail["likewise"] = self._string(record.reference.iut_id)
        if case.transcript:
            detail |= self._transcript(case)
        if not detail:
            return 0
        line = script_json(detail)
        self._spent += len(line)
        return self._details.setdefault(line, len(self._details) + 1)

    def _observations(
        self, record: Record, case: CaseRow, unlike: Sequence[Difference]
    ) -> dict[str, Any]:
        """Name and value of each, and the reference's value where that is another."""
        others = {one.name: one.reference for one in unlike}
        values = {**case.observations, **{one.name: one.seen for one in unlike}}
        seen = []
        for name, value in values.items():
            other = [self._string(value_text(others[name]))] if name in others else []
            seen.append([self._string(name), self._string(value_text(value)), *other])
        reference = record.reference.iut_id if record.reference and unlike else ""
        return {"seen": seen, **({"reference": self._string(reference)} if reference else {})}

    def _transcript(self, case: CaseRow) -> dict[str, Any]:
        """The events, and how many of them are left to the record; none past the page's budget."""
        budget = EVIDENCE_CHARACTERS if case.needs_attention else QUIET_CHARACTERS
        affordable = self._spent < budget
        shown = case.transcript[:MAX_EVENTS] if affordable else ()
        left_out = len(case.transcript) - len(shown)
        return {"events": [self._event(event) for event in shown], "left_out": left_out}

    def _event(self, event: TranscriptEvent) -> list[Any]:
        words = (event.lane, event.what, event.note, event.error)
        return [event.t_s, *map(self._string, words), self._octets(event.octets)]

    def _octets(self, octets: Octets | None) -> int:
        """The number of the payload, from 1; 0 for none."""
        if octets is None:
            return 0
        payload = octets.text[:MAX_CHARACTERS], octets.length, visible(octets.sha256)
        if payload not in self._payloads:
            self._payloads[payload] = len(self._payloads) + 1
            self._spent += len(script_json(payload))
        return self._payloads[payload]
