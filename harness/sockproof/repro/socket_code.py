"""Steps with plain sockets as statements of a script, where the module under test is ``tested``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.iut.values import Fill, decode
from sockproof.repro.plain import Names

__all__ = ["Descriptors", "begun_step", "step_call", "step_line", "tells_descriptor"]

MODULE = "tested"
# Functions of the module whose first argument is a descriptor, as it is of all of os.
_OF_DESCRIPTORS = ("fromfd", "close")


def tells_descriptor(operation: Operation) -> bool:
    """Whether a step has told the number of a descriptor: each process has its own."""
    told, value = operation.arguments, getattr(operation.outcome, "value", None)
    named = told.get("op") == "step" and told["name"] in ("fileno", "detach")
    return named and not operation.ending and isinstance(value, int) and value >= 0


class Descriptors:
    """Those that steps have told, by their numbers: the variables of a script that have them."""

    def __init__(self) -> None:
        self._variables: dict[int, str] = {}

    def kept(self, operation: Operation) -> Mapping[str, Any]:
        """What a step is told, which keeps the descriptor that it tells."""
        told = self.meant(operation.arguments)
        if not tells_descriptor(operation):
            return told
        variable = told["keep"] or f"{told['on']}_fd"
        self._variables[operation.outcome.value] = variable
        return {**told, "keep": variable}

    def meant(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same with variables where it is given descriptors."""
        is_given = told["on"] == "os" or (not told["on"] and told["name"] in _OF_DESCRIPTORS)
        first, rest = told["arguments"][:1], told["arguments"][1:]
        keywords = {
            k: self._variable(v) if k == "fileno" else v for k, v in told["keywords"].items()
        }
        given = [*map(self._variable, first), *rest] if is_given else told["arguments"]
        return {**told, "arguments": given, "keywords": keywords}

    def _variable(self, value: Any) -> Any:
        is_known = isinstance(value, int) and value in self._variables
        return {"$kept": self._variables[value]} if is_known else value


def step_call(told: Mapping[str, Any], names: Names) -> str:
    """The expression of a step: a call, or an attribute."""
    member = _member(told)
    if told["do"] == "forget":
        return f"globals().pop('{told['name']}') and None"
    if told["do"] == "over":
        return f"is_over({told['name']})"
    if told["do"] == "get":
        return member
    return f"{member}({', '.join(_given(told, names))})"


def step_line(told: Mapping[str, Any], names: Names) -> str:
    """The statement, which keeps what the step keeps."""
    keep = told["keep"]
    kept = ", ".join(keep) if isinstance(keep, list) else keep
    return f"{kept} = {step_call(told, names)}" if kept else step_call(told, names)


def begun_step(told: Mapping[str, Any], names: Names) -> tuple[str, list[str]]:
    """The function that is called beside all others, and what it is given."""
    return _member(told), _given(told, names)


def _member(told: Mapping[str, Any]) -> str:
    return f"{told['on'] or MODULE}.{told['name']}"


def _given(told: Mapping[str, Any], names: Names) -> list[str]:
    given = [_code(one, names) for one in told["arguments"]]
    return given + [f"{name}={_code(one, names)}" for name, one in told["keywords"].items()]


def _code(value: Any, names: Names) -> str:
    """An argument as it is sent to an agent, as an expression."""
    if isinstance(value, list):
        return f"[{_joined(value, names)}]"
    if not isinstance(value, dict):
        return names.code(value)
    if "$fill" in value:
        return names.code(Fill(*value["$fill"]))
    for key, written in _MEANT.items():
        if key in value:
            return written.format(value[key])
    if "$tuple" not in value:
        return names.code(decode(value))
    whole, parts = decode(value), value["$tuple"]
    if whole != names.normal(whole):
        return names.code(whole)
    if _is_free(whole):
        return names.code(("127.0.0.1", 0))
    return f"({_joined(parts, names)}{',' * (len(parts) == 1)})"


def _is_free(address: tuple[Any, ...]) -> bool:
    """Whether it is a loopback address of the worker's own, with a port that the system chooses."""
    return address[1:] == (0,) and str(address[0]).startswith("127.")


def _joined(values: Sequence[Any], names: Names) -> str:
    return ", ".join(_code(one, names) for one in values)


_MEANT = {"$constant": MODULE + ".{}", "$kept": "{}", "$room": "bytearray({})"}
