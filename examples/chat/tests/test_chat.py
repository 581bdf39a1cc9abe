"""Tests of the chat server: with sockproof installed, pytest finds its fixtures."""

import pytest
from chat import ChatHandler, ChatServer


def test_lines_are_answered_one_by_one(sockproof_server) -> None:
    """Two at once, and one in two pieces."""
    server = sockproof_server(ChatServer, ChatHandler)
    peer = server.peer()

    peer.send(b"one\ntwo\nthr").expect(b"ONE\nTWO\n")
    peer.send(b"ee\n").expect(b"THREE\n")


def test_interrupt_ends_it_while_a_client_is_connected(sockproof_server) -> None:
    """As Ctrl-C does."""
    server = sockproof_server(ChatServer, ChatHandler)
    server.peer().send(b"half a line")

    server.interrupt()

    assert server.ends()


@pytest.mark.sockproof("chat.toml")
def test_service(sockproof_case) -> None:
    """All that follows from one example: in pieces, several at once, clients that leave, crowds."""
    sockproof_case()
