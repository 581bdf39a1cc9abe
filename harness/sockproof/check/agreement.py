"""Sees that a client with TLS, as the user wants it, and the server agree, before anything else."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from sockproof.case.tls_socket import SecuredSocket
from sockproof.check.language import conversation
from sockproof.check.listener import Address
from sockproof.errors import HarnessError
from sockproof.iut.case_log import CaseLog
from sockproof.timing import hang_bound_s, scale

__all__ = ["agree"]

_PATIENCE_S = 0.5
_PLAIN = "it may speak no TLS: leave --tls out"
# By what is in the words of the problem.
_HINTS: Mapping[str, str] = {
    "ostname mismatch": "say what it is called, with --tls-name",
    "IP address mismatch": "say what it is called, with --tls-name",
    "has expired": "give it another, or leave --tls-ca out to look at nothing of it",
    "certificate refused": "--tls-ca takes a file with the authority that its certificate is from",
    "wrong version number": _PLAIN,
    "certificate required": "it wants a certificate of its client: --tls-cert",
    "handshake failure": "it may want a certificate of its client, --tls-cert, or other ciphers",
    "unknown ca": "it does not know who has signed the client's certificate, that of --tls-cert",
    "protocol version": "it speaks another version of TLS: see version in the table [tls]",
    "nothing comes": _PLAIN,
    "end of stream": _PLAIN,
    "": "see what it prints, and what it was started with",
}


def agree(address: Address, log: CaseLog) -> None:
    """Have one client shake hands, and wait a moment whether it is refused all the same: of TLS 1.3
    a server looks at its client's certificate when that has agreed already.

    Raises:
        HarnessError: they do not agree, or nobody is there.
    """
    if problem := conversation(address, log, _talk):
        hint = next(hint for text, hint in _HINTS.items() if text in problem)
        raise HarnessError(f"{address.words}: no TLS handshake: {problem}", hint)


def _talk(one: socket.socket) -> str:
    """What went wrong; empty if nothing did."""
    assert isinstance(one, SecuredSocket)
    one.settimeout(hang_bound_s())
    try:
        one.shake_hands()
        one.settimeout(_PATIENCE_S * scale())
        one.recv(1)
    except TimeoutError:
        return "" if one.is_agreed else f"nothing comes for {hang_bound_s():g} s"
    except OSError as error:
        return str(error)
    return ""
