"""A transcript as packets: what a capture of its sockets might have shown.

Only what peers did and saw makes packets; what the server's side tells becomes comments. The order
is the transcript's, acknowledgements are made up, and what a Unix socket carried is shown as TCP
or UDP between two ports of 127.0.0.1.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.errors import RecordError
from sockproof.iut.values import fill
from sockproof.record.evidence import KEY_LOG, RECORDS, Octets, TranscriptEvent
from sockproof.repro.connection import Connection
from sockproof.repro.packets import MOST_OCTETS, URG, Endpoint, udp
from sockproof.repro.pcapng import Packet

__all__ = ["key_log_of", "packets_of"]

_ADDRESSES = re.compile(r"(?P<own>.+?) to (?P<server>.+)")
_SERVER_SIDE = re.compile(r"server|(thread|child) \d+")
_FILL_LINE = re.compile(r"\d{12} (\d{4}) ")
_UNIX_PORTS_FROM = 40001
_LOOPBACK = "127.0.0.1"
# Of all payloads together: a record of others may tell of any number.
_MOST_OF_ALL = 1 << 27
_MOST_KEYS = 1 << 20


def packets_of(
    transcript: Iterable[TranscriptEvent], *, is_stream: bool, start_s: float = 0.0
) -> list[Packet]:
    """The packets of a transcript that began at ``start_s``, in seconds since 1970.

    Raises:
        RecordError: it tells of more octets than any case sends.
        OSError, OverflowError, ValueError, struct.error: an address or a time in it is none.
    """
    events = list(transcript)
    flows = _Flows(is_stream, _Unix(), next(_server_addresses(events), None))
    found: list[Packet] = []
    waiting: list[str] = []
    for event in events:
        made = [] if _SERVER_SIDE.fullmatch(event.lane) else flows.take(event)
        text = _in_words(event)
        if not made:
            waiting.append(text)
            continue
        comments = [*waiting, text, *flows.remarks]
        waiting = []
        flows.remarks.clear()
        for number, octets in enumerate(made):
            at_s = start_s + event.t_s + number * 1e-6
            found.append(Packet(at_s, octets, comments if number == 0 else ()))
    if found and waiting:
        last = found[-1]
        found[-1] = Packet(last.at_s, last.octets, [*last.comments, *waiting])
    return found


def key_log_of(transcript: Iterable[TranscriptEvent]) -> bytes:
    """The keys of its TLS connections, as Wireshark reads them; empty where there are none."""
    told = [one.octets.text for one in transcript if one.what == KEY_LOG and one.octets]
    return "".join(told)[:_MOST_KEYS].encode("latin-1", "replace")


def _in_words(event: TranscriptEvent) -> str:
    parts = [f"{event.lane}: {event.what}", event.note, event.error]
    if event.octets is not None:
        parts.insert(1, f"{event.octets.length} octets")
    return ", ".join(filter(None, parts))


def _server_addresses(events: Iterable[TranscriptEvent]) -> Iterator[Any]:
    for event in events:
        if event.what in ("connect", "open") and (found := _ADDRESSES.fullmatch(event.note)):
            yield _literal(found["server"])


def _literal(text: str) -> Any:
    """An address as Python wrote it; what is none stays text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text


@dataclass
class _Unix:
    """Unix addresses as ports: a name of its own for each."""

    ports: dict[Any, int] = field(default_factory=dict)

    def endpoint(self, address: Any, otherwise: str) -> Endpoint:
        """An internet address as it is, anything else as a port of the loopback address."""
        if isinstance(address, tuple) and len(address) >= 2 and isinstance(address[1], int):
            return Endpoint(str(address[0]) or _LOOPBACK, address[1])
        name = address or otherwise  # a client without a name has at least its lane
        name = name.decode("latin-1") if isinstance(name, bytes) else name
        port = self.ports.setdefault(name, _UNIX_PORTS_FROM + len(self.ports))
        return Endpoint(_LOOPBACK, port)


class _Flows:
    """Makes the packets of each peer's steps. ``remarks`` are what the last of them needs said."""

    def __init__(self, is_stream: bool, unix: _Unix, server: Any) -> None:
        self._is_stream = is_stream
        self._unix = unix
        self._server = server
        self._connections: dict[str, Connection] = {}
        self._own: dict[str, Endpoint] = {}
        self._servers: dict[str, Endpoint] = {}
        self.remarks: list[str] = []
        self._octets_left = _MOST_OF_ALL

    def take(self, event: TranscriptEvent) -> list[bytes]:
        """The packets of one event; none of what a network would not show."""
        table = _STREAM if self._is_stream else _DATAGRAM
        step = table.get(event.what)
        return step(self, event) if step else []

    def connect(self, event: TranscriptEvent) -> list[bytes]:
        client, server = self._ends(event)
        connection = Connection(client, server, len(self._connections) + 1)
        failed = event.error or (event.what == "connect at once" and event.note)
        if failed:
            return connection.refusal()
        self._connections[event.lane] = connection
        return connection.handshake()

    def _ends(self, event: TranscriptEvent) -> tuple[Endpoint, Endpoint]:
        """The addresses of peer and server; made up where the transcript does not tell them."""
        found = _ADDRESSES.fullmatch(event.note)
        own, server = (_literal(found["own"]), _literal(found["server"])) if found else ("", "")
        if not found:
            server = self._server or ("127.0.0.1", 1)
            self.remarks.append("the transcript does not tell the address of this peer")
        for address in (own, server):
            if not isinstance(address, tuple):
                shown = self._unix.endpoint(address, event.lane)
                self.remarks.append(f"Unix socket {address!r} shown as port {shown.port}")
        ends = self._unix.endpoint(own, event.lane), self._unix.endpoint(server, "server")
        if not found and ends[1].family != ends[0].family:
            return Endpoint(ends[1].host, ends[0].port), ends[1]
        return ends

    def sent(self, event: TranscriptEvent) -> list[bytes]:
        connection = self._connections.get(event.lane)
        if connection is None or event.error:
            return []
        flags = URG if "out of band" in event.what else 0
        return connection.data(connection.client, self._payload(event.octets), flags)

    def received(self, event: TranscriptEvent) -> list[bytes]:
        connection = self._connections.get(event.lane)
        if connection is None:
            return []
        return connection.data(connection.server, self._payload(event.octets))

    def ended(self, event: TranscriptEvent) -> list[bytes]:
        connection = self._connections.get(event.lane)
        if connection is None:
            return []
        of = connection.server if event.what == "end of stream" else connection.client
        return connection.end(of)

    def reset(self, event: TranscriptEvent) -> list[bytes]:
        """By the peer itself, or seen by it: then there is an error to be told."""
        connection = self._connections.get(event.lane)
        if connection is None:
            return []
        return connection.reset(connection.server if event.error else connection.client)

    def open(self, event: TranscriptEvent) -> list[bytes]:
        self._own[event.lane], self._servers[event.lane] = self._ends(event)
        return []

    def datagram(self, event: TranscriptEvent) -> list[bytes]:
        if event.lane not in self._own or event.error:
            return []
        source, target = self._own[event.lane], self._servers[event.lane]
        if event.what == "receive":
            sender = _literal(event.note.removeprefix("from "))
            source, target = self._unix.endpoint(sender, "server"), self._own[event.lane]
        payload = self._payload(event.octets)
        if len(payload) > MOST_OCTETS:
            self.remarks.append(f"cut: the datagram had {len(payload)} octets")
        return [udp(source, target, payload[:MOST_OCTETS])]

    def _payload(self, told: Octets | None) -> bytes:
        """The octets: whole where the transcript has them or their recipe, else padded."""
        if told is None:
            return b""
        kept = told.text.encode("latin-1", "replace")
        self._octets_left -= told.length
        if not 0 <= told.length <= _MOST_OF_ALL or self._octets_left < 0:
            raise RecordError(f"the transcript tells of {told.length} octets", "it is none of ours")
        if len(kept) == told.length:
            return kept
        line = _FILL_LINE.match(told.text)
        if line:
            made = fill(told.length, int(line.group(1)))
            if hashlib.sha256(made).hexdigest() == told.sha256:
                return made
        self.remarks.append(
            f"the transcript keeps the first {len(kept)} of {told.length} octets; "
            "the rest is padding (NUL), not what was sent"
        )
        return kept + b"\0" * (told.length - len(kept))


_Step = Callable[[_Flows, TranscriptEvent], list[bytes]]
_STREAM: Mapping[str, _Step] = {
    "connect": _Flows.connect,
    "connect at once": _Flows.connect,
    "send": _Flows.sent,
    "send out of band": _Flows.sent,
    "receive": _Flows.received,
    **dict(zip(RECORDS, (_Flows.sent, _Flows.received), strict=True)),
    "end of stream": _Flows.ended,
    "half-close": _Flows.ended,
    "close": _Flows.ended,
    "reset": _Flows.reset,
}
# By what a peer notes: the packets that it stands for.
_DATAGRAM: Mapping[str, _Step] = {
    "open": _Flows.open,
    "send": _Flows.datagram,
    "send at once": _Flows.datagram,
    "receive": _Flows.datagram,
}
