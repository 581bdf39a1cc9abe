"""What the classes of a script are called: the same name for what is the same."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["class_name"]


def class_name(named: dict[str, str], kind: str, about: Any) -> str:
    """``Server``, and ``Server2`` for what is otherwise. ``named`` has the names so far, and gets
    the new one."""
    key = kind + json.dumps(about, sort_keys=True, default=str)
    if key not in named:
        number = sum(name.startswith(kind) for name in named.values()) + 1
        named[key] = kind if number == 1 else f"{kind}{number}"
    return named[key]
