"""The parts of the area service: when an answer is whole, where octets are parted, what a program
has told, and what the far end of a connection has read."""

from __future__ import annotations

import re
import socket

import pytest

from sockproof.case.client import END_OF_STREAM, RESET, Ending
from sockproof.check.far_end import far_end
from sockproof.check.service.attempts import positions, raised_in
from sockproof.check.service.wanted_answer import WantedAnswer
from sockproof.judge.checks import Mismatch
from suites.selftest.runs import wait_until

EXACT, TO_END = WantedAnswer(b"abc"), WantedAnswer(b"abc", to_end=True)
PATTERN = WantedAnswer(None, re.compile(b"a.*c", re.DOTALL))
PATTERN_TO_END = WantedAnswer(None, re.compile(b"a.*c", re.DOTALL), to_end=True)
ANYTHING = WantedAnswer(to_end=True)
TRACE = """a line
Traceback (most recent call last):
  File "/usr/lib/python3.11/socketserver.py", line 691, in process_request_thread
    self.finish_request(request, client_address)
  File "/srv/chat.py", line 9, in handle
    verb, word = line.split()
  File "/usr/lib/python3.11/socket.py", line 1, in inner
ValueError: not enough values
----------------------------------------
"""


@pytest.mark.parametrize(
    ("wanted", "data", "ending", "size"),
    [
        (EXACT, b"", None, None),
        (EXACT, b"ab", None, None),
        (EXACT, b"abc", None, 3),
        (EXACT, b"abcabc", None, 3),
        (EXACT, b"abc", RESET, 3),
        (TO_END, b"abc", None, None),
        (TO_END, b"abc", END_OF_STREAM, 3),
        (PATTERN, b"ab", None, None),
        (PATTERN, b"abbc", None, 4),
        (PATTERN, b"abcabc", None, 3),
        (PATTERN_TO_END, b"abcabc", END_OF_STREAM, 6),
        (ANYTHING, b"", END_OF_STREAM, 0),
    ],
)
def test_answer_is_whole(
    wanted: WantedAnswer, data: bytes, ending: Ending | None, size: int | None
) -> None:
    """Or more may come; of a pattern the shortest match is it, for the next answer may follow."""
    assert wanted.size_in(data, ending) == size


@pytest.mark.parametrize(
    ("wanted", "may_be"),
    [
        (EXACT, False),
        (TO_END, False),
        (PATTERN_TO_END, False),
        (ANYTHING, True),
        (WantedAnswer(b"", to_end=True), True),
        (WantedAnswer(None, re.compile(b"a*"), to_end=True), True),
        (WantedAnswer(None, re.compile(b"a*")), False),
    ],
)
def test_end_alone_may_be_an_answer(wanted: WantedAnswer, may_be: bool) -> None:
    """Of an example that says so: whoever asks again does not wait for octets then."""
    assert wanted.may_be_nothing is may_be


@pytest.mark.parametrize(
    ("wanted", "data", "ending"),
    [
        (EXACT, b"x", None),
        (EXACT, b"abx", None),
        (EXACT, b"ab", END_OF_STREAM),
        (TO_END, b"abcd", None),
        (TO_END, b"abc", RESET),
        (PATTERN, b"ab", END_OF_STREAM),
        (PATTERN_TO_END, b"abcd", END_OF_STREAM),
        (ANYTHING, b"", RESET),
    ],
)
def test_answer_is_another_one(wanted: WantedAnswer, data: bytes, ending: Ending | None) -> None:
    """Whatever may still come."""
    with pytest.raises(Mismatch) as caught:
        wanted.size_in(data, ending)

    assert caught.value.expected == wanted.words


def test_octets_are_parted_everywhere_or_at_the_same_places() -> None:
    """What is long has its ends, and some places between."""
    long = positions(1000)

    assert positions(5) == [1, 2, 3, 4]
    assert (positions(0), positions(1)) == ([], [])
    assert long == positions(1000)
    assert set(long) >= {*range(1, 25), *range(976, 1000)}
    assert len(set(long)) == 64


def test_exception_of_a_program_is_told_with_its_place() -> None:
    """The last one, in the innermost line that is the user's own."""
    assert raised_in(TRACE) == "ValueError: not enough values in handle() at chat.py:9"
    assert raised_in("nothing of the kind") == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_far_end_tells_what_is_unread(host: str) -> None:
    """Before it is accepted, and until it is read; then whether it is closed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as listener,
        socket.create_connection(listener.getsockname()[:2]) as client,
    ):
        client.send(b"hello")
        wait_until(lambda: far_end(client).unread == 5)
        accepted, _address = listener.accept()
        accepted.recv(3)

        assert (far_end(client).unread, far_end(client).is_closed) == (2, False)
        accepted.recv(2)
        assert far_end(client).unread == 0
        accepted.close()
        wait_until(lambda: far_end(client).is_closed)


def test_far_end_of_a_unix_socket() -> None:
    """Something is unread until all is read."""
    one, other = socket.socketpair()
    with one, other:
        one.send(b"hello")
        assert far_end(one).unread
        other.recv(5)
        assert not far_end(one).unread
