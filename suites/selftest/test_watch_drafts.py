"""From what was said on connections to examples: which follow which, what is the same, where an
answer ends, and what makes no example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockproof.check.service.example_text import Example
from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.service.exchanges import Exchange, Exchanges
from sockproof.visible_text import visible
from sockproof.watch.answer_shape import are_alike, escaped, pattern_of
from sockproof.watch.drafting import ExampleDraft, Limits, draft
from sockproof.watch.masking import MaskedOctets, masks_of
from sockproof.watch.talk import END, GONE, Party, Talk, Witnessed

CLIENT, SERVER = Party.CLIENT, Party.SERVER
NONE = masks_of((), with_default=False)


def talk_of(seen: Witnessed, words: str, *, is_stream: bool = True) -> Talk:
    """What was said: ``>a <b``; ``>|`` and ``<|`` are an end, ``>!`` and ``<!`` a reset."""
    talk = seen.begin(is_stream=is_stream)
    for word in words.split():
        side = CLIENT if word[0] == ">" else SERVER
        if word[1:] in ("|", "!"):
            talk.end(side, END if word[1:] == "|" else GONE)
        else:
            seen.say(talk, side, word[1:].encode("utf-8").replace(b"_", b" ") + b"\n")
    talk.is_open = len(talk.ends) < 2
    return talk


def drafted(*talks: str, limits: Limits | None = None, is_stream: bool = True) -> ExampleDraft:
    seen = Witnessed(1 << 16)
    for words in talks:
        talk_of(seen, words, is_stream=is_stream).is_open = False
    return draft(seen, NONE, limits or Limits(1 << 16, 100))


def exchanges_of(found: ExampleDraft, folder: Path) -> Exchanges:
    path = folder / "x.toml"
    path.write_text(found.text("127.0.0.1:1", Witnessed(1)), "utf-8")
    return read_exchanges(path).exchanges


def told(exchanges: Exchanges) -> list[str]:
    """Each example: what it comes after, what is said, and whether the connection goes on."""
    return [
        f"{','.join(one.after)}>{one.request.decode().strip()}{'+' if one.keeps else ''}"
        for one in exchanges.all
    ]


# What was said on connections, and the examples that come of it.
ORDERS = [
    (["<hi >a <A >| <|"], [">+", "greeting>a"]),
    ([">a <A >a <A >a <A"], [">a+"]),
    ([">a <A >b <B >c <C"], [">a+", "a>b+", "b>c"]),
    ([">a <A >| <|", ">a <A >| <|", ">b <B"], [">a", ">b"]),
    # Seen to be repeated, and followed by what was seen before as well: it leads nowhere.
    ([">a <A >a <A >b <B", ">b <B >b <B >a <A"], [">a+", ">b+"]),
    ([">l <ok >m <M >m <M >q <Q", ">l <ok >q <Q"], [">l+", "l>m+", "l>q"]),
    ([">l <ok >m <M >m <M >q <Q"], [">l+", "l,m>m+", "m>q"]),
    # Followed by something that was not seen before it: that may need it.
    ([">a <A >a <A >b <B"], [">a+", "a>a+", "a>b"]),
    ([">a <A >a <B >b <B"], [">a+", "a>a+", "a-2>b"]),
    # Answered otherwise: the connection is in another state.
    ([">a <no >l <ok >a <yes"], [">a+", "a>l+", "l>a"]),
    # The same at the end of different ways is one.
    (["<hi >a <A >q <Q", "<hi >b <B >q <Q"], [">+", "greeting>a+", "greeting>b+", "a,b>q"]),
    (["<hi >a <A >q <Q", "<hi >a <A >b <B >q <Q"], [">+", "greeting>a+", "a>b+", "a,b>q"]),
    # Nothing is known of who was never followed.
    ([">a <A >| <|"], [">a"]),
]


@pytest.mark.parametrize(("talks", "wanted"), ORDERS)
def test_examples_follow_each_other_as_was_seen(
    tmp_path: Path, talks: list[str], wanted: list[str]
) -> None:
    """And in no way that was not."""
    assert told(exchanges_of(drafted(*talks), tmp_path)) == wanted


# The end of a connection, and what it says of the last example: half-close, end.
ENDS = [
    (">a <A <| >|", (False, True)),
    (">a <A >| <|", (False, False)),
    (">a >| <A <|", (True, True)),
    (">a >| <|", (True, True)),
    (">a <|", (False, True)),
    ("<A <|", (False, True)),
    (">a <A >! <!", (False, False)),
    (">a <A <!", (False, False)),
    (">a <A", (False, False)),
]


@pytest.mark.parametrize(("words", "wanted"), ENDS)
def test_end_is_part_of_an_answer_where_the_server_makes_it(
    tmp_path: Path, words: str, wanted: tuple[bool, bool]
) -> None:
    """By itself, or when its client has said all."""
    (exchange,) = exchanges_of(drafted(words), tmp_path).all

    assert (exchange.half_closes, exchange.answer.to_end) == wanted


def test_end_that_comes_late_is_of_a_server_that_waited(tmp_path: Path) -> None:
    """A time that has run out belongs to no answer."""
    seen = Witnessed(1000)
    talk = talk_of(seen, ">a <A")
    talk.last_s -= 60
    talk.end(SERVER, END)

    (exchange,) = exchanges_of(draft(seen, NONE, Limits(99, 9)), tmp_path).all

    assert exchange.answer.to_end is False


# What makes no example, what is left of the connection, and why.
LEFT_OUT = [
    (">a <A >b", [">a"], "what was asked, and not answered"),
    (">a <A >b <!", [">a"], "what was answered with a reset"),
    (">\x16\x03\x01 <x", [], "TLS, of which what is inside was not seen"),
    (">a <A >\x16\x03\x01 <x >c <C", [">a"], "TLS, of which what is inside was not seen"),
    (f">a <A >{'b' * 90} <{'B' * 90} >c <C", [">a"], "more than 99 octets (--limit-octets)"),
    (f">a <A >{'b' * 200} <B >c <C", [">a"], "more than 120 octets in one turn"),
    (f">a <A >b <{'b' * 200} >c <C", [">a"], "more than 120 octets in one turn"),
]


@pytest.mark.parametrize(("words", "wanted", "why"), LEFT_OUT)
def test_what_is_left_out_is_told(words: str, wanted: list[str], why: str) -> None:
    """With all that comes behind it."""
    seen = Witnessed(120)
    talk_of(seen, words)

    found = draft(seen, NONE, Limits(99, 9))

    assert [one.request for one in found.examples] == [b"a\n"] * len(wanted)
    assert dict(found.left_out) == {why: 1}
    assert f"# Left out, 1 times: {why}." in found.text("a", seen)


def test_examples_beyond_the_limit_are_left_out_with_what_follows(tmp_path: Path) -> None:
    """A file in which something comes after what is not there would be refused."""
    found = drafted(">a <A >b <B >c <C", ">d <D >e <E", limits=Limits(99, 3))

    assert told(exchanges_of(found, tmp_path)) == [">a+", ">d", "a>b"]
    assert found.left_out == {"more than 3 examples (--limit-exchanges)": 2}


# Datagrams of a client and of the server, and what comes of them.
DATAGRAMS = [
    (">a <A >b <B", [">a", ">b"]),
    (">a <A1 >b <B >a <A2", [">a", ">b"]),
    (">a <A >b <B >a <C", [">a+", "a>b+", "b>a"]),
    (">a <A <B", [">a"]),
    (">a >b <A <B", []),
    (">a <A >b", [">a"]),
    ("<x >a <A", [">a"]),
]


@pytest.mark.parametrize(("words", "wanted"), DATAGRAMS)
def test_datagrams_are_examples_where_it_is_seen_whose_answer_comes(
    tmp_path: Path, words: str, wanted: list[str]
) -> None:
    """Nobody knows to which of two an answer belongs."""
    found = drafted(words, is_stream=False)

    assert len(found.examples) == len(wanted)
    if wanted:
        assert told(exchanges_of(found, tmp_path)) == wanted


# Answers to the same request, what is the same in them, and another that may come, or not.
SHAPES = [
    (["n 1\n", "n 2\n"], "n 31\n", "n x\n"),
    (["Date: Mon, 30 Nov 2026 06:08:25 GMT\nx\n", "Date: Mon, 30 Nov 2026 06:08:26 GMT\nx\n"],
     "Date: Fri, 01 Jan 2027 16:58:03 GMT\nx\n", "Date: x\nx\n"),
    (["at 2026-11-30T06:08:25Z.\n", "at 2026-11-30T06:08:26Z.\n"],
     "at 2031-01-02T16:58:03Z.\n", "at noon.\n"),
    (["id a1b2c3d4e5f6 ok\n", "id 99887766ffee ok\n"], "id 0123456789ab ok\n", "id ok\n"),
    (["hello eve!\n", "hello bob!\n"], "hello alice!\n", "bye eve!\n"),
    (["a\nb\n.\n", "a\n.\n"], "a\nb\nc\n.\n", "b\n.\n"),
    (["id 4711", "id 4712"], "id 1234", "id 12"),
    (["é 1\n", "é 2\n"], "é 3\n", "e 3\n"),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "other", "wrong"), SHAPES)
def test_pattern_takes_what_differs_and_no_more(answers: list[str], other: str, wrong: str) -> None:
    """As two answers show it."""
    text = pattern_of([MaskedOctets(one.encode()) for one in answers], to_end=False)

    assert text is not None
    pattern = re.compile(text.encode("utf-8"), re.DOTALL)
    assert all(pattern.fullmatch(one.encode()) for one in (*answers, other))
    assert not pattern.match(wrong.encode())


def test_answer_that_nothing_ends_makes_no_pattern() -> None:
    """The shortest match would be taken for all of it. With its end it is whole."""
    answers = [MaskedOctets(b"id 9"), MaskedOctets(b"id 10")]

    assert pattern_of(answers, to_end=False) is None
    assert pattern_of(answers, to_end=True) == "id [0-9]+"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("n 1", "n 22", True),
        ("250 ok", "530 no", False),
        ("at 06:08:25", "at 16:08:26", True),
        ("hello eve", "hello bob", False),
    ],
)
def test_answers_are_alike_but_for_what_changes_anyway(one: str, other: str, alike: bool) -> None:
    """Words make another answer of it."""
    assert are_alike(MaskedOctets(one.encode()), MaskedOctets(other.encode())) is alike


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_escaped_octets_match_themselves(octets: bytes) -> None:
    """As the file of examples reads them."""
    pattern = re.compile(escaped(octets).encode("utf-8"), re.DOTALL)

    assert pattern.fullmatch(octets)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30).map(str.encode)
SAID = st.one_of(st.binary(min_size=1, max_size=200), TEXTS.filter(bool))


@pytest.mark.by_turns(3)
@settings(max_examples=60, deadline=None)
@given(request_=SAID, answer=SAID, remark=st.text(max_size=50))
def test_whatever_was_said_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, request_: bytes, answer: bytes, remark: str
) -> None:
    """As text, in figures or in base64; and no remark ends its comment."""
    path = tmp_path_factory.mktemp("x") / "x.toml"
    path.write_bytes(Example("a", request_, answer, remarks=[remark]).text.encode("utf-8"))

    (exchange,) = read_exchanges(path).exchanges.all

    assert (exchange.request, exchange.answer.octets) == (request_, answer)
    assert visible(path.read_text("utf-8")) == path.read_text("utf-8")


TURNS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["A\n", "B 1\n", "B 2\n", "\xff", "C 10"])),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(talks=st.lists(TURNS, min_size=1, max_size=5), ends=st.booleans())
def test_whatever_was_said_makes_a_file_that_is_read(
    tmp_path_factory: pytest.TempPathFactory, talks: list[list[tuple[str, str]]], ends: bool
) -> None:
    """Each example takes what was answered where it was seen, and comes behind what was seen."""
    seen = Witnessed(1000)
    for turns in talks:
        talk = seen.begin()
        for request, answer in turns:
            seen.say(talk, CLIENT, request.encode())
            seen.say(talk, SERVER, answer.encode("latin-1"))
        if ends:
            talk.end(SERVER, END)
        talk.is_open = False

    found = draft(seen, NONE, Limits(1000, 100))

    if found.examples:
        exchanges = exchanges_of(found, tmp_path_factory.mktemp("x"))
        assert all(_was_seen(exchanges, one, talks) for one in exchanges.all)


def _was_seen(exchanges: Exchanges, one: Exchange, talks: list[list[tuple[str, str]]]) -> bool:
    """Whether some connection has had these requests in this order, perhaps among others."""
    way = [before.request.decode() for before in (*exchanges.before(one), one)]
    return any(_is_within(way, [request for request, _answer in turns]) for turns in talks)


def _is_within(way: list[str], requests: list[str]) -> bool:
    left = iter(requests)
    return all(any(request == other for other in left) for request in way)
