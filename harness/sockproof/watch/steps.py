"""Parts a conversation into requests with their answers, and says why the rest is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sockproof.watch.conversation import GONE, Conversation, Side
from sockproof.watch.masking import MaskedTurn, Octets

__all__ = ["NOTHING", "Step", "Steps", "steps_of"]

NOTHING = Octets(b"")
# An end that comes later belongs to no answer: the server has waited for more, in vain.
_BELONGS_WITHIN_S = 2.0
_TLS_RECORD = (b"\x16\x03", b"\x15\x03")
TLS = "TLS, of which what is inside was not seen"
UNANSWERED, RESET = "what was asked, and not answered", "what was answered with a reset"
AT_ONCE = "several datagrams that were sent before an answer came"


@dataclass(frozen=True)
class Step:
    """A request and its answer. ``half_closes``: the client then says no more. ``to_end``: the end
    of the connection belongs to the answer. ``was_reset``: it was reset behind the answer."""

    request: Octets
    answer: Octets
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
class Steps:
    """Those of one conversation; ``left_out`` says what follows them, and is not among them."""

    all: tuple[Step, ...]
    left_out: str = ""


def steps_of(talk: Conversation, turns: Sequence[MaskedTurn]) -> Steps:
    """The conversation, as far as it makes examples; its turns are masked."""
    pairs = list(_pairs(turns))
    if pairs and pairs[0][0].data.startswith(_TLS_RECORD):
        return Steps((), TLS)
    if not talk.is_stream:
        return _of_datagrams(talk, pairs)
    if not pairs or talk.why_cut:
        whole = [pair for pair in pairs if pair[1] is not None]
        return Steps(
            tuple(Step(request, answer or NOTHING) for request, answer in whole), talk.why_cut
        )
    steps = [Step(request, answer or NOTHING) for request, answer in pairs[:-1]]
    last, left_out = _last(talk, *pairs[-1])
    return Steps((*steps, *last), left_out)


def _pairs(turns: Sequence[MaskedTurn]) -> Iterator[tuple[Octets, Octets | None]]:
    """Each request with the answer that follows it, if one does."""
    request: Octets | None = None
    for turn in turns:
        if turn.side is Side.SERVER:
            yield request or NOTHING, turn.octets
            request = None
        elif request is not None:
            yield request, None
            request = turn.octets
        else:
            request = turn.octets
    if request is not None:
        yield request, None


def _of_datagrams(talk: Conversation, pairs: Sequence[tuple[Octets, Octets | None]]) -> Steps:
    """Which of two requests an answer is for, nobody can see."""
    steps: list[Step] = []
    for request, answer in pairs:
        if answer is None:
            return Steps(tuple(steps), UNANSWERED if request is pairs[-1][0] else AT_ONCE)
        if request.data:
            steps.append(Step(request, answer))
    return Steps(tuple(steps), talk.why_cut)


def _last(
    talk: Conversation, request: Octets, answer: Octets | None
) -> tuple[tuple[Step, ...], str]:
    """The last request of a connection, of which the end may be a part; or why it is none."""
    of_client, of_server = talk.end_of(Side.CLIENT), talk.end_of(Side.SERVER)
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
    return (Step(request, answer or NOTHING, half_closes, to_end, is_reset and is_first),), ""
