"""Holds records against the first of them, and says what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sockproof.commands.operands import over_records, read_operands
from sockproof.commands.output import open_console
from sockproof.errors import HarnessError, UsageError
from sockproof.record.reader import Record
from sockproof.record.scope import WHOLE_SHARD, scope_of
from sockproof.report.changes import Kind
from sockproof.report.compare_markdown import compare_markdown
from sockproof.report.compare_text import print_comparisons
from sockproof.report.comparison import Comparison, compare
from sockproof.report.html.changes_view import compare_html
from sockproof.report.text import column_names
from sockproof.run.run_options import RunOptions
from sockproof.whole_file import write_whole

__all__ = ["compare_command"]

COMPARED, REGRESSION, UNKNOWN = 0, 1, HarnessError.exit_status


@click.command("compare")
@over_records
@click.argument("given", metavar="A B...", nargs=-1, required=True)
@click.option(
    "--gate",
    is_flag=True,
    help="End with 1 on a regression: newly failing, newly unclean, a case at MUST or SHOULD gone; "
    "and with 3 where a record is incomplete or a shard, or a case no longer known.",
)
def compare_command(
    options: RunOptions,
    given: Sequence[str],
    gate: bool,
    markdown: Path | None,
    html: Path | None,
    report_dir: Path | None,
) -> int:
    """Compare records with the first of them: verdicts, messages, observations.

    Each is a record file, a folder of one, or an implementation as --iut takes it, which is played
    first.
    """
    if len(given) < 2:
        raise UsageError("one record is nothing to compare", "name two or more")
    baseline, *others = read_operands(given, options, report_dir, single=True)
    comparisons = [compare(baseline, other) for other in others]
    names = column_names([baseline, *others])
    for comparison, name in zip(comparisons, names[1:], strict=True):
        if not comparison.common:
            raise UsageError(f"{names[0]} and {name} have no case in common", "nothing to compare")
    print_comparisons(comparisons, names, open_console())
    if markdown:
        write_whole(markdown, compare_markdown(comparisons, names))
    if html:
        write_whole(html, compare_html(comparisons, names))
    return _gate_status(comparisons) if gate else COMPARED


def _gate_status(comparisons: Sequence[Comparison]) -> int:
    """3 where a record is incomplete or a shard, or a case no longer known, else 1 where one is a
    regression.

    What was not seen may be worse than what was.
    """
    records = [comparisons[0].baseline, *(one.other for one in comparisons)]
    if any(Kind.UNKNOWN in one.by_kind for one in comparisons) or not all(map(_is_whole, records)):
        return UNKNOWN
    return REGRESSION if any(one.regressions for one in comparisons) else COMPARED


def _is_whole(record: Record) -> bool:
    """Whether it is all of what was selected: no shard, and complete."""
    return record.complete and scope_of(record).shard == WHOLE_SHARD
