"""Writes the deviations of records down as expectations, and takes stale ones out of a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import click
import tomlkit

from sockproof.commands.output import NewFile, open_console, warn
from sockproof.commands.pruning import Witness, why_stale
from sockproof.errors import UsageError
from sockproof.judge.expectations import read_expectations
from sockproof.record.reader import Record, read_record
from sockproof.record.scope import scope_of
from sockproof.report.expecting import draft_expectations
from sockproof.report.text import one_line
from sockproof.spec.catalogue import load_everything
from sockproof.whole_file import write_whole

__all__ = ["expect_command"]

# Where entries are a list, where a table of the file begins, and what is below its last key.
_LIST = re.compile(r"^[ \t]*\"?expectation\"?[ \t]*=", re.MULTILINE)
_TABLE = re.compile(r"^(?=[ \t]*\[\[)", re.MULTILINE)
_TAIL = re.compile(r"(?:^[ \t]*(?:#.*)?\n?)*\Z", re.MULTILINE)


@click.command("expect")
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--output",
    type=NewFile(),
    metavar="FILE",
    help="Add the entries to this file. [default: print them]",
)
@click.option("--reason", default="", help="The reason of every entry. [default: left to fill in]")
@click.option(
    "--prune",
    type=NewFile(),
    metavar="FILE",
    help="Instead, take out of this file what the records no longer show, and say why.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="With --prune: let records of less than the whole suite settle what they do cover.",
)
@click.option("--dry-run", is_flag=True, help="With --prune: say what would go, and leave it.")
def expect_command(
    records: Sequence[Path],
    output: Path | None,
    reason: str,
    prune: Path | None,
    partial: bool,
    dry_run: bool,
) -> None:
    """Write down as expectations what deviated in records.

    Records of several versions tell since when and until when. Several of one version tell what
    is not the same each time.
    """
    read = [read_record(path, light=True) for path in records]
    if prune:
        if output or reason:
            raise UsageError("--prune takes neither --output nor --reason", "leave them out")
        _prune(prune, read, partial=partial, dry_run=dry_run)
        return
    if partial or dry_run:
        raise UsageError("--partial and --dry-run say how to prune", "give --prune FILE, too")
    for record in read:
        if limits := scope_of(record).limits:
            warn(f"{record.path} is {limits}: what else deviates is not written down")
    entries = [_table(draft.entry(reason)) for draft in draft_expectations(read)]
    if output:
        write_whole(output, "\n".join([*_before(output), *entries]))
    elif entries:
        open_console(soft_wrap=True).print("\n".join(entries), soft_wrap=True)
    warn(f"{len(entries)} expectations{f' added to {output}' if output else ''}")


def _table(entry: Mapping[str, str | int | bool]) -> str:
    """One entry as text; by itself, since a document of many takes its time."""
    lines = (f"{key} = {tomlkit.item(value).as_string()}\n" for key, value in entry.items())
    return f"[[expectation]]\n{''.join(lines)}"


def _before(file: Path) -> list[str]:
    """What the file says already, to be followed by tables.

    Raises:
        UsageError: it is in no order, or says it in a list that no table can follow.
    """
    text = file.read_text("utf-8") if file.is_file() else ""
    if not text.strip():
        return [text] if text else []
    read_expectations(file)
    if _LIST.search(text):
        problem = f"{file}: its expectations are a list in brackets"
        raise UsageError(problem, "begin each with [[expectation]]")
    return [text if text.endswith("\n") else f"{text}\n"]


def _prune(file: Path, records: Sequence[Record], *, partial: bool, dry_run: bool) -> None:
    """Take out of ``file`` what no record bears out any more, and say of each why.

    Comments and the order of the rest stay, and so does the file when nothing is left in it.

    Raises:
        UsageError: the file is in no order, or cannot be written; a record is not of the whole
            suite, and nobody said that it may be.
    """
    for record in records:
        limits = scope_of(record).limits
        if limits and not partial:
            problem = f"{record.path} is {limits}: it may not show all that still deviates"
            raise UsageError(problem, "give a complete record of the whole suite, or --partial")
    expectations = read_expectations(file)
    catalogue = load_everything()
    witnesses = [Witness.of(record) for record in records]
    reasons = [why_stale(one, witnesses, catalogue) for one in expectations]
    gone = {number: reason for number, reason in enumerate(reasons) if reason}
    if gone and not dry_run:
        write_whole(file, _without(file, gone))
    console, would = open_console(soft_wrap=True), "would be " if dry_run else ""
    for number in gone:
        told = f"{would}taken out: {expectations[number].case}: {reasons[number]}"
        console.print(one_line(told, 1000), soft_wrap=True)
    warn(f"{len(gone)} of {len(expectations)} expectations {would}taken out of {file}")


def _without(file: Path, gone: Collection[int]) -> str:
    """The text without these entries. What stands after their last key stays: a comment there may
    be about the next one.

    Raises:
        UsageError: an entry is not a table of its own.
    """
    text = file.read_text("utf-8")
    head, *tables = _TABLE.split(text)
    left = "".join([head, *(_tail(t) if n in gone else t for n, t in enumerate(tables))])
    wanted = [entry for number, entry in enumerate(_entries(text)) if number not in gone]
    if _entries(left) != wanted:
        raise UsageError(
            f"{file}: an entry is not a table of its own", "begin each [[expectation]]"
        )
    return left


def _tail(table: str) -> str:
    found = _TAIL.search(table)
    assert found is not None  # it matches the end
    return found[0]


def _entries(text: str) -> list[object]:
    return list(tomlkit.parse(text).unwrap().get("expectation", []))
