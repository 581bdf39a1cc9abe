"""Whether a client has been let in, or the queue of the listening socket was full when it came."""

from __future__ import annotations

import time

from sockproof.check.far_end import unacknowledged_octets
from sockproof.check.service.caller import Caller
from sockproof.check.sockets import ports_let_in

__all__ = ["Admission"]


class Admission:
    """Of one client, from when it came. Where the queue is full its last word is lost: it takes
    itself for connected, and is let in seconds later or never (net.ipv4.tcp_syncookies). So what a
    server owes it counts from when it has been seen to be in: ``since_s``, None before that.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller, self._came_s = caller, time.monotonic()
        self.since_s: float | None = None

    @property
    def waited_s(self) -> float:
        """Since it came."""
        return time.monotonic() - self._came_s

    def look(self) -> float | None:
        """See whether the server has it, unless that is known: since when it is in."""
        if self.since_s is None and _is_in(self._caller):
            self.since_s = time.monotonic()
        return self.since_s


def _is_in(caller: Caller) -> bool:
    """Whether its connection stands for the server as well, and nothing of it is on its way; who
    has heard anything is in, however much it has to say."""
    if caller.has_heard or not caller.address.is_stream or caller.address.spec.is_unix:
        return True
    own = caller.peer.socket
    has_come = not unacknowledged_octets(own)
    return has_come and own.getsockname()[1] in ports_let_in(caller.address)
