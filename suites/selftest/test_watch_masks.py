"""What a watch masks never reaches its file: not in part, not in pieces, not in an answer, not in
figures, and not in what other connections say."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.service.exchanges import Exchange
from sockproof.errors import UsageError
from sockproof.watch.drafting import ExampleDraft, Limits, draft
from sockproof.watch.masking import Masks, masks_of
from sockproof.watch.talk import END, Party, Witnessed
from suites.selftest.watching import FILE, exchanges_in, said, served, watching

SECRET = b"hUnt3r2Zq+w"
# Where %s is but a part of what is secret: who says just that part again says another word.
PARTS = (b"a@b%s", b"a;%s")
CLIENT, SERVER = Party.CLIENT, Party.SERVER
DEFAULT = masks_of(())
Split = Callable[[bytes], list[bytes]]
Says = Sequence[tuple[Party, bytes]]


def whole(octets: bytes) -> list[bytes]:
    return [octets]


def octet_by_octet(octets: bytes) -> list[bytes]:
    return [octets[at : at + 1] for at in range(len(octets))]


def halves(octets: bytes) -> list[bytes]:
    return [octets[: len(octets) // 2], octets[len(octets) // 2 :]]


def cut_in_the_secret(octets: bytes) -> list[bytes]:
    at = octets.find(SECRET) + 5
    return [octets[:at], octets[at:]]


def seen_of(*talks: Says, each: int = 1) -> Witnessed:
    """What was seen of connections on which this was said, one after the other."""
    seen = Witnessed(1 << 16)
    for says in talks * each:
        talk = seen.begin()
        for side, octets in says:
            seen.say(talk, side, octets)
        talk.end(CLIENT, END)
        talk.end(SERVER, END)
        talk.is_open = False
    return seen


def drafted(seen: Witnessed, masks: Masks = DEFAULT) -> ExampleDraft:
    return draft(seen, masks, Limits(1 << 16, 1000))


def exchanges_of(found: ExampleDraft, folder: Path) -> list[Exchange]:
    """The file that it makes, read as a check does."""
    path = folder / "x.toml"
    path.write_text(found.text("127.0.0.1:1", Witnessed(1)), "utf-8")
    return list(read_exchanges(path).exchanges.all)


def leaks(folder: Path, found: ExampleDraft, secret: bytes = SECRET) -> list[bytes]:
    """The parts of a secret that are in the file, as it is or as it is read."""
    exchanges = exchanges_of(found, folder)
    requests = [one.request for one in exchanges]
    answers = [one.answer.octets or b"" for one in exchanges]
    patterns = [one.answer.pattern.pattern if one.answer.pattern else b"" for one in exchanges]
    texts = [(folder / "x.toml").read_bytes(), *patterns]
    texts += [b"".join(octets) for octets in (requests, answers, patterns)]  # in however many
    everything = b"\0".join(texts).lower()
    plain = re.sub(rb"\\", b"", everything)
    parts = {secret[at : at + 4].lower() for at in range(len(secret) - 3)}
    return sorted(part for part in parts if part in everything or part in plain)


# What clients say, and servers, with the secret as %s.
SPOTS: list[tuple[Party, bytes]] = [
    (CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n"),
    (CLIENT, b"GET / HTTP/1.1\r\nauthorization: %s\r\nHost: a\r\n\r\n"),
    (CLIENT, b"GET / HTTP/1.1\r\nAuthorization: Digest uri=\"/x\",\r\n response=\"%s\"\r\n\r\n"),
    (CLIENT, b"GET / HTTP/1.1\r\nProxy-Authorization: NTLM %s\r\n\r\n"),
    (CLIENT, b"GET / HTTP/1.1\r\nCookie: a=b; sid=%s; c=d\r\n\r\n"),
    (CLIENT, b"GET / HTTP/1.1\r\nX-Api-Key: %s\r\nX-CSRF-Token: %s\r\n\r\n"),
    (CLIENT, b"GET /?user=eve&access_token=%s&x=1 HTTP/1.0\r\n\r\n"),
    (CLIENT, b"POST / HTTP/1.0\r\n\r\nuser=eve&newpassword=%s&b=c"),
    (CLIENT, b'POST / HTTP/1.0\r\n\r\n{"user": "eve", "userPassword" : "%s", "n": 5}'),
    (CLIENT, b"POST / HTTP/1.0\r\n\r\n<login><password>%s</password></login>"),
    (CLIENT, b"GET http://eve:%s@a/ HTTP/1.0\r\n\r\n"),
    (CLIENT, b"PASS %s\r\n"),
    (CLIENT, b"pass %s"),
    (CLIENT, b"USER eve\r\nPASS %s\r\nLIST\r\n"),
    (CLIENT, b"AUTH %s\r\n"),
    (CLIENT, b"AUTH eve %s\r\n"),
    (CLIENT, b"AUTH PLAIN %s\r\n"),
    (CLIENT, b"a1 LOGIN eve %s\r\n"),
    (CLIENT, b"a1 AUTHENTICATE PLAIN %s\r\n"),
    (CLIENT, b"*2\r\n$4\r\nAUTH\r\n$11\r\n%s\r\n*1\r\n$4\r\nPING\r\n"),
    (CLIENT, b"*3\r\n$4\r\nauth\r\n$3\r\neve\r\n$11\r\n%s\r\n"),
    (CLIENT, b"HELLO 3 AUTH eve %s\r\n"),
    (CLIENT, b"IDENTIFY %s\n"),
    (CLIENT, b"set password %s\n"),
    (CLIENT, b"token=%s"),
    (CLIENT, b"token: %s\n"),
    (CLIENT, b"\x00\x01\xffpassword=%s\xff\x00"),
    (CLIENT, b"password: %s. (for eve)\n"),
    (CLIENT, b"token=%s|x\n"),
    (CLIENT, b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n%s\r\n--b--\r\n'),
    (CLIENT, b"user[name]=eve&user[password]=%s"),
    (CLIENT, b"user%5Bname%5D=eve&user%5Bpassword%5D=%s"),
    (CLIENT, b'{"tokens": ["%s"]}\n'),
    (CLIENT, b'{"token":\n "%s"}\n'),
    (CLIENT, b'{"password": {"value": "%s"}}\n'),
    (CLIENT, b'{"body": "{\\"password\\":\\"%s\\"}"}\n'),
    (CLIENT, b'{"name": "password", "value": "%s"}\n'),
    (CLIENT, b'{"headers": {"Authorization": "Basic %s"}}\n'),
    (CLIENT, b"a=1&PHPSESSID=%s"),
    (CLIENT, b"ALTER USER eve WITH PASSWORD '%s'\n"),
    (CLIENT, b"SAY the password is %s\n"),
    (CLIENT, b"/login eve %s\n"),
    (CLIENT, b"PRIVMSG NickServ :IDENTIFY %s\r\n"),
    (CLIENT, b"\x00\x00\x00\x15LOGIN eve %s"),
    (CLIENT, b"<password><![CDATA[%s]]></password>\n"),
    (CLIENT, b"a LOGIN {3+}\r\neve {11+}\r\n%s\r\n"),
    (CLIENT, b"*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n$11\r\n%s\r\n"),
    (CLIENT, b"\0\3\0\0user\0eve\0password\0%s\0\0"),
    (CLIENT, b"passwords:\n  - %s\n"),
    (CLIENT, b"GET https://%s@a/ HTTP/1.0\r\n\r\n"),
    (CLIENT, b"GET http://eve:a@b%s@c/ HTTP/1.0\r\n\r\n"),
    (CLIENT, b'[["authorization","Custom %s"]]\n'),
    (SERVER, b'HTTP/1.1 200 OK\r\nSet-Cookie:\r\n sid="a;%s"; Path=/\r\n\r\nhello'),
    (SERVER, b'<input type="hidden" name="csrf_token" value="%s">\n'),
    (SERVER, b'<input value="%s" name="csrf_token">\n'),
    (SERVER, b'<meta name="csrf-token" content="%s" />\n'),
    (SERVER, b"the new password: <%s>, keep it\n"),
    (SERVER, b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=%s; Path=/; HttpOnly\r\n\r\nhello"),
    (SERVER, b"HTTP/1.1 200 OK\r\nX-Auth-Token: %s\r\n\r\nhello"),
    (SERVER, b'{"access_token":"%s","expires_in":3600}\n'),
    (SERVER, b"your session id: %s\n"),
    (SERVER, b"\xff\xfe token=%s \x00\x00"),
]  # fmt: skip


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("split", [whole, octet_by_octet, halves, cut_in_the_secret])
@pytest.mark.parametrize(("side", "text"), SPOTS, ids=lambda one: str(one)[:50])
def test_secret_is_masked_where_it_is_known_to_stand(
    tmp_path: Path, side: Party, text: bytes, split: Split
) -> None:
    """In one segment or in many, between which the other side may say something, or not."""
    pieces = split(text.replace(b"%s", SECRET))
    alone = [(side, piece) for piece in pieces]
    between = [part for piece in pieces for part in ((side, piece), (side.other, b"+"))]
    seen = seen_of([*alone, (side.other, b"ok\n")], [(CLIENT, b"x"), *between])

    found = drafted(seen)

    assert found.masked
    assert leaks(tmp_path, found) == []


@settings(max_examples=60, deadline=None)
@given(data=st.data(), spot=st.sampled_from(SPOTS))
def test_secret_is_masked_however_it_comes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, spot: tuple[Party, bytes]
) -> None:
    """Cut anywhere, with the other side's words between some of the pieces."""
    side, text = spot[0], spot[1].replace(b"%s", SECRET)
    whole_secret = next((part for part in PARTS if part in spot[1]), b"%s").replace(b"%s", SECRET)
    others = [b"+", b"\n", b"ok " + whole_secret]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=12)))
    says: list[tuple[Party, bytes]] = [] if side is CLIENT else [(CLIENT, b"x")]
    for start, end in pairwise([0, *cuts, len(text)]):
        says.append((side, text[start:end]))
        if data.draw(st.booleans()):
            says.append((side.other, data.draw(st.sampled_from(others))))
    says.append((SERVER, b"."))

    found = drafted(seen_of(says))

    assert leaks(tmp_path_factory.mktemp("x"), found) == []


@pytest.mark.parametrize("split", [whole, octet_by_octet])
@pytest.mark.parametrize(
    "prompt",
    [
        *(b"Password: ", b"\r\nPassword for eve:", b"\n334 UGFzc3dvcmQ6\r\n", b"\r\n+ \r\n"),
        *(b"Password: \xff\xfb\x01", b"\x1b[1mPassword:\x1b[0m ", b"Your password, please.\r\n"),
        *(b"Please enter your password\r\n", b"Tell me the password!\r\n", b"Password...\r\n"),
    ],
)
def test_line_that_was_asked_for_as_a_secret_is_one(
    tmp_path: Path, prompt: bytes, split: Split
) -> None:
    """Though nothing in it says so, each octet is echoed, and the line before ends late."""
    typed = split(b"\n" + SECRET + b"\r\n")
    echoed = [part for piece in typed for part in ((CLIENT, piece), (SERVER, b"*"))]
    seen = seen_of(
        [(SERVER, b"login: "), (CLIENT, b"eve\r"), (SERVER, prompt), *echoed, (CLIENT, b"ls\n")]
    )

    found = drafted(seen)

    assert leaks(tmp_path, found) == []
    assert found.masked


@pytest.mark.parametrize("split", [whole, octet_by_octet, halves])
def test_secret_is_masked_wherever_else_it_is(tmp_path: Path, split: Split) -> None:
    """In an answer, in letters of the other case, in another connection, before and after."""
    echo = b"you said " + SECRET.upper() + b", " + SECRET + SECRET + b"\n"
    seen = seen_of(
        [(CLIENT, b"look\n"), *((SERVER, piece) for piece in split(b"it is " + SECRET + b".\n"))],
        [(CLIENT, b"PASS " + SECRET + b"\n"), *((SERVER, piece) for piece in split(echo))],
        [(CLIENT, b"say\n"), (SERVER, b"\xff" + SECRET + b"\x00\n")],
    )

    found = drafted(seen)

    assert leaks(tmp_path, found) == []
    assert len(found.examples) == found.masked == 3


@pytest.mark.parametrize("size", range(4, len(SECRET)))
def test_beginning_of_a_secret_is_masked_where_its_rest_never_came(
    tmp_path: Path, size: int
) -> None:
    """In an answer that was broken off."""
    cut = SECRET[:size]
    seen = seen_of(
        [(CLIENT, b"PASS " + SECRET + b"\n"), (SERVER, b"you said " + cut)],
        [(CLIENT, b"PASS " + cut)],
    )

    assert leaks(tmp_path, drafted(seen)) == []


def test_secret_in_what_is_left_out_is_known(tmp_path: Path) -> None:
    """It stands in a request that is too long, or was not answered."""
    seen = seen_of(
        [(CLIENT, b"password=" + SECRET + b"&" + b"a" * (1 << 16)), (SERVER, b"ok\n")],
        [(CLIENT, b"who\n"), (SERVER, b"it was " + SECRET + b"\n")],
    )

    found = drafted(seen)

    assert [one.request for one in found.examples] == [b"who\n"]
    assert leaks(tmp_path, found) == []


@pytest.mark.parametrize(
    ("before", "spelled"),
    [
        (b"GET / HTTP/1.0\r\nAuthorization: Basic ", base64.b64encode(b"eve:" + SECRET)),
        (b"AUTH PLAIN ", base64.b64encode(b"\0eve\0" + SECRET)),
        (b"password=", SECRET.replace(b"+", b"%2B").replace(b"u", b"%75")),
    ],
)
def test_password_in_another_spelling_is_known(
    tmp_path: Path, before: bytes, spelled: bytes
) -> None:
    """It is masked where it stands in the plain."""
    answer = b"hello eve, " + SECRET + b" is weak\n"
    seen = seen_of([(CLIENT, before + spelled + b"\r\n\r\n"), (SERVER, answer)])

    found = drafted(seen)

    assert leaks(tmp_path, found) == []
    assert leaks(tmp_path, found, spelled) == []


def test_short_secret_is_masked_in_answers_on_its_connection(tmp_path: Path) -> None:
    """As a word: what else has these letters in it stays."""
    seen = seen_of([(CLIENT, b"PASS abc\n"), (SERVER, b"no: abc is not abcdef\n")])

    (exchange,) = exchanges_of(drafted(seen), tmp_path)

    assert exchange.request == b"PASS xxx\n"
    assert exchange.answer.pattern is not None
    assert exchange.answer.pattern.pattern == rb"no: .{3} is not abcdef\n"


def test_masked_octets_keep_their_number(tmp_path: Path) -> None:
    """So that what has a length somewhere is still in order; a comment says where they are."""
    seen = seen_of([(CLIENT, b"AUTH " + SECRET + b"\r\n"), (SERVER, b"+OK\r\n")])

    found = drafted(seen)
    (exchange,) = exchanges_of(found, tmp_path)

    assert exchange.request == b"AUTH xxxxxxxxxxx\r\n"
    told = " ".join((tmp_path / "x.toml").read_text().replace("#", "").split())
    assert "MASKED: 1 of these examples have an x for each octet of a password" in told
    assert "The server may refuse them" in told
    assert "Masked in what it sends: octets 6 to 16. The server may refuse it so." in told


# What has no secret in it, though it looks a little like it.
HARMLESS: list[Says] = [
    [(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n")],
    [(CLIENT, b"bypass the compass\r\n"), (SERVER, b"250 the author passed\r\n")],
    [(CLIENT, b"USER eve\r\n"), (SERVER, b"331 a password is wanted\r\n")],
    [(CLIENT, b"PING\r\n"), (SERVER, b"+PONG\r\n"), (CLIENT, b"GET a\r\n"), (SERVER, b"-ERR\n")],
    [(CLIENT, b"PASS\r\n"), (SERVER, b"+OK\r\n")],
]  # fmt: skip


@pytest.mark.parametrize("says", HARMLESS)
def test_what_is_no_secret_stays(tmp_path: Path, says: Says) -> None:
    """Octet for octet."""
    found = drafted(seen_of(says))

    exchanges = exchanges_of(found, tmp_path)
    assert found.masked == 0
    assert [one.request for one in exchanges] == [octets for _side, octets in says[::2]]
    assert [one.answer.octets for one in exchanges] == [octets for _side, octets in says[1::2]]


def test_users_own_patterns_mask_all_or_their_groups(tmp_path: Path) -> None:
    """On both sides, across segments, and with lines that begin where they do."""
    masks = masks_of([r"card \d+", r"^name=(\w+);(\w+)?"], with_default=False)
    seen = seen_of(
        [
            (CLIENT, b"card 12"), (CLIENT, b"34 PASS abcd\nname=eve;x\n"),
            (SERVER, b"thanks for card 98765, eve\n"),
        ]
    )  # fmt: skip

    (exchange,) = exchanges_of(drafted(seen, masks), tmp_path)

    assert exchange.request == b"xxxxxxxxx PASS abcd\nname=xxx;x\n"
    assert exchange.answer.pattern is not None
    assert exchange.answer.pattern.pattern == rb"thanks for .{10}, .{3}\n"


def test_default_masks_can_be_left_out(tmp_path: Path) -> None:
    """Then all is as it was said."""
    seen = seen_of([(CLIENT, b"PASS " + SECRET), (SERVER, b"token=" + SECRET)])

    (exchange,) = exchanges_of(drafted(seen, masks_of((), with_default=False)), tmp_path)

    assert exchange.request == b"PASS " + SECRET
    assert exchange.answer.octets == b"token=" + SECRET


@pytest.mark.parametrize("text", ["(", "a{2,1}", "[", "(?P<a>x)(?P<a>y)", "*"])
def test_wrong_pattern_is_told(text: str) -> None:
    """With what is wrong in it."""
    with pytest.raises(UsageError, match="is no regular expression"):
        masks_of([text])


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("names", [(), ("password=" * 8000,), ("a." * 30_000,), ("<" * 60_000,)])
def test_long_lines_are_searched_in_time(names: Iterable[str]) -> None:
    """No pattern of ours goes back and forth over a line that is made for it."""
    text = "".join(names).encode("ascii") or b"\r\n " * 20_000 + b"token" * 4000

    found = drafted(seen_of([(CLIENT, text[:60_000]), (SERVER, b"ok\n")]))

    assert len(found.examples) == 1


def test_octet_by_octet_client_through_a_watch(tmp_path: Path) -> None:
    """Each octet is a segment, and each is echoed in capitals; the bells are in figures."""

    def echoes(client: socket.socket) -> None:
        while data := client.recv(1):
            client.sendall(data.upper())
            if data == b"\n":
                client.sendall(b"\x07\xff" + SECRET[::-1] + b"\x07 you said " + SECRET + b"\n")

    with served(echoes) as at, watching(tmp_path, at, "--mask", SECRET[::-1].decode()) as watch:
        with watch.client() as client:
            for octet in octet_by_octet(b"token=" + SECRET):
                assert said(client, octet, size=1) == octet.upper()
            said(client, b"\n", until=SECRET + b"\n")
        ended = watch.end()

    assert ended.status == 0, ended
    assert "masked, which the server may refuse" in ended.stderr
    text = watch.text.lower().encode()
    octets = [one.request for one in exchanges_in(tmp_path).values()]
    assert b"".join(octets) == b"token=x\n"  # all that is masked is one and the same
    assert SECRET.lower() not in text
    assert not re.search(rb"hunt|zq|Q\\xz", text)
    assert b"hunt" not in ended.stderr.encode().lower()
    assert (tmp_path / FILE).stat().st_mode & 0o111 == 0
