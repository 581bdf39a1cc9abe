"""What a server is at when it is told to end, and what its clients do then."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sockproof.case.client import TIMEOUT
from sockproof.check.listener import Address
from sockproof.check.scene import Scene
from sockproof.check.service.attendance import NOTHING, Attendance, Attendant, fate_of
from sockproof.check.service.caller import Caller, call_up
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.check.service.regulars import Regulars

__all__ = ["MOMENTS", "Moment"]

_NUMBER, _TIMES = 4, 100


def _nobody(exchanges: Exchanges, scene: Scene) -> Attendance:
    """All have been; if the server closes it has done so first, and the kernel remembers that."""
    for exchange in exchanges.all:
        caller = call_up(scene, scene.patience_s, exchanges.before(exchange), "earlier client")
        caller.have(exchange)
        caller.ends_at_once()
        caller.peer.close()
    scene.comes_to_rest()
    return Attendance()


def _within_requests(exchanges: Exchanges, scene: Scene) -> Attendance:
    """Each has said another part of its request; then they say the rest."""
    chosen = itertools.islice(itertools.cycle(_askable(exchanges)), _NUMBER)
    begun = [Attendant(_begun(exchanges, scene, *one)) for one in enumerate(chosen)]
    scene.comes_to_rest()
    return Attendance(begun)


def _begun(exchanges: Exchanges, scene: Scene, index: int, exchange: Exchange) -> Callable[[], str]:
    at = 1 + (len(exchange.request) - 2) * index // max(1, _NUMBER - 1)
    caller = _part_said(exchanges, scene, exchange, at)

    def finish() -> str:
        caller.send(exchange.request[at:])
        if exchange.half_closes:
            caller.half_close()
        return _leaving(caller, fate_of(caller, [exchange]))

    return finish


def _part_said(exchanges: Exchanges, scene: Scene, exchange: Exchange, at: int) -> Caller:
    before = exchanges.before(exchange)
    caller = call_up(scene, scene.patience_s, before, "within a request")
    caller.send(exchange.request[:at])
    caller.let_read()
    return caller


def _leaving(caller: Caller, fate: str) -> str:
    if fate != NOTHING:
        caller.peer.close()
    return fate


def _answers_unread(exchanges: Exchanges, scene: Scene) -> Attendance:
    """They have asked a hundred times, and read all of it only then."""
    late = []
    for exchange in itertools.islice(itertools.cycle(_repeatable(exchanges)), _NUMBER):
        caller = call_up(scene, scene.patience_s, exchanges.before(exchange), "reads late")
        caller.send(exchange.request * _TIMES)
        late.append(Attendant(partial(_read, caller, exchange)))
    return Attendance(late)


def _read(caller: Caller, exchange: Exchange) -> str:
    return _leaving(caller, fate_of(caller, [exchange] * _TIMES))


def _staying(exchanges: Exchanges, scene: Scene) -> Attendance:
    """One is between exchanges, and one within a request: they say nothing more."""
    callers = []
    for exchange in [one for one in exchanges.all if one.keeps][:1]:
        before = [*exchanges.before(exchange), exchange]
        callers.append(call_up(scene, scene.patience_s, before, "between exchanges"))
    for exchange in _askable(exchanges)[:1]:
        callers.append(_part_said(exchanges, scene, exchange, len(exchange.request) // 2))
    scene.comes_to_rest()
    return Attendance([Attendant(partial(_ended, caller), stays=True) for caller in callers])


def _ended(caller: Caller) -> str:
    """How the connection ends, behind whatever comes."""
    caller.peer.socket.settimeout(caller.bound_s)
    ending = caller.stream.receive_to_end()[1]
    return NOTHING if ending is TIMEOUT else str(ending)


def _askable(exchanges: Exchanges) -> list[Exchange]:
    return [one for one in exchanges.all if len(one.request) > 1]


def _repeatable(exchanges: Exchanges) -> list[Exchange]:
    return [one for one in exchanges.all if one.request and one in exchanges.following(one)]


def _anybody(exchanges: Exchanges) -> list[Exchange]:
    return list(exchanges.all)


@dataclass(frozen=True)
class Moment:
    """What a server is at when it is told to end, in ``words`` that follow others. ``of`` are the
    exchanges that it takes. It ``rests`` if clients go on only when it has come to where it waits
    for them, and is told ``twice`` if it is told again then. ``by_any_order`` it is played for
    SIGTERM as well."""

    words: str
    come: Callable[[Exchanges, Scene], Attendance]
    of: Callable[[Exchanges], Sequence[Exchange]] = _anybody
    has_clients: bool = True
    rests: bool = False
    twice: bool = False
    streams: bool = True
    by_any_order: bool = False

    def why_not(self, exchanges: Exchanges, address: Address) -> str:
        """Why it cannot be played; empty if it can."""
        if self.streams and not address.is_stream:
            return "datagrams have no connections"
        return "" if self.of(exchanges) else f"no example has clients that are there {self.words}"


MOMENTS: Mapping[str, Moment] = {
    "idle": Moment("with no client", _nobody, has_clients=False, streams=False, by_any_order=True),
    "asking": Moment(
        "while clients are within a request",
        _within_requests,
        _askable,
        rests=True,
        by_any_order=True,
    ),
    "answering": Moment("while clients have answers to read", _answers_unread, _repeatable),
    "staying": Moment("while clients stay, and say nothing", _staying, _askable),
    "traffic": Moment("while clients come and go", Regulars, streams=False, by_any_order=True),
    "insisting": Moment(
        "when it is told twice, while clients are within a request",
        _within_requests,
        _askable,
        rests=True,
        twice=True,
    ),
}
