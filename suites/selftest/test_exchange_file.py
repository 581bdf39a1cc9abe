"""The file of examples: what it says, and what is told of one that is not in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sockproof.check.service.exchange_file import ExchangeFile, read_exchanges
from sockproof.check.service.wanted_answer import WantedAnswer
from sockproof.errors import UsageError

SIX_LINES = """
[server]
class = "chat.py:ChatServer"
handler = "/srv/chat.py:ChatHandler"
[[exchange]]
send = "hello\\r\\n"
expect = "HELLO\\r\\n"
"""
LOGIN = """
[[exchange]]
name = "greeting"
expect = "220\\n"
keeps = true

[[exchange]]
name = "login"
after = "greeting"
send = "eve\\n"
expect = "250\\n"
keeps = true

[[exchange]]
name = "message"
after = "login"
send = "good day\\n"
expect = "200\\n"
keeps = true

[[exchange]]
name = "bye"
after = ["login", "greeting"]
send = "bye\\n"
until = "end"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "x.toml"
    path.write_text(text, "utf-8")
    return path


def read(folder: Path, text: str) -> ExchangeFile:
    return read_exchanges(written(folder, text))


def test_six_lines_are_enough(tmp_path: Path) -> None:
    """Files of classes are beside the file, unless they say where."""
    file = read(tmp_path, SIX_LINES)

    (exchange,) = file.exchanges.all
    assert (exchange.name, exchange.request, exchange.keeps) == ("exchange-1", b"hello\r\n", None)
    assert exchange.answer == WantedAnswer(b"HELLO\r\n")
    assert file.server == {
        "class": f"{tmp_path}/chat.py:ChatServer",
        "handler": "/srv/chat.py:ChatHandler",
    }


@pytest.mark.parametrize(
    ("told", "request_", "answer"),
    [
        ('send_hex = "00 ff"\nexpect_hex = "0A"', b"\0\xff", WantedAnswer(b"\n")),
        ('send_base64 = "AP8="\nexpect_base64 = "Cg=="', b"\0\xff", WantedAnswer(b"\n")),
        ('send_file = "a"\nexpect_file = "a"', b"in a\n", WantedAnswer(b"in a\n")),
        ('send = "é"\nuntil = "end"', b"\xc3\xa9", WantedAnswer(to_end=True)),
        ('send = "a"\nexpect = ""\nuntil = "end"', b"a", WantedAnswer(b"", to_end=True)),
        (
            'send = "a"\nexpect_regex = "b.*"',
            b"a",
            WantedAnswer(None, re.compile(b"b.*", re.DOTALL)),
        ),
    ],
)
def test_octets_in_every_spelling(
    tmp_path: Path, told: str, request_: bytes, answer: WantedAnswer
) -> None:
    """As text, in hexadecimal figures, in base64, from a file, as a pattern, up to the end."""
    (tmp_path / "a").write_bytes(b"in a\n")

    (exchange,) = read(tmp_path, f"[[exchange]]\n{told}\n").exchanges.all

    assert (exchange.request, exchange.answer) == (request_, answer)


def test_what_may_follow_what(tmp_path: Path) -> None:
    """By the state that a connection is in: an exchange that others come after makes one."""
    exchanges = read(tmp_path, LOGIN).exchanges
    greeting, login, message, bye = exchanges.all

    assert exchanges.firsts == [greeting]
    assert exchanges.before(message) == [greeting, login]
    assert exchanges.following(greeting) == [login, bye]
    assert exchanges.following(login) == [message, bye]
    assert exchanges.following(message) == [message, bye]
    assert exchanges.following(bye) == []


def test_what_varies_is_of_each_client(tmp_path: Path) -> None:
    """In the request and in the answer, and as long as it was."""
    text = '[[exchange]]\nsend = "me 0000"\nexpect = "you 0000"\nvaries = "0000"\n'
    (exchange,) = read(tmp_path, text).exchanges.all

    own = exchange.of_client(17)

    assert (own.request, own.answer.octets) == (b"me 0017", b"you 0017")


# The tables, and what is told of them.
WRONG = [
    ("", "the key 'exchange' is missing"),
    ("exchange = []\n", "'exchange' is empty"),
    ("[[exchange]\n", "this is not TOML"),
    ('[[exchange]]\nsends = "a"\n', "exchange 1: unknown key 'sends'"),
    ('[[exchange]]\nsend = "a"\n', "exchange 'exchange-1': nothing says what it gets"),
    ('[[exchange]]\nsend = "a"\nexpect = ""\n', "'expect' is empty"),
    ('[[exchange]]\nsend = "a"\nsend_hex = "61"\nexpect = "b"\n', "both 'send' and 'send_hex'"),
    ('[[exchange]]\nsend_hex = "6"\nexpect = "b"\n', "'send_hex': '6' is not hex"),
    ('[[exchange]]\nsend_base64 = "!"\nexpect = "b"\n', "'send_base64': '!' is not base64"),
    ('[[exchange]]\nsend_file = "gone"\nexpect = "b"\n', "cannot read gone: No such file"),
    ('[[exchange]]\nexpect_regex = "("\n', "'expect_regex' is no regular expression"),
    ('[[exchange]]\nexpect = "a"\nuntil = "now"\n', "unknown until 'now'"),
    ('[[exchange]]\nexpect = "a"\nkeeps = true\nuntil = "end"\n', "a connection that has ended"),
    ('[[exchange]]\nexpect = "a"\nname = "a b"\n', "is not a name without blanks"),
    ('[[exchange]]\nsend = "a"\nexpect = "a"\nvaries = "b"\n', "is not in what it sends"),
    ('[[exchange]]\nexpect = "a"\nafter = "b"\n', "after 'b', which is not there"),
    (
        '[[exchange]]\nname = "b"\nexpect = "a"\n[[exchange]]\nexpect = "a"\nafter = "b"\n',
        "after 'b', which lacks keeps = true",
    ),
    (
        '[[exchange]]\nname = "b"\nexpect = "a"\nafter = "b"\nkeeps = true\n',
        "exchange 'b': it comes after itself",
    ),
    (2 * '[[exchange]]\nname = "b"\nexpect = "a"\n', "two exchanges are called 'b'"),
    ('server = 1\n[[exchange]]\nexpect = "a"\n', "'server' is not a table"),
    ('[[exchange]]\nexpect = "a"\n[server]\nport = "1"\n', "server: unknown key 'port'"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_disorder_is_told_in_a_line(tmp_path: Path, text: str, told: str) -> None:
    """With the file, and the exchange by its name or number."""
    path = written(tmp_path, text)

    with pytest.raises(UsageError) as caught:
        read_exchanges(path)

    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """Its name is told."""
    with pytest.raises(UsageError, match=r"cannot read .*gone\.toml"):
        read_exchanges(tmp_path / "gone.toml")


def test_tls_is_a_table_of_its_own(tmp_path: Path) -> None:
    """Which may be empty; the files that it names are beside the file, as those of classes are."""
    told = '[tls]\nca = "ca.pem"\nname = "chat"\nversion = "1.3"\nclose_notify = false\n'

    plain, empty, full = (read(tmp_path, f"{text}{SIX_LINES}") for text in ("", "[tls]\n", told))

    assert (plain.tls, empty.tls) == (None, {})
    assert full.tls == {
        "ca": str(tmp_path / "ca.pem"),
        "name": "chat",
        "version": "1.3",
        "close_notify": False,
    }


@pytest.mark.parametrize("told", ['version = "1.1"', "ca = 1", 'trust = "all"', "close_notify = 1"])
def test_a_table_of_tls_that_is_not_in_order(tmp_path: Path, told: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(UsageError, match="tls"):
        read(tmp_path, f"[tls]\n{told}\n{SIX_LINES}")
