"""A stream peer that speaks TLS, and does all that any does: what it sends, expects and ends is
within TLS. Until it first says or hears something it is silent in the handshake."""

from __future__ import annotations

import socket
from typing import cast

from sockproof.case.client import END_OF_STREAM, TIMEOUT, StreamPeer
from sockproof.case.peer import Reachable
from sockproof.case.tls_socket import SecuredSocket
from sockproof.case.tls_wire import CLOSE_NOTIFY
from sockproof.iut.case_log import CaseLog
from sockproof.iut.tls_terms import TlsTerms
from sockproof.judge.checks import Hang, Mismatch

__all__ = ["SecuredPeer", "agree", "shake_hands", "stream_peer"]


class SecuredPeer(StreamPeer):
    """A client that speaks TLS on such ``terms``."""

    def __init__(self, log: CaseLog, lane: str, terms: TlsTerms) -> None:
        super().__init__(log, lane)
        self._terms = terms

    def _new_socket(self, server: Reachable, _kind: int) -> socket.socket:
        family, name = server.spec.address_family, self._terms.name_at(server.address)
        return SecuredSocket(family, self._terms.context, name, self._tell_agreement)

    def _tell_agreement(self, what: str) -> None:
        super()._log("TLS handshake", note=what)

    @property
    def secured(self) -> SecuredSocket:
        """Its socket."""
        return cast("SecuredSocket", self.socket)

    @property
    def is_cut_off(self) -> bool:
        """Whether its stream has ended without a close notify."""
        return self.secured.is_cut_off

    def shake_hands(self) -> str:
        """Shake hands, if it has not: what went wrong, or empty."""
        try:
            self.secured.shake_hands()
        except OSError as error:
            if isinstance(error, TimeoutError):
                return str(TIMEOUT)
            super()._log("TLS handshake", error=str(error))
            return str(error)
        return ""

    def agree(self, bound_s: float) -> None:
        """Shake hands, as what shows that it is served; its socket waits for ``bound_s``.

        Raises:
            Mismatch: the server does not. Hang: nothing comes.
        """
        problem = self.shake_hands()
        if problem == str(TIMEOUT):
            raise Hang(f"{self.who} is served", f"no TLS handshake for {bound_s:g} s")
        if problem:
            raise Mismatch(f"{self.who} is served", f"{problem} instead of a TLS handshake")

    def begin_handshake(self, size_octets: int | None = None) -> None:
        """Send the beginning of the handshake, as much of it, and hear nothing.

        Raises:
            OSError: it is not taken.
        """
        data = self.secured.begin()[:size_octets]
        self.secured.send_plain(data)
        super()._log("begin TLS handshake", note=f"{len(data)} octets of it")

    def _log(self, what: str, data: bytes | None = None, note: str = "", error: str = "") -> None:
        """An end tells whether it was said within TLS."""
        if what == str(END_OF_STREAM):
            note = f"without a {CLOSE_NOTIFY}" if self.is_cut_off else CLOSE_NOTIFY
        super()._log(what, data, note, error)


def stream_peer(log: CaseLog, lane: str, terms: TlsTerms | None) -> StreamPeer:
    """A client of a stream server, with TLS if there are terms for it."""
    return SecuredPeer(log, lane, terms) if terms else StreamPeer(log, lane)


def shake_hands(peer: StreamPeer) -> None:
    """Have a peer shake hands before its next word, if it is one with TLS; what comes of it shows
    in that word."""
    if isinstance(peer, SecuredPeer):
        peer.shake_hands()


def agree(peer: StreamPeer, bound_s: float) -> None:
    """Have it shake hands, if it is one with TLS, as what shows that it is served.

    Raises:
        Mismatch, Hang: as of :meth:`SecuredPeer.agree`.
    """
    if isinstance(peer, SecuredPeer):
        peer.agree(bound_s)
