"""What peers do, as statements of a script: clients on real sockets."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sockproof.case.client import END_OF_STREAM
from sockproof.iut.case_log import Operation
from sockproof.iut.values import Fill
from sockproof.repro.notes import Notes
from sockproof.repro.plain import Names, peer_name, server_name
from sockproof.repro.telling import received

__all__ = ["PEER_STATEMENTS", "PeerWriter"]

_FEW = 4096
"""Octets that a connection takes at once, whatever the server does."""


@dataclass
class PeerWriter:
    """Writes the statements of peers. ``patient``: whether an error of sending is passed over. It
    always is of all but the first few octets of a peer (``begun``): a server that is wrong may be
    gone then, sooner or later."""

    names: Names
    notes: Notes
    patient: bool = False
    destinations: dict[str, str] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)

    def lines(self, operation: Operation) -> list[str]:
        """The statements that carry it out."""
        writer = PEER_STATEMENTS.get(operation.name)
        lines = writer(self, operation) if writer else []
        if operation.name.startswith(("receive", "send", "offer")):
            self.begun.add(operation.actor)
        return lines

    def value(self, operation: Operation) -> str:
        """The expression whose value it tells."""
        return _VALUES[operation.name](self, operation)

    def _server_of(self, operation: Operation) -> str:
        handle = operation.arguments["server"]
        return f"{server_name(handle or 0)}.server_address"

    def _family(self, operation: Operation) -> str:
        family = {"inet": "AF_INET", "inet6": "AF_INET6"}.get(operation.arguments["family"])
        return f"socket.{family or 'AF_UNIX'}"

    def connect(self, operation: Operation) -> list[str]:
        family = self._family(operation)
        more = "" if family == "socket.AF_INET" else f", {family}"
        server = self._server_of(operation)
        function = "connect_by_messages" if operation.arguments.get("by_messages") else "connect"
        return [f"{peer_name(operation.actor)} = {function}({server}{more})"]

    def connect_at_once(self, operation: Operation) -> list[str]:
        name = peer_name(operation.actor)
        return [
            f"{name} = socket.socket({self._family(operation)}, socket.SOCK_STREAM)",
            f"early_{name} = connect_at_once({name}, {self._server_of(operation)})",
        ]

    def open(self, operation: Operation) -> list[str]:
        name, told = peer_name(operation.actor), operation.arguments
        own = {"inet": '("127.0.0.1", 0)', "inet6": '("::1", 0)', "abstract": '""'}
        bound = (operation.outcome or {}).get("address", "")
        address = own.get(told["family"], self.names.code(bound))
        more = f", {address}" if told["bound"] else ""
        self.destinations[name] = self._server_of(operation)
        lines = [f"{name} = sender({self._family(operation)}{more})"]
        if told.get("exclusively"):
            lines.append(f"{name}.connect({self._server_of(operation)})")
        return lines

    def send(self, operation: Operation) -> list[str]:
        name, told = peer_name(operation.actor), operation.arguments
        cuts = sorted(told.get("cuts") or ())
        if not cuts:
            return [self._sending_patiently(operation)]
        data = bytes(told["data"])
        positions = [0, *cuts, len(data)]
        head = []
        if self.notes.is_stream and not self.notes.is_unix:
            head = [f"{name}.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)"]
        pieces = list(itertools.pairwise(positions))
        if len(data) <= 200:
            parts = [data[start:end] for start, end in pieces]
            return [*head, f"for piece in {parts!r}:", f"    attempt({name}.sendall, piece)"]
        is_each = len(pieces) == len(data)
        cut = "((n, n + 1) for n in range(len(data)))" if is_each else repr(pieces)
        return [
            *head,
            f"data = {self.names.code(operation.arguments['data'])}",
            f"for start, end in {cut}:",
            f"    attempt({name}.sendall, data[start:end])",
        ]

    def _is_patient(self, operation: Operation) -> bool:
        data = operation.arguments["data"]
        length = data.length_octets if isinstance(data, Fill) else len(data)
        return self.patient or length > _FEW or operation.actor in self.begun

    def _sending_patiently(self, operation: Operation) -> str:
        if not self._is_patient(operation):
            return self._sending(operation)
        return f"attempt({peer_name(operation.actor)}.sendall, {self._data(operation)})"

    def _sending(self, operation: Operation) -> str:
        return f"{peer_name(operation.actor)}.sendall({self._data(operation)})"

    def _data(self, operation: Operation) -> str:
        data: bytes | Fill = operation.arguments["data"]
        return self.names.code(data)

    def send_to(self, operation: Operation) -> list[str]:
        name = peer_name(operation.actor)
        there = self.destinations.get(name, "server.server_address")
        return [f"{name}.sendto({self._data(operation)}, {there})"]

    def half_close(self, operation: Operation) -> list[str]:
        return [f"attempt({peer_name(operation.actor)}.shutdown, socket.SHUT_WR)"]

    def await_reply(self, operation: Operation) -> list[str]:
        """Whatever comes, until the end or so much of it."""
        is_over = not operation.ending and received(operation)[1] == str(END_OF_STREAM)
        if operation.arguments.get("size_octets") or not is_over:
            return [self.receive(operation)]
        return [f'attempt({peer_name(operation.actor)}.makefile("rb").read)']

    def receive(self, operation: Operation) -> str:
        size = operation.arguments.get("size_octets")
        return f"receive({peer_name(operation.actor)}{f', {size}' if size else ''})"


def _method(text: str) -> Callable[[PeerWriter, Operation], list[str]]:
    return lambda _, one: [f"{peer_name(one.actor)}.{text}"]


def _call(text: str) -> Callable[[PeerWriter, Operation], str]:
    return lambda _, one: f"{text}({peer_name(one.actor)})"


_VALUES: Mapping[str, Callable[[PeerWriter, Operation], str]] = {
    "connect": lambda w, one: f"attempt(lambda: bool({w.connect(one)[0].partition(' = ')[2]}))",
    "connect at once": lambda _, one: f"early_{peer_name(one.actor)}",
    "send": lambda w, one: f"attempt(lambda: {w._sending(one)})",
    "offer": lambda w, one: f"attempt(lambda: {w._sending(one)})",
    "send to": lambda w, one: f"attempt(lambda: {w.send_to(one)[0]})",
    "wait until over": _call("is_over"),
    "receive": PeerWriter.receive,
    "receive some": lambda _, one: f"receive({peer_name(one.actor)}, 1)",
    "receive datagram": _call("receive_datagram"),
    "arrived": _call("arrived"),
}
"""By operation: the expression of what it tells."""

PEER_STATEMENTS: Mapping[str, Callable[[PeerWriter, Operation], list[str]]] = {
    "connect": PeerWriter.connect,
    "connect at once": PeerWriter.connect_at_once,
    "open": PeerWriter.open,
    "knock": PeerWriter.open,
    "send": PeerWriter.send,
    "send to": PeerWriter.send_to,
    "offer": lambda w, one: [f"attempt(lambda: {w._sending(one)})"],
    "send urgent": lambda w, one: [
        f"attempt({peer_name(one.actor)}.send, {w._data(one)}, socket.MSG_OOB)"
    ],
    "half-close": PeerWriter.half_close,
    "close": _method("close()"),
    "reset": lambda _, one: [f"reset({peer_name(one.actor)})"],
    "receive": PeerWriter.await_reply,
    "receive some": lambda _, one: [f"attempt({peer_name(one.actor)}.recv, 65536)"],
    "receive datagram": lambda _, one: [f"receive_datagram({peer_name(one.actor)})"],
    "arrived": lambda *_: [],  # to look at it changes nothing
    "wait until over": lambda _, one: [f"is_over({peer_name(one.actor)})"],
}
"""By operation: the statements that carry it out."""
