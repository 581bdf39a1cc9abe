"""Finds a stand-alone script that shows what a case finds, for the command that writes it."""

from __future__ import annotations

import dataclasses
import functools
import sys
from dataclasses import dataclass
from pathlib import Path

from sockproof.commands.at_work import at_work
from sockproof.commands.kept_plans import plays_plans
from sockproof.commands.one_case import Playing, play_case
from sockproof.commands.other_versions import others_here
from sockproof.commands.output import warn
from sockproof.commands.stored import Wanted
from sockproof.errors import HarnessError
from sockproof.generate.options import Generating
from sockproof.iut.capabilities import ProbedIut, interpreter_id, probe
from sockproof.iut.case_log import CaseLog
from sockproof.iut.implementation import Implementation, parse_iut
from sockproof.iut.judged_module import judged_as
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.report.observed import observed_lines
from sockproof.repro.behaviour import Behaviour, differences
from sockproof.repro.fates import fates
from sockproof.repro.layout import About
from sockproof.repro.plain import Names
from sockproof.repro.standalone_script import HURRIED, PATIENT, Script, write_script
from sockproof.repro.step_code import has_statement
from sockproof.repro.telling import Told
from sockproof.repro.trial import GONE, NOT_TOLD, THERE, Bench, Writing, shortened
from sockproof.repro.unmet import unmet
from sockproof.spec.area_names import SERVERS
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_modules
from sockproof.timing import hang_bound_s

__all__ = ["Written", "make_script", "warn_of_missing"]

_TRYING_PART, _IMPATIENT_PART = 0.4, 0.12
"""Of the hang bound: while it is found out whether a script shows anything, and while it is made
shorter; the one that is written has the whole one."""
_SURE = 6
"""How often a finished script must show the behaviour."""
_MOST_TRIED = 25
_TRIES = 4
_LEAST = (
    frozenset[str](),
    frozenset({PATIENT}),
    frozenset({HURRIED}),
    frozenset({HURRIED, PATIENT}),
)
"""What may be left out before anything else is: the first that shows the behaviour is taken."""


@dataclass(frozen=True)
class Written:
    """A script, what it shows, and where that was seen."""

    text: str
    behaviour: Behaviour
    names: Names
    about: About
    bench: Bench

    @property
    def expected(self) -> str:
        return self.behaviour.words or self.names.code(self.behaviour.expected)


def make_script(wanted: Wanted, shorten_s: float) -> Written:
    """Play the case, find what is different from the interpreter's own module, and write it down;
    for ``shorten_s`` parts of it are tried to be left out. Where that module does the same, it is
    another version here that does not. Of a case that generates plans, it is the one that fails.

    Raises:
        UsageError: there is no such case or implementation. HarnessError: the case passes, or no
            script shows what it finds.
    """
    case, iut = wanted.case, wanted.iut()
    reference = _untouched(iut)
    generating = _with_a_plan(wanted, iut)
    with at_work(f"playing {case}"):
        played = _played(case, iut, reference, generating)
        if not _is_shown_by(played[0].row, played[1].row):
            reference = next(others_here(case, played[0].row), reference)
            played = _played(case, iut, reference, generating)
    wrong, right, again = (_told(one) for one in played)
    _refuse_what_is_right(case, wrong, right)
    warn_of_missing(wrong.log)
    about = _about(case, iut, reference, wrong.row)
    bench = Bench(iut.implementation, reference.implementation, about.preload.strip())
    return _first_that_shows(about, bench, (wrong, right, again), shorten_s)


def warn_of_missing(log: CaseLog) -> None:
    """Say which of the case's operations no script can do."""
    unknown = [one for one in log.operations if not has_statement(one)]
    missing = sorted({f"{one.name} {one.arguments.get('op', '')}".strip() for one in unknown})
    if missing:
        warn(f"scripts leave out what they have no statement for: {', '.join(missing)}")


def _with_a_plan(wanted: Wanted, iut: ProbedIut) -> Generating:
    """The plan to play: if none is given, one that fails is looked for."""
    generating = wanted.generating
    if not plays_plans(wanted.case) or generating.plan is not None:
        return generating
    row = play_case(wanted.case, [iut], generating)[0].row
    failing = (row.generated or {}).get("failing")
    return dataclasses.replace(generating, plan=failing) if failing else generating


def _played(
    case: CaseId, iut: ProbedIut, reference: ProbedIut, generating: Generating
) -> list[Playing]:
    """The case there, and twice on the reference. A plan that failed once may need several tries,
    if it depends on who comes first."""
    tries = _TRIES if generating.plan else 1
    first, *rest = play_case(case, [iut, reference, reference], generating)
    while tries > 1 and not first.row.deviates:
        first, tries = play_case(case, [iut], generating)[0], tries - 1
    return [first, *rest]


def _untouched(iut: ProbedIut) -> ProbedIut:
    """The interpreter's own module; of an interpreter's own module, that of this Python."""
    own = iut.implementation
    if own.module or own.preload:
        bare = Implementation(own.argv[0], own.argv, env=own.env, judged=own.judged)
        return dataclasses.replace(iut, implementation=bare)
    return probe(judged_as(own.judged, parse_iut(sys.executable)))


def _is_shown_by(wrong: CaseRow, right: CaseRow) -> bool:
    """Whether the second playing is one that the behaviour of the first can be held against."""
    if right.deviates or right.verdict is Verdict.NOT_APPLICABLE:
        return False
    return wrong.deviates or wrong.observations != right.observations


def _told(playing: Playing) -> Told:
    return Told(playing.row, playing.log, Names.of(playing.log, playing.folder))


def _refuse_what_is_right(case: CaseId, wrong: Told, right: Told) -> None:
    row = wrong.row
    if row.verdict is Verdict.NOT_APPLICABLE:
        raise HarnessError(f"{case} is not applicable: {row.reason}", "nothing to reproduce")
    if row.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE):
        raise HarnessError(f"{case} ends with {row.verdict}: {row.reason}", "no script")
    if not row.deviates and row.observations == right.row.observations:
        if row.observations:
            seen = next(iter(observed_lines(row, {})))
            raise HarnessError(
                f"every version here observes the same of {case}: {seen}", "see replay"
            )
        raise HarnessError(f"{case} passes there", "a script shows what is wrong")


def _about(case: CaseId, iut: ProbedIut, reference: ProbedIut, row: CaseRow) -> About:
    requirement, own = load_modules().get(case.requirement), iut.implementation
    return About(
        str(case),
        requirement.title,
        str(requirement.level.value),
        str(requirement.source),
        _described(iut),
        _described(reference),
        row.expected,
        row.actual,
        own.preload,
        dict(own.classes),
        row.cause,
        own.server,
        iut.own_server.stands_for if iut.own_server else "",
        "" if own.judged == SERVERS else own.judged,
    )


def _described(iut: ProbedIut) -> str:
    own = iut.implementation
    module = Path(own.module_path).name if own.module_path else own.module or own.name
    interpreter = interpreter_id(dict(iut.hello)).replace("-", " ")
    interpreter = interpreter.replace("cpython", "CPython").replace("pypy", "PyPy")
    named = f"{own.server} of {module}" if own.server else module
    return f"{named} under {interpreter}" if module else f"the {own.judged} of {interpreter}"


def _first_that_shows(
    about: About, bench: Bench, told: tuple[Told, Told, Told], shorten_s: float
) -> Written:
    """The first difference that a script shows; of what is not right anywhere, what the case
    waited for in vain."""
    wrong, right, again = told
    whole = list(fates(wrong, preloaded=bool(about.preload)))
    if right.row.deviates or right.row.verdict is Verdict.NOT_APPLICABLE:
        alone = Bench(bench.wrong, None)
        found = [(one, wrong, alone) for one in [*whole, *unmet(wrong)]]
        about = dataclasses.replace(about, unseen="")
    else:
        found = [(one, wrong, bench) for one in whole]
        found += [(one, right, bench) for one in differences(wrong, right, again)]
    for behaviour, source, where in found[:_MOST_TRIED]:
        writing = functools.partial(_write, about, source, behaviour)
        with at_work("trying what the script can leave out"):
            text = _shortest(writing, where, shorten_s)
        if text:
            return Written(text, behaviour, source.names, about, where)
    tried = min(len(found), _MOST_TRIED)
    raise HarnessError(
        f"no script shows it, of {tried} that {'was' if tried == 1 else 'were'} tried",
        "see its transcript, in the report or by sockproof replay",
    )


def _shortest(writing: Writing, bench: Bench, shorten_s: float) -> str:
    """The script without what can be left out; empty where it does not show the behaviour."""
    tried = dict[str, frozenset[str]]()
    for omit in _LEAST:
        tried.setdefault(writing(omit, _TRYING_PART * hang_bound_s()).text, omit)
    for least in tried.values():
        whole = writing(least, _TRYING_PART * hang_bound_s())
        wrong, right = bench.statuses(whole.text)
        if (wrong, right) == (THERE, GONE):
            impatient_s = _IMPATIENT_PART * hang_bound_s()
            found = shortened(writing, whole.keys, bench, impatient_s, shorten_s, least)
            some = dict.fromkeys([found[-1], found[len(found) * 2 // 3], found[len(found) // 3]])
            texts = (writing(omit, hang_bound_s()).text for omit in (*some, least))
            shown = next((text for text in texts if bench.shows(text, _SURE)), "")
            if shown:
                return shown
        elif wrong != NOT_TOLD:
            break
    return ""


def _write(
    about: About, told: Told, behaviour: Behaviour, omit: frozenset[str], hang_s: float
) -> Script:
    return write_script(about, told, behaviour, omit, hang_s)
