"""What is almost an address: the error says what is wrong with it, and what to type."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sockproof.check.listener import parse_address
from sockproof.check.near_misses import near_miss
from sockproof.errors import UsageError

# What is typed, what the line says of it, and what is to be typed; that is an address, but for a
# port that only its user knows.
MISSES = [
    ("http://127.0.0.1:8000/", "it is a URL", "127.0.0.1:8000"),
    ("http://localhost", "it is a URL", "localhost:80"),
    (
        "https://[::1]/a?b=c",
        "it is a URL of a service over TLS (check and init: --tls)",
        "[::1]:443",
    ),
    ("wss://127.0.0.1:9001/chat", "over TLS (check and init: --tls)", "127.0.0.1:9001"),
    ("redis://:secret@localhost:6379/0", "it is a URL", "localhost:6379"),
    ("tcp://127.0.0.1:9000", "it is a URL", "127.0.0.1:9000"),
    ("localhost", "it has no port", "localhost:PORT"),
    ("127.0.0.1", "it has no port", "127.0.0.1:PORT"),
    ("127.0.0.1:", "it has no port", "127.0.0.1:PORT"),
    ("[::1]", "it has no port", "[::1]:PORT"),
    ("::1", "it has no port", "[::1]:PORT"),
    ("udp:127.0.0.1", "it has no port", "udp:127.0.0.1:PORT"),
    ("9000", "it has no host", "127.0.0.1:9000"),
    ("udp:9000", "it has no host", "udp:127.0.0.1:9000"),
    ("localhost:http", "its port is no number", "localhost:80"),
    ("localhost:nobody-knows", "its port is no number", "localhost:PORT"),
    ("127.0.0.1:80/", "nothing stands behind the port", "127.0.0.1:80"),
    ("unix:", "it has no path", "unix:/run/app.sock"),
    ("/run/app.sock", "it is a path", "unix:/run/app.sock"),
    ("0.0.0.0:80", "nobody is reached at 0.0.0.0", "127.0.0.1:80"),
    ("[::]:80", "nobody is reached at ::", "[::1]:80"),
    ("*:80", "nobody is reached at *", "127.0.0.1:80"),
    ("127.0.0.1:99999", "a port is a number from 1 to 65535", ""),
    ("127.0.0.1:0", "a port is a number from 1 to 65535", ""),
    ("example.org:80", "'example.org' is no IP address", ""),
]


@pytest.mark.parametrize(("given", "told", "typed"), MISSES)
def test_it_says_what_is_wrong_and_what_to_type(given: str, told: str, typed: str) -> None:
    """What it says to type is taken."""
    with pytest.raises(UsageError) as refused:
        parse_address(given)

    assert told in refused.value.message
    assert not typed or refused.value.hint == f"type {typed}"
    if typed:
        assert parse_address(typed.replace("PORT", "9000"))


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("localhost", "type localhost:PORT"),
        ("127.0.0.1 9000", "type 127.0.0.1:9000"),
        ("8000", "type 127.0.0.1:8000"),
        ("app.sock", "type unix:app.sock"),
        ("server.py", ""),
        ("myserver 9000", ""),
        ("./server --port 9000", ""),
        ("", ""),
    ],
)
def test_words_of_a_program_are_none(given: str, hint: str) -> None:
    """Only what can be no program is taken for an address that lacks something."""
    missed = near_miss(given)

    assert (missed.hint if missed else "") == hint


def test_path_of_a_socket_is_known_by_what_it_is(tmp_path: Path) -> None:
    """Whatever it is called."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))

        missed = near_miss(str(path))

    assert missed
    assert missed.hint == f"type unix:{path}"
