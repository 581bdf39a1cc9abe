"""A stream client of a plan while it is played: by what it speaks, and what came of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from sockproof.case.client import Ending, StreamPeer
from sockproof.case.tls_client import TlsClient

__all__ = ["ConnectedPeer"]


@dataclass
class ConnectedPeer:
    """A peer, what it speaks by, what it got so far, how much of that is accounted for, and how its
    connection ended, if it has."""

    peer: StreamPeer
    speaker: StreamPeer | TlsClient
    got: bytearray = field(default_factory=bytearray)
    accounted: int = 0
    ending: Ending | None = None

    def half_close(self) -> None:
        """Send no more, and say so within TLS: an end that comes without that is an error there.

        Raises:
            Mismatch: the server has ended the connection.
        """
        if isinstance(self.speaker, TlsClient):
            self.speaker.say_end()
        self.peer.half_close()
