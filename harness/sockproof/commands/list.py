"""Lists what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from sockproof.commands.output import open_console
from sockproof.errors import UsageError
from sockproof.run.run_options import RunOptions, click_option
from sockproof.spec.area_names import SOCKETS
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_catalogue, load_checked, load_socket
from sockproof.spec.matrix import ALL_SPECS
from sockproof.spec.renames import new_ids
from sockproof.spec.requirement import Requirement

if TYPE_CHECKING:
    from sockproof.run.collected import CollectedCases

__all__ = ["collect", "list_command"]


def _requirements() -> Iterator[str]:
    yield from map(_listed, load_catalogue().values())


def _of_sockets() -> Iterator[str]:
    """What a run with ``--area socket`` holds against a socket module."""
    yield from map(_listed, load_socket().values())


def _invariants() -> Iterator[str]:
    """What a check holds against any server."""
    yield from map(_listed, load_checked().values())


def _listed(requirement: Requirement) -> str:
    return f"{requirement.id:52} {requirement.level:8} {requirement.title}"


def _specs() -> Iterator[str]:
    """Each server spec, and the class it stands for."""
    for spec in ALL_SPECS:
        classes = " over ".join(filter(None, (spec.mixin_name, spec.class_name)))
        yield f"{spec.id:36} {classes}"


def _iuts() -> Iterator[str]:
    """Each interpreter found here: its path, as ``--iut`` takes it, and what it is."""
    from sockproof.iut.discovery import discover_interpreters

    for found in discover_interpreters():
        yield f"{found.path!s:60} {found.problem or found.name}"


def _servers() -> Iterator[str]:
    """Each server that ``check --server`` knows by its name, and what it is."""
    from sockproof.check.shipped.definitions import definitions

    for one in definitions().values():
        yield f"{one.name:24} {one.package or 'Python':20} {one.title}"


def _untestable() -> Iterator[str]:
    """Each promise that has no case: what it says, where, and why it cannot be tested."""
    from sockproof.spec.untestable import load_untestable

    for entry in load_untestable():
        yield f"{entry.promise}\n    {entry.source}\n    {entry.because}"


# What can be listed without collecting cases, by the name of its option.
_LISTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "requirements": _requirements,
    "check": _invariants,
    "socket": _of_sockets,
    "specs": _specs,
    "iuts": _iuts,
    "servers": _servers,
    "untestable": _untestable,
}


def collect(specs: Sequence[str], keyword: str, areas: Sequence[str] = ()) -> Mapping[CaseId, str]:
    """The cases that ``--spec`` and ``-k`` select, without playing any, and where each is checked.

    Raises:
        UsageError: they select none.
    """
    from sockproof.run.plan import make_plan, planned
    from sockproof.run.pytest_session import play_here
    from sockproof.run.suite_files import files_needed

    places: dict[CaseId, str] = {}

    def take(collected: CollectedCases) -> None:
        places.update({case: collected.place(case) for case in collected.cases})

    plan = make_plan(RunOptions(areas=tuple(areas), specs=tuple(specs), keyword=keyword))
    with planned(plan) as plan_path:
        play_here(plan_path, files_needed(plan), take)
    if not places:
        hint = new_ids(keyword, load_catalogue()) or "see 'sockproof list' for the requirements"
        raise UsageError("no case is selected", hint)
    return places


@click.command("list")
@click.option(
    "--requirements", "what", flag_value="requirements", default=True, help="The default."
)
@click.option(
    "--check", "what", flag_value="check", help="What 'sockproof check' holds against any server."
)
@click.option(
    "--socket", "what", flag_value="socket", help="What 'run --area socket' holds against a module."
)
@click.option(
    "--servers", "what", flag_value="servers", help="Servers that 'check --server' knows by name."
)
@click.option("--specs", "what", flag_value="specs", help="Server specs.")
@click.option("--cases", "what", flag_value="cases", help="Case ids, as -k and --spec select them.")
@click.option("--iuts", "what", flag_value="iuts", help="Interpreters found on this machine.")
@click.option(
    "--untestable", "what", flag_value="untestable", help="Promises without a case, and why."
)
@click_option("areas")
@click_option("specs")
@click_option("keyword")
def list_command(what: str, areas: Sequence[str], specs: Sequence[str], keyword: str) -> None:
    """List what there is, one item a line."""
    if (areas or specs or keyword) and what != "cases":
        option = "--area" if areas else "--spec" if specs else "-k"
        instead = "give --cases as well"
        if tuple(areas) == (SOCKETS,):
            instead += ", or --socket alone for the requirements of that module"
        raise UsageError(f"{option} selects cases, and --{what} lists none", instead)
    lines = map(str, collect(specs, keyword, areas)) if what == "cases" else _LISTS[what]()
    console = open_console(soft_wrap=True)
    for line in lines:
        console.print(line)
