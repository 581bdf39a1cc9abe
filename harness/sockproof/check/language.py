"""What makes an unknown server show that it serves: learned from it once, with a few connections.

In this order: what the user says it answers to; TLS; HTTP; a line that it answers; a greeting; that
it closes when its client has closed; that it accepts. Each is an event, so whoever waits for
it waits for something that comes from a server that serves. Of a server with which the check speaks
TLS the same is found out within it; the last is then that it shakes hands.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sockproof.case.tls_socket import SecuredSocket
from sockproof.check.listener import Address
from sockproof.check.sockets import waiting
from sockproof.errors import HarnessError
from sockproof.iut.case_log import CaseLog
from sockproof.own_folder import own_folder
from sockproof.timing import scale

__all__ = [
    "ACCEPTS",
    "ANSWERS",
    "GREETS",
    "LINE",
    "OWN_WORDS",
    "READS",
    "SHAKES_HANDS",
    "TLS",
    "TRY_TLS",
    "Language",
    "client_hello",
    "conversation",
    "learn",
    "looks_like_tls",
]

TLS = "speaks TLS"
TRY_TLS = "it looks like TLS: try --tls"
"""What is said to whoever has said nothing of TLS to a server that speaks it."""
ANSWERS, GREETS, OWN_WORDS = "answers", "greets", "the user's own"
_SAID = (ANSWERS, OWN_WORDS)
_Told = TypeVar("_Told")
_PATIENCE_S = 0.5
_READ_OCTETS = 1 << 16
_ALERT, _HANDSHAKE = b"\x15\x03", b"\x16\x03"
HTTP_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
LINE = b"sockproof\r\n"


@dataclass(frozen=True)
class Language:
    """``name`` says what is known of it; ``say`` is what a client sends, and ``expect`` what is in
    the answer; ``ends`` whether the client then closes its side, and the answer is an end."""

    name: str
    say: bytes = b""
    expect: bytes = b""
    ends: bool = False

    @property
    def only_accepts(self) -> bool:
        return self.name in (ACCEPTS, READS)

    @property
    def only_agrees(self) -> bool:
        return self.name == SHAKES_HANDS

    @property
    def words(self) -> str:
        """For the reader of a report."""
        if self.name not in _SAID:
            return self.name
        if self.say:
            return f"answers to {self.say[:40]!r}"
        return "answers when its client has closed its side" if self.ends else GREETS


CLOSES, ACCEPTS = "closes when its client has closed", "accepts connections, and says nothing"
SHAKES_HANDS = "shakes hands, and says nothing"
READS = "reads datagrams, and says nothing"


def client_hello(name: str = "localhost") -> bytes:
    """The first octets of a client that speaks TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def learn(address: Address, log: CaseLog, say: bytes = b"", expect: bytes = b"") -> Language:
    """Find out what it answers to; the user's own words are taken as they are.

    Raises:
        HarnessError: nobody listens there, or it does not answer what the user says it answers to.
    """
    if say or expect:
        own = Language(OWN_WORDS, say, expect)
        answer = _answer(address, log, say, expect)
        if expect not in answer or not answer:
            told = f"{address.words} answers {answer[:60]!r} to {say[:60]!r}"
            raise HarnessError(f"{told}, not {expect[:60]!r}", "see --say and --expect")
        return own
    found = (_stream if address.is_stream else _datagram)(address, log)
    log.note("check", "learned", note=found.words)
    return found


def looks_like_tls(address: Address, log: CaseLog) -> bool:
    """Whether it answers a client's hello as who speaks TLS does."""
    return _answer(address, log, client_hello()).startswith((_HANDSHAKE, _ALERT))


def _stream(address: Address, log: CaseLog) -> Language:
    if greeting := _answer(address, log, b""):
        return Language(GREETS, b"", greeting[:4])
    http = _answer(address, log, HTTP_REQUEST)
    if http.startswith(b"HTTP/"):
        return Language("speaks HTTP", HTTP_REQUEST, b"HTTP/")
    if not address.tls and (http.startswith(_ALERT) or not http):
        hello = client_hello()
        if (_answer(address, log, hello) or http).startswith((_HANDSHAKE, _ALERT)):
            return Language(TLS, hello)
    if _answer(address, log, LINE):
        return Language(ANSWERS, LINE)
    if _closes(address, log):
        return Language(CLOSES, ends=True)
    if address.tls:
        return Language(SHAKES_HANDS)
    if waiting(address) is None:
        raise HarnessError(
            f"{address.words} answers nothing, and never closes",
            "say what it answers to with --say and --expect",
        )
    return Language(ACCEPTS)


def _datagram(address: Address, log: CaseLog) -> Language:
    if _answer(address, log, LINE):
        return Language(ANSWERS, LINE)
    if waiting(address) is None and not address.spec.is_unix:  # there a connection has told it
        told = f"nobody has bound {address.words}, as far as can be seen, and nobody answers there"
        raise HarnessError(told, "say what it answers to with --say and --expect")
    return Language(READS)


def _closes(address: Address, log: CaseLog) -> bool:
    """Whether it closes once its client has."""

    def talk(one: socket.socket) -> bool:
        try:
            one.shutdown(socket.SHUT_WR)
            while one.recv(_READ_OCTETS):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    return conversation(address, log, talk)


def _answer(address: Address, log: CaseLog, said: bytes, expect: bytes = b"") -> bytes:
    """What comes back within a while, until what is expected has come, in however many pieces;
    nothing if it is a close."""

    def talk(one: socket.socket) -> bytes:
        data = b""
        with contextlib.suppress(OSError):
            one.sendall(said)
            data = part = one.recv(_READ_OCTETS)
            while part and expect not in data:
                part = one.recv(_READ_OCTETS)
                data += part
        return data

    return conversation(address, log, talk)


def conversation(address: Address, log: CaseLog, talk: Callable[[socket.socket], _Told]) -> _Told:
    """One connection, on which nobody waits long."""
    with _new_socket(address) as one:
        one.settimeout(_PATIENCE_S * scale())
        try:
            one.connect(address.at)
        except OSError as error:
            raise _nobody(address, error) from None
        log.note("check", "ask", note=address.words)
        with _own_path(one) if address.spec.kind == "UnixDatagram" else contextlib.nullcontext():
            return talk(one)


def _new_socket(address: Address) -> socket.socket:
    family = address.spec.address_family
    if address.tls:
        return SecuredSocket(family, address.tls.context, address.tls.name_at(address.at))
    return socket.socket(family, socket.SOCK_STREAM if address.is_stream else socket.SOCK_DGRAM)


@contextlib.contextmanager
def _own_path(one: socket.socket) -> Iterator[None]:
    """Where it can be answered, for the length of the block."""
    with own_folder() as folder:
        one.bind(str(folder / "client"))
        yield


def _nobody(address: Address, error: OSError) -> HarnessError:
    why = "it accepts nobody" if isinstance(error, TimeoutError) else str(error.strerror).lower()
    hint = "start the server first, or let sockproof start it: sockproof check -- PROGRAM"
    return HarnessError(f"nobody can be reached at {address.words}: {why}", hint)
