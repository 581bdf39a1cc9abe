"""What a module lacks of socketserver's classes is told once, and accuses it of nothing else; a
fault of a case's own source is ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof.errors import HarnessError
from sockproof.iut.calls import value_of
from sockproof.iut.outcomes import Outcome, RaisedError
from sockproof.iut.process import CaseProcess
from sockproof.judge.checks import Mismatch, NotApplicable
from sockproof.judge.verdict import TeardownVerdict, Verdict
from suites.selftest.runs import records_in, sockproof_

SMALL = """
import socketserver

class TCPServer(socketserver.TCPServer):
    pass

class StreamRequestHandler(socketserver.StreamRequestHandler):
    pass
"""
AREAS = "names/ or construction/ or dispatch/base-server or handlers/ and inet]"
LACKING = {"names/classes-are-exported", "names/mixins-are-exported", "names/exported-list"}


def run(folder: Path, *more: str, iut: str = "./small.py") -> tuple[int, list[str]]:
    """The status, and what is said beside the progress."""
    (folder / "small.py").write_text(SMALL)
    where = ("--spec", "*TCP/inet", "--report-dir", "out", "-n", "2")
    ended = sockproof_(folder, "run", "--iut", iut, "-k", AREAS, *where, *more)
    return ended.status, [one for one in ended.stderr.splitlines() if one.startswith("sockproof")]


@pytest.mark.by_turns(16)
def test_lack_is_a_failure_of_names_alone(tmp_path: Path) -> None:
    """Everything that needs what is not there is not applicable, says so, and leaves nothing."""
    status, told = run(tmp_path)

    (record,) = records_in(tmp_path).values()
    own = {case.requirement for case in record.cases if case.needs_attention}
    assert (status, own - {"names/forking-unix-classes"}) == (3, LACKING)  # since 3.12
    reasons = {case.reason for case in record.cases if case.verdict is Verdict.NOT_APPLICABLE}
    assert {"the module has no BaseServer", "the module has no BaseRequestHandler"} <= reasons
    assert not any(case.teardown.verdict is TeardownVerdict.LEAKED for case in record.cases)
    line, silent = told
    assert "that cpython-3" in silent
    assert "were not judged: the module has no " in silent
    assert line.startswith("sockproof: small has no BaseServer, ")
    assert "what needs them is not applicable" in line


@pytest.mark.by_turns(16)
@pytest.mark.parametrize("iut", ["./small.py", "it.toml"])
def test_what_is_lacking_on_purpose_is_no_failure(tmp_path: Path, iut: str) -> None:
    """With --only-what-is-there, or with what a TOML file says that it provides."""
    (tmp_path / "it.toml").write_text(
        "module = 'small.py'\nprovides = ['TCPServer', 'StreamRequestHandler']\n"
    )
    options = ("--only-what-is-there",) if iut.endswith(".py") else ()
    _, told = run(tmp_path, *options, iut=iut)

    (record,) = records_in(tmp_path).values()
    own = {case.requirement for case in record.cases if case.needs_attention}
    assert own == {"names/exported-list"}
    assert told == []


@pytest.mark.by_turns(6)
def test_what_is_promised_and_not_there_is_one(tmp_path: Path) -> None:
    """A class that a TOML file says is provided is looked for; what it does not say is not played,
    though it is there."""
    (tmp_path / "it.toml").write_text(
        "module = 'small.py'\nprovides = ['TCPServer', 'UDPServer', 'BaseServer']\n"
    )
    run(tmp_path, iut="it.toml")

    (record,) = records_in(tmp_path).values()
    case = record.case("names/classes-are-exported")
    assert case is not None
    assert case.actual == "no BaseServer, UDPServer"


def test_unknown_class_is_refused(tmp_path: Path) -> None:
    """It is named, before anything starts."""
    (tmp_path / "it.toml").write_text("module = 'small.py'\nprovides = ['TCPServr']\n")
    (tmp_path / "small.py").write_text(SMALL)

    ended = sockproof_(tmp_path, "run", "--iut", "it.toml")

    assert ended.status == 4
    assert "unknown provides 'TCPServr'; one of BaseServer, TCPServer" in ended.error


@pytest.mark.parametrize("source", ["nobody_knows_this", "{}['x']", "1 +"])
def test_fault_of_a_case_is_ours(case_process: CaseProcess, source: str) -> None:
    """It is an ERROR, no FAIL."""
    with pytest.raises(HarnessError, match="the case's own source is at fault"):
        value_of("x", case_process.do("evaluate", expression=source))


# The last is a KeyError of what an expression calls.
CALLED = "__import__('string').Template('$a').substitute({})"


@pytest.mark.parametrize("source", ["object().port", "os.fdopen(-1)", CALLED])
def test_fault_that_an_implementation_can_cause_is_its_own(
    case_process: CaseProcess, source: str
) -> None:
    """What an expression calls raised it, or it asks an object for what that has not."""
    outcome = case_process.do("evaluate", expression=source)

    with pytest.raises(Mismatch):
        value_of("x", outcome)


def test_class_that_is_not_there_makes_a_case_not_applicable(case_process: CaseProcess) -> None:
    """Whatever asks for it; other attributes are the implementation's own matter."""
    error = RaisedError(
        "AttributeError", ("AttributeError",), "", "module 'm' has no attribute 'X'"
    )
    assert error.asks_for({"X"}) == "X"
    assert error.asks_for({"Y"}) == ""
    assert RaisedError("ValueError", ("ValueError",), "", error.text).asks_for({"X"}) == ""

    case_process._absent = {"TCPServr"}
    with pytest.raises(NotApplicable, match="the module has no TCPServr"):
        case_process.do("evaluate", expression="socketserver.TCPServr")
    outcome = case_process.do("evaluate", expression="socketserver.UDPServr")
    assert isinstance(outcome, Outcome)
    assert outcome.error is not None
