"""Since when a server owes a client an answer, seen on a real connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sockproof.check.clientele import Clientele
from sockproof.check.language import Language
from sockproof.check.listener import Address
from sockproof.check.service.admission import Admission
from sockproof.check.service.caller import Caller
from sockproof.spec.matrix import spec_by_id
from suites.selftest.runs import wait_until

BOUND_S = 10.0
MUCH = 64 << 20


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def caller(listening: socket.socket, tmp_path: Path) -> Iterator[Caller]:
    address = Address(spec_by_id("TCP/inet"), listening.getsockname())
    clientele = Clientele(address, Language("answers"), tmp_path)
    yield Caller(clientele, BOUND_S)
    clientele.close_clients()


def test_it_counts_from_when_the_server_has_all(listening: socket.socket, caller: Caller) -> None:
    """As long as something of it is on its way, it is not in; once seen to be, it stays so."""
    admission, own = Admission(caller), caller.peer.socket
    there, _ = listening.accept()
    own.setblocking(False)
    sent = sent_of(own)

    assert admission.look() is None

    drain(there, sent)
    wait_until(lambda: admission.look() is not None)
    since_s = admission.since_s

    sent_of(own)
    assert admission.look() == since_s
    there.close()


def sent_of(own: socket.socket) -> int:
    """So many octets find room."""
    sent = 0
    try:
        while sent < MUCH:
            sent += own.send(b"x" * (1 << 20))
    except BlockingIOError:
        pass
    return sent


def drain(there: socket.socket, octets: int) -> None:
    """Read so many."""
    there.settimeout(BOUND_S)
    while octets > 0:
        octets -= len(there.recv(1 << 20))


def test_a_connection_that_ended_is_not_in(listening: socket.socket, caller: Caller) -> None:
    """The kernel has no such connection of a server any more; one that nobody accepts is in."""
    assert Admission(caller).look() is not None

    there, _ = listening.accept()
    there.close()

    assert Admission(caller).look() is None
