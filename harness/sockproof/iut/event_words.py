"""Events of a case's process in the words of whoever wrote the server: what was waited for, and in
vain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["called", "in_words"]

# By event: what happens, once and several times; {count} is how often.
_WORDS: Mapping[str, tuple[str, str]] = {
    "handler": ("{phase}() of a handler is called", "{phase}() of {count} handlers is called"),
    "handled": ("a handler comes to its end", "{count} handlers come to their ends"),
    "call": ("{method}() is called", "{method}() is called {count} times"),
    "return": ("{method}() returns", "{method}() returns {count} times"),
    "raise": ("{method}() raises an exception", "{method}() raises an exception {count} times"),
    "begun": ("{method}() begins", "{method}() begins {count} times"),
    "ended": ("{method}() ends", "{method}() ends {count} times"),
}
# The same of a step of a handler; a gate is where it waits until the case lets it go on.
_STEPS: Mapping[str, tuple[str, str]] = {
    "gate": ("a handler is at work on a request", "{count} handlers are at work on requests"),
    "recv": ("recv() in a handler returns", "recv() in handlers returns {count} times"),
    "read": ("a handler reads", "handlers read {count} times"),
    "read_line": ("a handler reads a line", "handlers read {count} lines"),
    "read_to_end": ("a handler reads to the end", "handlers read to the end {count} times"),
    "write": ("a handler writes", "handlers write {count} times"),
    "write_back": ("a handler answers", "handlers answer {count} times"),
    "report": ("a handler tells what it sees", "handlers tell what they see {count} times"),
    "": ("a handler is done with '{do}'", "handlers are done with '{do}' {count} times"),
}


def called(label: str) -> str:
    """The method of a call that the case gave this label: ``serve_forever`` of
    ``serve_forever-0.1``."""
    return label.partition("-")[0]


def in_words(event: str, count: int, wanted: Mapping[str, Any]) -> str:
    """``serve_forever() ends``, ``3 handlers are at work on requests``."""
    told = {**wanted, "method": wanted.get("method") or called(str(wanted.get("label", "")))}
    do = str(wanted.get("do", ""))
    forms = _STEPS.get(do, _STEPS[""]) if event == "step" else _WORDS.get(event, ())
    times = f" {count} times" if count > 1 else ""
    try:
        return forms[count > 1].format(count=count, **told)
    except (IndexError, KeyError):  # an event that a case made up itself
        return f"the server's process tells '{event}'{times}"
