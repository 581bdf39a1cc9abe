"""Scripts as data: what a handler does step by step, and how an overridden method behaves.

A handler script is a list of steps, played in ``handle()``; :class:`HandlerScript` also has steps
for ``setup()`` (after the base class's own) and ``finish()`` (before it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sockproof.iut.values import Fill, encode

__all__ = [
    "Attempt",
    "CloseWfile",
    "Echo",
    "Exit",
    "Gate",
    "GateIndex",
    "HalfClose",
    "HandlerScript",
    "Hook",
    "Instead",
    "Kill",
    "Raise",
    "Read",
    "ReadLine",
    "ReadToEnd",
    "Receive",
    "RecordCall",
    "Reply",
    "Report",
    "Return",
    "Run",
    "Step",
    "When",
    "describe_hooks",
]

# Gives the index of a gate by its name.
GateIndex = Callable[[str], int]


@dataclass(frozen=True)
class Step:
    """One step of a handler. ``do`` is its name on the control channel."""

    do: ClassVar[str] = ""

    def describe(self, gate: GateIndex) -> dict[str, Any]:
        """The step as the agent reads it."""
        told = {"do": self.do, **vars(self)}
        if isinstance(self, Gate):
            told["index"] = gate(self.name)
        return {key: encode(value) for key, value in told.items()}


@dataclass(frozen=True)
class Read(Step):
    """Read exactly ``size`` octets (fewer at the end of the stream); of a datagram, all of it."""

    size: int
    do = "read"


@dataclass(frozen=True)
class ReadToEnd(Step):
    """Read until the end of the stream; of a datagram, all of it."""

    do = "read_to_end"


@dataclass(frozen=True)
class Receive(Step):
    """One ``recv(size)`` on the request socket itself."""

    size: int
    do = "recv"


@dataclass(frozen=True)
class ReadLine(Step):
    """``self.rfile.readline()``."""

    do = "read_line"


@dataclass(frozen=True)
class Reply(Step):
    """Write to the client: by ``wfile``, ``sendall()`` or ``sendto()``, as the base class has."""

    data: bytes | Fill
    do = "write"


@dataclass(frozen=True)
class Echo(Step):
    """Write back what was read last."""

    do = "write_back"


@dataclass(frozen=True)
class Gate(Step):
    """Wait until the harness opens the gate. Also a hook: wait, then call the original."""

    name: str
    do = "gate"


@dataclass(frozen=True)
class Raise(Step):
    """Raise an exception, named as in the agent's table. Also a hook: raise instead of calling."""

    exception: str = "ValueError"
    message: str = "raised by the script"
    do = "raise"


@dataclass(frozen=True)
class HalfClose(Step):
    """``shutdown(SHUT_WR)`` on the request socket."""

    do = "half_close"


@dataclass(frozen=True)
class CloseWfile(Step):
    """``self.wfile.close()``."""

    do = "close_wfile"


@dataclass(frozen=True)
class Report(Step):
    """Tell the values of expressions over ``self``, ``threading``, ``os``, ``socket``."""

    expressions: Mapping[str, str]
    do = "report"


@dataclass(frozen=True)
class Attempt(Step):
    """Evaluate expressions like Report's one after the other, and tell of each what it gave or
    raised; none of them ends the handler."""

    expressions: Sequence[str]
    do = "attempt"


@dataclass(frozen=True)
class Run(Step):
    """Run source text over ``self``, the modules, ``fail(exception, message)``, which raises as the
    step Raise does, ``native("poll")``, what the interpreter's own module select has of a name, and
    ``wait_until_over(connection)``, until both directions have ended: for what no other step can
    say."""

    source: str
    do = "run"


@dataclass(frozen=True)
class Exit(Step):
    """``os._exit(status)`` of the process the handler runs in."""

    status: int
    do = "exit"


@dataclass(frozen=True)
class Kill(Step):
    """Send the process the handler runs in a signal, such as ``SIGSEGV``."""

    signal_name: str
    do = "kill"


@dataclass(frozen=True)
class When(Step):
    """Play ``steps`` only if what was read last begins with ``prefix``: requests that differ."""

    prefix: bytes
    steps: Sequence[Step]
    do = "when"

    def describe(self, gate: GateIndex) -> dict[str, Any]:
        steps = [step.describe(gate) for step in self.steps]
        return {"do": self.do, "prefix": encode(self.prefix), "steps": steps}


@dataclass(frozen=True)
class HandlerScript:
    """Steps for each phase of a handler."""

    handle: Sequence[Step] = ()
    setup: Sequence[Step] = ()
    finish: Sequence[Step] = ()

    def describe(self, gate: GateIndex) -> dict[str, Any]:
        """The script as the agent reads it."""
        phases = {"setup": self.setup, "handle": self.handle, "finish": self.finish}
        return {name: [step.describe(gate) for step in steps] for name, steps in phases.items()}


@dataclass(frozen=True)
class RecordCall:
    """A hook that only tells of the call."""


@dataclass(frozen=True)
class Return:
    """A hook that gives ``value`` instead of calling the implementation's own method."""

    value: Any = field(default=None)


@dataclass(frozen=True)
class Instead:
    """A hook that gives the value of an expression over ``self``, ``arguments``, ``fail()`` (see
    Run) and ``original``, the implementation's own method, bound to the server."""

    expression: str


Hook = RecordCall | Return | Raise | Gate | Instead


def describe_hooks(hooks: Mapping[str, Hook], gate: GateIndex) -> dict[str, Any]:
    """Hooks by method name as the agent reads them."""
    return {method: _describe_hook(hook, gate) for method, hook in hooks.items()}


def _describe_hook(hook: Hook, gate: GateIndex) -> dict[str, Any]:
    match hook:
        case Instead(expression):
            return {"instead": expression}
        case Return(value):
            return {"return": encode(value)}
        case Raise(exception, message):
            return {"raise": {"exception": exception, "message": message}}
        case Gate(name):
            return {"gate": gate(name), "name": name}
        case _:
            return {}
