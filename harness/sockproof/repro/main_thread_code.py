"""A script's statements around a call in the main thread, to which a signal comes."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof.iut.case_log import Operation
from sockproof.repro.handler_code import indented
from sockproof.repro.plain import thread_name

__all__ = ["in_main_thread"]


def in_main_thread(lines: list[str], operations: Sequence[Operation]) -> list[str]:
    """The statements, those behind a call in the main thread in a thread of their own, if a signal
    comes: Python runs its handlers in the main thread alone, and an interrupt is to meet the call.

    https://docs.python.org/3/library/signal.html#signals-and-threads
    """
    if not any(one.name == "signal" for one in operations):
        return lines
    labels = (one.arguments["label"] for one in operations if _is_in_main(one))
    begins = {f"{thread_name(label)} = start(" for label in labels}
    for number, line in enumerate(lines):
        begin = next((one for one in begins if line.startswith(one)), "")
        if begin:
            name = begin.partition(" ")[0]
            call = line.removeprefix(begin).partition(", ")[2]
            others = indented(lines[number + 1 :])
            made = [f"{name} = InMain({call}", "", "", "def others():", *others]
            return [*lines[:number], *made, "", "", f"{name}.beside(others)"]
    return lines


def _is_in_main(one: Operation) -> bool:
    return one.name == "do" and one.arguments["op"] in ("call_in_main", "begin_step_in_main")
