"""The script of each invariant shows the fault of a server that has it, and none where none is."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.listeners.table import LISTENERS
from sockproof.check.invariants.table import INVARIANTS, plays_of
from sockproof.check.language import ACCEPTS, CLOSES, TLS, Language
from sockproof.check.listener import Listener, parse_address, program_of
from sockproof.check.scene import Manners
from sockproof.check.scripts.check_script import CheckScript, ScriptCase, has_script, script_name
from sockproof.check.scripts.confirming import GONE, NOT_TOLD, THERE, run_script
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_invariants
from sockproof.spec.levels import Level
from suites.selftest.runs import wait_until

LISTENER = str(Path(__file__).with_name("one_fault_listener.py"))
LINE = Language("answers", b"sockproof\r\n")
PATIENCE_S = 2.5
# Invariant, variant, and a fault that it finds; each is played without the fault, too.
FAULTS = (
    ("at-rest-it-burns-nothing", "", "spins"),
    ("leaving-clients-leave-nothing", "end", "waits for ever"),
    ("leaving-clients-leave-nothing", "reset", "waits for ever"),
    ("leaving-clients-leave-nothing", "a few octets", "waits for ever"),
    ("leaving-clients-leave-nothing", "in a reply", "waits for ever"),
    ("leaving-clients-leave-nothing", "unread answers", "waits for ever"),
    ("leaving-clients-leave-nothing", "while connecting", "waits for ever"),
    ("leaving-clients-spin-nothing", "end", "asks again"),
    ("next-client-is-served", "end", "ends with its client"),
    ("neighbours-delay-nobody", "silent", "one after the other"),
    ("neighbours-delay-nobody", "idle", "one after the other"),
    ("neighbours-delay-nobody", "dripping", "one after the other"),
    ("crowd-is-served", "", "has room for some"),
    ("burst-forgets-nobody", "", "forgets the crowd"),
    ("garbage-is-survived", "NUL", "ends of NUL"),
    ("garbage-is-survived", "octets", "ends of NUL"),
    ("garbage-is-survived", "an endless line", "ends of what is long"),
    ("garbage-is-survived", "too much", "ends of what is long"),
    ("data-is-not-kept", "", "keeps what it was told"),
    ("programs-inherit-nothing", "", "hands it on"),
    ("stop-ends-in-time", "idle", "hears no interrupt"),
    ("stop-ends-in-time", "silent client", "waits for its clients"),
    ("stop-ends-in-time", "busy client", "waits for its clients"),
    ("second-interrupt-ends-it", "silent client", "hears no interrupt"),
    ("stop-frees-the-address", "idle", "leaves a child"),
    ("starts-again-at-once", "idle", "does not reuse its address"),
    ("address-in-use-is-told", "", "says nothing of its address"),
    ("starts-without-names", "", "asks for a name"),
)
TRIED = [
    one
    for name, variant, fault in FAULTS
    for one in ((name, variant, fault), (name, variant, "none"))
]


def _program(fault: str) -> Listener:
    return program_of([sys.executable, LISTENER, "{port}", fault])


def _script(subject: Listener, name: str, variant: str, language: Language = LINE) -> str:
    case = CaseId(f"invariants/{name}", subject.address.spec.id, variant)
    about = ScriptCase(case, subject, language, Manners(), 'it was \\x27so"""')
    return CheckScript(about, PATIENCE_S).text


@pytest.mark.by_turns(13)
@pytest.mark.parametrize(("name", "variant", "fault"), TRIED)
def test_script_shows_a_fault_where_it_is(name: str, variant: str, fault: str) -> None:
    """On a program that it starts itself."""
    subject = _program(fault)
    ended = run_script(_script(subject, name, variant), subject, PATIENCE_S)

    if name == "starts-without-names" and ended.status == NOT_TOLD:
        pytest.skip(ended.printed)
    assert ended.status == (GONE if fault == "none" else THERE), ended.printed
    assert ended.printed


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("server", "name", "status"),
    [
        ("udp_dies_of_an_error", "gone-senders-harm-nobody", THERE),
        ("datagrams", "gone-senders-harm-nobody", GONE),
        ("unixgram_dies_of_the_gone", "gone-senders-harm-nobody", THERE),
        ("unixgram", "gone-senders-harm-nobody", GONE),
        ("unixgram_waits_for_the_deaf", "deaf-senders-block-nobody", THERE),
        ("unixgram", "deaf-senders-block-nobody", GONE),
    ],
)
def test_script_for_datagrams_shows_what_it_is_of(server: str, name: str, status: int) -> None:
    """What is about datagrams alone is played on servers of datagrams."""
    subject = program_of(LISTENERS[server].argv, LISTENERS[server].listens)
    text = _script(subject, name, "")

    ended = run_script(text, subject, PATIENCE_S)

    assert ended.status == status, ended.printed


@pytest.fixture(params=["waits for ever", "none"])
def listening(request: pytest.FixtureRequest) -> Iterator[tuple[str, Listener]]:
    """A server that nobody here has started for a script, with its fault."""
    with subprocess.Popen(
        [sys.executable, "-u", LISTENER, "0", request.param, "tells"], stdout=subprocess.PIPE
    ) as server:
        try:
            assert server.stdout is not None
            address = f"127.0.0.1:{int(server.stdout.readline())}"
            yield request.param, Listener(address, parse_address(address))
        finally:
            server.kill()


@pytest.mark.by_turns(5)
def test_script_of_an_address_finds_whose_it_is(listening: tuple[str, Listener]) -> None:
    """By the socket that listens there."""
    fault, subject = listening
    text = _script(subject, "leaving-clients-leave-nothing", "reset")

    ended = run_script(text, subject, PATIENCE_S)

    assert ended.status == (GONE if fault == "none" else THERE), ended.printed
    assert "20 clients left (reset)" in ended.printed


def test_nobody_there_is_no_verdict() -> None:
    """Neither 0 nor 1: the address is that of nobody."""
    subject = Listener("127.0.0.1:1", parse_address("127.0.0.1:1"))
    for name in ("leaving-clients-leave-nothing", "garbage-is-survived"):
        ended = run_script(_script(subject, name, "NUL"), subject, 0.5)

        assert ended.status == NOT_TOLD
        assert ended.words.startswith("could not tell: It could not be told: ")


def test_program_that_does_not_start_is_no_verdict() -> None:
    """Its status is told."""
    subject = program_of([sys.executable, "-c", "raise SystemExit(7)", "{port}"])

    ended = run_script(_script(subject, "at-rest-it-burns-nothing", ""), subject, 0.5)

    assert (ended.status, "its status is 7" in ended.printed) == (NOT_TOLD, True)


def test_script_leaves_nothing_behind(tmp_path: Path) -> None:
    """Run by itself, it ends all that its program has started, in whatever session."""
    mark = tmp_path / "pid"
    source = (
        "import os, subprocess, sys; own = subprocess.Popen(['sleep', '60'], "
        f"start_new_session=True); open({str(mark)!r}, 'w').write(str(own.pid)); "
        f"sys.argv[1:] = [sys.argv[1], 'none']; exec(open({LISTENER!r}).read())"
    )
    subject = program_of([sys.executable, "-c", source, "{port}"])
    path = tmp_path / "script.py"
    path.write_text(_script(subject, "stop-ends-in-time", "idle"), "utf-8")

    ended = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True)

    assert (ended.returncode, ended.stderr) == (GONE, ""), ended.stdout
    pid = mark.read_text("utf-8")
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_interrupt_reaches_the_program_of_a_deaf_shell(tmp_path: Path) -> None:
    """Behind ``&`` a script is started with its ears shut, and would hand that on."""
    path = tmp_path / "script.py"
    path.write_text(_script(_program("none"), "stop-ends-in-time", "idle"), "utf-8")
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-I", str(path)]

    ended = subprocess.run(command, capture_output=True, text=True)

    assert ended.returncode == GONE, ended.stdout


SUBJECTS = (
    "127.0.0.1:9000", "[::1]:9000", "unix:/tmp/a", "unix:@a", "udp:127.0.0.1:9000",
    "unixgram:/tmp/a", "unixgram:@a",
    "prog {port}", "prog {path}", "prog --listen={address}",
)  # fmt: skip
LANGUAGES = (
    LINE,
    Language(TLS, b"hello"),
    Language(CLOSES, ends=True),
    Language(ACCEPTS),
    Language("greets", b"", b"220 "),
    Language("the user's own", b"x" * 200, b"+PONG"),
)


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("given", SUBJECTS)
def test_every_script_is_python_of_the_standard_library(given: str) -> None:
    """Whatever the subject, its language and the words of others: it has a docstring, names what it
    uses, and imports nothing but what Python 3.8 has."""
    words = given.split()
    subject = Listener(given, parse_address(given)) if len(words) == 1 else program_of(words)
    for language in LANGUAGES:
        for play in plays_of(subject):
            if not has_script(play.case) or play.invariant.why_not(subject):
                continue
            about = ScriptCase(play.case, subject, language, Manners(), 'it\'s \\N """ \x1b')
            tree = ast.parse(CheckScript(about, 10.0).text, feature_version=(3, 8))
            assert ast.get_docstring(tree)
            assert _unknown_names(tree) == set()


def _unknown_names(tree: ast.Module) -> set[str]:
    """Names that are used and nowhere made."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.arg():
                made.add(node.name if isinstance(node, ast.FunctionDef) else node.arg)
            case ast.ExceptHandler(name=str(name)):
                made.add(name)
            case ast.Import():
                made |= {alias.name.partition(".")[0] for alias in node.names}
    return {node.id for node in names} - made - {"__file__", *dir(builtins)}


def test_whatever_can_fail_has_a_script() -> None:
    """What is only observed has none."""
    for invariant in INVARIANTS:
        is_judged = load_invariants().get(invariant.requirement).level is not Level.OBSERVED
        assert has_script(CaseId(invariant.requirement)) == is_judged, invariant.name


def test_name_of_a_script_is_that_of_a_file() -> None:
    """Also if a record of others says what the case is."""
    assert script_name("invariants/stop-ends-in-time[TCP/inet,silent client]") == (
        "stop-ends-in-time-silent-client.py"
    )
    assert "/" not in script_name("invariants/../../x[TCP/inet,/etc]")
