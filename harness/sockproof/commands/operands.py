"""What the commands over records are given: record files, folders of them, implementations.

An implementation is played first; its record goes into a folder of its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sockproof._paths import expanded
from sockproof.commands.output import warn
from sockproof.commands.run import RunSettings, played
from sockproof.errors import UsageError
from sockproof.iut.implementation import parse_iut
from sockproof.record.reader import Record, read_record
from sockproof.record.selection import keyword_matcher, select
from sockproof.report.comparison import renamed
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.matrix import select_specs
from sockproof.spec.renames import load_renames, new_ids

__all__ = ["Operands"]

_PLAYED_SUFFIXES = (".py", ".toml")


@dataclass(frozen=True)
class Operands:
    """How the arguments of a command become records.

    ``specs`` and ``keyword`` select the cases that are played, and cut records down to the same.
    ``report_dir`` gets the records of what is played, numbered; without it they are not kept.
    """

    specs: Sequence[str] = ()
    keyword: str = ""
    workers: int = 0
    expectations: Sequence[Path] = ()
    report_dir: Path | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def records(self, given: Sequence[str], *, single: bool = False) -> list[Record]:
        """The records, with the requirement ids of today, cut down to what is selected.

        ``single``: a folder stands for one record, and must not hold several.

        Raises:
            UsageError: an argument is none of the three, or nothing is selected.
            HarnessError: a record cannot be read, or an implementation not be played.
        """
        keyword_matcher(self.keyword)
        select_specs(self.specs)  # what is wrong here is told before anything is played
        found = [_files(text, single=single) or _implementation(text) for text in given]
        renames = load_renames(load_catalogue())
        whole = [
            record
            for one in found
            for record in ([self._played(one)] if isinstance(one, str) else map(read_record, one))
        ]
        cut = [select(renamed(one, renames), self.keyword, self.specs) for one in whole]
        if not any(record.cases for record in cut):
            hint = new_ids(self.keyword, load_catalogue()) or "see 'sockproof list --cases'"
            raise UsageError("no case is selected", hint)
        return cut

    def _played(self, given: str) -> Record:
        """Play one implementation by itself: twice the same is two runs of it."""
        if self.report_dir:
            return self._played_in(self.report_dir / str(next(self._numbers)), given)
        with TemporaryDirectory(prefix="sockproof-") as name:
            return self._played_in(Path(name), given)

    def _played_in(self, folder: Path, given: str) -> Record:
        monitor = played(
            RunSettings(
                [given], self.specs, self.keyword, self.workers, "fail", folder, self.expectations
            )
        )
        for problem in monitor.problems:
            warn(problem)
        if "interrupted" in monitor.problems:
            raise KeyboardInterrupt
        (path,) = monitor.paths()
        return read_record(path)


def _files(text: str, *, single: bool) -> list[Path]:
    """The record files that an argument stands for; none where it is no file of records."""
    path = expanded(text)
    if path.is_dir():
        return _records_of_folder(path, single=single)
    is_played = path.suffix in _PLAYED_SUFFIXES or os.access(path, os.X_OK)
    return [path] if path.suffix == ".jsonl" or (path.is_file() and not is_played) else []


def _records_of_folder(folder: Path, *, single: bool) -> list[Path]:
    found = sorted(folder.glob("*.jsonl"))
    if single and len(found) > 1:
        raise UsageError(f"{folder} holds {len(found)} records", "name the one that is meant")
    if not found and not (folder / "__init__.py").is_file():
        raise UsageError(f"no records in {folder}", "they end with .jsonl")
    return found


def _implementation(text: str) -> str:
    """The text of an ``--iut``, once it is known to be one."""
    try:
        parse_iut(text)
    except UsageError as error:
        told = error.message.removeprefix("--iut ")
        raise UsageError(
            f"{text!r} is no record, and no folder of one, and no implementation: {told}",
            error.hint,
        ) from None
    return text
