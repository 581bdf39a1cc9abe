"""What of a user's server class a deviation comes from: the case is played with what the class
overrides put back, in the same run.

Where it ends well once an attribute that socketserver documents is as it is there, the author of
the class has *chosen* so, and breaks no promise by it. Any other override is told as the cause.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.server_class import Overridden
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow, Override
from sockproof.run.collected import CollectedCases
from sockproof.run.plan import RunPlan, planned
from sockproof.run.pytest_session import play_here
from sockproof.run.suite_files import files_with
from sockproof.spec.case_id import CaseId
from sockproof.timing import scale

__all__ = ["MOST_S", "overrides_of"]

MOST_S = 60.0
"""How long the causes are looked for: a single one may take some hang bounds."""
# https://docs.python.org/3/library/socketserver.html#socketserver.BaseServer.address_family and the
# attributes after it, with those of the mixins.
DOCUMENTED = (
    *("address_family", "allow_reuse_address", "allow_reuse_port", "block_on_close"),
    *("daemon_threads", "max_children", "max_packet_size", "request_queue_size", "socket_type"),
    "timeout",
)
# What may set any of these on its objects.
_MAKES = ("__init__",)
_OF_PARAMETERS = ("construction/parameters-by-name",)
Ends = Callable[[tuple[str, ...]], bool]


def overrides_of(
    plan: RunPlan, iut: ProbedIut, rows: Iterable[CaseRow]
) -> Iterator[tuple[str, Override]]:
    """Of these deviations, by id, those that come from something that the class overrides.

    Raises:
        IutUnavailable: it does not start any more. HarnessError: a case cannot be played.
    """
    own = iut.own_server
    asked = [row for row in rows if row.needs_attention and row.verdict is not Verdict.ERROR]
    if not own or not own.overridden or not asked:
        return
    found: list[tuple[str, Override]] = []

    def perform(collected: CollectedCases) -> None:
        known = {str(case): case for case in collected.cases}
        limit_s = time.monotonic() + MOST_S * scale()
        for row in asked:
            if row.id in known and time.monotonic() < limit_s:
                ends_well = _restoring(collected, known[row.id], plan, iut)
                causes = dict.fromkeys(one for _, one in found if one.names != _MAKES)
                if override := _cause(own.overridden, ends_well, causes):
                    found.append((row.id, _told(row, override, ends_well)))

    options = dataclasses.replace(plan.options, keyword="", keep="none", shard=(1, 1))
    small = RunPlan((iut,), options, generating=plan.generating)
    with planned(small) as path:
        play_here(path, files_with([CaseId.read(row.id).requirement for row in asked]), perform)
    yield from found


def _restoring(collected: CollectedCases, case: CaseId, plan: RunPlan, iut: ProbedIut) -> Ends:
    """Says whether the case ends well with these names as socketserver's class has them."""

    def ends_well(names: tuple[str, ...]) -> bool:
        implementation = dataclasses.replace(iut.implementation, restored=names)
        restored = dataclasses.replace(iut, implementation=implementation)
        row = collected.play(case, restored, plan.generating)
        return row.verdict is Verdict.PASS and not row.teardown.unclean

    return ends_well


def _told(row: CaseRow, override: Override, ends_well: Ends) -> Override:
    """The cause, and whether it is chosen: what ends well by itself the next time is excused by
    nothing that was put back."""
    chosen = override.chosen or _is_own_constructor(row, override)
    return Override(override.names, chosen and not ends_well(()))


def _is_own_constructor(row: CaseRow, override: Override) -> bool:
    """Whether it is about how parameters are called, and they are the class's own."""
    return override.names == _MAKES and row.requirement in _OF_PARAMETERS


def _cause(
    overridden: Sequence[Overridden], ends_well: Ends, known: Collection[Override]
) -> Override | None:
    """The least of what is overridden that is enough to put back. What was the cause of another
    case is tried first: each try may take a hang bound."""
    for one in sorted(known, key=lambda one: not one.chosen):
        if ends_well(one.names):
            return one
    attributes = [one.name for one in overridden if one.name in DOCUMENTED]
    if any((one.name,) == _MAKES for one in overridden):
        attributes += [name for name in DOCUMENTED if name not in attributes]
    others = [one.name for one in overridden if one.name not in DOCUMENTED]
    both = (*attributes, *others)
    if not ends_well(both):
        return None
    if attributes and (names := _least(attributes, ends_well)):
        return Override(names, chosen=True)
    return Override(_least(others, ends_well) or both)


def _least(names: Sequence[str], ends_well: Ends) -> tuple[str, ...]:
    """The one of these that is enough, or all of them; empty if they are not."""
    whole = tuple(names)
    if not whole or not ends_well(whole):
        return ()
    return next((one for one in zip(names) if len(whole) > 1 and ends_well(one)), whole)
