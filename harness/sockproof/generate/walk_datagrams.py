"""What a walk of a datagram socket comes to, step by step. Its peer is there all the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sockproof.generate.walk import (
    ALWAYS,
    IN_VAIN,
    Rule,
    WalkModel,
    WalkStep,
    becomes,
    nothing_becomes,
)

__all__ = ["DatagramModel"]

# In each direction, so that no queue is ever full.
_UNDER_WAY = 4


@dataclass
class DatagramModel(WalkModel):
    """``is_named``: it has an address; ``may_be_named``: the system may have given it one for what
    it then refused to send. ``to_sock`` and ``to_peer`` are the sizes of the datagrams
    that are under way, the first first; ``sent`` and ``came`` how many there were before."""

    is_named: bool = False
    may_be_named: bool = False
    to_sock: list[int] = field(default_factory=list)
    to_peer: list[int] = field(default_factory=list)
    sent: int = 0
    came: int = 0
    steps: Mapping[str, Rule] = field(default_factory=lambda: STEPS)

    def begin(self) -> None:
        self.phase, self.mode, self.is_shut, self.is_named = "fresh", "blocking", False, False
        self.to_sock, self.may_be_named = [], False

    def take(self, step: WalkStep) -> str:
        """Its end is known; of an address that came with it not even that."""
        words = super().take(step)
        self.may_be_named = self.may_be_named or words.startswith("EDESTADDRREQ")
        return words

    def end(self) -> None:
        self.phase, self.is_named, self.to_sock = "closed", False, []

    @property
    def is_inet(self) -> bool:
        return self.family != "path"

    @property
    def is_connected(self) -> bool:
        return self.phase == "connected"

    def if_open(self, words: str) -> str:
        """These, and EBADF of a closed one."""
        return words if self.is_open else "EBADF"

    # What calls come to

    def connecting(self, _: int) -> str:
        return self.if_open("" if self.is_shut else "done")

    def binding(self, _: int) -> str:
        if self.is_named or not self.may_be_named:
            return self.if_open("EINVAL" if self.is_named else "done")
        return self.if_open("")

    def having_clients(self, _: int) -> str:
        return self.if_open("" if self.mode == "timeout" else "EOPNOTSUPP")

    def sending(self, _: int) -> str:
        if not self.is_open or not self.is_connected:
            return self.if_open("EDESTADDRREQ|ENOTCONN")
        if self.is_shut:
            return "EPIPE"
        return "count" if len(self.to_peer) < _UNDER_WAY else ""

    def sending_to(self, _: int) -> str:
        if not self.is_open or self.is_shut:
            return self.if_open("EPIPE")
        return "count" if len(self.to_peer) < _UNDER_WAY and not self.is_connected else ""

    def receiving(self, _: int) -> str:
        return self.if_open("octets" if self.to_sock else IN_VAIN[self.mode])

    def shutting(self, _: int) -> str:
        """Without a peer it is refused, and Linux lets nothing be sent from then on."""
        return self.if_open("done" if self.is_connected else "")

    def peer_sending(self, _: int) -> str:
        is_room = len(self.to_sock) < _UNDER_WAY
        return "count" if self.is_open and self.is_named and is_room else ""

    # What becomes of it

    def get_name(self) -> None:
        """The system gives one of UDP, where it is needed."""
        self.is_named = self.is_named or self.is_inet

    def connect(self, _: int) -> None:
        self.phase = "connected"
        self.get_name()

    def send(self, amount: int) -> None:
        self.get_name()
        self.to_peer.append(amount)
        self.sent += 1

    def peer_send(self, amount: int) -> None:
        self.to_sock.append(amount)
        self.came += 1


def _receive(model: DatagramModel, _: int) -> None:
    model.to_sock.pop(0)


def _peer_receive(model: DatagramModel, _: int) -> None:
    model.to_peer.pop(0)


_receiving = DatagramModel.receiving
STEPS: Mapping[str, Rule] = {
    **ALWAYS,
    "bind": (DatagramModel.binding, becomes(is_named=True)),
    "connect": (DatagramModel.connecting, DatagramModel.connect),
    "listen": (DatagramModel.having_clients, nothing_becomes),
    "accept": (DatagramModel.having_clients, nothing_becomes),
    "send": (DatagramModel.sending, DatagramModel.send),
    "sendto": (DatagramModel.sending_to, DatagramModel.send),
    "recv": (_receiving, _receive),
    "recv_into": (_receiving, _receive),
    "recvfrom": (_receiving, _receive),
    "peek": (_receiving, nothing_becomes),
    "shutdown": (DatagramModel.shutting, becomes(is_shut=True)),
    "getsockname": (
        lambda m, _: m.if_open("address" if m.is_named else ""),
        nothing_becomes,
    ),
    "getpeername": (
        lambda m, _: m.if_open("address" if m.is_connected else "ENOTCONN"),
        nothing_becomes,
    ),
    "peer: send": (DatagramModel.peer_sending, DatagramModel.peer_send),
    "peer: recv": (lambda m, _: "octets" if m.to_peer else "", _peer_receive),
}
