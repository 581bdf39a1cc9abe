"""What clients on stream and on datagram sockets have in common."""

from __future__ import annotations

import errno
import select
import socket
from typing import Any, Protocol

from sockproof.iut.addresses import refuse_elsewhere
from sockproof.iut.case_log import CaseLog, operation
from sockproof.judge.checks import Inconclusive, Mismatch
from sockproof.spec.matrix import ServerSpec
from sockproof.timing import hang_bound_s

__all__ = ["Reachable", "ScriptedPeer", "errno_name", "whereto"]

_Socket = socket.socket


class Reachable(Protocol):
    """What a client connects to: a server of the case, or one in a program of its own."""

    @property
    def spec(self) -> ServerSpec: ...
    @property
    def address(self) -> Any: ...


class ScriptedPeer:
    """A client on a real socket. ``lane`` is its name in the ``log``, where every step goes."""

    absence = "is not connected"

    def __init__(self, log: CaseLog, lane: str = "peer") -> None:
        self.log = log
        self.lane = lane
        # In what is told of a failure: "client a receives", "peer-2 receives".
        self.who = lane if lane.startswith(("peer", "client ")) else f"client {lane}"
        self._socket: socket.socket | None = None

    @property
    def socket(self) -> socket.socket:
        """The socket itself, for what no step can say."""
        if self._socket is None:
            raise Inconclusive(f"{self.who} {self.absence}")
        return self._socket

    @property
    def address(self) -> Any:
        """The peer's own address, as the server should see it."""
        return self.socket.getsockname()

    def _be_at(self, connection: _Socket) -> None:
        """Be at this end of a connection that is there already."""
        self._socket = connection
        self._log("connected", note=f"with {connection.getpeername()!r}")

    def _take_socket(self, server: Reachable, kind: int) -> _Socket:
        if not getattr(server, "named_by_user", False):
            refuse_elsewhere(server.address)
        self._socket = self._new_socket(server, kind)
        self._socket.settimeout(hang_bound_s())
        return self._socket

    def _new_socket(self, server: Reachable, kind: int) -> _Socket:
        return socket.socket(server.spec.address_family, kind)

    @operation("wait for octets")
    def wait_for_octets(self) -> bool:
        """Until there is something to receive, of which nothing is taken: whether it came."""
        return bool(select.select([self.socket], [], [], hang_bound_s())[0])

    @operation("close")
    def close(self) -> None:
        """Close; the peer may be closed already."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._log("close")

    def _refusal(
        self, what: str, promise: str, error: OSError, data: bytes | None = None
    ) -> Mismatch:
        """What to raise where the kernel refuses a step."""
        self._log(what, data, error=str(error))
        return Mismatch(promise, str(error))

    def _log(self, what: str, data: bytes | None = None, note: str = "", error: str = "") -> None:
        self.log.note(self.lane, what, data, note, error)


def whereto(_peer: ScriptedPeer, server: Any, **options: Any) -> dict[str, Any]:
    """What is noted of connecting: the server by its handle, None where it is a program's."""
    told = {"server": getattr(server, "handle", None), "address": server.address}
    return {**told, "family": server.spec.family, **options}


def errno_name(error: OSError) -> str:
    """Its name, or the text where it has none."""
    return errno.errorcode.get(error.errno or 0, str(error))
