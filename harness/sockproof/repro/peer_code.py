"""What peers do, as statements of a script: clients on real sockets."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sockproof.case.client import END_OF_STREAM
from sockproof.iut.case_log import Operation
from sockproof.iut.values import Fill
from sockproof.repro.notes import Notes
from sockproof.repro.plain import Names, peer_name, server_name
from sockproof.repro.telling import received
from sockproof.repro.tls_statements import TLS_PARTS, TLS_STATEMENTS

__all__ = ["PEER_STATEMENTS", "PeerWriter"]

# Octets that a connection takes at once, whatever the server does.
_FEW = 4096


@dataclass
class PeerWriter:
    """Writes the statements of peers. ``patient``: whether an error of sending is passed over. It
    always is of all but the first few octets of a peer (``begun``): a server that is wrong may be
    gone then, sooner or later. The methods give what the texts of PEER_STATEMENTS have in braces.
    """

    names: Names
    notes: Notes
    patient: bool = False
    refusal_decides: bool = False
    destinations: dict[str, str] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)

    def lines(self, operation: Operation) -> list[str]:
        """The statements that carry it out; none of what is not known."""
        statement = PEER_STATEMENTS.get(operation.name, ("", ""))[0]
        lines = self._filled(statement, operation).splitlines()
        if operation.name.startswith(("receive", "send", "offer")):
            self.begun.add(operation.actor)
        return lines

    def value(self, operation: Operation) -> str:
        """The expression whose value it tells."""
        return self._filled(PEER_STATEMENTS[operation.name][1], operation)

    def _filled(self, form: str, operation: Operation) -> str:
        """The text with all that it names in braces."""
        return re.sub(r"\{(\w+)\}", lambda found: self._part(found[1], operation), form)

    def _part(self, name: str, operation: Operation) -> str:
        if name in TLS_PARTS:
            return TLS_PARTS[name](operation, self.names)
        return _PARTS[name](self, operation)

    def server(self, operation: Operation) -> str:
        handle = operation.arguments["server"]
        if isinstance(handle, str):
            return f"{handle}.getsockname()"
        return "address" if handle is None else f"{server_name(handle)}.server_address"

    def taken(self, operation: Operation) -> str:
        return peer_name(operation.arguments["taken"])

    def listening(self, operation: Operation) -> str:
        told = operation.arguments
        free = {"inet": '("127.0.0.1", 0)', "inet6": '("::1", 0)'}.get(told["family"])
        address = free or self.names.code(told["address"])
        return f"listening({address}, {self.family(operation)}, {told['backlog']})"

    def family(self, operation: Operation) -> str:
        family = {"inet": "AF_INET", "inet6": "AF_INET6"}.get(operation.arguments["family"])
        return f"socket.{family or 'AF_UNIX'}"

    def there(self, operation: Operation) -> str:
        return self.destinations.get(operation.actor, "server.server_address")

    def connecting(self, operation: Operation) -> str:
        family, told = self.family(operation), operation.arguments
        if told.get("receive_buffer_octets"):
            more = f", {family}, {told['receive_buffer_octets']}"
            return f"connect_as_slow_reader({self.server(operation)}{more})"
        more = "" if family == "socket.AF_INET" else f", {family}"
        function = "connect_by_messages" if told.get("by_messages") else "connect"
        return f"{function}({self.server(operation)}{more})"

    def making(self, operation: Operation) -> str:
        """Where a client is refused at last, it may be one before it that meets the same."""
        name, connecting = peer_name(operation.actor), self.connecting(operation)
        if not self.refusal_decides:
            return f"{name} = {connecting}"
        told = f'end(1, "expected: True\\nobserved: %r" % {name})'
        attempt = f"{name} = attempt(lambda: {connecting})"
        return f"{attempt}\nhasattr({name}, 'recv') or {told}"

    def opening(self, operation: Operation) -> str:
        told, there = operation.arguments, self.server(operation)
        own = {"inet": '("127.0.0.1", 0)', "inet6": '("::1", 0)', "abstract": '""'}
        outcome = operation.outcome if isinstance(operation.outcome, dict) else {}
        address = own.get(told["family"], self.names.code(outcome.get("address", "")))
        more = f", {address}" if told["bound"] else ""
        self.destinations[operation.actor] = there
        client = peer_name(operation.actor)
        exclusively = f"\n{client}.connect({there})" if told.get("exclusively") else ""
        return f"{client} = sender({self.family(operation)}{more}){exclusively}"

    def sending(self, operation: Operation) -> str:
        """All at once, or in pieces."""
        name, data = peer_name(operation.actor), operation.arguments["data"]
        cuts = sorted(operation.arguments.get("cuts") or ())
        if not cuts:
            patiently = "attempt({client}.sendall, {data})"
            is_patient = self._is_patient(operation)
            return self._filled(patiently if is_patient else "{client}.sendall({data})", operation)
        no_delay = f"{name}.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\n"
        head = no_delay if self.notes.is_stream and not self.notes.is_unix else ""
        whole = bytes(data)
        pieces = list(itertools.pairwise([0, *cuts, len(whole)]))
        if len(whole) <= 200:
            parts = [whole[start:end] for start, end in pieces]
            return f"{head}for piece in {parts!r}:\n    attempt({name}.sendall, piece)"
        is_each = len(pieces) == len(whole)
        cut = "((n, n + 1) for n in range(len(data)))" if is_each else repr(pieces)
        each = f"for start, end in {cut}:\n    attempt({name}.sendall, data[start:end])"
        return f"{head}data = {self.names.code(data)}\n{each}"

    def sending_to(self, operation: Operation) -> str:
        """Of a datagram: whoever is wrong may be gone after the first."""
        form = "{client}.sendto({data}, {there})"
        if self.patient or operation.actor in self.begun:
            form = "attempt({client}.sendto, {data}, {there})"
        return self._filled(form, operation)

    def _is_patient(self, operation: Operation) -> bool:
        data = operation.arguments["data"]
        length = data.length_octets if isinstance(data, Fill) else len(data)
        return self.patient or length > _FEW or operation.actor in self.begun

    def awaiting(self, operation: Operation) -> str:
        """Whatever comes, until the end or so much of it."""
        is_over = not operation.ending and received(operation)[1] == str(END_OF_STREAM)
        to_the_end = is_over and not operation.arguments.get("size_octets")
        form = 'attempt({client}.makefile("rb").read)' if to_the_end else "receive({client}{size})"
        return self._filled(form, operation)

    def size(self, operation: Operation) -> str:
        size = operation.arguments.get("size_octets")
        return f", {size}" if size else ""


_PARTS: Mapping[str, Callable[[PeerWriter, Operation], str]] = {
    "client": lambda _, one: peer_name(one.actor),
    "data": lambda writer, one: writer.names.code(one.arguments["data"]),
    "filling": lambda _, one: repr(one.arguments["filling"]),
    "blocks": lambda _, one: str(one.arguments["blocks"]),
    "server": PeerWriter.server,
    "family": PeerWriter.family,
    "there": PeerWriter.there,
    "size": PeerWriter.size,
    "connecting": PeerWriter.connecting,
    "making": PeerWriter.making,
    "opening": PeerWriter.opening,
    "sending": PeerWriter.sending,
    "sending_to": PeerWriter.sending_to,
    "awaiting": PeerWriter.awaiting,
    "taken": PeerWriter.taken,
    "listening": PeerWriter.listening,
}

# By operation: the statements that carry it out, and the expression of what it tells, if it is
# anything that differs.
PEER_STATEMENTS: Mapping[str, tuple[str, str]] = {
    "connect": ("{making}", "attempt(lambda: bool({connecting}))"),
    "connect at once": (
        "{client} = socket.socket({family}, socket.SOCK_STREAM)\n"
        "early_{client} = connect_at_once({client}, {server})",
        "early_{client}",
    ),
    "open": ("{opening}", ""),
    "knock": ("{opening}\nearly_{client} = knock({client}, {server})", "early_{client}"),
    "send": ("{sending}", "attempt(lambda: {client}.sendall({data}))"),
    "send to": (
        "{sending_to}",
        "attempt(lambda: [{client}.sendto({data}, {there})] and None)",
    ),
    "offer": (
        "attempt(lambda: {client}.sendall({data}))",
        "attempt(lambda: {client}.sendall({data}))",
    ),
    "send urgent": ("attempt({client}.send, {data}, socket.MSG_OOB)", ""),
    "half-close": (
        "attempt({client}.shutdown, socket.SHUT_WR)",
        "attempt({client}.shutdown, socket.SHUT_WR)",
    ),
    "listen": ("{client} = {listening}", ""),
    "take a client": (
        "{taken} = {client}.accept()[0]\n{taken}.settimeout(HANG_S)",
        "bool(select.select([{client}], [], [], HANG_S)[0])",
    ),
    "close": ("{client}.close()", ""),
    "reset": ("reset({client})", ""),
    "receive": ("{awaiting}", "receive({client}{size})"),
    "receive some": ("attempt({client}.recv, 65536)", "receive({client}, 1)"),
    "receive datagram": ("receive_datagram({client})", "receive_datagram({client})"),
    "arrived": ("", "arrived({client})"),
    **TLS_STATEMENTS,
    "pour": ('start("pour", lambda: pour({client}, {filling}, {blocks}))', ""),
    "drain": ("drain({client})", "drain({client})"),
    "wait until over": ("is_over({client})", "is_over({client})"),
    "wait for octets": (
        "select.select([{client}], [], [], HANG_S)",
        "bool(select.select([{client}], [], [], HANG_S)[0])",
    ),
}
