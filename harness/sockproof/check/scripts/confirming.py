"""Confirms what a check finds, as soon as it is found: the script of a failure is written, and run
once.

What was waited for in the check is not waited for as long again.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

from sockproof.check.language import Language
from sockproof.check.listener import Listener
from sockproof.check.own_network import in_own_network
from sockproof.check.program_life import outer_environment
from sockproof.check.scene import Manners
from sockproof.check.scripts.check_script import CheckScript, ScriptCase, has_script, script_name
from sockproof.check.service.exchanges import NONE, Exchanges
from sockproof.iut.asked_program import said_by
from sockproof.iut.started import end_started
from sockproof.iut.strays import AGENT_MARK, end_strays, new_mark
from sockproof.iut.survivor import keep
from sockproof.judge.verdict import Verdict
from sockproof.output_folder import OutputFolder
from sockproof.own_folder import own_folder
from sockproof.record.rows import CaseRow
from sockproof.report.text import one_line
from sockproof.run.lifetime import interrupted
from sockproof.spec.case_id import CaseId
from sockproof.timing import scale, start_bound_s

__all__ = [
    "NOT_SHOWN",
    "SCRIPT",
    "SHOWN",
    "CheckScriptEnd",
    "Confirmation",
    "remark_on",
    "run_script",
]

GONE, THERE, NOT_TOLD = 0, 1, 2
SCRIPT = "script"
"""The name of the observation: the file beside the record, and whether it shows the failure."""
SHOWN, NOT_SHOWN = "shows it", "does not show it"
FOLDER = "scripts"
# How many lives of a program are looked at at once; of a server that was there before, one.
_SIDE_BY_SIDE = 8
_PATIENCE_S, _LOOK_S = 2.5, 0.02
_ALL_WITHIN_S = 30.0
_CROWDS_S = 80.0
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


_Running = Future[CheckScriptEnd]


class Confirmation:
    """Runs the script of each failure of a ``subject`` that was treated so, and keeps it in the
    folder ``scripts`` of ``output``. All of them together get no more time than is sensible, and
    none is run once an interrupt has come. Used in a ``with``: at its end no script goes on."""

    def __init__(
        self,
        subject: Listener,
        manners: Manners,
        output: OutputFolder,
        exchanges: Exchanges = NONE,
    ) -> None:
        self._subject, self._manners, self._exchanges = subject, manners, exchanges
        self._output = output
        self._lives = _SIDE_BY_SIDE if subject.argv and subject.is_told_its_place else 1
        self._rest_s = _ALL_WITHIN_S * scale() * self._lives
        self._pool, self._early = ThreadPoolExecutor(_SIDE_BY_SIDE), dict[CaseId, _Running]()

    def __enter__(self) -> Confirmation:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        running = list(self._early.values())
        while not all(one.done() for one in running):
            end_started()
            wait(running, _LOOK_S)

    def suspect(self, case: CaseId, language: Language) -> None:
        """A case that seems to fail: its script is run beside it, where lives do not disturb one
        another, so that it need not be waited for once that is sure."""
        if self._lives > 1 and has_script(case) and case not in self._early:
            text = CheckScript(self._about(case, language), self._patience_s).text
            self._early[case] = self._pool.submit(self._run, text)

    def confirmed(self, row: CaseRow, language: Language, gone: str = "") -> CaseRow:
        """A row with what came of its script; whatever that does not show was seen once. A server
        of which it is said why it is ``gone`` is not asked. A row without a script stays as it is.

        Raises:
            RecordError: the script cannot be written.
        """
        case = CaseId.read(row.id)
        if row.verdict is not Verdict.FAIL or not has_script(case):
            return row
        plan = (row.generated or {}).get("failing")
        about = self._about(case, language, row.actual, plan)
        end = f"was not run: {gone}" if gone else self._end(about)
        script = CheckScript(about, self._manners.patience_s, remark_on(end))
        name = script_name(row.id)
        self._output.below(FOLDER).write(name, script.text)
        cause = row.cause if end == SHOWN else f"seen once: its script {end}"
        seen = {**row.observations, SCRIPT: f"{FOLDER}/{name} {end}"}
        return dataclasses.replace(row, observations=seen, cause=cause)

    def _about(
        self,
        case: CaseId,
        language: Language,
        seen: str = "",
        plan: Mapping[str, Any] | None = None,
    ) -> ScriptCase:
        return ScriptCase(case, self._subject, language, self._manners, seen, self._exchanges, plan)

    @property
    def _patience_s(self) -> float:
        return min(_PATIENCE_S, self._manners.patience_s)

    def _end(self, about: ScriptCase) -> str:
        """What it shows; whatever cannot tell gets one more try."""
        if about.case in self._early and self._early[about.case].result().status == THERE:
            return SHOWN
        text, words = CheckScript(about, self._patience_s).text, ""
        for _ in range(2):
            if interrupted():
                return "was not run to its end: an interrupt came"
            if self._rest_s <= 0:
                return words or "was not run: its time was over"
            ended = self._run(text)
            words = ended.words
            if ended.status in (GONE, THERE):
                break
        return words

    def _run(self, text: str) -> CheckScriptEnd:
        began_s = time.monotonic()
        try:
            return run_script(text, self._subject, self._patience_s)
        finally:
            self._rest_s -= time.monotonic() - began_s


def remark_on(end: str) -> str:
    """What the first lines of a script say of it, which ended so when it was tried."""
    return "" if end == SHOWN else f"Seen once: when it was tried, this script {end}."


def run_script(text: str, subject: Listener, patience_s: float) -> CheckScriptEnd:
    """How a script ends, which is told the subject's address if it starts no program; nothing that
    it has started goes on. It lives in a network of its own if the subject does."""
    run = partial(_run, text, subject, patience_s)
    return in_own_network(run) if subject.is_apart else run()


def _run(text: str, subject: Listener, patience_s: float) -> CheckScriptEnd:
    argument = [] if subject.argv else [subject.address.words]
    keep()  # what is started has its mark, too
    with own_folder() as folder:
        path, mark = OutputFolder(folder).write("script.py", text), new_mark()
        command = [sys.executable, "-I", str(path), *argument]
        try:
            said = said_by(command, _bound_s(patience_s), {**outer_environment(), AGENT_MARK: mark})
        finally:
            end_strays(AGENT_MARK, mark)
    return _end(said.status, said.stdout.strip())


def _bound_s(patience_s: float) -> float:
    """Some waits are one after the other, and so are crowds."""
    return start_bound_s() + (6 * patience_s + _CROWDS_S) * scale()


def _end(status: int | None, printed: str) -> CheckScriptEnd:
    """Python, too, ends with THERE when it cannot read a script: it says nothing then."""
    is_told = status in (GONE, THERE) and bool(printed)
    return CheckScriptEnd(NOT_TOLD if status is None or not is_told else status, printed)
