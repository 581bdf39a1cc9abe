"""What becomes of a mutant, judged on small made results; the order of cases; the kill matrix."""

from __future__ import annotations

import dataclasses
import json
import sys
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from sockproof.iut.capabilities import ProbedIut, probe
from sockproof.iut.implementation import parse_iut
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.mutation.jobs import Aim, Job, PlayedJob, Seen
from sockproof.mutation.judging import How, MutantOutcome, Result, alarms, judge
from sockproof.mutation.kill_matrix import KillMatrix
from sockproof.mutation.kill_matrix_page import drawn, render_page
from sockproof.mutation.order import aim_at, in_order
from sockproof.mutation.proving import Proof
from sockproof.mutation.socket_order import aim_at_socket
from sockproof.mutation.subjects import MutantKind, Subject
from sockproof.mutation.summary import print_proof
from sockproof.record.rows import CaseRow, Known, Teardown
from sockproof.spec.case_id import CaseId
from sockproof.spec.catalogue import load_catalogue

ECHO = "streams/whole-message-echo"
CASE = f"{ECHO}[TCP/inet]"
PASSING = Seen(CASE, ECHO, Verdict.PASS, False, "", {"ending": "end of stream"})
FAILING = dataclasses.replace(PASSING, verdict=Verdict.FAIL, kills=True, told="expected a; b")
OTHER = dataclasses.replace(PASSING, observations={"ending": "reset"})
UNTOUCHED = {CASE: PASSING}
JOB = Job("generic-0001", "mutant.py")


def subject(name: str = "generic-0001", equivalent: str = "") -> Subject:
    group = "TCPServer.server_bind"
    title = f"{group} line 7: <b>x</b> deleted"
    place = (7, "x", "pass")
    return Subject(
        name, MutantKind.GENERIC, group, title, "", *place, Aim(), f"{name} key", equivalent
    )


def judged(
    *seen: Seen,
    again: Seen | None = None,
    equivalent: str = "",
    played: PlayedJob | None = None,
) -> Result:
    confirmed = None if again is None else {again.case: again}
    return judge(
        subject(equivalent=equivalent), played or PlayedJob(JOB, seen), UNTOUCHED, confirmed
    )


def test_a_failure_kills() -> None:
    """A FAIL that the untouched module does not have kills, and says where and how."""
    result = judged(FAILING)

    assert result.outcome is MutantOutcome.KILLED
    (found,) = result.detections
    assert (found.case, found.how, found.told) == (CASE, How.FAIL, "expected a; b")


def test_an_unclean_teardown_kills() -> None:
    """A case that passes and leaves something behind kills."""
    leaking = dataclasses.replace(PASSING, kills=True)

    assert [found.how for found in judged(leaking).detections] == [How.TEARDOWN]


def test_what_the_untouched_module_does_as_well_kills_nothing() -> None:
    """A FAIL of the untouched module's own is none of the mutant's."""
    result = judge(subject(), PlayedJob(JOB, [FAILING]), {CASE: FAILING})

    assert result.outcome is MutantOutcome.SURVIVED


def test_another_observation_is_noticed() -> None:
    """It is no kill, and says what was seen instead of what."""
    result = judged(OTHER, again=OTHER)

    assert result.outcome is MutantOutcome.NOTICED
    assert [found.told for found in result.detections] == ["ending: end of stream → reset"]


def test_an_observation_that_does_not_come_again_is_not_believed() -> None:
    """What differs once, and not when it is played once more, is chance."""
    assert judged(OTHER, again=PASSING).outcome is MutantOutcome.SURVIVED


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE])
def test_another_verdict_that_is_no_failure_is_noticed(verdict: Verdict) -> None:
    """Nobody failed, and still a reader of the report sees something else."""
    result = judged(dataclasses.replace(PASSING, verdict=verdict))

    assert result.outcome is MutantOutcome.NOTICED
    assert [found.how for found in result.detections] == [How.VERDICT]


def test_a_fault_of_the_harness_detects_nothing() -> None:
    """A case in ERROR is told, and is no proof of anything."""
    result = judged(dataclasses.replace(PASSING, verdict=Verdict.ERROR, told="KeyError: 1"))

    assert result.outcome is MutantOutcome.SURVIVED
    assert result.faults == (f"{CASE}: KeyError: 1",)


def test_a_kill_outweighs_a_notice() -> None:
    """Of several cases of a requirement the one that kills is told."""
    second = dataclasses.replace(FAILING, case=f"{ECHO}[TCP/inet6]")

    result = judged(OTHER, second)

    assert result.outcome is MutantOutcome.KILLED
    assert [found.case for found in result.detections] == [second.case]


@pytest.mark.parametrize(
    ("played", "outcome"),
    [
        (PlayedJob(JOB, unloadable="NameError"), MutantOutcome.UNLOADABLE),
        (PlayedJob(JOB, lost="its worker died twice"), MutantOutcome.LOST),
        (PlayedJob(JOB), MutantOutcome.SURVIVED),
    ],
)
def test_the_ending_of_a_job_counts(played: PlayedJob, outcome: MutantOutcome) -> None:
    """A module that cannot be imported is told apart, and so is one of which nothing is known."""
    assert judged(played=played).outcome is outcome


def test_a_listed_survivor_is_equivalent_and_a_detected_one_stale() -> None:
    """The list is believed as long as no case speaks against it."""
    assert judged(PASSING, equivalent="Nobody sees it.").outcome is MutantOutcome.EQUIVALENT
    assert judged(FAILING, equivalent="Nobody sees it.").stale


def test_false_alarms() -> None:
    """What is said against the untouched module, or differs between its two runs, is an alarm."""
    assert alarms(UNTOUCHED, UNTOUCHED) == []
    assert alarms(UNTOUCHED, {CASE: FAILING}) == [f"{CASE}: expected a; b"]
    (told,) = alarms(UNTOUCHED, {CASE: OTHER})
    assert told == f"{CASE}: not the same twice: ending: end of stream → reset"


def test_a_known_deviation_kills_nothing() -> None:
    """A FAIL that an expectation knows of the untouched module is none of the mutant's."""
    row = CaseRow(CASE, ECHO, "TCP/inet", Verdict.FAIL, teardown=Teardown(TeardownVerdict.CLEAN))

    assert Seen.of(row).kills
    assert not Seen.of(dataclasses.replace(row, known=Known("a bug"))).kills
    assert Seen.of(dataclasses.replace(row, known=Known("a bug", stale="says else"))).kills


CASES = [
    CaseId(name, spec)
    for name in ("binding/a", "generated/b", "serving/c", "serving/d")
    for spec in ("TCP/inet", "UDP/inet", "ForkingTCP/inet")
]


def test_the_killers_of_a_named_mutant_come_first() -> None:
    """Then each requirement on one spec, the mutant's area before others, generated plans last."""
    aim = Aim(("serving/d[ForkingTCP/inet]",), ("serving",), ("UDP/inet",))

    first, rest = in_order(CASES, aim)

    assert [str(case) for case in first] == [
        "serving/d[ForkingTCP/inet]",
        "serving/c[UDP/inet]",
        "serving/d[UDP/inet]",
        "binding/a[UDP/inet]",
        "generated/b[UDP/inet]",
    ]
    assert len(rest) == len(CASES) - len(first)


def test_cases_that_wait_for_long_are_played_where_they_are_named() -> None:
    """Of a mutant that they are not said to kill, they would only cost time."""
    patient = CaseId("patience/e", "TCP/inet")
    other = CaseId("patience/f", "TCP/inet")

    first, rest = in_order([*CASES, patient, other], Aim((str(patient),)))

    assert patient in first
    assert other not in (*first, *rest)


def test_the_rest_is_what_runs_the_change() -> None:
    """A change in ForkingMixIn is looked for on every forking server, and on no other twice."""
    first, rest = in_order(CASES, aim_at("ForkingMixIn.server_close"))

    assert {case.requirement for case in first} == {case.requirement for case in CASES}
    assert {case.spec for case in (*first, *rest)} == {"ForkingTCP/inet"}


@pytest.mark.parametrize(
    ("name", "area", "spec"),
    [
        ("TCPServer.server_bind", "binding", "TCP/inet"),
        ("ForkingMixIn.process_request", "forking", "ForkingTCP/inet"),
        ("ThreadingUnixDatagramServer", "names", "ThreadingUnixDatagram/*"),
        ("DatagramRequestHandler.finish", "handlers", "UDP/inet"),
        ("<module>", "names", "TCP/inet"),
    ],
)
def test_a_change_is_looked_for_where_it_is_made(name: str, area: str, spec: str) -> None:
    """The class and the method say in which area, and on which server spec."""
    aim = aim_at(name)

    assert (aim.areas[0], aim.specs[0]) == (area, spec)


def test_a_change_of_sockets_is_looked_for_by_its_function() -> None:
    """The requirements that have its name come before others, as the aim orders them."""
    names = ("socket/recv-x", "socket/close-x", "socket/makefile-x", "socket/files-keep-x")
    cases = [CaseId(name, "", variant) for name in names for variant in ("a", "b")]

    first, rest = in_order(cases, aim_at_socket("socket.close"))

    assert [case.requirement for case in first[::2]] == [names[n] for n in (1, 3, 2, 0)]
    assert rest == []


@cache
def own_interpreter() -> ProbedIut:
    return probe(parse_iut(sys.executable))


def matrix_of(*results: Result, **more: object) -> KillMatrix:
    proof = Proof(results, (), 1)
    matrix = KillMatrix(proof, own_interpreter(), load_catalogue())
    return dataclasses.replace(matrix, **more)  # type: ignore[arg-type]


def test_the_matrix_tells_all(tmp_path: Path) -> None:
    """Totals, what each requirement kills, and the problems; as JSON, too."""
    stale = dataclasses.replace(judged(FAILING, equivalent="No."), cpython="killed")
    matrix = matrix_of(stale, judged(OTHER), judged(PASSING), cpython_asked=True)

    matrix.write(tmp_path / "kill-matrix.json")

    told = json.loads((tmp_path / "kill-matrix.json").read_text("utf-8"))
    counts = {"all": 3, "killed": 1, "noticed": 1, "survived": 1}
    counts |= {"cpython_asked": 1, "cpython_killed": 1}
    assert told["totals"] == {"generic": counts}
    (row,) = [row for row in told["requirements"] if row["kills"]]
    assert (row["id"], row["kills"], row["notices"]) == (ECHO, ["generic-0001"], ["generic-0001"])
    assert [one["outcome"] for one in told["mutants"]] == ["killed", "noticed", "survived"]
    assert told["problems"] == [
        "generic-0001 is listed as equivalent and is killed: generic-0001 key"
    ]


def test_the_page_is_one_file_and_escapes() -> None:
    """No network, no script, a strict policy; what mutants say is text."""
    page = render_page(matrix_of(judged(FAILING), judged(OTHER), judged(PASSING)))

    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "//" not in page
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert page.count('class="k"') == page.count('class="n"') == 2  # the key, and one cell each


def test_the_page_begins_with_the_figures_and_the_survivors() -> None:
    """Both suites' figures stand side by side; who is listed as equivalent counts in neither."""
    equivalent = judged(PASSING, equivalent="Nobody sees it.")
    words = ("killed", "survived", "survived", "survived")
    told = (judged(FAILING), judged(OTHER), judged(PASSING), equivalent)
    results = [
        dataclasses.replace(result, cpython=word) for result, word in zip(told, words, strict=True)
    ]

    page = render_page(matrix_of(*results, cpython_asked=True))

    assert "Of 3 mutants that are not listed as equivalent" in page
    assert "this suite detects <strong>2</strong> (66.7 %)" in page
    assert "CPython's own tests detect <strong>1</strong> (33.3 %)" in page
    assert "asked of CPython's tests" not in page
    first = page.index("<details")
    assert page.index("<h2>Survivors") < first < page.index("<h2>Requirement × mutant")
    assert "outcome o-survived" in page[first : page.index("</details>")]
    assert page.count("outcome o-survived") == 1


def test_the_page_tells_of_how_many_the_others_were_asked() -> None:
    """Where these are not all."""
    killed = dataclasses.replace(judged(FAILING), cpython="killed")

    page = render_page(matrix_of(killed, judged(OTHER), cpython_asked=True))

    assert "detect <strong>1</strong> of the 1 that they were asked about (100 %)" in page
    assert '<th class="other">asked of CPython\'s tests</th>' in page
    assert page.count('<td class="other">1</td>') == 2


def test_the_picture_names_areas_and_groups_without_overlap() -> None:
    """Names keep their order and their distance, however narrow what they belong to is."""
    rows = [Seen(name, name, Verdict.FAIL, True, "") for name in ("names/a", "unix/b")]
    known = load_catalogue()
    names = [next(one for one in known if one.startswith(f"{area}/")) for area in ("names", "unix")]
    seen = [dataclasses.replace(r, requirement=n) for r, n in zip(rows, names, strict=True)]
    many = [judged(PASSING)] * 200

    picture = drawn(matrix_of(judged(*seen), *many))

    assert [band.name for band in picture.areas] == ["names", "unix"]
    assert [(cell.x, cell.y) for cell in picture.cells] == [(0, 0), (0, 10)]
    first, second = (band.label for band in picture.areas)
    assert second - first >= picture.letters
    assert [band.name for band in picture.groups] == ["TCPServer"]
    assert picture.top + picture.height > second


def test_the_summary_names_survivors() -> None:
    """The totals, then who was merely noticed and who survived."""
    console = Console(width=200, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as captured:
        print_proof(matrix_of(judged(OTHER), judged(PASSING)), console)

    lines = [" ".join(line.split()) for line in captured.get().splitlines()]
    assert "generic 2 0 1 1 0" in lines
    assert "untouched module nothing in 1 cases, played twice" in lines
    assert lines.index("survivors") > lines.index("only noticed, by an observation")
