"""What scripts of hostile clients and of crowds have as constants: garbage, and whole ways through
a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockproof.check.scripts.mix_code import mix_constants
from sockproof.check.scripts.talk_code import exchange_code, list_code
from sockproof.check.service.declared_timeouts import drips_every_s
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.hostile import hostile_in_turn, hostile_to
from sockproof.check.service.hostile_octets import KINDS, Garbage
from sockproof.spec.case_id import CaseId
from sockproof.spec.matrix import spec_by_id

__all__ = ["hostile_constants"]


def hostile_constants(
    exchanges: Exchanges, case: CaseId, large_octets: int, plan: Mapping[str, Any] | None = None
) -> Mapping[str, str]:
    """``PATHS``, each the exchanges up to one of them; ``OWN``, what of its request clients may
    have otherwise; ``GARBAGE``, each behind the number of a path; ``TIMEOUT_S`` and ``EVERY_S``;
    and the ``plan`` of clients, if there is one."""
    if not exchanges:
        return {}
    paths = [[*exchanges.before(one), one] for one in exchanges.all]
    name = case.variant.partition(" ")[0]
    garbage, times = _garbage_codes(exchanges, case, large_octets)
    timeout_s = next((one.timeout_s for one in exchanges.all if one.name == name), None) or 0.0
    return {
        "PATHS": list_code("PATHS", [_path_code(path) for path in paths]),
        "OWN": f"OWN = {[one.varies for one in exchanges.all]}",
        "GARBAGE": f"{list_code('GARBAGE', garbage)} * {times}",
        **mix_constants(exchanges, plan),
        "TIMEOUT_S": f"TIMEOUT_S, EVERY_S = {timeout_s:g}, {drips_every_s(timeout_s):g}",
    }


def _path_code(path: list[Exchange]) -> str:
    return f"[{', '.join(map(exchange_code, path))}]"


def _garbage_codes(exchanges: Exchanges, case: CaseId, large_octets: int) -> tuple[list[str], int]:
    """Of the kind that the case is about, or all that is not much; and how often it is sent."""
    is_stream = spec_by_id(case.spec).is_stream
    if case.variant in KINDS:
        chosen = hostile_to(exchanges, case.variant, large_octets, is_stream=is_stream)
    else:
        chosen = hostile_in_turn(exchanges, is_stream=is_stream)
    codes = [f"({exchanges.all.index(one)}, {_octets_code(garbage)})" for one, garbage in chosen]
    once = list(dict.fromkeys(codes))
    return once, len(codes) // max(1, len(once))


def _octets_code(garbage: Garbage) -> str:
    parts = [repr(garbage.head)] if garbage.head else []
    if garbage.times and garbage.repeated:
        parts.append(f"{garbage.repeated!r} * {garbage.times}")
    parts += [repr(garbage.tail)] if garbage.tail else []
    return " + ".join(parts) or 'b""'
