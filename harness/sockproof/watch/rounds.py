"""Parts a conversation into requests with their answers, and says why the rest is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sockproof.watch.masking import MaskedOctets, MaskedTurn
from sockproof.watch.talk import GONE, Party, Talk

__all__ = ["NOTHING", "Round", "Rounds", "rounds_of"]

NOTHING = MaskedOctets(b"")
# An end that comes later belongs to no answer: the server has waited for more, in vain.
_BELONGS_WITHIN_S = 2.0
_TLS_RECORD = b"\x16\x03"
_Pair = tuple[MaskedOctets, MaskedOctets | None]
TLS = "TLS, of which what is inside was not seen"
UNANSWERED, RESET = "what was asked, and not answered", "what was answered with a reset"
AT_ONCE = "several datagrams that were sent before an answer came"


@dataclass(frozen=True)
class Round:
    """A request and its answer. ``half_closes``: the client then says no more. ``to_end``: the end
    of the connection belongs to the answer. ``was_reset``: it was reset behind the answer."""

    request: MaskedOctets
    answer: MaskedOctets
    half_closes: bool = False
    to_end: bool = False
    was_reset: bool = False

    @property
    def key(self) -> tuple[bytes, bool]:
        """What is asked."""
        return self.request.data, self.half_closes

    @property
    def size(self) -> int:
        """In octets."""
        return len(self.request.data) + len(self.answer.data)


@dataclass(frozen=True)
class Rounds:
    """Those of one conversation; ``left_out`` says what follows them, and is not among them."""

    all: tuple[Round, ...]
    left_out: str = ""


def rounds_of(talk: Talk, turns: Sequence[MaskedTurn]) -> Rounds:
    """The conversation, as far as it makes examples; its turns are masked."""
    pairs = list(_pairs(turns))
    hidden = (n for n, (request, _answer) in enumerate(pairs) if _is_tls(request))
    if (plain := next(hidden, None)) is not None:
        return Rounds(_whole(pairs[:plain]), TLS)
    if not talk.is_stream:
        return _of_datagrams(talk, pairs)
    if not pairs or talk.why_cut:
        return Rounds(_whole(pairs), talk.why_cut)
    steps = [Round(request, answer or NOTHING) for request, answer in pairs[:-1]]
    last, left_out = _last(talk, *pairs[-1])
    return Rounds((*steps, *last), left_out)


def _is_tls(request: MaskedOctets) -> bool:
    """Whether a client begins to speak TLS, from the first or when it was agreed upon."""
    return request.data.startswith(_TLS_RECORD)


def _whole(pairs: Sequence[_Pair]) -> tuple[Round, ...]:
    """Those that were answered, as all but the last are."""
    return tuple(Round(request, answer) for request, answer in pairs if answer is not None)


def _pairs(turns: Sequence[MaskedTurn]) -> Iterator[_Pair]:
    """Each request with the answer that follows it, if one does."""
    request: MaskedOctets | None = None
    for turn in turns:
        if turn.side is Party.SERVER:
            yield request or NOTHING, turn.octets
            request = None
        elif request is not None:
            yield request, None
            request = turn.octets
        else:
            request = turn.octets
    if request is not None:
        yield request, None


def _of_datagrams(talk: Talk, pairs: Sequence[_Pair]) -> Rounds:
    """Which of two requests an answer is for, nobody can see."""
    steps: list[Round] = []
    for request, answer in pairs:
        if answer is None:
            return Rounds(tuple(steps), UNANSWERED if request is pairs[-1][0] else AT_ONCE)
        if request.data:
            steps.append(Round(request, answer))
    return Rounds(tuple(steps), talk.why_cut)


def _last(
    talk: Talk, request: MaskedOctets, answer: MaskedOctets | None
) -> tuple[tuple[Round, ...], str]:
    """The last request of a connection, of which the end may be a part; or why it is none."""
    of_client, of_server = talk.end_of(Party.CLIENT), talk.end_of(Party.SERVER)
    is_reset = of_server is not None and of_server.how is GONE
    behind_request = len(talk.turns) - (answer is not None)
    half_closes = bool(
        request.data and of_client and of_client.how is not GONE
        and of_client.behind <= behind_request
    )  # fmt: skip
    is_first = of_server is not None and talk.ends[0] is of_server
    belongs = of_server is not None and of_server.quiet_s < _BELONGS_WITHIN_S
    to_end = belongs and not is_reset and (is_first or half_closes)
    if answer is None and not to_end:
        return (), RESET if is_reset and belongs else UNANSWERED
    return (Round(request, answer or NOTHING, half_closes, to_end, is_reset and is_first),), ""
