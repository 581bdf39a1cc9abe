"""Which operations of a case a script may leave out, to be shorter."""

from __future__ import annotations

from sockproof.iut.case_log import Operation

__all__ = ["may_go"]

# What a case is about, and what makes an order that a quiet machine may have by luck without.
_STAYING = ("open gate", "signal", "stop", "comes to wait", "let others run", "something")


def may_go(operation: Operation) -> bool:
    """Whether a script may leave it out. What the case is about stays: making servers, calling
    their methods and the end of these, gates, signals."""
    if operation.name == "do":
        told = operation.arguments
        is_moving = "chdir(" in told.get("source", "")  # files would be made where the user is
        if told["op"] == "step":
            return not told["keep"] and told["name"] != "bind"  # else it is at every address
        return told["op"] in ("evaluate", "execute") and not is_moving
    if operation.name == "wait":
        told = operation.arguments
        return bool(told["event"] != "ended" and told["wanted"].get("do") != "gate")
    return operation.name not in _STAYING and not operation.name.startswith("program")
