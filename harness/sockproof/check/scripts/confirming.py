"""Confirms what a check has found: the script of each failure is written, and run once.

A program lives once for each script, so these run side by side; those of a server that was there
before run one after the other, for one would count the clients of another. What was waited for in
the check is not waited for as long again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.check.language import Language
from sockproof.check.listener import Listener
from sockproof.check.scene import Manners
from sockproof.check.scripts.check_script import CheckScript, ScriptCase, has_script, script_name
from sockproof.iut.started import side_by_side, take_down
from sockproof.iut.strays import AGENT_MARK, end_strays, new_mark
from sockproof.iut.survivor import keep
from sockproof.judge.verdict import Verdict
from sockproof.output_folder import OutputFolder
from sockproof.own_folder import own_folder
from sockproof.record.reader import read_record
from sockproof.record.rows import CaseRow
from sockproof.record.writer import record_lines
from sockproof.report.text import one_line
from sockproof.spec.case_id import CaseId
from sockproof.timing import scale, start_bound_s

__all__ = [
    "NOT_SHOWN",
    "SCRIPT",
    "SHOWN",
    "CheckScriptEnd",
    "confirmed_record",
    "run_script",
    "scripts_of",
]

GONE, THERE, NOT_TOLD = 0, 1, 2
SCRIPT = "script"
"""The name of the observation: the file beside the record, and whether it shows the failure."""
SHOWN, NOT_SHOWN = "shows it", "does not show it"
_NOT_RUN = "was not run: its time was over"
FOLDER = "scripts"
_SIDE_BY_SIDE = 4
_PATIENCE_S = 2.5
_ALL_WITHIN_S = 30.0
_LONG = 200


@dataclass(frozen=True)
class CheckScriptEnd:
    """How a script ended, and what it printed."""

    status: int
    printed: str

    @property
    def words(self) -> str:
        """For the observation of a row."""
        if self.status in (GONE, THERE):
            return SHOWN if self.status == THERE else NOT_SHOWN
        return f"could not tell: {one_line(self.printed, _LONG) or 'it said nothing'}"


@dataclass(frozen=True)
class _Trial:
    """A failure, and what its script is of."""

    row: CaseRow
    about: ScriptCase

    def end(self, limit_s: float) -> str:
        """What its script shows; whatever cannot tell gets one more try."""
        if time.monotonic() > limit_s:
            return _NOT_RUN
        patience_s = min(_PATIENCE_S, self.about.manners.patience_s)
        text, ended = CheckScript(self.about, patience_s).text, CheckScriptEnd(NOT_TOLD, "")
        for _ in range(2):
            ended = run_script(text, self.about.subject, patience_s)
            if ended.status in (GONE, THERE) or time.monotonic() > limit_s:
                break
        return ended.words


def confirmed_record(
    path: Path, subject: Listener, language: Language, manners: Manners, output: OutputFolder
) -> Sequence[CaseRow]:
    """Confirm what a record of a check has found, and write into it what came of that; its rows.

    Raises:
        RecordError: it cannot be read, or written.
    """
    record = read_record(path)
    rows = scripts_of(record.cases, subject, language, manners, output)
    if record.footer and rows != list(record.cases):
        lines = record_lines(record.header, record.requirements.values(), rows, record.footer)
        output.write(path.name, lines)
    return rows


def scripts_of(
    rows: Sequence[CaseRow],
    subject: Listener,
    language: Language,
    manners: Manners,
    output: OutputFolder,
) -> list[CaseRow]:
    """Write a script of each failure into the folder ``scripts`` of ``output``, run it once, and
    let its row say what came of it: whatever it does not show was seen once.

    Raises:
        RecordError: a script cannot be written.
    """
    trials = list(_trials(rows, subject, language, manners))
    limit_s = time.monotonic() + _ALL_WITHIN_S * scale()
    workers = _SIDE_BY_SIDE if subject.argv and subject.is_told_its_place else 1
    ends = side_by_side(lambda trial: trial.end(limit_s), trials, workers)
    found = {}
    for trial, end in zip(trials, ends, strict=True):
        script = CheckScript(trial.about, manners.patience_s, remark_on(end))
        name = script_name(trial.row.id)
        output.below(FOLDER).write(name, script.text)
        cause = trial.row.cause if end == SHOWN else f"seen once: its script {end}"
        seen = {**trial.row.observations, SCRIPT: f"{FOLDER}/{name} {end}"}
        found[trial.row.id] = dataclasses.replace(trial.row, observations=seen, cause=cause)
    return [found.get(row.id, row) for row in rows]


def remark_on(end: str) -> str:
    """What the first lines of a script say of it, which ended so when it was tried."""
    return "" if end == SHOWN else f"Seen once: when it was tried, this script {end}."


def _trials(
    rows: Sequence[CaseRow], subject: Listener, language: Language, manners: Manners
) -> Iterator[_Trial]:
    for row in rows:
        case = CaseId.read(row.id)
        if row.verdict is Verdict.FAIL and has_script(case):
            yield _Trial(row, ScriptCase(case, subject, language, manners, row.actual))


def run_script(text: str, subject: Listener, patience_s: float) -> CheckScriptEnd:
    """How a script ends, which is told the subject's address if it starts no program; nothing that
    it has started goes on."""
    argument = [] if subject.argv else [subject.address.words]
    keep()
    with own_folder() as folder:
        path, mark = OutputFolder(folder).write("script.py", text), new_mark()
        command = [sys.executable, "-I", str(path), *argument]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, AGENT_MARK: mark},
            start_new_session=True,
        ) as process:
            take_down(process)
            try:
                printed = process.communicate(timeout=_bound_s(patience_s))[0]
            except subprocess.TimeoutExpired:
                printed = b""
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                end_strays(AGENT_MARK, mark)
    return _end(process.returncode, printed.decode("utf-8", "replace").strip())


def _bound_s(patience_s: float) -> float:
    """Some waits are one after the other."""
    return start_bound_s() + 6 * patience_s * scale()


def _end(status: int, printed: str) -> CheckScriptEnd:
    """Python, too, ends with THERE when it cannot read a script: it says nothing then."""
    is_told = status in (GONE, THERE) and bool(printed)
    return CheckScriptEnd(status if is_told else NOT_TOLD, printed)
