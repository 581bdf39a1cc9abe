"""What is hostile in the area service: the octets that are no request, the timeouts that a file
declares, and the scripts of all that the area can find."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from pathlib import Path

import pytest

from fixtures.partners.service.table import SERVED
from sockproof.check.language import Language
from sockproof.check.listener import Listener, parse_address, program_of
from sockproof.check.scene import Manners
from sockproof.check.scripts.check_script import CheckScript, ScriptCase, has_script
from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.service.exchanges import Exchange
from sockproof.check.service.hostile import hostile_to
from sockproof.check.service.hostile_octets import KINDS, garbage_of
from sockproof.check.service.service_table import SERVICES, service_plays
from sockproof.check.service.wanted_answer import WantedAnswer
from sockproof.errors import UsageError
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_service
from sockproof.spec.levels import Level

LARGE = 1 << 16
LINE = Exchange("line", b"put 7\r\n", WantedAnswer(b"ok\r\n"))
EXAMPLES = ("login", "varies", "http", "frame", "timed", "all", "quoted")
SUBJECTS = ("127.0.0.1:9000", "unix:/tmp/a", "unixgram:/tmp/a", "udp:127.0.0.1:9", "prog {port}")


def octets_of(kind: str, exchange: Exchange = LINE) -> list[bytes]:
    return [one.octets for one in garbage_of(exchange, kind, LARGE)]


def test_garbage_is_no_request_and_always_the_same() -> None:
    """Each kind has some, none of which is the request, and all octets are among it."""
    for kind in KINDS:
        assert octets_of(kind)
        assert LINE.request not in octets_of(kind)
        assert octets_of(kind) == octets_of(kind)
    assert set(b"".join(octets_of("random octets"))) == set(range(256))


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("nothing", [b""]),
        ("an empty request", [b"\r\n", b"\r\n" * 10, b" \t \r\n"]),
        ("other newlines", [b"put 7\n", b"put 7\r", b"put 7"]),
        ("large numbers", [b"put 4294967295\r\n", b"put -1\r\n", b"\xff\xff\xff\xff7\r\n"]),
        ("other words", [b"put\r\n", b"put 7 put 7\r\n"]),
        ("half a character", [b"garbage\xe2\x82\r\n", b"put 7\xc3\r\n"]),
        ("NUL", [b"pu\0t 7\r\n"]),
    ],
)
def test_garbage_is_made_of_the_request(kind: str, wanted: Sequence[bytes]) -> None:
    """Of its end, its words, its numbers."""
    assert [one for one in wanted if one not in octets_of(kind)] == []


def test_long_garbage_is_as_long_as_is_said() -> None:
    """An endless line has no end, and a long request has that of a request."""
    (endless,), (long,) = octets_of("an endless line"), octets_of("a long request")

    assert (len(endless), len(long)) == (LARGE, LARGE)
    assert b"\n" not in endless
    assert (long[:2], long[-5:]) == (b"pu", b"t 7\r\n")


def test_datagrams_are_as_long_as_can_be() -> None:
    """One has no octets, and none has more than 65,507."""
    exchanges = read_exchanges(SERVED["datagrams_with_states"].exchanges).exchanges
    found = {
        len(one)
        for kind in KINDS
        for _, one in hostile_to(exchanges, kind, 8 << 20, is_stream=False)
    }

    assert (min(found), max(found)) == (0, 65507)


def test_timeouts_are_of_the_file_or_of_an_exchange(tmp_path: Path) -> None:
    """What the table of the server says holds for each that says nothing of its own."""
    path = tmp_path / "x.toml"
    path.write_text(
        '[server]\ntimeout_s = 5\n[[exchange]]\nsend = "a"\nexpect = "b"\n'
        '[[exchange]]\nsend = "a"\nexpect = "b"\ntimeout_s = 0.5\n'
    )

    found = read_exchanges(path).exchanges.all

    assert [one.timeout_s for one in found] == [5, 0.5]


@pytest.mark.parametrize("value", ["0", "-1", "'5'", "true", "nan"])
def test_no_timeout_is_told(tmp_path: Path, value: str) -> None:
    """It is a number of seconds above 0."""
    path = tmp_path / "x.toml"
    path.write_text(f'[[exchange]]\nsend = "a"\nexpect = "b"\ntimeout_s = {value}\n')

    with pytest.raises(UsageError, match="timeout_s"):
        read_exchanges(path)


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("given", SUBJECTS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_script_is_python_of_the_standard_library(given: str, example: str) -> None:
    """Whatever the subject and its protocol: it can be read, and names what it uses."""
    words = given.split()
    subject = Listener(given, parse_address(given)) if len(words) == 1 else program_of(words)
    folder = SERVED["threads"].exchanges.parent
    exchanges = read_exchanges(folder / f"{example}.toml").exchanges
    for play in service_plays(subject, exchanges):
        if not has_script(play.case) or play.invariant.why_not(subject):
            continue
        about = ScriptCase(
            play.case, subject, Language("answers", b"a"), Manners(), "so", exchanges
        )
        tree = ast.parse(CheckScript(about, 10.0).text, feature_version=(3, 8))
        assert unknown_names(tree) == set(), play.case


def unknown_names(tree: ast.Module) -> set[str]:
    """Names that are used and nowhere made."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                made.add(name)
            case ast.Import():
                made |= {alias.name.partition(".")[0] for alias in node.names}
    return {node.id for node in names} - made - {"__file__", *dir(builtins)}


def test_whatever_can_fail_has_a_script() -> None:
    """Of the whole area, but for what is counted inside of the program."""
    for service in SERVICES:
        is_judged = load_service().get(service.requirement).level is not Level.OBSERVED
        is_outside = service.name != "thousand-keep-no-objects"
        assert has_script(CaseId(service.requirement)) == (is_judged and is_outside), service.name
