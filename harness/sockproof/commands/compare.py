"""Holds records against the first of them, and says what has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.commands.operands import Operands
from sockproof.commands.output import open_console
from sockproof.errors import HarnessError, RecordError, UsageError
from sockproof.report.changes import Kind
from sockproof.report.compare_markdown import compare_markdown
from sockproof.report.compare_text import print_comparisons
from sockproof.report.comparison import Comparison, compare
from sockproof.report.html.changes_view import compare_html
from sockproof.report.text import column_names

__all__ = ["Pages", "compare_records", "gate_status"]

COMPARED, REGRESSION, UNKNOWN = 0, 1, HarnessError.exit_status


@dataclass(frozen=True)
class Pages:
    """The files to write, if any."""

    markdown: Path | None = None
    html: Path | None = None

    def refuse_unwritable(self) -> None:
        """Better said before anything is played than after it.

        Raises:
            UsageError: a file is to be in a folder that is not there.
        """
        for path in filter(None, (self.markdown, self.html)):
            if not path.absolute().parent.is_dir():
                raise UsageError(f"cannot write {path}: no folder {path.parent}", "make it first")

    def write(self, markdown: Callable[[], str], html: Callable[[], str]) -> None:
        """Make and write what was asked for.

        Raises:
            RecordError: a file cannot be written.
        """
        for path, text in ((self.markdown, markdown), (self.html, html)):
            try:
                if path:
                    path.write_text(text(), "utf-8")
            except OSError as error:
                raise RecordError(f"cannot write {path}: {error.strerror}") from None


def compare_records(given: Sequence[str], operands: Operands, pages: Pages, *, gate: bool) -> int:
    """Compare, print and write; the exit status.

    Raises:
        UsageError: an argument is wrong, or two records have nothing in common.
        HarnessError: a record cannot be read, or an implementation not be played.
    """
    if len(given) < 2:
        raise UsageError("one record is nothing to compare", "name two or more")
    pages.refuse_unwritable()
    baseline, *others = operands.records(given, single=True)
    comparisons = [compare(baseline, other) for other in others]
    names = column_names([baseline, *others])
    for comparison, name in zip(comparisons, names[1:], strict=True):
        if not comparison.common:
            raise UsageError(f"{names[0]} and {name} have no case in common", "nothing to compare")
    print_comparisons(comparisons, names, open_console())
    pages.write(
        lambda: compare_markdown(comparisons, names), lambda: compare_html(comparisons, names)
    )
    return gate_status(comparisons) if gate else COMPARED


def gate_status(comparisons: Sequence[Comparison]) -> int:
    """3 where a record is incomplete or a case no longer known, else 1 where one is a regression.

    What was not seen may be worse than what was.
    """
    if any(one.incomplete or Kind.UNKNOWN in one.by_kind for one in comparisons):
        return UNKNOWN
    return REGRESSION if any(one.regressions for one in comparisons) else COMPARED
