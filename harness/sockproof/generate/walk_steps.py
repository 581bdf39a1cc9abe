"""A walk while it is played: the steps that every kind of socket has, and what they come to."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any

from sockproof.case.plain_sockets import HeldSocket, ModuleUnderTest
from sockproof.generate.walk import MODES, WalkModel, WalkStep
from sockproof.iut.outcomes import Outcome
from sockproof.iut.values import Constant, Room
from sockproof.judge.checks import check

__all__ = ["MOST_OCTETS", "Action", "Walking"]

_SECONDS: Mapping[str, float | None] = {"blocking": None, "timeout": 0.02, "non-blocking": 0.0}
# What is there already, or soon.
_SOON_S = 5.0
# What a step takes that says no amount.
MOST_OCTETS = 4_096


# Takes a step of a walk that is played: how the call has ended.
Action = Callable[[Any, WalkStep], Outcome]


class Walking:
    """A walk while it is played: ``sock`` is the one that walks, ``peer`` the other."""

    kind = ""

    def __init__(self, tested: ModuleUnderTest, model: WalkModel) -> None:
        self.tested, self.state = tested, model
        self.sock: HeldSocket | None = None
        self.peer: HeldSocket | None = None
        self._made = 0

    def take(self, step: WalkStep, act: Action) -> None:
        """Take a step, as ``act`` does, and look at what it comes to."""
        words = self.state.expected(step)
        if words in ("octets", "end") or (step.do == "accept" and words == "done"):
            self.wait_for_it(self.peer if step.do.startswith("peer: ") else self.sock)
        ended = act(self, step)
        self.look_at(step, words, ended)
        self.state.take(step)

    def look_at(self, step: WalkStep, words: str, ended: Outcome) -> None:
        found = _found(ended)
        wanted = words.split("|")
        told = f"'{step}' of a socket that is {self.state.phase or 'not there'}"
        if ended.error is not None or "E" in words or words == "timeout":
            is_right = ended.error is not None and found in wanted
            check(is_right, expected=f"{told}: {' or '.join(wanted)}", actual=_said(ended))
        elif words == "count":
            check(ended.value in (None, step.amount), expected=f"{told}: all", actual=ended.value)
        elif words == "end":
            check(_is_end(ended.value), expected=f"{told}: the end", actual=ended.value)

    def wait_for_it(self, sock: HeldSocket | None) -> None:
        """What is under way comes, wherever a call would not wait for it."""
        if sock is self.peer or self.state.mode != "blocking":
            assert sock is not None
            self.tested.library("select").do("select", [sock.kept], [], [], _SOON_S)

    def name(self, what: str) -> str:
        self._made += 1
        return f"{what}_{self._made}"

    @property
    def there(self) -> HeldSocket:
        assert self.sock is not None
        return self.sock

    def make(self, _: WalkStep) -> Outcome:
        family = self.state.family
        make = self.tested.stream if self.kind == "stream" else self.tested.datagram
        self.sock = make(self.name("sock"), family)
        return Outcome()

    def bind(self, _: WalkStep) -> Outcome:
        return self.there.attempt("bind", self.tested.address(self.state.family))

    def copy(self, _: WalkStep) -> Outcome:
        """A copy walks on; it has the mode that the first one had."""
        name = self.name("sock")
        ended = self.there.attempt("dup", keep=name)
        self.there.do("close")
        self.sock = self.tested.held(name, self.state.family)
        self.sock.do("settimeout", _SECONDS[self.state.mode])
        return ended

    def change_mode(self, step: WalkStep) -> Outcome:
        return self.there.attempt("settimeout", _SECONDS[MODES[step.do]])

    def call(self, step: WalkStep) -> Outcome:
        given: Mapping[str, tuple[Any, ...]] = {
            "shutdown": (Constant("SHUT_WR"),),
            "listen": (4,),
        }
        ended = self.there.attempt(step.do, *given.get(step.do, ()))
        if ended.error is None and step.do.startswith("get") and self.state.family != "path":
            port = ended.value[1:2] if isinstance(ended.value, tuple) else ()
            check(port > (0,), expected="an address with a port", actual=ended.value)
        return ended

    def receive_once(self, do: str, amount: int, *, by: HeldSocket | None = None) -> Outcome:
        """One call of the recv family; a value is its octets, or how many of them came."""
        sock = by or self.there
        if do == "recv_into":
            return sock.attempt(do, Room(amount))
        if do == "peek":
            return sock.attempt("recv", amount, Constant("MSG_PEEK"))
        ended = sock.attempt(do, amount)
        if do != "recvfrom" or ended.error is not None:
            return ended
        is_pair = isinstance(ended.value, tuple) and len(ended.value) == 2
        check(is_pair, expected="octets and who has sent them", actual=ended.value)
        return Outcome(ended.value[0])


def _found(ended: Outcome) -> str:
    """The errno's name, as of two that are one the system has it; or what else was raised."""
    error = ended.error
    if error is None:
        return "done"
    if error.is_a("timeout", "TimeoutError") and not error.errno_name:
        return "timeout"
    number = getattr(errno, error.errno_name, 0)
    return {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN"}.get(
        number, error.errno_name or error.name
    )


def _said(ended: Outcome) -> str:
    return str(ended.error) if ended.error else f"it returned {ended.value!r}"


def _is_end(value: Any) -> bool:
    return value in (b"", 0)
