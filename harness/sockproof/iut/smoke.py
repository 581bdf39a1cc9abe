"""The smoke exchanges: one line there and back for each kind of server, before any case; where one
is in vain, what stands in the way: the implementation, or its surroundings."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sockproof.errors import IutUnavailable
from sockproof.iut.addresses import Addresses, admit_others, refuse_elsewhere
from sockproof.iut.cause import Evidence, cause_of
from sockproof.iut.channel import Channel
from sockproof.iut.message_lines import Message
from sockproof.iut.outcomes import Outcome
from sockproof.iut.process import CaseProcess
from sockproof.iut.reach import note_lookups, own_addresses, why_out_of_reach
from sockproof.iut.starting import ServerOrder
from sockproof.iut.tls_terms import TlsTerms
from sockproof.iut.waiting import let_others_run
from sockproof.judge.checks import Mismatch
from sockproof.spec.matrix import ServerSpec
from sockproof.timing import hang_bound_s

__all__ = ["Smoke"]

_LINE = b"sockproof\n"
_ECHO = {"handle": [{"do": "read_line"}, {"do": "write_back"}]}
_HINTS = {
    "inet": "let it share the network of sockproof (docker run --network=host)",
    "path": "let both have one folder for temporary files (docker run -v /tmp:/tmp)",
}


@dataclass
class Smoke:
    """What the exchanges have shown of an implementation in its surroundings.

    ``unreachable`` says of families of addresses why no server there can be reached. It
    ``looks_up_names`` of its addresses, and is run by another user if it ``needs_open_folders``.
    ``doubts`` are what whoever starts a run is told.
    """

    channel: Channel
    unreachable: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    looks_up_names: bool = False
    needs_open_folders: bool = False
    _families: set[str] = field(default_factory=set)

    def exchange(self, specs: Iterable[ServerSpec]) -> None:
        """One exchange for each kind of server among these specs, which its module has.

        Raises:
            IutUnavailable: the first is in vain, or nothing of it can be reached.
        """
        by_kind: dict[str, ServerSpec] = {}
        for spec in specs:
            by_kind.setdefault(spec.kind, spec)
            self._families.add(spec.family)
        with own_addresses() as addresses:
            for number, spec in enumerate(by_kind.values()):
                try:
                    self._exchange(spec, addresses)
                except Mismatch as error:
                    self._tell(spec, error, addresses, is_first=number == 0)
            self.needs_open_folders = addresses.is_open

    def _exchange(self, spec: ServerSpec, addresses: Addresses) -> None:
        process = CaseProcess(self.channel)
        try:
            if not spec.is_unix:
                note_lookups(process)
            _exchange_a_line(spec, process, addresses, self.channel.implementation.tls)
            if not spec.is_unix:
                self._heed_lookups(process)
        except Mismatch as error:
            why = _why_in_vain(error, self.channel.hello, process)
            raise Mismatch(error.expected, f"{error.actual}{why}") from None
        finally:
            process.end()

    def _heed_lookups(self, process: CaseProcess) -> None:
        known = "[known_here(one) for one in ('127.0.0.1', '::1')] if looked_up else []"
        found: Sequence[bool] = process.do("evaluate", expression=known).value
        for family, host, is_known in zip(
            ("inet", "inet6"), ("127.0.0.1", "::1"), found, strict=False
        ):
            self.looks_up_names = True
            if not is_known and family in self._families:
                self.unreachable[family] = (
                    f"it looks up the name of {host}, which only a name server may know here; "
                    "write it into /etc/hosts"
                )

    def _tell(
        self, spec: ServerSpec, error: Mismatch, addresses: Addresses, *, is_first: bool
    ) -> None:
        was_open, process = addresses.is_open, CaseProcess(self.channel)
        try:
            why = why_out_of_reach(process, spec.family, addresses)
        finally:
            process.end()
        given = self.channel.implementation.given
        if why and not spec.is_unix:
            raise IutUnavailable(f"{given}: {why}", _HINTS["inet"])
        if why:
            hint = f"; {_HINTS[spec.family]}" if spec.family in _HINTS else ""
            self.unreachable.setdefault(spec.family, f"{why}{hint}")
        elif addresses.is_open and not was_open:
            self._exchange(spec, addresses)
        elif is_first:
            raise IutUnavailable(
                f"{given}: the smoke exchange failed: {error}",
                "a server that cannot echo one line cannot be judged",
            )
        else:
            self.doubts.append(f"its {spec.class_name} cannot echo one line: {error}")


def _exchange_a_line(
    spec: ServerSpec, process: CaseProcess, addresses: Addresses, tls: TlsTerms | None
) -> None:
    """One echo over a server of this spec, with nothing of ours but a socket.

    Raises:
        Mismatch: there is none.
    """
    base = "StreamRequestHandler" if spec.is_stream else "DatagramRequestHandler"
    address = addresses.server(spec.family, named=True)
    order = ServerOrder(spec, address, handler_base=base, script=_ECHO)
    outcome = process.do("make", **order.describe(0), serve=order.loop(0))
    if outcome.error is not None:
        raise Mismatch("a server is made", str(outcome.error))
    own = addresses.peer(spec.family) if spec.is_unix and not spec.is_stream else None
    _echo(spec, outcome, own, tls if spec.is_stream else None)


def _echo(spec: ServerSpec, made: Outcome, own: Any, terms: TlsTerms | None) -> None:
    """One line there and back; the answer is read to its end, since it may come in any pieces."""
    with _client(spec, made, terms) as client, client.makefile("rb") as answers:
        client.settimeout(hang_bound_s())
        try:
            refuse_elsewhere(made.value["address"])
            if own is not None:
                client.bind(own)
                if own:
                    admit_others(own)
            client.connect(made.value["address"])
            client.sendall(_LINE)
            answer = answers.readline(len(_LINE))
        except OSError as error:
            raise Mismatch("an echo", str(error)) from None
    if answer != _LINE:
        raise Mismatch(f"an echo of {_LINE!r}", repr(answer))


def _client(spec: ServerSpec, made: Outcome, terms: TlsTerms | None) -> socket.socket:
    """A socket that is not connected; of TLS it shakes hands when it is."""
    kind = socket.SOCK_STREAM if spec.is_stream else socket.SOCK_DGRAM
    one = socket.socket(spec.address_family, kind)
    if terms is None:
        return one
    at = made.value["address"]
    return terms.context.wrap_socket(one, server_hostname=terms.name_at(at))


def _why_in_vain(error: Mismatch, hello: Message, process: CaseProcess) -> str:
    """What the process has told of the cause, or how it ended."""
    try:
        let_others_run(process)  # what ends the loop may be later than what a client sees of it
    except Mismatch as gone:
        return "" if gone.actual in error.actual else f" ({gone.actual})"
    found = Evidence(process.events, process.output["stderr"], "", str(hello["module_file"]))
    cause = cause_of(error, found)
    return f" ({cause})" if cause else ""
