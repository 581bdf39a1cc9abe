"""Explains a requirement, or the requirement behind a case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import click
from rich.text import Text

from sockproof.check.invariants.table import INVARIANTS
from sockproof.check.scene import Manners
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.service_table import SERVICE, SERVICES
from sockproof.check.service.wanted_answer import WantedAnswer
from sockproof.commands.check_table import done_by
from sockproof.commands.list import collect
from sockproof.commands.output import open_console
from sockproof.commands.references import atlas_of, lines_of, reference_records
from sockproof.errors import UsageError
from sockproof.run.areas import areas_with
from sockproof.spec.case_id import CaseId, requirement_of
from sockproof.spec.catalogue import load_checked, load_everything
from sockproof.spec.levels import format_python_level
from sockproof.spec.requirement import Requirement

__all__ = ["explain_command"]

# Stands for the names of those in a file.
_ANY = Exchanges((Exchange("EXCHANGE", b"", WantedAnswer()),))


@click.command("explain")
@click.argument("id_", metavar="ID")
def explain_command(id_: str) -> None:
    """Tell about a requirement or a case: promise, source, specs, and where it is checked."""
    requirement = load_everything().get(requirement_of(id_))
    if requirement.id in load_checked():
        _print(_of_check(requirement, id_))
        return
    named = collect((), requirement.id, areas_with(requirement.area))
    places = {str(case): named[case] for case in named if case.requirement == requirement.id}
    if "[" in id_ and id_ not in places:
        raise UsageError(f"no case {id_!r}", f"see 'sockproof list --cases -k {requirement.id}'")
    shown = [("reference", line) for line in _shown(requirement)]
    _print([*_facts(requirement, list(places.values())), *shown])


def _print(facts: Iterable[tuple[str, str]]) -> None:
    console = open_console()
    for name, text in facts:
        console.print(Text.assemble((f"{name:12}", "dim"), " ", text), soft_wrap=True)


def _of_check(requirement: Requirement, id_: str) -> Iterator[tuple[str, str]]:
    """What a check does for an invariant, to any server.

    Raises:
        UsageError: it has no such variant.
    """
    every = (*INVARIANTS, *(service.as_invariant(_ANY) for service in SERVICES))
    invariant = next(one for one in every if one.requirement == requirement.id)
    case = CaseId.read(id_)
    variants = list(filter(None, (*invariant.variants, *invariant.tls_variants)))
    specs, is_service = [spec.id for spec in requirement.applies.specs()], invariant.area == SERVICE
    known = case.variant in ("", *variants) or is_service
    if not known or case.spec not in ("", *specs):
        raise UsageError(f"no case {id_!r}", f"its variants are {', '.join(variants) or 'none'}")
    yield from _promise(requirement)
    does, gently = (done_by(invariant, one) for one in (Manners(), Manners.gentle(10.0)))
    yield "does", does
    yield from (("gently", gently),) if gently != does else ()
    yield from (("variants", ", ".join(variants)),) if variants else ()
    of = "a program that the check starts" if invariant.programs else "any server"
    yield "of", f"{of} of which there is an example, by --exchanges" if is_service else of
    yield from (("symptom", text) for text in requirement.symptoms)


def _shown(requirement: Requirement) -> Sequence[str]:
    """What the records of reference show of it."""
    atlas = atlas_of(reference_records(requirement.module), [requirement.id])
    entries = [one for one in atlas.entries if one.requirement.id == requirement.id]
    return [line for entry in entries for line in lines_of(atlas, entry)] or ["not yet on record"]


def _promise(requirement: Requirement) -> Iterator[tuple[str, str]]:
    yield "requirement", requirement.id
    yield "promise", requirement.title
    yield "level", str(requirement.level)
    yield "source", requirement.source


def _facts(requirement: Requirement, places: Sequence[str]) -> list[tuple[str, str]]:
    span = [
        f"{word} {format_python_level(level)}"
        for word, level in (("since", requirement.since), ("until", requirement.until))
        if level
    ]
    specs = requirement.applies.specs()
    return [
        *_promise(requirement),
        ("holds for", "Python " + ", ".join(span) if span else "every Python"),
        ("specs", f"{len(specs)}: " + " ".join(s.id for s in specs) if specs else "takes none"),
        ("cases", str(len(places))),
        *(("checked in", place) for place in dict.fromkeys(places)),
    ]
