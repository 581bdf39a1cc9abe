"""What a walk of a stream socket comes to, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sockproof.generate.walk import (
    ALWAYS,
    IN_VAIN,
    MODES,
    UNDER_WAY_OCTETS,
    Rule,
    WalkModel,
    WalkStep,
    becomes,
    in_phase,
    nothing_becomes,
)

__all__ = ["StreamModel"]


@dataclass
class StreamModel(WalkModel):
    """``peer`` is one of "", "there", "shut" (it has ended its sending), "closed" and "reset".

    ``waits``: a client waits to be accepted. ``to_sock`` and ``to_peer`` are the octets that are
    under way; ``sent`` and ``came`` how many there were before. ``is_told``: the reset was raised.
    ``is_known``: the system knows that it is connected, as it may not before a second connect() of
    one that was begun without waiting.
    """

    peer: str = ""
    waits: bool = False
    to_sock: int = 0
    to_peer: int = 0
    sent: int = 0
    came: int = 0
    is_told: bool = False
    is_known: bool = True
    steps: Mapping[str, Rule] = field(default_factory=lambda: STEPS)

    def begin(self) -> None:
        self.phase, self.mode, self.is_shut = "fresh", "blocking", False
        self.be_alone()

    def be_alone(self) -> None:
        self.peer, self.waits, self.is_told = "", False, False
        self.to_sock = self.to_peer = self.sent = self.came = 0

    def meet(self) -> None:
        """There is a connection, and nothing under way."""
        self.be_alone()
        self.phase, self.peer = "connected", "there"

    def connect(self) -> None:
        self.is_known = self.mode == "blocking"
        self.meet()

    def accept(self) -> None:
        """The socket that walks is now that of the connection."""
        self.meet()
        self.mode, self.is_known = "blocking", True

    def expected(self, step: WalkStep) -> str:
        """Of a connection that is over the system may keep what it likes but its end."""
        is_over = self.phase == "connected" and (self.is_over or self.peer == "reset")
        return "" if is_over and step.do not in TO_THE_END else super().expected(step)

    def take(self, step: WalkStep) -> str:
        """A reset is raised once, by whatever meets it first."""
        words = super().take(step)
        self.is_told = self.is_told or words.startswith("ECONNRESET")
        return words

    def end(self) -> None:
        """What was not read is not sent for: then the peer is reset, and cannot tell when."""
        if self.to_sock or self.peer not in ("there", "shut"):
            self.peer, self.to_peer = "", 0
        self.phase, self.waits, self.is_shut = "closed", False, True

    @property
    def is_inet(self) -> bool:
        return self.family != "path"

    @property
    def is_over(self) -> bool:
        """Both directions have ended: what the system then says of a peer is its own affair."""
        return self.is_shut and self.peer in ("shut", "closed")

    # What calls come to

    def binding(self, _: int) -> str:
        connected = "EINVAL" if self.is_inet else ""
        return in_phase(
            fresh="done", bound="EINVAL", listening="EINVAL", connected=connected, closed="EBADF"
        )(self, 0)

    def connecting(self, _: int) -> str:
        if self.phase in ("fresh", "bound"):
            return "done" if self.mode != "non-blocking" else ""
        if self.phase == "connected":
            is_certain = self.is_known and self.peer in ("there", "shut") and not self.is_over
            return "EISCONN" if is_certain else ""
        listening = "EISCONN|EOPNOTSUPP" if self.is_inet else ""
        return in_phase(listening=listening, closed="EBADF")(self, 0)

    def accepting(self, _: int) -> str:
        if self.phase == "listening":
            return "done" if self.waits else IN_VAIN[self.mode]
        waits = self.mode == "timeout"  # for what never comes, or not: nobody says so
        connected = "" if waits else "EINVAL"
        return in_phase(fresh="EINVAL", bound="EINVAL", connected=connected, closed="EBADF")(
            self, 0
        )

    def sending(self, amount: int) -> str:
        if self.phase != "connected":
            nobody = "ENOTCONN|EPIPE"
            listening = "" if self.mode == "timeout" else nobody
            return in_phase(fresh=nobody, bound=nobody, listening=listening, closed="EBADF")(
                self, 0
            )
        if self.peer == "reset":
            return "ECONNRESET|EPIPE"
        if self.is_shut:
            return "EPIPE"
        is_room = self.to_peer + amount <= UNDER_WAY_OCTETS
        return "count" if is_room and self.peer in ("there", "shut") else ""

    def receiving(self, _: int) -> str:
        if self.phase != "connected":
            nobody = "ENOTCONN" if self.is_inet else "ENOTCONN|EINVAL"
            listening = "" if self.mode == "timeout" or not self.is_inet else nobody
            return in_phase(fresh=nobody, bound=nobody, listening=listening, closed="EBADF")(
                self, 0
            )
        if self.peer == "reset":
            return "" if self.is_told else "ECONNRESET"
        if self.to_sock:
            return "octets"
        return "end" if self.peer in ("shut", "closed") else IN_VAIN[self.mode]

    def shutting(self, _: int) -> str:
        """Without a peer it is refused, and Linux has a later connection shut all the same."""
        if self.phase == "connected":
            return "" if self.is_over or self.peer == "reset" else "done"
        return in_phase(closed="EBADF")(self, 0)

    def naming_the_peer(self, _: int) -> str:
        if self.phase == "connected":
            is_known = self.peer in ("there", "shut") and not self.is_over
            return "address" if is_known else ""
        return in_phase(fresh="ENOTCONN", bound="ENOTCONN", listening="ENOTCONN", closed="EBADF")(
            self, 0
        )

    def peer_receiving(self, _: int) -> str:
        if self.peer not in ("there", "shut"):
            return ""
        if self.to_peer:
            return "octets"
        return "end" if self.is_shut else ""

    def peer_sending(self, amount: int) -> str:
        is_room = self.to_sock + amount <= UNDER_WAY_OCTETS
        return "count" if self.peer == "there" and self.phase == "connected" and is_room else ""

    # What becomes of it

    def send(self, amount: int) -> None:
        self.to_peer, self.sent = self.to_peer + amount, self.sent + amount

    def receive(self, amount: int) -> None:
        self.to_sock -= min(amount, self.to_sock)

    def peer_send(self, amount: int) -> None:
        self.to_sock, self.came = self.to_sock + amount, self.came + amount

    def peer_receive(self, amount: int) -> None:
        self.to_peer -= min(amount, self.to_peer)

    def peer_reset(self, _: int) -> None:
        self.peer, self.to_peer = "reset", 0


def _if_peer(*phases: str) -> Rule:
    """Whether the peer is in one of these, and nothing that was sent to it is left."""
    return (
        lambda m, _: (
            "done" if m.peer in phases and m.phase == "connected" and not m.to_peer else ""
        ),
        nothing_becomes,
    )


# What is certain of a connection that is over.
TO_THE_END = ("recv", "recv_into", "recvfrom", "peek", "send", "sendall", "close", *MODES)
TO_THE_END += ("peer: recv",)

_receiving = StreamModel.receiving
STEPS: Mapping[str, Rule] = {
    **ALWAYS,
    "bind": (StreamModel.binding, becomes(phase="bound")),
    "listen": (
        in_phase(bound="done", listening="done", connected="EINVAL", closed="EBADF"),
        becomes(phase="listening"),
    ),
    "connect": (StreamModel.connecting, lambda m, _: m.connect()),
    "accept": (StreamModel.accepting, lambda m, _: m.accept()),
    "send": (StreamModel.sending, StreamModel.send),
    "sendall": (StreamModel.sending, StreamModel.send),
    "recv": (_receiving, StreamModel.receive),
    "recv_into": (_receiving, StreamModel.receive),
    "recvfrom": (_receiving, StreamModel.receive),
    "peek": (_receiving, nothing_becomes),
    "shutdown": (StreamModel.shutting, becomes(is_shut=True)),
    "getsockname": (
        in_phase(bound="address", listening="address", connected="address", closed="EBADF"),
        nothing_becomes,
    ),
    "getpeername": (StreamModel.naming_the_peer, nothing_becomes),
    "peer: come": (
        lambda m, _: "done" if m.phase == "listening" and not m.waits else "",
        becomes(waits=True),
    ),
    "peer: send": (StreamModel.peer_sending, StreamModel.peer_send),
    "peer: recv": (StreamModel.peer_receiving, StreamModel.peer_receive),
    "peer: shutdown": (_if_peer("there")[0], becomes(peer="shut")),
    "peer: close": (_if_peer("there", "shut")[0], becomes(peer="closed")),
    "peer: reset": (
        lambda m, _: (
            "done"
            if m.is_inet and m.phase == "connected" and m.peer == "there" and not m.to_sock
            else ""
        ),
        StreamModel.peer_reset,
    ),
}
