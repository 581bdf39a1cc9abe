"""Tells, of records, what changed at which version of Python."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof._paths import REFERENCE, kit_dir
from sockproof.commands.compare import Pages
from sockproof.commands.operands import Operands
from sockproof.commands.output import open_console
from sockproof.report.atlas_entries import make_atlas
from sockproof.report.atlas_words import atlas_markdown, print_atlas
from sockproof.report.html.changes_view import atlas_html

__all__ = ["print_atlas_of"]


def print_atlas_of(
    given: Sequence[str], operands: Operands, pages: Pages, first: str, last: str
) -> None:
    """Print and write the atlas; of the shipped records where none is given.

    Raises:
        UsageError: an argument is wrong, or a bound is no version on record.
        HarnessError: a record cannot be read, or an implementation not be played.
    """
    pages.refuse_unwritable()
    records = operands.records(given or [str(kit_dir() / REFERENCE)])
    atlas = make_atlas(records, first, last)
    print_atlas(atlas, open_console(), index=bool(operands.keyword))
    pages.write(lambda: atlas_markdown(atlas), lambda: atlas_html(atlas))
