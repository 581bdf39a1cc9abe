"""Examples of what a server is asked and answers, and which of them may follow which.

A connection stands in a state: that of a new one, or the name of the exchange that made it, as a
login does. An exchange is possible in the states that it comes ``after``. It leads into a state of
its own if another one comes after it, else the state stays as it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sockproof.check.service.wanted_answer import WantedAnswer

__all__ = ["NONE", "Exchange", "Exchanges"]


@dataclass(frozen=True)
class Exchange:
    """One example: the octets of a ``request`` (none where the server begins), and the answer.

    ``keeps``: whether the connection goes on afterwards; None where nothing is said of it.
    ``half_closes``: whether the client then closes its side. ``varies`` is a part of the request
    that clients may have otherwise, and the answer as well. ``timeout_s``: how long a client may
    take for the request; None where that is not declared.
    """

    name: str
    request: bytes
    answer: WantedAnswer
    keeps: bool | None = None
    after: tuple[str, ...] = ()
    half_closes: bool = False
    varies: bytes = b""
    timeout_s: float | None = None

    def of_client(self, number: int) -> Exchange:
        """As this client has it: with octets of its own, as many, where the exchange varies."""
        if not self.varies:
            return self
        own = str(number).zfill(len(self.varies))[-len(self.varies) :].encode("ascii")
        request = self.request.replace(self.varies, own)
        answer = self.answer.with_other(self.varies, own)
        return dataclasses.replace(self, request=request, answer=answer)


@dataclass(frozen=True)
class Exchanges:
    """All examples of one server, in the order of their file; falsy where there are none."""

    all: tuple[Exchange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.all)

    def named(self, name: str) -> Exchange:
        """The one of this name."""
        return next(one for one in self.all if one.name == name)

    @property
    def firsts(self) -> Sequence[Exchange]:
        """Those that a new connection may begin with."""
        return [one for one in self.all if not one.after]

    def before(self, exchange: Exchange) -> list[Exchange]:
        """What a new connection goes through first."""
        if not exchange.after:
            return []
        previous = self.named(exchange.after[0])
        return [*self.before(previous), previous]

    def following(self, exchange: Exchange) -> list[Exchange]:
        """What may come on the same connection next; nothing where it is not kept."""
        if not exchange.keeps:
            return []
        is_state = any(exchange.name in one.after for one in self.all)
        states = {exchange.name} if is_state else set(exchange.after)
        return [one for one in self.all if (set(one.after) & states if states else not one.after)]


NONE = Exchanges()
"""Of a server of which nothing is known."""
