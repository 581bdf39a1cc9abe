"""What a case line keeps of what went on: the events of both ends, with the octets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sockproof.record import fields

__all__ = ["Json", "Octets", "TranscriptEvent"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Octets:
    """What went over a socket: a latin-1 excerpt, the whole length in octets, a digest of all."""

    text: str
    length: int
    sha256: str = ""

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Octets:
        length = fields.whole(row, "length")
        return cls(fields.text(row, "text"), length, fields.text(row, "sha256", ""))

    def to_json(self) -> Json:
        return {"text": self.text, "length": self.length, "sha256": self.sha256}


@dataclass(frozen=True)
class TranscriptEvent:
    """One thing that one end did or saw, ``t_s`` seconds after the case began.

    ``lane`` says who: ``peer``, ``peer-2``, ``server``, ``thread Thread-1``, ``child 2``.
    """

    t_s: float
    lane: str
    what: str
    octets: Octets | None = None
    note: str = ""
    error: str = ""

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> TranscriptEvent:
        octets = fields.word_map(row, "octets") if row.get("octets") is not None else None
        return cls(
            t_s=fields.number(row, "t_s"),
            lane=fields.text(row, "lane"),
            what=fields.text(row, "what"),
            octets=None if octets is None else Octets.from_json(octets),
            note=fields.optional_text(row, "note") or "",
            error=fields.optional_text(row, "error") or "",
        )

    def to_json(self) -> Json:
        row: Json = {"t_s": self.t_s, "lane": self.lane, "what": self.what}
        if self.octets is not None:
            row["octets"] = self.octets.to_json()
        return row | {key: text for key in ("note", "error") if (text := getattr(self, key))}
