"""What a case line keeps of what went on: the events of both ends, with the octets."""

from __future__ import annotations

from dataclasses import dataclass

from sockproof.record.json_object import JsonObject, Number

__all__ = ["KEY_LOG", "RECORDS", "Octets", "TranscriptEvent"]

KEY_LOG = "key log"
"""What an event is called whose octets are keys of a TLS connection."""
RECORDS = ("records sent", "records received")
"""Events whose octets are records of TLS: no two runs have the same."""


@dataclass(frozen=True, slots=True)
class Octets(JsonObject):
    """What went over a socket: a latin-1 excerpt, the whole length in octets, a digest of all."""

    ALWAYS = ("sha256",)

    text: str
    length: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptEvent(JsonObject):
    """One thing that one end did or saw, ``t_s`` seconds after the case began.

    ``lane`` says who: ``peer``, ``peer-2``, ``server``, ``thread Thread-1``, ``child 2``.
    """

    t_s: Number
    lane: str
    what: str
    octets: Octets | None = None
    note: str = ""
    error: str = ""
