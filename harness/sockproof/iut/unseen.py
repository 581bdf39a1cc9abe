"""What a case may leave behind that is not seen on an implementation's machine, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["unseen"]

_THREADS: Mapping[str, str] = {
    "interpreter": "threads that its interpreter has not started",
    "threading": "threads that were not started by threading",
}
_PROCESSES = "processes that outlive their parents"
_NO_PROC = "no /proc"
_NO_SUBREAPER = "its Python has no ctypes, or its system no subreapers"


def unseen(hello: Mapping[str, Any]) -> list[str]:
    """In words, by what the agent has said of itself; empty where all is seen."""
    accounts = hello["accounts"]
    found = [f"{_THREADS[by]}: {_NO_PROC}" for by in [accounts["threads"]] if by in _THREADS]
    if not accounts["processes"]:
        found.append(f"{_PROCESSES}: {_NO_PROC if found else _NO_SUBREAPER}")
    return [f"a teardown does not see {one}" for one in found]
