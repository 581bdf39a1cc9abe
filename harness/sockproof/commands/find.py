"""Finds requirements by what their users see: "hangs at exit", "address already in use"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
from rich.console import Console
from rich.text import Text

from sockproof.commands.full_text import best, has_words
from sockproof.commands.output import open_console
from sockproof.commands.references import atlas_of, lines_of, reference_records
from sockproof.errors import UsageError
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.report.atlas_entries import Atlas, AtlasEntry
from sockproof.report.html.chapters import place_of
from sockproof.report.text import one_line
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.spec.catalogue import load_checked, load_everything
from sockproof.spec.requirement import Requirement

__all__ = ["find_command", "searched"]

# What to type next, by the module that makes the promise.
_NEXT = {
    SERVERS: ("sockproof explain", "sockproof run -k"),
    SOCKETS: ("sockproof explain", "sockproof run --area socket -k"),
}
# By module: the other one, how to ask for it, and what lists this one.
_OTHER = {
    SERVERS: (SOCKETS, "--area socket", "sockproof list"),
    SOCKETS: (SERVERS, "--area socketserver", "sockproof list --socket"),
}
# Of what a check holds against any server, which has no record of reference.
_OF_CHECK = "found by 'sockproof check', of any server at an address"


@click.command("find", context_settings={"ignore_unknown_options": True})
@click.argument("words", metavar="WORDS...", nargs=-1)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="Requirements to show, at most.",
)
@click.option(
    "--area",
    type=click.Choice((SERVERS, SOCKETS)),
    default=SERVERS,
    help="Search what is held against a socket module instead.",
)
def find_command(words: Sequence[str], limit: int, area: str) -> None:
    """Find requirements by what goes wrong, in your words: sockproof find hangs at exit.

    Titles, symptoms, ids, sources and what failed in the reference records are searched for any of
    the WORDS. The best come first.
    """
    asked = " ".join(words)
    if not has_words(asked):
        raise UsageError("no words to look for", "say what you see: sockproof find hangs at exit")
    records = reference_records(area)
    found = best(searched(records, area), asked, limit)
    if not found:
        raise UsageError(f"nothing is found for '{one_line(asked, 80)}'", _instead(area, asked))
    atlas = atlas_of(records, found)
    _print(found, atlas, open_console(soft_wrap=True))


def _instead(area: str, asked: str) -> str:
    """Where to look when nothing is found: at the other module, if that has it."""
    other, option, listed = _OTHER[area]
    there = best(searched(reference_records(other), other), asked, 1)
    if there:
        return f"'sockproof find {option}' finds {there[0]}"
    return f"try other words for what you see, or see '{listed}'"


def searched(records: Sequence[Record], module: str = SERVERS) -> dict[str, str]:
    """What is searched of each requirement of a module, by its id; of socketserver it is what a
    check holds against any server, too."""
    every = load_everything().values()
    texts = {one.id: _words_of(one) for one in every if one.module == module}
    for record in records:
        for case in record.cases:
            if case.deviates and case.requirement in texts:
                texts[case.requirement].update(_words_of_case(case))
    return {id_: "\n".join(lines) for id_, lines in texts.items()}


def _words_of(requirement: Requirement) -> dict[str, None]:
    """Its lines in order; the source as it is, and as users call it: ``bpo-6267``."""
    source = requirement.source
    lines = (requirement.id, requirement.title, *requirement.symptoms, source)
    return dict.fromkeys((*lines, place_of(source).entry))


def _words_of_case(case: CaseRow) -> dict[str, None]:
    """How it ended, and why that is known. Many cases say the same: it is there once."""
    known = case.known.reason if case.known else ""
    return dict.fromkeys(filter(None, (*case.words.splitlines(), known)))


def _print(found: Sequence[str], atlas: Atlas, console: Console) -> None:
    catalogue = load_everything()
    entries = {entry.requirement.id: entry for entry in atlas.entries}
    console.print(Text(f"  reference: {atlas.overview}", "dim"))
    for id_ in found:
        requirement = catalogue[id_]
        console.print(Text(f"\n  {id_}", "bold").append(f"  {requirement.level}", "not bold"))
        console.print(Text(f"     {requirement.title}"))
        for label, lines in _facts(requirement, atlas, entries.get(id_)).items():
            for number, line in enumerate(lines):
                label_once = label if number == 0 else ""
                console.print(Text(f"     {label_once:<11}", "dim").append(line, "not dim"))


def _facts(
    requirement: Requirement, atlas: Atlas, entry: AtlasEntry | None
) -> Mapping[str, Sequence[str]]:
    if requirement.id in load_checked():
        commands = [f"sockproof explain {requirement.id}", "sockproof check ADDRESS, or -- PROGRAM"]
        return {"symptoms": requirement.symptoms, "check": [_OF_CHECK], "next": commands}
    return {
        "symptoms": requirement.symptoms,
        "reference": list(lines_of(atlas, entry)) if entry else ["not yet on record"],
        "next": [f"{command} {requirement.id}" for command in _NEXT[requirement.module]],
    }
