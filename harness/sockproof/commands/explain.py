"""Explains a requirement, or the requirement behind a case."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.text import Text

from sockproof.commands.list import collect
from sockproof.commands.output import open_console
from sockproof.commands.references import atlas_of, lines_of, reference_records
from sockproof.errors import UsageError
from sockproof.spec.case_id import requirement_of
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import format_python_level
from sockproof.spec.requirement import Requirement

__all__ = ["explain_command"]


@click.command("explain")
@click.argument("id_", metavar="ID")
def explain_command(id_: str) -> None:
    """Tell about a requirement or a case: promise, source, specs, and where it is checked."""
    requirement = load_catalogue().get(requirement_of(id_))
    named = collect((), requirement.id)
    places = {str(case): named[case] for case in named if case.requirement == requirement.id}
    if "[" in id_ and id_ not in places:
        raise UsageError(f"no case {id_!r}", f"see 'sockproof list --cases -k {requirement.id}'")
    console = open_console()
    shown = [("reference", line) for line in _shown(requirement)]
    for name, text in [*_facts(requirement, list(places.values())), *shown]:
        console.print(Text.assemble((f"{name:12}", "dim"), " ", text), soft_wrap=True)


def _shown(requirement: Requirement) -> Sequence[str]:
    """What the records of reference show of it."""
    atlas = atlas_of(reference_records(), [requirement.id])
    entries = [one for one in atlas.entries if one.requirement.id == requirement.id]
    return [line for entry in entries for line in lines_of(atlas, entry)] or ["not yet on record"]


def _facts(requirement: Requirement, places: Sequence[str]) -> list[tuple[str, str]]:
    span = [
        f"{word} {format_python_level(level)}"
        for word, level in (("since", requirement.since), ("until", requirement.until))
        if level
    ]
    specs = requirement.applies.specs()
    return [
        ("requirement", requirement.id),
        ("promise", requirement.title),
        ("level", str(requirement.level)),
        ("source", requirement.source),
        ("holds for", "Python " + ", ".join(span) if span else "every Python"),
        ("specs", f"{len(specs)}: " + " ".join(s.id for s in specs) if specs else "takes none"),
        ("cases", str(len(places))),
        *(("checked in", place) for place in dict.fromkeys(places)),
    ]
