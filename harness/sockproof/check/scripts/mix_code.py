"""A plan of interleaved clients as constants of a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockproof.check.scripts.talk_code import exchange_code, list_code
from sockproof.check.service.exchanges import Exchanges
from sockproof.check.service.mix_plan import mix_of, path_of

__all__ = ["mix_constants"]


def mix_constants(exchanges: Exchanges, plan: Mapping[str, Any] | None) -> Mapping[str, str]:
    """``WAYS``, the exchanges of each client, with octets of its own, and ``MOVES``: what is done,
    by which of them, and of how many octets. Empty where there is no plan."""
    if plan is None:
        return {"WAYS": "WAYS = []", "MOVES": "MOVES = []"}
    mix = mix_of(plan)
    ways = [
        [exchange_code(one.of_client(number)) for one in path_of(exchanges, names)]
        for number, names in enumerate(mix.clients, 1)
    ]
    moves = [repr((move.do, move.client - 1, move.octets)) for move in mix.moves]
    return {
        "WAYS": list_code("WAYS", [f"[{', '.join(way)}]" for way in ways]),
        "MOVES": list_code("MOVES", moves),
    }
