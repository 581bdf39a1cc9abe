"""What the commands over one case are given: a case by its id, one that a record holds, or a plan
of generated clients that was kept."""

from __future__ import annotations

import dataclasses
import functools
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sockproof.commands.asked_check import AREAS, AskedCheck, asked_check, parted
from sockproof.commands.asked_examples import class_options, example_words
from sockproof.commands.asked_tls import TLS_OPTIONS
from sockproof.commands.kept_plans import GENERATED, read_plan, refuse_unplayable
from sockproof.commands.one_case import known_case
from sockproof.commands.recorded_iut import chosen_iut
from sockproof.errors import UsageError
from sockproof.generate.options import EXAMPLES, MIXES, SEED, Generating
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.judged_module import judged_as
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.run.run_options import click_option
from sockproof.spec.area_names import module_of
from sockproof.spec.case_id import CaseId
from sockproof.whole_file import write_whole

__all__ = ["GENERATED", "GENERATING", "Wanted", "keep_plan", "over_one_case"]

_PLAN = ".json"
_NAMES_A_CLASS = ("server", "handler", "exchanges", "tls", *TLS_OPTIONS)


@dataclass(frozen=True)
class Wanted:
    """A case, and how a record says that it ended, if one was given.

    ``asked`` is the implementation asked for, if any; ``trusted`` says that the record may name it.
    ``plan`` is the one to play, of a case that
    generates plans. ``seed`` and ``examples`` are those asked for: then plans are generated again.
    ``words`` name what is checked, of a case of a check.
    """

    case: CaseId
    row: CaseRow | None = None
    record: Record | None = None
    asked: str = ""
    trusted: bool = False
    plan: Mapping[str, Any] | None = None
    seed: int | None = None
    examples: int | None = None
    words: tuple[str, ...] = ()

    @property
    def is_check(self) -> bool:
        """Whether it is a case of a check, which is played on an address or a program."""
        return self.case.area in AREAS

    def checked(self) -> AskedCheck:
        """A case of a check, on what is named: see :func:`asked_check`.

        Raises:
            UsageError: nothing is, or the case is not played on it.
        """
        asked = asked_check(self.case, self.words, self.asked, self.record, trusted=self.trusted)
        manners = dataclasses.replace(asked.manners, generating=self.generating)
        return dataclasses.replace(asked, manners=manners)

    def iut(self) -> ProbedIut:
        """The implementation to play it on: see :func:`chosen_iut`.

        Raises:
            UsageError: there is none. IutUnavailable: it does not start.
        """
        chosen = chosen_iut(self.asked, self.record, trusted=self.trusted)
        return probe(judged_as(module_of(self.case.area), chosen))

    @property
    def generating(self) -> Generating:
        """Which plans are played: the one that failed or was kept, else as many from the seed as
        was asked for, or as the record says."""
        told = (self.row.generated if self.row else None) or {}
        settings = self.record.header.get("settings") if self.record else None
        stored = settings.get("examples") if isinstance(settings, dict) else None
        seed = _first_number(self.seed, told.get("seed"), SEED)
        examples = _first_number(self.examples, stored, MIXES if self.is_check else EXAMPLES)
        is_given = self.seed is not None or self.examples is not None
        plan = None if is_given else self.plan or told.get("failing")
        return Generating(seed, examples, plan=plan)


def _first_number(*values: Any) -> int:
    return next(value for value in values if isinstance(value, int))


def over_one_case(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments and options of a command over one case, which gets it as its first argument."""

    @functools.wraps(command)
    def called(given: Sequence[str], record: Path | None, iut: str, **others: Any) -> Any:
        told = {name: others.pop(name) for name in ("seed", "examples", "trusted")}
        named = {name: others.pop(name) for name in _NAMES_A_CLASS}
        wanted = _with_examples(_wanted(given, record), named)
        return command(dataclasses.replace(wanted, asked=iut, **told), **others)

    options = (
        click.argument(
            "given", metavar="[FILE] [CASE] [ADDRESS | -- PROGRAM...]", nargs=-1, required=True
        ),
        click.option(
            "--iut",
            default="",
            metavar="IUT",
            help="The implementation, as for run. [default: the running Python, or the record's if "
            "that is a Python which 'sockproof doctor' finds]",
        ),
        click.option(
            "--trust-record",
            "trusted",
            is_flag=True,
            help="Without --iut: run what the record names, whatever that is, and tell it first.",
        ),
        click.option(
            "--record",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="The record that the case is compared with.",
        ),
        *GENERATING,
    )
    decorated = class_options(called)
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def _with_examples(wanted: Wanted, named: Mapping[str, Any]) -> Wanted:
    """With the options that name a class or examples before the words."""
    options = tuple(example_words(named))
    words = ("--", *wanted.words) if options and wanted.words else wanted.words
    return dataclasses.replace(wanted, words=(*options, *words))


# How a case that generates plans is to do so, otherwise than its record says.
GENERATING = (
    click_option(
        "seed",
        default=None,
        show_default=False,
        help="For a case that generates plans: generate them from this seed. [default: play the "
        "plan that failed in the record, else from the record's seed, or 1]",
    ),
    click_option(
        "examples",
        default=None,
        type=click.IntRange(1),
        show_default=False,
        help="For a case that generates plans: how many. [default: the record's, or 15; of a "
        "check, 40]",
    ),
)


def _wanted(given: Sequence[str], record: Path | None = None) -> Wanted:
    """What ``[FILE] [CASE]`` stand for; of a record in which one case deviates, it is that one. A
    file that ends with ``.json`` is a plan, which names its case.

    Raises:
        UsageError: there is no such case, here or in the record, or it is not clear which is meant;
            a file is no plan. RecordError: the record cannot be read.
    """
    given, words = parted(given)
    files = [text for text in given if _is_file(text)]
    ids = [text for text in given if text not in files]
    if len(files) + bool(record) > 1 or len(ids) > 1:
        raise UsageError("too many cases", "give one case, and at most one record")
    path = record or (Path(files[0]) if files else None)
    if path is not None and path.suffix == _PLAN:
        return _kept(path, ids, words)
    if path is None:
        if not ids:
            raise UsageError("no case is given", "see 'sockproof list --cases'")
        return Wanted(known_case(ids[0]), words=words)
    found = read_record(path)
    row = _row(found, ids[0]) if ids else _the_one(found)
    case = known_case(row.id)
    if (failing := (row.generated or {}).get("failing")) is not None:
        refuse_unplayable(path, case, failing)
    return Wanted(case, row, found, words=words)


def _is_file(text: str) -> bool:
    return text.endswith((".jsonl", _PLAN)) or Path(text).is_file()


def _kept(path: Path, ids: Sequence[str], words: tuple[str, ...]) -> Wanted:
    case, plan = read_plan(path)
    if ids and ids[0] != str(case):
        raise UsageError(f"{path} is a plan of {case}", "leave out the case")
    if words and case.area not in AREAS:
        raise UsageError(f"{path} is a plan of {case}", f"leave out {shlex.join(words)}")
    return Wanted(case, plan=plan, words=words)


def keep_plan(path: Path, case: CaseId, row: CaseRow, wanted: Wanted) -> None:
    """Write the plan that failed, or that was given, so that it can be played and changed.

    Raises:
        UsageError: there is none. RecordError: it cannot be written.
    """
    plan = (row.generated or {}).get("failing") or wanted.generating.plan
    if plan is None:
        raise UsageError(f"no plan of {case} failed", "a record is kept in FILE.jsonl")
    text = json.dumps({"case": str(case), "plan": plan}, indent=1)
    write_whole(path, f"{text}\n")


def _row(record: Record, case_id: str) -> CaseRow:
    row = record.case(case_id)
    if row is None:
        known_case(case_id)
        raise UsageError(f"{record.path} holds no case {case_id}", "see 'sockproof list --cases'")
    return row


def _the_one(record: Record) -> CaseRow:
    deviating = [case for case in record.cases if case.deviates] or list(record.cases)
    if len(deviating) != 1:
        several = ", ".join(case.id for case in deviating[:3]) or "none"
        raise UsageError(f"which case of {record.path}?", f"name one, such as {several}")
    return deviating[0]
