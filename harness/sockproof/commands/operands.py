"""What the commands over records are given: record files, folders of them, implementations.

An implementation is played first; its record goes into a folder of its own.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from sockproof._paths import expanded
from sockproof.commands.output import NewFile
from sockproof.commands.run import record_of
from sockproof.errors import UsageError
from sockproof.iut.implementation import parse_iut
from sockproof.own_folder import own_folder
from sockproof.record.reader import Record, read_record
from sockproof.record.selection import select
from sockproof.report.comparison import renamed
from sockproof.run.areas import asked_module
from sockproof.run.run_options import RunOptions, click_option, run_options
from sockproof.spec.catalogue import load_modules
from sockproof.spec.keywords import keyword_matcher
from sockproof.spec.matrix import select_specs
from sockproof.spec.renames import load_renames, new_ids

__all__ = ["over_records", "read_operands", "record_files"]

_PLAYED_SUFFIXES = (".py", ".toml")


def over_records(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command over records: how implementations are played, what is written."""
    options = (
        run_options("specs", "areas", "keyword", "workers", "expectations"),
        click.option("--markdown", type=NewFile(), metavar="FILE", help="Write Markdown, too."),
        click.option("--html", type=NewFile(), metavar="FILE", help="Write a page, too."),
        click_option(
            "report_dir",
            default=None,
            show_default=False,
            help="Keep the records of what is played here, numbered. [default: they are not kept]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_operands(
    given: Sequence[str], options: RunOptions, kept_in: Path | None = None, *, single: bool = False
) -> list[Record]:
    """The records that arguments stand for, with the requirement ids of today.

    ``options`` say how implementations are played, and records are cut down to the same cases.
    ``kept_in`` gets the records of what is played, numbered; without it they are not kept.
    ``single``: a folder stands for one record, and must not hold several.

    Raises:
        UsageError: an argument is none of the three, or nothing is selected.
        HarnessError: a record cannot be read, or an implementation not be played.
    """
    keyword_matcher(options.keyword)
    select_specs(options.specs)  # what is wrong here is told before anything is played
    asked_module(options.areas)
    found = [_files(text, single=single) or _implementation(text) for text in given]
    renames = load_renames(load_modules())
    numbers = itertools.count(1)
    whole: list[Record] = []
    for one in found:
        if isinstance(one, str):
            whole.append(_played(one, options, kept_in and kept_in / str(next(numbers))))
        else:
            whole += [read_record(path, light=True) for path in one]
    cut = [
        select(renamed(one, renames), options.keyword, options.specs, options.areas)
        for one in whole
    ]
    if not any(record.cases for record in cut):
        hint = new_ids(options.keyword, load_modules()) or "see 'sockproof list --cases'"
        raise UsageError("no case is selected", hint)
    return cut


def _played(given: str, options: RunOptions, folder: Path | None) -> Record:
    """Play one implementation by itself: twice the same is two runs of it."""
    if folder is None:
        with own_folder() as place:
            return _played(given, options, place)
    asked = dataclasses.replace(options, iuts=(given,), report_dir=folder)
    return read_record(record_of(asked), light=True)


def _files(text: str, *, single: bool) -> list[Path]:
    """The record files that an argument stands for; none where it is no file of records."""
    path = expanded(text)
    if not path.is_dir():
        is_played = path.suffix in _PLAYED_SUFFIXES or os.access(path, os.X_OK)
        return [path] if path.suffix == ".jsonl" or (path.is_file() and not is_played) else []
    if (path / "__init__.py").is_file() and not any(path.glob("*.jsonl")):
        return []
    found = record_files(path)
    if single and len(found) > 1:
        raise UsageError(f"{path} holds {len(found)} records", "name one of them")
    return found


def record_files(folder: Path) -> list[Path]:
    """The records of a folder. Numbers in their names count as such: 3.10 comes after 3.9.

    Raises:
        UsageError: there are none.
    """
    found = sorted(folder.glob("*.jsonl"), key=_by_version)
    if not found:
        raise UsageError(f"no records in {folder}", "records are files that end with .jsonl")
    return found


def _by_version(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.stem)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _implementation(text: str) -> str:
    """The text of an ``--iut``, once it is known to be one."""
    try:
        parse_iut(text)
    except UsageError as error:
        told = error.message.removeprefix("--iut ")
        raise UsageError(
            f"{text!r} is neither a record nor a folder of records nor an implementation: {told}",
            error.hint,
        ) from None
    return text
