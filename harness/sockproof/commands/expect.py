"""Writes the deviations of records down as expectations, and takes stale ones out of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import tomlkit
from tomlkit.items import AoT

from sockproof.commands.output import open_console, warn
from sockproof.errors import UsageError
from sockproof.judge.expectations import Circumstances, Expectation, read_expectations
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.report.expecting import draft_expectations
from sockproof.spec.levels import parse_python_level

__all__ = ["expect_command"]

_TOML = click.Path(dir_okay=False, path_type=Path)


@click.command("expect")
@click.argument(
    "records", metavar="RECORD...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--output",
    type=_TOML,
    metavar="FILE",
    help="Add the entries to this file. [default: print them]",
)
@click.option("--reason", default="", help="The reason of every entry. [default: left to fill in]")
@click.option(
    "--prune",
    type=_TOML,
    metavar="FILE",
    help="Instead, take out of this file what the records no longer show.",
)
def expect_command(
    records: Sequence[Path], output: Path | None, reason: str, prune: Path | None
) -> None:
    """Write down as expectations what deviated in records; several tell since when and until."""
    read = [read_record(path) for path in records]
    console = open_console(soft_wrap=True)
    if prune:
        gone = _prune(prune, read)
        for case in gone:
            console.print(f"taken out: {case}", markup=False)
        warn(f"{len(gone)} stale expectations taken out of {prune}")
        return
    drafts = draft_expectations(read)
    document = _document(output) if output and output.exists() else tomlkit.document()
    tables = document.setdefault("expectation", tomlkit.aot())
    for draft in drafts:
        tables.append(tomlkit.item(draft.entry(reason)))
    if output:
        _write(output, document)
    elif drafts:
        console.print(tomlkit.dumps(document), soft_wrap=True)
    warn(f"{len(drafts)} expectations{f' added to {output}' if output else ''}")


def _prune(file: Path, records: Sequence[Record]) -> list[str]:
    """Take out of ``file`` what no record bears out any more; the cases of what went.

    An entry goes when some record meets its conditions, and in none of those a case is as it
    says. Comments and the order of the rest stay.

    Raises:
        UsageError: the file is in no order, or cannot be written.
    """
    expectations = read_expectations(file)
    document = _document(file)
    tables = document["expectation"]
    assert isinstance(tables, AoT)  # read_expectations() has seen to it
    gone = [number for number, one in enumerate(expectations) if _is_stale(one, records)]
    for number in reversed(gone):
        del tables[number]
    if gone and len(gone) == len(expectations):
        file.unlink()
    elif gone:
        _write(file, document)
    return [expectations[number].case for number in gone]


def _is_stale(one: Expectation, records: Iterable[Record]) -> bool:
    if one.intermittent:
        return False
    concerned = [record for record in records if one.holds_in(_circumstances(record))]
    cases = [case for record in concerned for case in record.cases if one.matches(case.id)]
    return bool(concerned) and not any(_bears_out(one, case) for case in cases)


def _bears_out(one: Expectation, case: CaseRow) -> bool:
    return case.deviates and not one.problem(case.verdict, case.words, case.teardown.verdict)


def _circumstances(record: Record) -> Circumstances:
    told = record.header.get("capabilities")
    features = {name: has is True for name, has in told.items()} if isinstance(told, dict) else {}
    about = record.implementation
    level = parse_python_level(about.level)
    version = parse_python_level(about.version) if about.version else ()
    return Circumstances.of(about.name, level, version, features, about.runtime)


def _document(file: Path) -> tomlkit.TOMLDocument:
    if file.exists() and file.stat().st_size:
        read_expectations(file)
    return tomlkit.parse(file.read_text("utf-8"))


def _write(file: Path, document: tomlkit.TOMLDocument) -> None:
    try:
        file.write_text(tomlkit.dumps(document), "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", "choose another") from None
