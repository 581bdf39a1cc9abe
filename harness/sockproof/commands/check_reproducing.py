"""Writes a stand-alone script of a case of a check, and sees that it shows what was seen."""

from __future__ import annotations

from dataclasses import dataclass

from sockproof.check.scripts.check_script import CheckScript, ScriptCase, has_script
from sockproof.check.scripts.confirming import remark_on, run_script
from sockproof.commands.at_work import at_work
from sockproof.commands.stored import Wanted
from sockproof.errors import HarnessError
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow

__all__ = ["CheckWritten", "make_check_script"]


@dataclass(frozen=True)
class CheckWritten:
    """A script, and in words what came of it when it was tried."""

    text: str
    tried: str


def make_check_script(wanted: Wanted) -> CheckWritten:
    """The script of what the record says, or of what the case finds now, tried once. Where it does
    not show it, its first lines say so.

    Raises:
        UsageError: nothing says what is checked. HarnessError: nothing is wrong there, or nobody
            can be reached.
    """
    if not has_script(wanted.case):
        raise HarnessError(f"{wanted.case} is only seen: nothing of it is promised", "no script")
    asked, row = wanted.checked(), wanted.row
    if row:
        _refuse_what_is_right(row)
    with at_work(f"playing {wanted.case}"):
        row, language = (row, asked.spoken()) if row else asked.played()
    _refuse_what_is_right(row)
    plan = wanted.generating.plan or (row.generated or {}).get("failing")
    about = ScriptCase(
        wanted.case, asked.subject, language, asked.manners, row.actual, asked.exchanges, plan
    )
    patience_s = asked.manners.patience_s
    with at_work("trying the script"):
        end = run_script(CheckScript(about, patience_s).text, asked.subject, patience_s)
    script = CheckScript(about, patience_s, remark_on(end.words))
    return CheckWritten(script.text, f"when it was tried, it {end.words}")


def _refuse_what_is_right(row: CaseRow) -> None:
    if row.verdict is Verdict.NOT_APPLICABLE:
        raise HarnessError(f"{row.id} is not applicable: {row.reason}", "nothing to reproduce")
    if row.verdict is Verdict.PASS:
        raise HarnessError(f"{row.id} passes there", "a script shows what is wrong")
    if row.verdict is not Verdict.FAIL:
        raise HarnessError(f"{row.id} ends with {row.verdict}: {row.reason}", "no script")
