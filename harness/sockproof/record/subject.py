"""What a record says of a subject that is no module: who listens at an address, or a program."""

from __future__ import annotations

from dataclasses import dataclass

from sockproof.record.json_object import JsonObject

__all__ = ["ADDRESS", "PROGRAM", "SubjectInfo"]

ADDRESS, PROGRAM = "address", "program"


@dataclass(frozen=True, slots=True)
class SubjectInfo(JsonObject):
    """A server that was checked from outside. ``argv`` are the words that started a program, and
    ``stop`` those of the command that ended it, if one did.

    ``address`` is as ``sockproof check`` takes it; with port 0, or ``unix:`` alone, one is chosen.
    """

    ALWAYS = ("address",)

    kind: str
    address: str = ""
    argv: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()

    @property
    def is_program(self) -> bool:
        return self.kind == PROGRAM and bool(self.argv)
