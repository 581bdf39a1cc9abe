"""The operations of a case as statements of a script, one after the other."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.iut.outcomes import Outcome
from sockproof.repro.ground_code import ground_lines
from sockproof.repro.handler_code import described
from sockproof.repro.notes import Notes, awaited
from sockproof.repro.peer_code import PEER_STATEMENTS, PeerWriter
from sockproof.repro.plain import Names, server_name, thread_name
from sockproof.repro.program_code import PROGRAM_STATEMENTS, PROGRAM_VALUES
from sockproof.repro.socket_code import Descriptors, begun_step, step_call, step_line
from sockproof.timing import PATIENCE_S

__all__ = ["StepWriter", "has_statement"]

_SIMPLE = (bool, int, float, str, bytes)


def has_statement(operation: Operation) -> bool:
    """Whether scripts can do it: else they leave it out."""
    if operation.name == "do":
        return operation.arguments["op"] in _COMMANDS
    return operation.name in (PEER_STATEMENTS if operation.actor else _STATEMENTS)


def _raised(operation: Operation) -> bool:
    return bool(operation.ending or (operation.outcome and operation.outcome.error))


def _times(count: int) -> str:
    """The argument that says how often; once is understood."""
    return f", {count}" if count != 1 else ""


@dataclass
class StepWriter:
    """Writes statements. ``classes`` are the server and handler class by a server's handle;
    ``threads`` is whether anything of a server runs beside them."""

    names: Names
    notes: Notes
    classes: Mapping[int, tuple[str, str]]
    addresses: Mapping[int, Any]
    loops: dict[int, list[str]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    gates: set[str] = field(default_factory=set)
    threads: bool = False
    descriptors: Descriptors = field(default_factory=Descriptors)
    peers: PeerWriter = field(init=False)

    def __post_init__(self) -> None:
        self.peers = PeerWriter(self.names, self.notes)

    def lines(self, operation: Operation) -> list[str]:
        """The statements of one operation; its value is not looked at."""
        if operation.actor:
            return self.peers.lines(operation)
        writer = _STATEMENTS.get(operation.name)
        return writer(self, operation) if writer else []

    def value(self, operation: Operation) -> str:
        """The expression whose value the operation tells."""
        if operation.actor:
            return self.peers.value(operation)
        return _VALUES[operation.name](self, operation)

    # The server's side

    def do(self, operation: Operation) -> list[str]:
        command = _COMMANDS.get(operation.arguments["op"])
        return command(self, operation) if command else []

    def make(self, operation: Operation) -> list[str]:
        told = operation.arguments
        if _raised(operation):
            return [*ground_lines(told, self.addresses, self.names), self._attempt(operation)]
        made = [f"{server_name(told['handle'])} = {self.making(told)}"]
        return [*made, *(self._spawned(told["serve"]) if told.get("serve") else [])]

    def call(self, operation: Operation) -> list[str]:
        told = operation.arguments
        if told.get("method") == "server_close":
            self.closed.add(told["handle"])
        return [self._attempt(operation) if _raised(operation) else self._plain_value(told)]

    def step(self, operation: Operation) -> list[str]:
        told = self.descriptors.kept(operation)
        return [self._attempt(operation) if _raised(operation) else step_line(told, self.names)]

    def begin_step(self, operation: Operation) -> list[str]:
        self.threads = True
        call, given = begun_step(operation.arguments, self.names)
        return [self._started(operation.arguments["label"], call, given)]

    def execute(self, operation: Operation) -> list[str]:
        lines = self.source_of(operation.arguments)
        if _raised(operation):
            return ["try:", *(f"    {one}" for one in lines), "except BaseException:", "    pass"]
        return lines

    def making(self, told: Mapping[str, Any]) -> str:
        """The expression that makes a server."""
        server_class, handler_class = self.classes[told["handle"]]
        given = [self.names.code(self.addresses[told["handle"]]), handler_class]
        if told["bind_and_activate"] is not None:
            given.append(f"bind_and_activate={told['bind_and_activate']}")
        return f"{server_class}({', '.join(given)})"

    def _spawned(self, told: Mapping[str, Any]) -> list[str]:
        self.threads = True
        handle, label, method = told["handle"], told["label"], told["method"]
        if method == "serve_forever":
            self.loops.setdefault(handle, []).append(thread_name(label))
        if method == "server_close":
            self.closed.add(handle)
        given = [self.names.code(described(one)) for one in told["arguments"]]
        given += [f"{k}={self.names.code(v)}" for k, v in told.get("keywords", {}).items()]
        return [self._started(label, f"{server_name(handle)}.{method}", given)]

    def _started(self, label: str, call: str, given: list[str]) -> str:
        if f"{label} ended" in self.notes.wanted:
            how = "_how" if self.notes.detail == f"{label} ended" else ""
            call = f'telling{how}("{label}", {call})'
        told = ", ".join([f'"{label}"', call, *given])
        return f"{thread_name(label)} = start({told})"

    def source_of(self, told: Mapping[str, Any]) -> list[str]:
        """The lines of source text that the case has executed."""
        return self._source(textwrap.dedent(told["source"]).strip("\n"), told).splitlines()

    def _source(self, text: str, told: Mapping[str, Any]) -> str:
        """Source text of the case, where ``server`` is the one that it is about."""
        text = self.names.in_source(text)
        handle = int(told.get("handle") or 0)
        handler_class = self.classes.get(handle, ("", "Handler"))[1]
        for name, own in (("server", server_name(handle)), ("handler_class", handler_class)):
            text = re.sub(rf"(?<![\w.'\"]){name}(?=[.)\],\s]|$)(?!\s*=[^=])", own, text)
        return text

    def _plain_value(self, told: Mapping[str, Any]) -> str:
        if told["op"] == "step":
            return step_call(self.descriptors.meant(told), self.names)
        if told["op"] == "evaluate":
            return self._source(told["expression"], told)
        given = ", ".join(self.names.code(described(one)) for one in told["arguments"])
        return f"{server_name(told['handle'])}.{told['method']}({given})"

    def _attempt(self, operation: Operation) -> str:
        """The value or what it raises, also of what may not come back."""
        told = operation.arguments
        if told["op"] == "make":
            server_class, rest = self.making(told).split("(", 1)
            return f"attempt({server_class}, {rest}"
        value = self._plain_value(told)
        known = operation.outcome.value if isinstance(operation.outcome, Outcome) else 0
        is_simple = isinstance(known, _SIMPLE) or known is None
        value = value if is_simple else f"plain({value})"
        may_hang = told["op"] in ("call", "step") or bool(operation.ending)
        return f"{'bounded' if may_hang else 'attempt'}(lambda: {value})"

    def stop(self, _operation: Operation) -> list[str]:
        """End the loops of all servers and close them, as far as that is not done."""
        gates = [line for name in sorted(self.gates) for line in self.notes.opening(name, 100)]
        lines = []
        for handle in sorted(self.classes):
            if handle not in self.closed:
                self.closed.add(handle)
                told = ", ".join([server_name(handle), *self.loops.get(handle, [])])
                lines.append(f"stop({told})")
        return [*gates, *lines]

    def open_gate(self, operation: Operation) -> list[str]:
        count = min(operation.arguments["count"], 100)
        return self.notes.opening(operation.arguments["name"], count)

    def wait(self, operation: Operation) -> list[str]:
        told = operation.arguments
        label = awaited(operation)
        if not label or operation.ending:
            return []
        if told["event"] == "ended" and label not in self.notes.wanted:
            return [f"{thread_name(told['wanted']['label'])}.join(HANG_S)"]
        self.notes.wanted.add(label)
        return [f'wait_for("{label}"{_times(told["count"])}) or end(2, "no {label}")']

    def until_true(self, operation: Operation) -> list[str]:
        return [f'{self.becomes_true(operation)} or end(2, "it never does")']

    def becomes_true(self, operation: Operation) -> str:
        text = self._source(operation.arguments["expression"], {"handle": 0})
        return f"wait_until(lambda: {text})"

    def comes_to_wait(self, operation: Operation) -> str:
        """What waits has not ended after the longest wait, whatever it has looked like."""
        return f"not ends({thread_name(operation.arguments['label'])})"

    def ends_before(self, operation: Operation) -> str:
        told = operation.arguments
        label, ended = awaited(operation), f"{told['label']} ended"
        self.notes.wanted.update((label, ended))
        return f'ends_before("{ended}", "{label}"{_times(told["count"])})'


# By operation: the expression of what it tells.
_VALUES: Mapping[str, Callable[[StepWriter, Operation], str]] = {
    "do": StepWriter._attempt,
    "comes to wait": StepWriter.comes_to_wait,
    "fall asleep": lambda *_: "let_others_run()",
    "ends before": StepWriter.ends_before,
    **PROGRAM_VALUES,
}


# By what the process is ordered to do: the statements that do the same.
_COMMANDS: Mapping[str, Callable[[StepWriter, Operation], list[str]]] = {
    "make": StepWriter.make,
    "spawn": lambda writer, one: writer._spawned(one.arguments),
    "call_in_main": lambda writer, one: writer._spawned(one.arguments),
    "call": StepWriter.call,
    "evaluate": StepWriter.call,
    "execute": StepWriter.execute,
    "step": StepWriter.step,
    **dict.fromkeys(("begin_step", "begin_step_in_main"), StepWriter.begin_step),
    **dict.fromkeys(("fence", "stack"), lambda *_: []),  # to look changes nothing
}

# By operation: the statements that carry it out.
_STATEMENTS: Mapping[str, Callable[[StepWriter, Operation], list[str]]] = {
    "matching": lambda *_: [],  # to look at what has happened changes nothing
    "do": StepWriter.do,
    "stop": StepWriter.stop,
    "open gate": StepWriter.open_gate,
    "signal": lambda _, one: [f"os.kill(os.getpid(), signal.{one.arguments['name']})"],
    "wait": StepWriter.wait,
    "something": lambda *_: ["let_others_run()"],
    "outlast": lambda *_: [f"time.sleep({PATIENCE_S:g})  # to give up in"],
    "until true": StepWriter.until_true,
    **dict.fromkeys(("let others run", "fall asleep"), lambda *_: ["let_others_run()"]),
    "comes to wait": lambda _, one: [f"let_others_run({thread_name(one.arguments['label'])})"],
    "ends before": lambda w, one: [w.ends_before(one)],
    **PROGRAM_STATEMENTS,
}
