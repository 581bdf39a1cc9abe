"""Plain sockets of the module under test: what a case does with them, step by step as data."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from sockproof.iut.calls import RunningCall, value_of
from sockproof.iut.outcomes import Outcome, RaisedError
from sockproof.iut.process import CaseProcess
from sockproof.iut.values import Constant, Kept, encode
from sockproof.judge.checks import Inconclusive, Mismatch, check, same
from sockproof.spec.matrix import ServerSpec

__all__ = ["SPECS", "HeldSocket", "ModuleUnderTest", "Stepping"]

# The families of addresses that a peer of ours is at, or comes from.
SPECS = {family: ServerSpec("TCP", "none", family) for family in ("inet", "inet6")}
SPECS["path"] = ServerSpec("UnixStream", "none", "path")
# What a family's constant is called.
FAMILIES = {"inet": "AF_INET", "inet6": "AF_INET6", "path": "AF_UNIX"}


class Stepping:
    """Something of which steps call functions, or ask for attributes: the module, or a socket.

    ``name`` is under which it is kept; empty for the module. A step's value can be kept: ``keep``
    names it, or its parts.
    """

    def __init__(self, process: CaseProcess, name: str, serial: Iterator[int]) -> None:
        self._process = process
        self.name = name
        self._serial = serial

    def attempt(self, name: str, *arguments: Any, keep: Any = None, **keywords: Any) -> Outcome:
        """How a call ends: with a value, or with an exception."""
        return self._process.do("step", **self._order("call", name, arguments, keywords, keep))

    def do(self, name: str, *arguments: Any, keep: Any = None, **keywords: Any) -> Any:
        """The value of a call.

        Raises:
            Mismatch: it raised.
        """
        __tracebackhide__ = True
        ended = self.attempt(name, *arguments, keep=keep, **keywords)
        return self._value(f"{self._told(name)}() returns", ended)

    def refused(self, name: str, *arguments: Any, **keywords: Any) -> RaisedError:
        """What a call raises.

        Raises:
            Mismatch: it returns.
        """
        __tracebackhide__ = True
        ended = self.attempt(name, *arguments, **keywords)
        if ended.error is None:
            raise Mismatch(f"{self._told(name)}() raises", f"it returned {ended.value!r}")
        return ended.error

    def expect_error(self, errno_name: str, name: str, *arguments: Any, **keywords: Any) -> None:
        """A call raises OSError with this errno.

        Raises:
            Mismatch: otherwise.
        """
        __tracebackhide__ = True
        self.refused(name, *arguments, **keywords).expect_errno(errno_name)

    def expect_raised(self, names: str, name: str, *arguments: Any, **keywords: Any) -> None:
        """A call raises one of these exceptions, whose names are separated by blanks.

        Raises:
            Mismatch: otherwise.
        """
        __tracebackhide__ = True
        error = self.refused(name, *arguments, **keywords)
        check(
            error.is_a(*names.split()),
            expected=f"{self._told(name)}() raises {names.replace(' ', ' or ')}",
            actual=f"it raised {error}",
        )

    def expect(self, wanted: Any, name: str, *arguments: Any, **keywords: Any) -> None:
        """A call returns just this.

        Raises:
            Mismatch: it returns something else, or raises.
        """
        __tracebackhide__ = True
        same(wanted, self.do(name, *arguments, **keywords), f"{self._told(name)}()")

    def get(self, name: str) -> Any:
        """The value of an attribute.

        Raises:
            Mismatch: there is none.
        """
        ended = self._process.do("step", **self._order("get", name, (), {}, None))
        return self._value(f"{self._told(name)} is there", ended)

    def begin(self, name: str, *arguments: Any, keep: Any = None, **keywords: Any) -> RunningCall:
        """Make a call in a thread of its own, beside all that follows."""
        return self._begun("begin_step", self._order("call", name, arguments, keywords, keep))

    def begin_in_main(self, name: str, *arguments: Any, keep: Any = None) -> RunningCall:
        """The same in the main thread, where signals are handled: install handlers before."""
        return self._begun("begin_step_in_main", self._order("call", name, arguments, {}, keep))

    def _begun(self, op: str, order: dict[str, Any]) -> RunningCall:
        name = order["name"]
        label = f"{name}-{next(self._serial)}"
        self._process.do(op, **order, label=label, method=name, handle=None)
        return RunningCall(self._process, None, name, label)

    def _told(self, name: str) -> str:
        return f"{self.name}.{name}" if self.name else name

    def _value(self, promise: str, ended: Outcome) -> Any:
        __tracebackhide__ = True
        if ended.error is not None:
            raise Mismatch(promise, f"it raised {ended.error}")
        return ended.value

    def _order(
        self, do: str, name: str, arguments: Any, keywords: dict[str, Any], keep: Any
    ) -> dict[str, Any]:
        told = {key: encode(value) for key, value in keywords.items()}
        keep = list(keep) if isinstance(keep, tuple) else keep
        order = {"on": self.name, "do": do, "name": name, "keep": keep}
        return {**order, "arguments": encode(list(arguments)), "keywords": told}


class HeldSocket(Stepping):
    """A socket of the module under test that a step has kept. Peers can connect to it."""

    def __init__(self, process: CaseProcess, name: str, serial: Iterator[int], family: str) -> None:
        super().__init__(process, name, serial)
        self.family = family
        # By which peers name what they connect to.
        self.handle = name

    @property
    def spec(self) -> ServerSpec:
        return SPECS[self.family]

    @property
    def address(self) -> Any:
        """What getsockname() gives."""
        return self.do("getsockname")

    @property
    def kept(self) -> Kept:
        """The socket as an argument of a step."""
        return Kept(self.name)

    def accepted(self, name: str = "conn") -> HeldSocket:
        """The next connection, which is there already or soon."""
        self.do("accept", keep=(name, f"{name}_address"))
        return HeldSocket(self._process, name, self._serial, self.family)


class ModuleUnderTest(Stepping):
    """The module under test. ``new_address`` gives an address of a family to bind to."""

    def __init__(self, process: CaseProcess, new_address: Callable[[str], Any]) -> None:
        super().__init__(process, "", itertools.count(1))
        self._new_address = new_address

    def held(self, name: str, family: str = "inet") -> HeldSocket:
        """What a step has kept under this name."""
        return HeldSocket(self._process, name, self._serial, family)

    def stream(self, name: str = "sock", family: str = "inet") -> HeldSocket:
        """A new stream socket."""
        return self._made(name, family, "SOCK_STREAM")

    def datagram(self, name: str = "sock", family: str = "inet") -> HeldSocket:
        """A new datagram socket."""
        return self._made(name, family, "SOCK_DGRAM")

    def _made(self, name: str, family: str, kind: str) -> HeldSocket:
        self.do("socket", Constant(FAMILIES[family]), Constant(kind), keep=name)
        return self.held(name, family)

    def bound(self, name: str = "sock", family: str = "inet") -> HeldSocket:
        """A stream socket with an address that nobody else has."""
        made = self.stream(name, family)
        made.do("bind", self._new_address(family))
        return made

    def bound_datagram(self, name: str = "sock", family: str = "inet") -> HeldSocket:
        """A datagram socket with an address that nobody else has."""
        made = self.datagram(name, family)
        made.do("bind", self._new_address(family))
        return made

    def listening(
        self, name: str = "listener", family: str = "inet", backlog: int = 8
    ) -> HeldSocket:
        """A stream socket that listens."""
        made = self.bound(name, family)
        made.do("listen", backlog)
        return made

    def pair(self, first: str = "a", second: str = "b") -> tuple[HeldSocket, HeldSocket]:
        """Two sockets of socketpair(), which are connected to each other."""
        self.do("socketpair", keep=(first, second))
        return self.held(first, "path"), self.held(second, "path")

    def address(self, family: str = "inet") -> Any:
        """An address to bind to."""
        return self._new_address(family)

    def library(self, name: str) -> Stepping:
        """A module of the standard library there, such as ``io``, for steps."""
        return Stepping(self._process, name, self._serial)

    def forget(self, name: str) -> None:
        """Keep no longer what a step has kept under this name."""
        self._process.do("step", **self._order("forget", name, (), {}, None))

    def wait_until_over(self, sock: HeldSocket) -> None:
        """Until the system knows that a connection has ended both ways, or was reset.

        Raises:
            Inconclusive: it does not come to know it.
        """
        ended = self._process.do("step", **self._order("over", sock.name, (), {}, None))
        if ended.value is not True:
            raise Inconclusive(f"the end of {sock.name} is not seen: {ended.error or 'nothing'}")

    def execute(self, source: str) -> None:
        """Run source text in the process, where the module is ``tested``.

        Raises:
            Mismatch: it raises.
        """
        value_of("the source of the case", self._process.do("execute", source=source))

    def value_of(self, expression: str) -> Any:
        """What an expression comes to in the process, where the module is ``tested``.

        Raises:
            Mismatch: it raises.
        """
        ended = self._process.do("evaluate", expression=expression)
        return self._value(f"{expression} can be asked for", ended)
