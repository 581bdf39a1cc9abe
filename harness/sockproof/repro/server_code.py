"""Server classes as plain Python code: attributes, mixins, and overridden methods written out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.repro.handler_code import described, indented, raising
from sockproof.repro.notes import Notes
from sockproof.repro.plain import Names

__all__ = ["ServerWriter"]

_REQUEST, _BOTH = "request", "request, client_address"
# The parameters of the methods that may be overridden; of others, whatever comes.
_PARAMETERS: Mapping[str, str] = {
    **dict.fromkeys(("verify_request", "process_request", "finish_request"), _BOTH),
    **dict.fromkeys(("handle_error", "process_request_thread"), _BOTH),
    **dict.fromkeys(("shutdown_request", "close_request"), _REQUEST),
    **dict.fromkeys(("get_request", "handle_timeout", "service_actions", "fileno"), ""),
    **dict.fromkeys(("server_bind", "server_activate", "server_close"), ""),
}

Lines = list[str]


@dataclass
class ServerWriter:
    """Writes the class ``name`` of one order; ``omit`` are the keys to leave out. ``own_base`` is a
    class of the script to derive from, instead of socketserver's."""

    name: str
    order: Mapping[str, Any]
    names: Names
    notes: Notes
    omit: frozenset[str] = frozenset()
    own_base: str = ""

    @property
    def bases(self) -> list[str]:
        if self.own_base:
            return [self.own_base]
        spec = self.order["spec"]
        return [f"socketserver.{name}" for name in (spec["mixin"], spec["class"]) if name]

    @property
    def attributes(self) -> dict[str, Any]:
        return {
            name: described(value)
            for name, value in self.order["attributes"].items()
            if f"{self.name} attribute {name}" not in self.omit
        }

    @property
    def hooks(self) -> dict[str, Mapping[str, Any]]:
        return {
            method: behaviour
            for method, behaviour in self.order["hooks"].items()
            if f"{self.name} hook {method}" not in self.omit and self._does(method, behaviour)
        }

    def _does(self, method: str, behaviour: Mapping[str, Any]) -> bool:
        """A hook that only tells of a call which nobody wants to know is none."""
        labels = {method, f"{method} returned", f"{method} raised"}
        is_kept = self.notes.keeping and "request" in _PARAMETERS.get(method, "")
        return bool(behaviour) or bool(labels & self.notes.wanted) or is_kept

    def keys(self) -> Iterator[str]:
        """The parts that might be left out; a method that does something is what the case is
        about, and stays."""
        told = (method for method, behaviour in self.order["hooks"].items() if not behaviour)
        yield from (f"{self.name} hook {method}" for method in told)
        yield from (f"{self.name} attribute {name}" for name in self.order["attributes"])

    @property
    def used(self) -> str:
        """What is instantiated: the class itself where nothing is added to it."""
        return self.name if self.lines() else self.bases[0]

    def lines(self) -> Lines:
        """The class, if one is needed."""
        if self.order["class_source"]:
            source = self.names.in_source(self.order["class_source"]).strip("\n")
            own = [f"{self.name}.{line}" for line in self._assigned()]
            named = source.replace("class Server", f"class {self.name}").splitlines()
            return [*named, *(["", *own] if own else [])]
        body = self._assigned()
        for method, behaviour in self.hooks.items():
            body += [*([""] if body else []), *self._hook(method, behaviour)]
        if not body and len(self.bases) == 1:
            return []
        return [f"class {self.name}({', '.join(self.bases)}):", *indented(body)]

    def _assigned(self) -> Lines:
        """The statements that give the class its attributes."""
        told = {name: self.names.code(value) for name, value in self.attributes.items()}
        if self.order["spec"]["family"] == "inet6":
            told = {"address_family": "socket.AF_INET6", **told}
        return [f"{name} = {code}" for name, code in told.items()]

    def _hook(self, method: str, behaviour: Mapping[str, Any]) -> Lines:
        parameters = _PARAMETERS.get(method, "*arguments")
        if "arguments" in str(behaviour.get("instead", "")):
            parameters = "*arguments"
        signature = f"def {method}({', '.join(filter(None, ['self', parameters]))}):"
        told = self._told(method, parameters)
        body = [*self._kept(parameters), *told, *self._behaviour(method, parameters, behaviour)]
        return [signature, *indented(body)]

    def _kept(self, parameters: str) -> Lines:
        if parameters == "*arguments":
            return self.notes.keep("arguments")
        return self.notes.keep(_REQUEST) if _REQUEST in parameters else []

    def _told(self, method: str, parameters: str) -> Lines:
        detail = f"[plain(one) for one in ({parameters},)]" if parameters else ""
        if parameters == "*arguments":
            detail = "[plain(one) for one in arguments]"
        if method == "handle_error" and self.notes.detail == method:
            detail += " + [sys.exc_info()[0].__name__, str(sys.exc_info()[1])]"
        return self.notes.line(method, detail)

    def _behaviour(self, method: str, parameters: str, behaviour: Mapping[str, Any]) -> Lines:
        gate = []
        if "gate" in behaviour:
            name = behaviour["name"]
            gate = [*self.notes.line(f"at gate {name}"), self.notes.passing(name)]
        return [*gate, *self._telling_of_raise(method, self._call(method, parameters, behaviour))]

    def _call(self, method: str, parameters: str, behaviour: Mapping[str, Any]) -> Lines:
        if "raise" in behaviour:
            return [raising(behaviour["raise"])]
        value = self._value(method, parameters, behaviour)
        own = [] if "instead" not in behaviour else self._original(method, behaviour)
        label = f"{method} returned"
        if label in self.notes.wanted:
            told = self.notes.line(label, "plain(value)")
            return [*own, f"value = {value}", *told, "return value"]
        return [*own, f"return {value}"]

    def _telling_of_raise(self, method: str, call: Lines) -> Lines:
        told = self.notes.line(f"{method} raised", '"raises " + sys.exc_info()[0].__name__')
        if not told:
            return call
        return ["try:", *indented(call), "except BaseException:", *indented([*told, "raise"])]

    def _value(self, method: str, parameters: str, behaviour: Mapping[str, Any]) -> str:
        if "return" in behaviour:
            return self.names.code(described(behaviour["return"]))
        if "instead" in behaviour:
            return self.names.in_source(str(behaviour["instead"]))
        given = ", ".join(filter(None, ["self", parameters]))
        return f"{self._base}.{method}({given})"

    @property
    def _base(self) -> str:
        return self.bases[0] if len(self.bases) == 1 else f"{self.name}.__mro__[1]"

    def _original(self, method: str, behaviour: Mapping[str, Any]) -> Lines:
        if not re.search(r"\boriginal\b", str(behaviour["instead"])):
            return []
        return [
            "def original(*arguments):",
            f"    return {self._base}.{method}(self, *arguments)",
        ]
