"""Plans of clients whose exchanges are interleaved, as data: which exchanges each of them has, and
what they do in the one order in which it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.errors import UsageError
from sockproof.generate.client_plan import Playable

__all__ = ["LEAVES", "MIX_MOVES", "Mix", "MixMove", "legal_mix", "mix_of", "path_of"]

LEAVES = ("end", "reset", "half-close")
"""By these a client leaves: whatever it gets then is not judged."""
MIX_MOVES = ("send", "hear", *LEAVES)
_SEE = "see 'generated' of a failing case in the record of a check"


@dataclass(frozen=True)
class MixMove:
    """What a client does (they count from 1): "send" sends so many octets of its request, 0 for all
    that is left of it, and "hear" waits for the answer if it comes soon. It comes first of all."""

    do: str
    client: int
    octets: int = 0

    def __str__(self) -> str:
        sent = f" {self.octets} octet{'s' * (self.octets > 1)}" if self.octets else " the rest"
        return f"client {self.client}: {self.do}{sent if self.do == 'send' else ''}"


@dataclass(frozen=True)
class Mix(Playable):
    """The names of the exchanges of each client, and all moves. At the end whoever has not left
    says the rest of the request that it is at, and hears its answer."""

    clients: tuple[tuple[str, ...], ...]
    moves: tuple[MixMove, ...]

    @property
    def leavers(self) -> int:
        """How many leave before they have been answered."""
        return sum(move.do in LEAVES for move in self.moves)

    @property
    def size(self) -> tuple[int, ...]:
        """Clients, moves, those who leave, exchanges, octets."""
        return (
            len(self.clients),
            len(self.moves),
            self.leavers,
            sum(map(len, self.clients)),
            sum(move.octets for move in self.moves),
        )

    def words(self) -> list[str]:
        told = (f"client {n} has {', '.join(path)}" for n, path in enumerate(self.clients, 1))
        return [self.spec, *told, *map(str, self.moves)]


@dataclass
class _MixCourse:
    """How far a client has come, while moves are made legal."""

    path: Sequence[Exchange]
    at: int = 0
    sent: int = 0
    is_gone: bool = False

    def takes(self, move: MixMove, *, is_stream: bool) -> MixMove | None:
        """The move as it can be made; None if it cannot."""
        if self.is_gone or self.at == len(self.path):
            return None
        left = len(self.path[self.at].request) - self.sent
        if move.do == "send" and left:
            size = min(move.octets or left, left) if is_stream else left
            self.sent += size
            return replace(move, octets=size if size < left else 0)
        if move.do == "hear" and not left:
            self.at, self.sent = self.at + 1, 0
            return replace(move, octets=0)
        self.is_gone = move.do in LEAVES and (is_stream or move.do == "end")
        return replace(move, octets=0) if self.is_gone else None


def path_of(exchanges: Exchanges, names: Sequence[str]) -> list[Exchange]:
    """The exchanges of these names, as far as they may follow each other from the first on."""
    path: list[Exchange] = []
    for name in names:
        possible = exchanges.following(path[-1]) if path else exchanges.firsts
        found = [one for one in possible if one.name == name]
        if not found:
            break
        path += found
    return path


def legal_mix(mix: Mix, exchanges: Exchanges, *, is_stream: bool) -> Mix:
    """The plan without what cannot be: moves of those who have left or have nothing more to say,
    and clients who do nothing, numbered as they come."""
    paths = [path_of(exchanges, names) for names in mix.clients]
    courses, numbers = {n: _MixCourse(path) for n, path in enumerate(paths, 1)}, dict[int, int]()
    moves: list[MixMove] = []
    for move in mix.moves:
        course = courses.get(move.client)
        if course and (legal := course.takes(move, is_stream=is_stream)):
            number = numbers.setdefault(move.client, len(numbers) + 1)
            moves.append(replace(legal, client=number))
    names = tuple(tuple(one.name for one in paths[old - 1]) for old in numbers)
    return Mix(mix.spec, names, tuple(moves))


def mix_of(data: Mapping[str, Any]) -> Mix:
    """The plan that ``to_json()`` made this of.

    Raises:
        UsageError: it is none.
    """
    try:
        clients = tuple(tuple(map(str, names)) for names in data["clients"])
        moves = tuple(
            MixMove(str(one["do"]), int(one["client"]), int(one.get("octets", 0)))
            for one in data["moves"]
        )
        made = Mix(str(data["spec"]), clients, moves)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"it is not a plan of interleaved clients: {error!r}", _SEE) from None
    wrong = next((one for one in moves if not _is_possible(one, len(clients))), None)
    if wrong:
        raise UsageError(f"the plan is not possible: {wrong}", f"moves are {', '.join(MIX_MOVES)}")
    return made


def _is_possible(move: MixMove, clients: int) -> bool:
    return move.do in MIX_MOVES and 1 <= move.client <= clients and move.octets >= 0
