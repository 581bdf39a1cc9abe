"""Servers of datagrams at Unix addresses before a check: at a path, or a name without a file."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from fixtures.listeners.table import LISTENERS
from sockproof.check.listener import parse_address, program_of
from sockproof.check.owners import owners_of
from sockproof.check.sockets import is_bound, is_read
from sockproof.judge.verdict import Verdict
from suites.selftest.checked import CHECK, bad_rows, check, listening, rows_of
from suites.selftest.runs import sockproof_

NAMES = ["s", "a b", "@sockproof-datagrams"]
ECHO = """
import socket, sys
one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind(sys.argv[1].replace("@", chr(0), 1))
open(sys.argv[2], "w").close()
while True:
    data, client = one.recvfrom(65536)
    if client:
        try:
            one.sendto(data, socket.MSG_DONTWAIT, client)
        except OSError:
            pass
"""


def _given(folder: Path, name: str) -> str:
    return f"unixgram:{name if name.startswith('@') else folder / name}"


@pytest.mark.parametrize("name", NAMES)
def test_owner_and_what_is_unread_are_seen(tmp_path: Path, name: str) -> None:
    """A sender is not the owner; what it sent is its own until it is read."""
    address = parse_address(_given(tmp_path, name))
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
    ):
        assert not is_bound(address)
        one.bind(address.at)
        assert is_bound(address)
        assert owners_of(address) == {os.getpid()}
        sender.sendto(b"x", address.at)
        assert not is_read(sender, address)
        one.recv(1)
        assert is_read(sender, address)
    assert not is_bound(address)


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("name", ["s", "@sockproof-datagrams"])
def test_an_address_is_checked(tmp_path: Path, name: str) -> None:
    """Of a server that was there before."""
    given, is_there = _given(tmp_path, name), tmp_path / "there"
    words = [sys.executable, "-c", ECHO, given.partition(":")[2], str(is_there)]
    with listening(words, is_there):
        ended = sockproof_(tmp_path, *CHECK, given)

    rows = rows_of(tmp_path)
    assert bad_rows(rows) == []
    assert ended.status == 0, ended
    assert rows["deaf-senders-block-nobody"].verdict is Verdict.PASS


@pytest.mark.parametrize("listens", ["unixgram:{path}", "unixgram:"])
def test_a_program_is_told_a_path(listens: str) -> None:
    """Whichever is free."""
    subject = program_of(["x", "{path}"], listens)

    assert (subject.address.spec.id, subject.address.words) == ("UnixDatagram/path", "unixgram:")


@pytest.mark.by_turns(12)
def test_a_record_is_played_again_as_it_says(tmp_path: Path) -> None:
    """That its program listens where one is free for datagrams is nothing that needs trust."""
    server, case = LISTENERS["unixgram_waits_for_the_deaf"], "deaf-senders-block-nobody"
    check(tmp_path, server, "-k", case)
    (record,) = (tmp_path / "out").glob("*.jsonl")
    case_id = f"invariants/{case}[UnixDatagram/path]"

    ended = sockproof_(tmp_path, "replay", str(record), case_id, "--", *server.argv)

    assert ended.status == 0, ended.stdout + ended.stderr
    assert "1 of 1 ended as stored" in ended.stdout
