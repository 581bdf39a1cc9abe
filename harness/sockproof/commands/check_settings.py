"""What the record of a check says of its options: as much as it takes to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockproof.commands.asked_tls import TLS_OPTIONS
from sockproof.generate.options import MIXES, SEED

__all__ = ["told_settings"]

_USUAL = {"say": "", "expect": "", "gentle": None, "network": None, "seed": SEED, "examples": MIXES}
# What says whom a check is about, where no file of examples does.
_NAMES = ("words", "server", "handler", "listens", "stop")


def told_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that say what is played, and how: those that were given. Of those that say on
    whom, ``words`` among them, it is told which were; a file of examples, or a class, says more."""
    told = {
        name: given[name] for name, usual in _USUAL.items() if given[name] not in ("", None, usual)
    }
    told |= {name: str(given[name]) for name in TLS_OPTIONS if given[name]}
    if given["tls"]:
        told["tls"] = True
    if given["exchanges"]:
        told["exchanges"] = str(given["exchanges"])
    if given["exchanges"] or given["server"]:
        told["named"] = [name for name in _NAMES if given[name]]
    return {"select": given["keyword"], "specs": [], "shard": "1/1", **told}
