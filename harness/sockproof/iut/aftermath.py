"""What is done for a process of ours that has died: its own are ended, and its folders removed.

It runs beside each command, so it imports little.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import IO

from sockproof.iut.strays import end_strays

__all__ = ["wait_and_clear"]

_TRIES = 50


def wait_and_clear(orders: IO[bytes]) -> None:
    """Until whoever has started us is gone, take down what he says, a JSON object a line: a
    ``mark``, as it stands in an environment, with a ``folder`` or none to watch; without the word
    folder one to forget. Or a ``place`` where folders go whose names begin with ``owned``."""
    folders: dict[str, str | None] = {}
    places: list[tuple[str, str]] = []
    for line in orders:
        order = json.loads(line)
        if "place" in order:
            places.append((order["place"], order["owned"]))
        elif "folder" in order:
            folders[order["mark"]] = order["folder"]
        else:
            folders.pop(order["mark"], None)
    for mark in folders:
        end_strays(*mark.split("=", 1))
    for mark, folder in folders.items():
        if folder:
            _remove(folder, mark)
    for place, owned in places:
        with contextlib.suppress(OSError):  # the place is gone, too
            for path in list(Path(place).iterdir()):
                if path.name.startswith(owned):
                    _remove(str(path), *folders)


def _remove(folder: str, *marks: str) -> None:
    """Also where somebody who is just being ended makes one more file in it meanwhile."""
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return
        for mark in marks:
            end_strays(*mark.split("=", 1))
