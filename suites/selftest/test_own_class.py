"""A server class of a user on the whole catalogue: what it changes, what of that is chosen, and
what breaks a promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sockproof.iut.capabilities import probe
from sockproof.iut.discovery import find_interpreter
from sockproof.iut.implementation import parse_iut
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from suites.selftest.record_schema import validate_record
from suites.selftest.runs import Ended, records_in, sockproof_

CLASSES = str(Path(__file__).with_name("own_classes.py"))
DAEMONIC = "threading/daemon-threads-default-false"
WAITS = "threading/server-close-waits-for-threads"
SHUT_DOWN = "dispatch/end-of-stream-while-a-copy-is-open"
SPEC = "ThreadingTCP/inet"


def _run(folder: Path, name: str, *requirements: str, **variables: str) -> Ended:
    chosen = ["-k", " or ".join(requirements)] if requirements else []
    iut = name if name.endswith(".toml") else f"{CLASSES}:{name}"
    return sockproof_(folder, "run", "--iut", iut, "--report-dir", "out", *chosen, **variables)


def _record(folder: Path) -> Record:
    (record,) = records_in(folder).values()
    return record


def _row(folder: Path, requirement: str, spec: str = SPEC) -> CaseRow:
    row = _record(folder).case(f"{requirement}[{spec}]")
    assert row is not None
    return row


@pytest.mark.by_turns(5)
def test_what_is_chosen_is_no_failure(tmp_path: Path) -> None:
    """It is told first what the class changes, and below it what comes of that."""
    ended = _run(tmp_path, "Chooses", DAEMONIC, WAITS)

    row = _row(tmp_path, DAEMONIC)
    assert ended.status == 0, ended
    assert (row.verdict, row.as_chosen, row.needs_attention) == (Verdict.FAIL, True, False)
    assert row.override is not None
    assert row.override.names == ("daemon_threads",)
    told = ended.stdout
    assert "Chooses changes of ThreadingTCPServer; handlers are scripted" in told
    assert "     daemon_threads           True, not False (Chooses)" in told
    assert "nothing needs attention" in told
    assert "own_classes.Chooses  0/0   0/0" in told  # neither kept nor broken
    assert f"2 cases by its daemon_threads: {DAEMONIC}, {WAITS}" in told.replace(
        f"{WAITS}, {DAEMONIC}", f"{DAEMONIC}, {WAITS}"
    )
    assert told.index("Chooses changes") < told.index("implementation  ") < told.index("chosen:")


@pytest.mark.by_turns(3)
def test_reports_tell_what_is_chosen(tmp_path: Path) -> None:
    """The record is one by its schema, and intact; page, Markdown and JUnit have it, too."""
    _run(tmp_path, "Chooses", DAEMONIC)

    out = tmp_path / "out"
    (path,) = out.glob("*.jsonl")
    assert validate_record(path)
    assert sockproof_(tmp_path, "verify", str(path)).status == 0
    page = (out / "report.html").read_text("utf-8")
    assert "Chooses changes of ThreadingTCPServer" in page
    assert "1 case by its daemon_threads" in page
    assert "### Chosen" in (out / "summary.md").read_text("utf-8")
    assert 'skipped message="chosen FAIL: ' in (out / "junit.xml").read_text("utf-8")


@pytest.mark.by_turns(3)
def test_choice_of_an_object_is_one(tmp_path: Path) -> None:
    """Where the constructor sets an attribute that the class does not show."""
    ended = _run(tmp_path, "ChoosesOnItsObjects", DAEMONIC)

    override = _row(tmp_path, DAEMONIC).override
    assert ended.status == 0, ended
    assert override is not None
    assert (override.names, override.chosen) == (("daemon_threads",), True)


@pytest.mark.by_turns(12)
def test_mistake_is_told_with_the_method_that_it_is_in(tmp_path: Path) -> None:
    """And the choice beside it is none."""
    ended = _run(tmp_path, "ClosesAlone", DAEMONIC, SHUT_DOWN)

    override = _row(tmp_path, SHUT_DOWN).override
    assert ended.status == 1, ended
    assert override is not None
    assert (override.names, override.chosen) == (("shutdown_request",), False)
    assert _row(tmp_path, DAEMONIC).as_chosen
    assert "it ends well with shutdown_request as in socketserver" in ended.stdout


@pytest.mark.by_turns(3)
def test_what_shows_itself_once_is_no_choice(tmp_path: Path) -> None:
    """Played again it ends well, whatever is put back: that excuses nothing."""
    counted = str(tmp_path / "counted")

    ended = _run(tmp_path, "FailsOnce", "streams/half-close-by-client", COUNTED_FILE=counted)

    row = _row(tmp_path, "streams/half-close-by-client-still-gets-the-reply")
    assert ended.status == 1, ended
    assert (row.verdict, row.as_chosen) == (Verdict.FAIL, False)


@pytest.mark.by_turns(16)
def test_script_of_a_mistake_takes_the_module(tmp_path: Path) -> None:
    """It ends with 1 on the class, and with 0 on socketserver's own."""
    case = f"{SHUT_DOWN}[{SPEC}]"

    ended = sockproof_(
        tmp_path, "repro", case, "--iut", f"{CLASSES}:ClosesAlone", "-o", "script.py"
    )

    assert ended.status == 0, ended
    for arguments, status in (([CLASSES], 1), ([], 0)):
        words = [sys.executable, "script.py", *arguments]
        assert subprocess.run(words, cwd=tmp_path, capture_output=True).returncode == status


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("name", ["Plain", "Otherwise", "Chooses"])
def test_right_class_is_accused_of_nothing(tmp_path: Path, name: str) -> None:
    """On all cases of its spec, and of no other."""
    ended = _run(tmp_path, name)

    record = _record(tmp_path)
    assert ended.status == 0, ended.stdout
    assert {row.spec for row in record.cases} == {SPEC}
    assert len(record.cases) > 150
    assert [row.id for row in record.cases if row.needs_attention] == []


def test_class_of_paths_is_played_on_both_kinds(tmp_path: Path) -> None:
    """Files, and names without one."""
    ended = _run(tmp_path, "OnPaths", "streams/half-close")

    assert ended.status == 0, ended
    specs = {row.spec for row in _record(tmp_path).cases}
    assert specs == {"UnixStream/path", "UnixStream/abstract"}


@pytest.mark.by_turns(6)
def test_real_class_chooses(tmp_path: Path) -> None:
    """HTTPServer's reuse of addresses, and the names of XML-RPC's parameters, are their own."""
    cases = "reuse-address-off or parameters-by-name"
    for name in ("http.server:HTTPServer", "xmlrpc.server:SimpleXMLRPCServer"):
        ended = sockproof_(tmp_path, "run", "--iut", name, "-k", cases, "--report-dir", name)

        assert ended.status == 0, ended
        assert "1 case by its allow_reuse_address: binding/reuse-address-off" in ended.stdout
    assert "1 case by its __init__: construction/parameters-by-name" in ended.stdout


def test_module_that_merely_imports_names_is_none(tmp_path: Path) -> None:
    """Nothing of its own would be judged."""
    ended = sockproof_(tmp_path, "run", "--iut", "logging.config")

    first, _ = ended.stderr.splitlines()
    assert ended.status == 3
    assert first.startswith("sockproof: logging.config: it imports the server and handler classes")
    assert "MODULE:CLASS" in first


@pytest.mark.by_turns(3)
def test_inner_class_is_found(tmp_path: Path) -> None:
    """By its name with dots."""
    ended = _run(tmp_path, "Ours.Inner", "streams/half-close")

    assert ended.status == 0, ended
    assert _record(tmp_path).iut_id == "own_classes.Ours.Inner"


MORE = f"""
module = {CLASSES!r}
server = "WantsMore"
arguments = ["{{address}}", "{{handler}}"]
keywords = {{database = "none"}}
"""


@pytest.mark.by_turns(5)
def test_constructor_of_its_own_is_called_as_the_file_says(tmp_path: Path) -> None:
    """What it does not take is not applicable."""
    (tmp_path / "more.toml").write_text(MORE, "utf-8")

    ended = _run(tmp_path, "more.toml", "streams/half-close", "construction/unused-server-closes")

    assert ended.status == 0, ended
    rows = {row.id: row for row in _record(tmp_path).cases}
    unbound = rows["construction/unused-server-closes[TCP/inet,never-bound]"]
    assert unbound.reason == "its constructor takes no bind_and_activate"
    assert any(row.verdict is Verdict.PASS for row in rows.values())


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NoServer", "NoServer does not derive from socketserver's BaseServer"),
        ("make_server", "make_server is no class"),
        ("Nobody", "own_classes has no 'Nobody'"),
        ("WantsMore", "its __init__() keeps scripted handlers from being served"),
        ("Picky", "its verify_request() keeps scripted handlers from being served"),
    ],
)
def test_what_no_scripted_handler_can_be_played_on(tmp_path: Path, name: str, said: str) -> None:
    """It is said once, with what to do; nothing is written."""
    ended = _run(tmp_path, name, "streams/", SOCKPROOF_TIMEOUT_SCALE="0.2")

    first, last = ended.stderr.splitlines()
    assert ended.status == 3
    assert said in first
    assert "sockproof check" in first or "MODULE:CLASS" in first
    assert "no implementation could be started" in last
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", ["3.8", "3.10", "3.13"])
def test_class_is_read_under_other_interpreters(version: str) -> None:
    """As under our own."""
    found = find_interpreter(f"python{version}")
    if found is None:
        pytest.skip(f"no python{version} on this machine")

    iut = probe(parse_iut(f"{CLASSES}:Chooses@{found}"))

    own = iut.own_server
    assert own is not None
    assert (own.stands_for, own.family, own.takes_optional) == ("ThreadingTCPServer", "inet", True)
    assert {one.name for one in own.overridden} == {
        "allow_reuse_address",
        "daemon_threads",
        "request_queue_size",
    }
