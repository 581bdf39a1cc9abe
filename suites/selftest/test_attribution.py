"""Whose a deviation is: an unchanged copy inherits all of its interpreter's, and has none of its
own; what it breaks itself is its own, whatever else it inherits."""

from __future__ import annotations

import dataclasses
import socketserver
import sys
from pathlib import Path
from typing import Any

import pytest

from sockproof.errors import RecordError
from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import parse_iut
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.merging import merge
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import AttributionRow, CaseRow, Inherited, Teardown
from sockproof.record.writer import RecordWriter
from sockproof.report.expecting import draft_expectations
from sockproof.report.html.page import report_html
from sockproof.report.junit import junit_xml
from sockproof.report.markdown import summary_markdown
from sockproof.run.attribution import _is_alike, _reference, may_inherit
from suites.selftest.record_data import REQUIREMENT, case_row, header
from suites.selftest.record_schema import validate_record
from suites.selftest.runs import records_in, sockproof_
from suites.selftest.sealed_lines import lines_of, write_sealed

OWN = Path(socketserver.__file__).read_text("utf-8")
# What CPython's own module does not keep, at every level that runs sockproof, and one that it does.
AREAS = "handlers/handler-may-fork or gone-client-is-not or dispatch/refused-request-is-closed"
BY = Inherited("cpython-3.13.0", "played in this run", "It is so.")
UNCHANGED = """
import importlib.util
found = importlib.util.find_spec("socketserver")
exec(compile(found.loader.get_source("socketserver"), __file__, "exec"))
"""


def played(folder: Path, text: str, *options: str, toml: str = "") -> tuple[int, Record]:
    (folder / "mine.py").write_text(text)
    (folder / "mine.toml").write_text(f"module = 'mine.py'\n{toml}")
    where = ("--spec", "*TCP/inet", "--report-dir", "out", *options)
    ended = sockproof_(folder, "run", "--iut", "mine.toml", "-k", AREAS, *where)
    assert "Traceback" not in ended.stderr, ended
    (record,) = records_in(folder).values()
    return ended.status, record


def of(record: Record) -> tuple[set[str], set[str]]:
    """The requirements that deviations of its own are of, and inherited ones."""
    own = {case.requirement for case in record.cases if case.needs_attention}
    return own, {case.requirement for case in record.cases if case.as_inherited}


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("text", [OWN, UNCHANGED], ids=["copied", "executed"])
@pytest.mark.parametrize("level", ["", "level = '3.8'"], ids=["by-reference", "by-play"])
def test_unchanged_copy_has_nothing_of_its_own(tmp_path: Path, text: str, level: str) -> None:
    """It ends with 0: what it does is told as the interpreter's, whether a reference tells or the
    interpreter's own module is played."""
    status, record = played(tmp_path, text, toml=level)

    own, inherited = of(record)
    assert (status, own) == (0, set())
    assert "handlers/handler-may-fork" in inherited
    (seen,) = {case.inherited.seen for case in record.cases if case.inherited}
    if level:
        assert seen == "played in this run"
    validate_record(record.path)


@pytest.mark.by_turns(12)
def test_what_it_breaks_is_its_own(tmp_path: Path) -> None:
    """One thing broken beside what is inherited: the run ends with 1 for that alone."""
    refusal = "        else:\n            self.shutdown_request(request)\n"
    broken = OWN.replace(refusal, "        else:\n            pass\n")
    assert broken != OWN

    status, record = played(tmp_path, broken, "-n", "2")

    own, inherited = of(record)
    assert (status, own) == (1, {"dispatch/refused-request-is-closed"})
    assert "handlers/handler-may-fork" in inherited


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> ProbedIut:
    path = tmp_path_factory.mktemp("mine") / "mine.py"
    path.write_text(OWN)
    return probe(parse_iut(str(path)))


FAILING = case_row(verdict=Verdict.FAIL, expected="an answer", actual="'mine' took 5 s")
LEAKED = Teardown(TeardownVerdict.LEAKED, ("fd 7",))


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({"actual": "'socketserver' took 12 s"}, True),
        ({"actual": "another thing"}, False),
        ({"expected": "another thing"}, False),
        ({"verdict": Verdict.PASS}, False),
        ({"teardown": LEAKED}, False),
    ],
)
def test_only_what_ends_alike_is_inherited(
    mine: ProbedIut, other: dict[str, Any], alike: bool
) -> None:
    """In the same words but for numbers and the module's name, with the same verdicts."""
    row = dataclasses.replace(FAILING, **other)

    assert _is_alike(FAILING, row, mine, ()) is alike


def test_reference_is_that_of_the_very_version(mine: ProbedIut) -> None:
    """Another version's says nothing of this one, and neither does another level's."""
    there = _reference(mine)
    if there is not None:
        assert there.implementation.version == ".".join(map(str, sys.version_info[:3]))
    assert _reference(dataclasses.replace(mine, level=(3, 8))) is None


def test_interpreters_own_module_inherits_nothing(mine: ProbedIut) -> None:
    """There is nothing below it."""
    assert may_inherit(mine)
    assert not may_inherit(probe(parse_iut(sys.executable)))
    assert may_inherit(dataclasses.replace(mine, implementation=parse_iut("gevent")))


def written(folder: Path, *rows: CaseRow, attributed: str = "") -> Record:
    path = folder / "mine.jsonl"
    with RecordWriter(path, header("mine", "mine.py", "3.13.0")) as writer:
        writer.requirement(REQUIREMENT)
        for row in rows:
            writer.case(row)
        if attributed:
            writer.attribute(AttributionRow(attributed, BY))
    return read_record(path)


def test_attribution_comes_after_its_case(tmp_path: Path) -> None:
    """It is read with the case, and is part of it in a record that is written anew."""
    record = written(tmp_path, FAILING, case_row("UDP/inet"), attributed=FAILING.id)
    (again,) = merge([record], tmp_path / "out")

    for one in (record, read_record(again)):
        validate_record(one.path)
        assert [case.inherited for case in one.cases] == [BY, None]
        assert not one.cases[0].needs_attention


def test_attribution_without_its_case_is_refused(tmp_path: Path) -> None:
    """By who writes it, and by who reads it."""
    with pytest.raises(RecordError, match="case 'a/b' is not in"):
        written(tmp_path, FAILING, attributed="a/b")

    record = written(tmp_path, FAILING, attributed=FAILING.id)
    first, row, case, attribution, footer = lines_of(record.path)
    write_sealed(record.path, [first, row, attribution, case, footer])
    with pytest.raises(RecordError, match="is said before it"):
        read_record(record.path)


def test_every_report_tells_what_is_inherited(tmp_path: Path) -> None:
    """Apart from what needs attention, as what it is; it is no draft of an expectation."""
    record = written(tmp_path, FAILING, attributed=FAILING.id)
    words = "1 case, as cpython-3.13.0's own module does: dispatch/order-of-calls"

    told = sockproof_(tmp_path, "report", "mine.jsonl", "--report-dir", "out")

    assert told.status == 0
    assert words in told.stdout
    assert words.replace("'", "&#39;") in report_html([record])
    assert words in summary_markdown([record])
    assert "inherited FAIL: cpython-3.13.0 does the same" in junit_xml([record])
    assert draft_expectations([record]) == []
