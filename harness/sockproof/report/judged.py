"""How much of what was asked for was judged: a run is green by evidence, and not by silence.

A case that is not applicable is silence. It is the implementation's own where this lacks what the
machine has and nobody said that it lacks it on purpose, and where the reference of its level judges
the case. What the machine lacks is told, and what to do about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sockproof.judge.verdict import Conformance, Verdict, conformance
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.record.scope import scope_of
from sockproof.report.text import counted
from sockproof.spec.levels import Level
from sockproof.spec.matrix import CLASSES

__all__ = ["LEAST_MUST", "is_unjudged", "silence", "silences", "standing", "what_machine_lacks"]

# Cases at MUST that a whole run must have judged for its implementation to be called strict.
LEAST_MUST = 20
_JUDGED = (Verdict.PASS, Verdict.FAIL)
# The classes without which nothing needs a feature have this in their names.
_CLASSES_OF = {"fork": "Forking", "AF_UNIX": "Unix", "abstract": "Unix"}
_SAY = "if that is on purpose, say so: --only-what-is-there, or provides = [...] in a TOML file"


def silence(record: Record) -> str:
    """Why a record is no evidence of what was asked for, and what to do; empty if it is.

    ``record`` has its reference, if there is one.
    """
    if _is_silent(record):
        number = len(record.cases)
        what = f"{counted(number, 'case')} {'is' if number == 1 else 'are'} not applicable"
        reasons = _by_number(case.reason for case in record.cases)
        others = "-k" if record.subject else "-k and --spec"
        return f"nothing was judged: {what}: {reasons}; select others, with {others}"
    own = _own_silence(record)
    if own and record.reference:
        lacking = _by_number(case.reason for case in own)
        what = f"{counted(len(own), 'case')} that {record.reference.iut_id} is judged by"
        return f"{what} {'was' if len(own) == 1 else 'were'} not judged: {lacking}; {_SAY}"
    return ""


def silences(records: Sequence[Record]) -> list[str]:
    """The same of all records of one run, each with its implementation. One that is to have nothing
    of what was asked for is silent with good reason, if another is not."""
    is_evidence = not all(map(_is_silent, records))
    told = [one for one in records if not (is_evidence and _is_rightly_silent(one))]
    return [f"{one.iut_id}: {words}" for one in told if (words := silence(one))]


def is_unjudged(records: Sequence[Record]) -> bool:
    """Whether all of them are of checks, and nothing of any server could be judged."""
    return bool(records) and all(one.subject and _is_silent(one) for one in records)


def _is_silent(record: Record) -> bool:
    cases = record.cases
    return bool(cases) and all(case.verdict is Verdict.NOT_APPLICABLE for case in cases)


def _is_rightly_silent(record: Record) -> bool:
    """Nothing was promised: its definition says so, or the reference of its level judges nothing
    of it, either."""
    return _is_silent(record) and all(
        _declared(record, case.lacks)
        or (record.reference is not None and not _is_judged(record.reference, case.id))
        for case in record.cases
    )


def what_machine_lacks(record: Record) -> str:
    """``no IPv6 here (240)``: what was not judged as this machine does not have it; empty if
    nothing."""
    told = (case.reason for case in record.cases if case.lacks and not _has(record, case.lacks))
    return _by_number(told)


def standing(record: Record) -> Conformance:
    """The conformance of a record, UNJUDGED where that would be said of too little.

    A server that was checked is held to all of its invariants: whoever reads "conformant" of one
    with findings takes it for sound.
    """
    held = (case for case in record.cases if not case.as_chosen)
    pairs = [(record.level_of(case), case.verdict) for case in held]
    if record.subject and any(verdict is Verdict.FAIL for _, verdict in pairs):
        return Conformance.NONCONFORMANT
    found = conformance(pairs)
    if found is Conformance.NONCONFORMANT:
        return found
    judged = sum(level is Level.MUST and verdict in _JUDGED for level, verdict in pairs)
    least = LEAST_MUST if scope_of(record).whole and not record.subject else 1
    return Conformance.UNJUDGED if judged < least or silence(record) else found


def _own_silence(record: Record) -> Sequence[CaseRow]:
    """The cases that the reference judges and this implementation lacks what they need for."""
    return [
        case
        for case in record.cases
        if case.lacks
        and _has(record, case.lacks)
        and not _declared(record, case.lacks)
        and _is_judged(record.reference, case.id)
    ]


def _is_judged(reference: Record | None, case_id: str) -> bool:
    found = reference.case(case_id) if reference else None
    return found is not None and found.verdict is not Verdict.NOT_APPLICABLE


def _has(record: Record, lacks: str) -> bool:
    """Whether the machine has what is lacking; a class is never the machine's."""
    machine = record.header.get("machine")
    return not isinstance(machine, Mapping) or machine.get(lacks) is not False


def _declared(record: Record, lacks: str) -> bool:
    """Whether it is said to be lacking on purpose, itself or all classes that stand on it."""
    told = record.header.get("capabilities")
    left_out = told.get("left_out", ()) if isinstance(told, Mapping) else ()
    word = _CLASSES_OF.get(lacks)
    standing_on_it = [name for name in CLASSES if word and word in name]
    return lacks in left_out or bool(standing_on_it and set(standing_on_it) <= set(left_out))


def _by_number(reasons: Iterable[str]) -> str:
    """``no fork here (412), no IPv6 here (80)``; past four of them only how many more."""
    found = Counter(reasons).most_common()
    more = f" and {len(found) - 4} more reasons" if len(found) > 4 else ""
    return ", ".join(f"{reason} ({number})" for reason, number in found[:4]) + more
