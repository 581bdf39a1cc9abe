"""What this machine has, whatever an implementation says: the trials of capabilities, made here."""

from __future__ import annotations

import functools
import os
import socket
import sys
from collections.abc import Mapping

from sockproof.iut.capabilities import TRIALS

__all__ = ["machine_features"]


@functools.cache
def machine_features() -> Mapping[str, bool]:
    """What of the features this machine has. What an implementation lacks and the machine has not
    is no fault of the implementation's."""
    return {name: _is_there(source) for name, source in TRIALS.items()}


def _is_there(source: str) -> bool:
    try:
        exec(source, {"os": os, "socket": socket, "sys": sys})  # a text of ours
    except (OSError, AttributeError):
        return False
    return True
