"""How Hypothesis makes plans of interleaved clients, and what is smaller than one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hypothesis import strategies as st

from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.mix_plan import LEAVES, Mix, MixMove, legal_mix
from sockproof.spec.matrix import ServerSpec

__all__ = ["mixes", "smaller_mixes"]

# As few as find room in the shortest queue, and as many exchanges of each.
_CLIENTS, _LONGEST = 3, 3
# In how many pieces a request comes, and how many octets each of them has but for the last.
_PIECES = st.lists(st.sampled_from((1, 2, 3, 5, 8, 13, 100)), max_size=2)
_LEAVES = st.sampled_from((*[""] * 4, *LEAVES))


@st.composite
def mixes(draw: st.DrawFn, spec: ServerSpec, exchanges: Exchanges) -> Mix:
    """Two or three clients, each with a way through the protocol and, seldom, an end of it
    somewhere; and an order of all that they do."""
    paths = draw(st.lists(_paths(exchanges), min_size=2, max_size=_CLIENTS))
    left = [draw(_courses(number, path)) for number, path in enumerate(paths, 1)]
    moves: list[MixMove] = []
    while going := [course for course in left if course]:
        moves.append(going[draw(st.integers(0, len(going) - 1))].pop(0))
    names = tuple(tuple(one.name for one in path) for path in paths)
    return legal_mix(Mix(spec.id, names, tuple(moves)), exchanges, is_stream=spec.is_stream)


@st.composite
def _paths(draw: st.DrawFn, exchanges: Exchanges) -> list[Exchange]:
    """What a client has, one after the other."""
    path: list[Exchange] = [draw(st.sampled_from(exchanges.firsts))]
    for _ in range(draw(st.integers(0, _LONGEST - 1))):
        if following := exchanges.following(path[-1]):
            path.append(draw(st.sampled_from(following)))
    return path


@st.composite
def _courses(draw: st.DrawFn, number: int, path: Sequence[Exchange]) -> list[MixMove]:
    """What one client does in its order."""
    moves: list[MixMove] = []
    for exchange in path:
        pieces = [*draw(_PIECES), 0] if exchange.request else []
        moves += [MixMove("send", number, octets) for octets in pieces]
        moves.append(MixMove("hear", number))
    if leaves := draw(_LEAVES):
        return [*moves[: draw(st.integers(1, len(moves)))], MixMove(leaves, number)]
    return moves


def smaller_mixes(mix: Mix, exchanges: Exchanges, *, is_stream: bool) -> Iterator[Mix]:
    """Plans with something less than this one: its end, a client, somebody who leaves, a move,
    octets, an exchange. What may take away most comes first: each costs a life of a program."""
    for made in _less(mix):
        yield legal_mix(made, exchanges, is_stream=is_stream)


def _less(mix: Mix) -> Iterator[Mix]:
    moves = mix.moves
    for part in (2, 4):
        yield replace(mix, moves=moves[: len(moves) - len(moves) // part])
    for number in range(1, len(mix.clients) + 1):
        yield replace(mix, moves=tuple(move for move in moves if move.client != number))
    yield replace(mix, clients=tuple(path[:1] for path in mix.clients))
    for is_leaving in (True, False):
        for at, move in enumerate(moves):
            if (move.do in LEAVES) is is_leaving:
                yield replace(mix, moves=(*moves[:at], *moves[at + 1 :]))
    for at, move in enumerate(moves):
        for octets in sorted({1, move.octets // 2, move.octets - 1}) if move.octets else ():
            shorter = replace(move, octets=octets)
            yield replace(mix, moves=(*moves[:at], shorter, *moves[at + 1 :]))
    for at, path in enumerate(mix.clients):
        if len(path) > 1:
            yield replace(mix, clients=(*mix.clients[:at], path[:-1], *mix.clients[at + 1 :]))
