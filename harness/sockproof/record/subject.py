"""What a record says of a subject that is no module: who listens at an address, a program, or a
server of a class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sockproof.record.json_object import JsonObject

__all__ = ["ADDRESS", "PROGRAM", "SERVER", "SubjectInfo"]

ADDRESS, PROGRAM, SERVER = "address", "program", "server"


@dataclass(frozen=True, slots=True)
class SubjectInfo(JsonObject):
    """A server that was checked from outside. ``argv`` are the words that started a program, and
    ``stop`` those of the command that ended it, if one did. ``server`` and ``handler`` name the
    classes of a server, as ``--server`` and ``--handler`` take them, and ``arguments`` (None: the
    usual) and ``keywords`` are what it was made with. ``versions`` are those of
    its package and of Python, of a server that is known by its name. It lived in a ``network`` of
    its ``own``, or in the ``host``'s, for a reason. ``tls`` says of clients that spoke it whether
    they looked at the certificate, what they called the server, and the only version.

    ``address`` is as ``sockproof check`` takes it; with port 0, or ``unix:`` alone, one is chosen.
    """

    ALWAYS = ("address",)

    kind: str
    address: str = ""
    argv: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    server: str = ""
    handler: str = ""
    arguments: list[Any] | None = None
    keywords: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    network: str = ""
    network_reason: str = ""
    tls: dict[str, Any] = field(default_factory=dict)

    @property
    def is_program(self) -> bool:
        return self.kind == PROGRAM and bool(self.argv)

    @property
    def is_server(self) -> bool:
        return self.kind == SERVER and bool(self.server)

    @property
    def is_started(self) -> bool:
        """Whether the check has started it."""
        return self.is_program or self.is_server
