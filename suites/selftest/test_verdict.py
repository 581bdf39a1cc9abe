"""The rules that make verdicts: what a case raised, how verdicts add up, what a run ends with."""

from __future__ import annotations

import pytest

from sockproof.commands.run import AS_EXPECTED, DEVIATION, INCOMPLETE, exit_status
from sockproof.errors import AgentDied, HarnessError
from sockproof.iut.values import octets
from sockproof.judge.checks import (
    Crash,
    Hang,
    Inconclusive,
    Mismatch,
    NotApplicable,
    check,
    same,
    show,
    verdict_of,
)
from sockproof.judge.verdict import Conformance, TeardownVerdict, Verdict, conformance, worst
from sockproof.record.rows import CaseRow, Teardown
from sockproof.spec.levels import Level, format_python_level, parse_python_level

P, N, I, F, E = Verdict  # noqa: E741


@pytest.mark.parametrize(
    ("problem", "verdict"),
    [
        (None, P),
        (Mismatch("a", "b"), F),
        (Hang("an answer", "nothing"), F),
        (Crash("an answer", "killed by SIGSEGV"), F),
        (AssertionError("plain"), F),
        (Inconclusive("no stimulus"), I),
        (NotApplicable("no fork here"), N),
        (AgentDied("gone"), E),
        (HarnessError("ours"), E),
        (KeyError("ours too"), E),
        (KeyboardInterrupt(), E),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_what_a_case_raised_is_its_verdict(problem: BaseException | None, verdict: Verdict) -> None:
    """Only a Mismatch or a failed assertion blames the implementation."""
    assert verdict_of(problem, "")[0] is verdict


def test_a_mismatch_keeps_both_sides() -> None:
    """Expected and actual reach the row as two texts, not as one sentence."""
    told = verdict_of(Mismatch("end of stream", "reset"), "")[1]

    assert told == {"expected": "end of stream", "actual": "reset"}


def test_a_fault_of_ours_says_where() -> None:
    """An ERROR carries the exception and its traceback."""
    told = verdict_of(KeyError("x"), "File case.py, line 7")[1]

    assert "KeyError" in told["reason"]
    assert "line 7" in told["reason"]


def test_the_worst_verdict_wins() -> None:
    """ERROR over FAIL over INCONCLUSIVE over NOT_APPLICABLE over PASS."""
    order = [P, N, I, F, E]

    assert [worst(order[: n + 1]) for n in range(len(order))] == order
    assert worst([P, F, N]) is F
    assert worst([P, I]) is I
    assert worst([]) is N


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([(Level.MUST, P), (Level.SHOULD, P)], Conformance.STRICT),
        ([(Level.MUST, P), (Level.SHOULD, F)], Conformance.CONFORMANT),
        ([(Level.MAY, F)], Conformance.CONFORMANT),
        ([(Level.MUST, F), (Level.SHOULD, P)], Conformance.NONCONFORMANT),
        ([(Level.OBSERVED, F)], Conformance.STRICT),
    ],
)
def test_conformance_follows_the_levels(
    results: list[tuple[Level, Verdict]], expected: Conformance
) -> None:
    """A FAIL at a MUST is nonconformance, at a SHOULD it only costs the strictness."""
    assert conformance(results) is expected


def row(verdict: Verdict, teardown: TeardownVerdict = TeardownVerdict.CLEAN) -> CaseRow:
    return CaseRow("area/name", "area/name", "", verdict, teardown=Teardown(teardown))


LEAKED = row(P, TeardownVerdict.LEAKED)


@pytest.mark.parametrize(
    ("rows", "problems", "status"),
    [
        ([row(P), row(N)], [], AS_EXPECTED),
        ([row(P), row(F)], [], DEVIATION),
        ([row(P), LEAKED], [], DEVIATION),
        ([row(P, TeardownVerdict.STILL_RUNNING)], [], DEVIATION),
        ([row(P), row(I)], [], INCOMPLETE),
        ([row(F), row(E)], [], INCOMPLETE),
        ([row(P)], ["a worker died"], INCOMPLETE),
        ([], [], INCOMPLETE),
    ],
)
def test_what_a_run_ends_with(rows: list[CaseRow], problems: list[str], status: int) -> None:
    """Nothing but all cases as expected is 0; what is not known counts more than what failed."""
    assert exit_status(rows, problems) == status


def test_checks_tell_what_was_expected() -> None:
    """The checks raise Mismatch with both sides, and nothing when they hold."""
    check(True, expected="x", actual="y")
    same(1, 1, "a number")
    with pytest.raises(Mismatch, match="expected one peer; actual 2"):
        check(False, expected="one peer", actual=2)
    with pytest.raises(Mismatch, match=r"the reply: b'a'.*the reply: b'b'"):
        same(b"a", b"b", "the reply")


def test_long_payloads_are_shortened() -> None:
    """A mismatch over megabytes stays a line."""
    with pytest.raises(Mismatch, match="1000000 octets") as caught:
        same(b"x" * 10**6, b"", "the reply")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        (
            b"x" * 5000,
            b"x" * 3000 + b"y" + b"x" * 1999,
            ("5000 octets, from octet 3000 on b'xxx", "5000 octets, from octet 3000 on b'yxx"),
        ),
        (
            "=" * 900,
            "=" * 899,
            (
                "900 characters, from character 899 on '='",
                "899 characters, from character 899 on ''",
            ),
        ),
        (
            ["a long item of it"] * 30,
            ["a long item of it"] * 29 + ["b"],
            ("30 items, from item 29 on ['a long item of it']", "30 items, from item 29 on ['b']"),
        ),
        (b"x" * 5000, b"y" * 5000, ("5000 octets, b'xxx", "5000 octets, b'yyy")),
        (["a" * 300], ("a" * 300,), ("['aaa", "('aaa")),
    ],
    ids=["octets", "characters", "items", "seen at once", "of two kinds"],
)
def test_what_looks_alike_is_told_from_where_it_differs(
    expected: object, actual: object, told: tuple[str, str]
) -> None:
    """Or both sides of a mismatch read the same, and nobody sees what is wrong."""
    with pytest.raises(Mismatch) as caught:
        same(expected, actual, "it")
    assert caught.value.expected.startswith(f"it: {told[0]}")
    assert caught.value.actual.startswith(f"it: {told[1]}")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([octets(b"x")], "b'x'"),
        ([octets(b"x"), octets(b"")], "b'x', b''"),
        ([octets(b"=" * 300)], f"300 octets, {b'=' * 32!r}… (SHA-256 "),
        ([], "[]"),
        ([{"a": 1}], "[{'a': 1}]"),
        ([octets(b"x"), 1], "[{'length': 1, 'text': 'x'}, 1]"),
    ],
)
def test_payloads_are_shown_as_octets(value: list[object], shown: str) -> None:
    """As they come of the implementation's process; what is no payload stays as it is."""
    assert show(value).startswith(shown)


def test_payloads_that_begin_alike_are_told_apart() -> None:
    """Or expected and actual would read the same."""
    assert show(octets(b"=" * 300)) != show(octets(b"=" * 299 + b"-"))


@pytest.mark.parametrize("text", ["3", "3.x", "", "3.", "three"])
def test_a_python_level_is_numbers(text: str) -> None:
    """What is no level is refused, not guessed."""
    with pytest.raises(ValueError, match="not a Python level"):
        parse_python_level(text)


def test_python_levels_compare_by_number() -> None:
    """3.10 comes after 3.9."""
    assert parse_python_level("3.10") > parse_python_level("3.9")
    assert format_python_level((3, 10)) == "3.10"
