"""Areas that a run is asked for: those of one module, which is then what is judged."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof.errors import UsageError
from sockproof.spec.area_names import SERVERS, SOCKETS, module_of
from sockproof.spec.catalogue import load_modules, load_socket
from sockproof.spec.keywords import keyword_matcher
from sockproof.spec.requirement import Requirement

__all__ = ["area_hint", "areas_with", "asked_module", "is_asked_for", "refuse_specs"]


def asked_module(areas: Sequence[str]) -> str:
    """The module whose promises these areas have; socketserver, where none is named.

    Raises:
        UsageError: there is no such area, or they are of two modules.
    """
    known = load_modules().areas
    for area in areas:
        if area not in known:
            raise UsageError(f"no area {area!r:.100}", f"there are {', '.join(known)}")
    modules = {module_of(area) for area in areas} or {SERVERS}
    if len(modules) > 1:
        raise UsageError(
            f"--area {SOCKETS} judges another module than {_first_other(areas)}",
            "run sockproof once for each",
        )
    return modules.pop()


def is_asked_for(requirement: Requirement, areas: Sequence[str]) -> bool:
    """Whether it is of one of these areas, or, where none is named, of socketserver."""
    return requirement.area in areas if areas else requirement.module == SERVERS


def areas_with(area: str) -> tuple[str, ...]:
    """What to ask for, so that an area is among what is played."""
    return () if module_of(area) == SERVERS else (area,)


def area_hint(keyword: str, areas: Sequence[str]) -> str:
    """What to type where ``-k`` selects nothing: it may name cases of the other module."""
    if keyword and not areas and any(map(keyword_matcher(keyword), load_socket())):
        return f"it names cases of --area {SOCKETS}"
    return "see 'sockproof list --cases'"


def _first_other(areas: Sequence[str]) -> str:
    return next(area for area in areas if area != SOCKETS)


def refuse_specs(module: str, specs: Sequence[str]) -> None:
    """Server specs are of server classes alone.

    Raises:
        UsageError: some are given where another module is judged.
    """
    if specs and module == SOCKETS:
        raise UsageError(
            f"--spec selects server classes, and --area {SOCKETS} has none",
            "select by -k, such as -k inet6",
        )
