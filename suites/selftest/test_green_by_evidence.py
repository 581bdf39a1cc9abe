"""A run is green by what was judged: where nothing was, or less than the reference of the level
judges, it does not end with 0, unless it is said to be so on purpose."""

from __future__ import annotations

import dataclasses
import json
import socketserver
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sockproof.judge.verdict import Conformance, Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow
from sockproof.report.badge import badge_json
from sockproof.report.judged import LEAST_MUST, silence, silences, standing, what_machine_lacks
from suites.selftest.record_data import case_row, write_record
from suites.selftest.runs import sockproof_
from suites.selftest.sealed_lines import lines_of, write_sealed

SMALL = """
import socketserver
from socketserver import StreamRequestHandler

class TCPServer(socketserver.TCPServer):
    pass
"""
WITHOUT_FORK = f"import os\ndel os.fork\n{Path(socketserver.__file__).read_text('utf-8')}"
PROVIDES = "module = 'it.py'\nprovides = ['TCPServer', 'ThreadingTCPServer', 'ThreadingMixIn']\n"
REFUSED = ("-k", "dispatch/refused", "--spec", "*TCP/inet")
PURPOSE = "--only-what-is-there"


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(
    ("source", "arguments", "status", "words"),
    [
        (SMALL, ("-k", "dispatch/refused", "--spec", "UDP/inet"), 3, "nothing was judged: "),
        (SMALL, ("-k", "dispatch/refused", "--spec", "UDP/inet", PURPOSE), 3, "nothing was judged"),
        (WITHOUT_FORK, ("-k", "forking/max", "--spec", "ForkingTCP/inet"), 3, "no fork here"),
        (WITHOUT_FORK, REFUSED, 3, "2 cases that cpython-3."),
        (WITHOUT_FORK, (*REFUSED, PURPOSE), 0, ""),
        (SMALL, REFUSED, 3, "the module has no ThreadingTCPServer (2)"),
        (SMALL, (*REFUSED, PURPOSE), 0, ""),
    ],
)
def test_silence_is_not_green(
    tmp_path: Path, source: str, arguments: Sequence[str], status: int, words: str
) -> None:
    """The status, and one line that says what was not judged and what to do."""
    (tmp_path / "it.py").write_text(source, "utf-8")

    ended = sockproof_(tmp_path, "run", "--iut", "./it.py", "-n", "0", *arguments)

    told = [one for one in ended.stderr.splitlines() if "judged" in one]
    assert (ended.status, len(told)) == (status, bool(words)), ended
    assert not words or (words in told[0] and told[0].startswith("sockproof: it: "))
    badge = json.loads((tmp_path / "sockproof-report" / "badge.json").read_text("utf-8"))
    assert badge["color"] == "lightgrey"
    assert badge["isError"] is bool(words)


@pytest.mark.by_turns(5)
def test_definition_declares_what_is_not_there(tmp_path: Path) -> None:
    """Of a module without fork one that provides no class that needs it lacks nothing; ``report``
    of its record says the same."""
    (tmp_path / "it.py").write_text(WITHOUT_FORK, "utf-8")
    (tmp_path / "it.toml").write_text(PROVIDES, "utf-8")

    ended = sockproof_(tmp_path, "run", "--iut", "it.toml", "-n", "0", *REFUSED)
    again = sockproof_(tmp_path, "report", "sockproof-report", "--report-dir", "again")

    assert (ended.status, again.status) == (0, 0), (ended, again)


@pytest.mark.by_turns(3)
def test_report_of_a_silent_record_is_not_green(tmp_path: Path) -> None:
    """It is made of the record alone."""
    (tmp_path / "it.py").write_text(WITHOUT_FORK, "utf-8")
    sockproof_(tmp_path, "run", "--iut", "./it.py", "-n", "0", *REFUSED)

    ended = sockproof_(tmp_path, "report", "sockproof-report", "--report-dir", "again")

    assert ended.status == 3, ended
    assert "no fork here (2)" in ended.stderr


def absent(n: int, lacks: str, reason: str = "") -> CaseRow:
    reason = reason or f"no {lacks} here"
    return case_row(f"TCP/{n}", Verdict.NOT_APPLICABLE, reason=reason, lacks=lacks)


def record(
    folder: Path,
    *cases: CaseRow,
    machine: dict[str, bool] | None = None,
    left_out: Sequence[str] = (),
    judged: bool = True,
    **settings: object,
) -> Record:
    """A record beside a reference that has judged all of its cases, or none."""
    path = folder / "mine.jsonl"
    write_record(path, cases, iut="mine")
    header, *lines = lines_of(path)
    header |= {"machine": machine or {}, "capabilities": {"left_out": list(left_out)}}
    header["settings"] |= settings
    own = read_record(write_sealed(path, [header, *lines]))
    verdict = Verdict.PASS if judged else Verdict.NOT_APPLICABLE
    all_judged = [dataclasses.replace(case, verdict=verdict, lacks="") for case in cases]
    reference = write_record(folder / "reference.jsonl", all_judged)
    return dataclasses.replace(own, reference=reference)


def test_what_the_machine_lacks_is_told_and_is_no_silence(tmp_path: Path) -> None:
    """An honest run on a machine without IPv6 is green, and says what it could not judge."""
    cases = (case_row(), absent(1, "IPv6"), absent(2, "IPv6"))

    honest = record(tmp_path, *cases, machine={"IPv6": False})
    silent = record(tmp_path, *cases, machine={"IPv6": True})

    assert (silence(honest), what_machine_lacks(honest)) == ("", "no IPv6 here (2)")
    assert "2 cases that cpython-3.13.0 is judged by were not judged: no IPv6 here (2);" in silence(
        silent
    )
    assert what_machine_lacks(silent) == ""


@pytest.mark.parametrize(
    ("left_out", "is_silent"),
    [
        ((), True),
        (("fork",), False),
        (("ForkingMixIn",), True),
        (("ForkingMixIn", "ForkingTCPServer", "ForkingUDPServer"), True),
        (
            (
                "ForkingMixIn",
                "ForkingTCPServer",
                "ForkingUDPServer",
                "ForkingUnixStreamServer",
                "ForkingUnixDatagramServer",
            ),
            False,
        ),
    ],
)
def test_feature_is_declared_by_all_classes_that_need_it(
    tmp_path: Path, left_out: Sequence[str], is_silent: bool
) -> None:
    """A definition that provides some forking class has not said that there is no fork."""
    own = record(tmp_path, case_row(), absent(1, "fork"), left_out=left_out)

    assert bool(silence(own)) is is_silent


def test_less_is_only_what_the_reference_judges(tmp_path: Path) -> None:
    """What it does not judge, or what is of another level, is not missing."""
    cases = (case_row(), absent(1, "ForkingUnixStreamServer"))
    assert silence(record(tmp_path, *cases, judged=True))
    assert silence(record(tmp_path, *cases, judged=False)) == ""
    without = dataclasses.replace(record(tmp_path, *cases), reference=None)
    assert silence(without) == ""
    later = record(tmp_path, case_row(), absent(1, "", reason="since Python 3.15"))
    assert silence(later) == ""


def test_one_of_several_may_rightly_have_nothing(tmp_path: Path) -> None:
    """Where another is judged, and this one is to have nothing of what was asked for."""
    nothing = (absent(1, "UDPServer"),)
    declared = record(tmp_path, *nothing, left_out=["UDPServer"])
    undeclared = record(tmp_path, *nothing)
    older = record(tmp_path, absent(1, "", "since Python 3.12"), judged=False)
    good = write_record(tmp_path / "good.jsonl", [case_row()])

    assert silences([declared, good]) == silences([older, good]) == []
    for alone in ([declared], [older], [undeclared], [undeclared, good]):
        (words,) = silences(alone)
        assert words.startswith("mine: nothing was judged: 1 case is not applicable: ")


def test_strict_needs_cases_at_must(tmp_path: Path) -> None:
    """A whole run that judged too few of them says so, in colour and in counts; part of one is
    partial anyway, and what is broken is broken."""
    few = [case_row(f"TCP/{n}") for n in range(LEAST_MUST - 1)]
    enough = record(tmp_path, *few, case_row("UDP/inet"))
    assert standing(enough) is Conformance.STRICT
    assert json.loads(badge_json([enough]))["message"] == "strict, MUST 20/20"

    short = record(tmp_path, *few)
    assert standing(short) is Conformance.UNJUDGED
    told = json.loads(badge_json([short, enough]))
    assert told["message"] == "1 strict, 1 unjudged, MUST 39/39"
    assert (told["color"], told["isError"]) == ("lightgrey", True)

    assert standing(record(tmp_path, *few, select="order")) is Conformance.STRICT
    assert standing(record(tmp_path, absent(1, "fork"), select="x")) is Conformance.UNJUDGED
    broken = record(tmp_path, case_row(verdict=Verdict.FAIL))
    assert standing(broken) is Conformance.NONCONFORMANT


def test_nothing_judged_is_grey(tmp_path: Path) -> None:
    """A badge of 0/0 is not green."""
    told = json.loads(badge_json([record(tmp_path, absent(1, "fork"), absent(2, "fork"))]))

    assert told["message"] == "unjudged, MUST 0/0"
    assert (told["color"], told["isError"]) == ("lightgrey", True)


@pytest.mark.by_turns(3)
def test_interpreter_itself_is_evidence(tmp_path: Path) -> None:
    """The same selection of the interpreter's own module judges what the reference does."""
    ended = sockproof_(tmp_path, "run", "--iut", sys.executable, "-n", "0", *REFUSED)

    assert ended.status == 0, ended
