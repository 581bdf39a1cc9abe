"""Request handlers as plain Python code: what the steps of a script do, written out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sockproof.iut.values import Fill, decode
from sockproof.repro.notes import Notes
from sockproof.repro.plain import Names

__all__ = ["READS", "HandlerWriter", "described", "indented", "raising", "tidy"]

# A socket in the form in which the control channel has it.
_AS_TOLD = re.compile(r"\{'\$socket': ([\w.\[\]]+)\.fileno\(\)\}")
READS = ("read", "read_to_end", "recv", "read_line")

Step = Mapping[str, Any]
Lines = list[str]


def described(value: Any) -> Any:
    """A value of the control channel as Python has it; a Fill stays one."""
    if isinstance(value, dict) and "$fill" in value:
        return Fill(*value["$fill"])
    return decode(value)


def raising(told: Mapping[str, Any]) -> str:
    """The statement that raises what a script names."""
    name = told["exception"]
    return f"raise {name}({told['message']!r})"


@dataclass
class HandlerWriter:
    """Writes the class ``name`` of one described handler; ``omit`` are the keys to leave out.
    ``own_base`` is a class of the script to derive from, instead of socketserver's."""

    name: str
    order: Mapping[str, Any]
    names: Names
    notes: Notes
    omit: frozenset[str] = frozenset()
    own_base: str = ""

    @property
    def base(self) -> str:
        return self.own_base or f"socketserver.{self.order['base']}"

    @property
    def _has_files(self) -> bool:
        return str(self.order["base"]) != "BaseRequestHandler"

    @property
    def _is_stream(self) -> bool:
        return self.notes.is_stream

    def keys(self) -> Iterator[str]:
        """The parts that might be left out."""
        for phase, steps in self.order["script"].items():
            for number, step in enumerate(steps):
                if step["do"] != "gate":
                    yield f"{self.name} {phase} {number}"

    def lines(self) -> Lines:
        """The class, or the source text that a case brought along."""
        if self.order["source"]:
            source = self.names.in_source(self.order["source"]).strip("\n")
            renamed = source.replace("class Handler(", f"class {self.name}(")
            return [f"base = {self.base}", "", "", *renamed.splitlines()]
        body = [
            f"{name} = {self.names.code(described(value))}"
            for name, value in self.order["attributes"].items()
        ]
        methods = {phase: self._method(phase) for phase in ("setup", "handle", "finish")}
        first = "setup" if methods["setup"] else "handle"
        methods[first] = [*self.notes.keep("self"), *methods[first]]
        for phase, method in methods.items():
            if method:
                body += [*([""] if body else []), f"def {phase}(self):", *indented(method)]
        return [f"class {self.name}({self.base}):", *indented(body)]

    def _method(self, phase: str) -> Lines:
        steps = [
            line
            for number, step in enumerate(self.order["script"].get(phase, ()))
            if f"{self.name} {phase} {number}" not in self.omit
            for line in self._step(step)
        ]
        noted = self.notes.line(phase, "self.client_address")
        if phase == "setup" and (steps or noted):
            return [*noted, f"{self.base}.setup(self)", *steps]
        if phase == "finish":
            return self._finish(noted, steps)
        return [*noted, *steps]

    def _finish(self, noted: Lines, steps: Lines) -> Lines:
        handled = self.notes.line("handled")
        own = [*noted, *steps, f"{self.base}.finish(self)"]
        if handled:
            return ["try:", *indented(own), "finally:", *indented(handled)]
        return own if noted or steps else []

    def _step(self, step: Step) -> Lines:
        do = str(step["do"])
        if do == "report" and do not in self.notes.wanted:
            return []
        arguments = {key: described(value) for key, value in step.items() if key != "do"}
        code = list(_ACTIONS[do](self, arguments))
        if do in self.notes.failing & self.notes.wanted:
            told = self.notes.line(do, '"raises " + type(error).__name__')
            code = ["try:", *indented(code)]
            code += ["except BaseException as error:", *indented([*told, "raise"])]
        if do in ("gate", "exit", "kill", "when", "raise"):
            return code
        return [*code, *self.notes.line(do, _DETAILS.get(do, ""))]

    def read(self, arguments: Mapping[str, Any]) -> Lines:
        size = arguments.get("size", "")
        if self._has_files:
            return [f"self.data = self.rfile.read({size})"]
        if self._is_stream:
            return [f"self.data = receive(self.request{f', {size}' if size else ''})[0]"]
        return ["self.data = self.request[0]"]

    def send(self, data: str) -> Lines:
        if self._has_files:
            return [f"self.sent = self.wfile.write({data})"]
        if self._is_stream:
            return [f"self.sent = self.request.sendall({data})"]
        return [f"self.sent = self.request[1].sendto({data}, self.client_address)"]

    def gate(self, arguments: Mapping[str, Any]) -> Lines:
        name = arguments["name"]
        return [*self.notes.line(f"at gate {name}"), self.notes.passing(name)]

    def when(self, arguments: Mapping[str, Any]) -> Lines:
        inner = [line for step in arguments["steps"] for line in self._step(step)]
        return [f"if self.data.startswith({arguments['prefix']!r}):", *indented(inner)]

    def run(self, arguments: Mapping[str, Any]) -> Lines:
        source = textwrap.dedent(self.names.in_source(arguments["source"])).strip("\n")
        return source.replace("sockproof_last", "data").splitlines()

    def report(self, arguments: Mapping[str, Any]) -> Lines:
        told = {name: _AS_TOLD.sub(r"\1", text) for name, text in arguments["expressions"].items()}
        items = ", ".join(f"{name!r}: {text}" for name, text in told.items())
        return [f"self.told = {{{items}}}"]

    def attempt(self, arguments: Mapping[str, Any]) -> Lines:
        calls = ", ".join(f"attempt(lambda: {text})" for text in arguments["expressions"])
        return [f"self.told = [{calls}]"]


# By step: what is told of it where more than that it happened is of interest.
_DETAILS = {
    **dict.fromkeys(READS, "bytes(self.data)"),
    "write": "plain(self.sent)",
    "write_back": "plain(self.sent)",
    "report": "plain(self.told)",
    "attempt": "plain(self.told)",
}

_ACTIONS: Mapping[str, Callable[[HandlerWriter, Mapping[str, Any]], Sequence[str]]] = {
    "read": HandlerWriter.read,
    "read_to_end": HandlerWriter.read,
    "recv": lambda _, told: [f"self.data = self.request.recv({told['size']})"],
    "read_line": lambda *_: ["self.data = self.rfile.readline()"],
    "write": lambda writer, told: writer.send(writer.names.code(told["data"])),
    "write_back": lambda writer, _: writer.send("self.data"),
    "gate": HandlerWriter.gate,
    "when": HandlerWriter.when,
    "raise": lambda _, told: [raising(told)],
    "half_close": lambda *_: ["self.request.shutdown(socket.SHUT_WR)"],
    "close_wfile": lambda *_: ["self.wfile.close()"],
    "report": HandlerWriter.report,
    "attempt": HandlerWriter.attempt,
    "run": HandlerWriter.run,
    "exit": lambda _, told: [f"os._exit({told['status']})"],
    "kill": lambda _, told: [f"os.kill(os.getpid(), signal.{told['signal_name']})"],
}


def indented(lines: Sequence[str]) -> Lines:
    """The body of what stands above it."""
    return [f"    {line}" if line else "" for line in lines] or ["    pass"]


def tidy(lines: Lines) -> Lines:
    """``self.data`` as ``data`` where no other method needs it, and what nobody reads left out."""
    text = "\n".join(lines)
    methods = re.split(r"(?m)^(?=    def )", text)
    for name in ("data", "sent", "told"):
        users = [n for n, method in enumerate(methods) if f"self.{name}" in method]
        if len(users) == 1:
            number = users[0]
            told, assigned = f"self.{name}", f"self.{name} = "
            is_read = methods[number].count(told) > methods[number].count(assigned)
            methods[number] = methods[number].replace(assigned, f"{name} = " if is_read else "")
            methods[number] = methods[number].replace(f"self.{name}", name)
    return "".join(methods).splitlines()
