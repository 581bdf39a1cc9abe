"""A peer that listens: the other end of what connects from the process under test."""

from __future__ import annotations

import socket
from typing import Any

from sockproof.case.client import StreamPeer
from sockproof.case.peer import ScriptedPeer
from sockproof.iut.addresses import admit_others
from sockproof.iut.case_log import CaseLog, operation
from sockproof.judge.checks import Hang
from sockproof.spec.matrix import ServerSpec
from sockproof.timing import hang_bound_s

__all__ = ["ListeningPeer"]

# How many may wait, unless a case says otherwise.
BACKLOG = 8


def _where(
    _peer: ListeningPeer, spec: ServerSpec, address: Any, backlog: int = BACKLOG
) -> dict[str, Any]:
    return {"family": spec.family, "address": address, "backlog": backlog}


class ListeningPeer(ScriptedPeer):
    """A listener of ours."""

    absence = "does not listen"

    def __init__(self, log: CaseLog, lane: str) -> None:
        super().__init__(log, lane)
        self._taken = 0

    @operation("listen", _where, lambda peer: {"address": peer.address})
    def listen(self, spec: ServerSpec, address: Any, backlog: int = BACKLOG) -> ListeningPeer:
        """Take an address, and let so many wait there."""
        self._socket = socket.socket(spec.address_family, socket.SOCK_STREAM)
        self._socket.settimeout(hang_bound_s())
        self._socket.bind(address)
        if isinstance(address, str):
            admit_others(address)
        self._socket.listen(backlog)
        self._log("listen", note=f"at {self.address!r}")
        return self

    @operation("take a client", lambda peer: {"taken": f"{peer.lane}-{peer._taken + 1}"})
    def accept(self) -> StreamPeer:
        """Who has connected, or soon does.

        Raises:
            Hang: nobody does.
        """
        self._taken += 1
        taken = StreamPeer(self.log, f"{self.lane}-{self._taken}")
        try:
            connection, _ = self.socket.accept()
        except TimeoutError:
            raise Hang("somebody connects", f"nobody for {hang_bound_s():g} s") from None
        connection.settimeout(hang_bound_s())
        taken._be_at(connection)
        return taken
