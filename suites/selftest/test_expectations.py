"""Known deviations: how they are written down, when they hold, what a run says of stale ones."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.errors import UsageError
from sockproof.judge.expectations import (
    Circumstances,
    Expectation,
    borne_out,
    known_expectations,
    read_expectations,
)
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.spec.catalogue import load_modules
from suites.selftest.runs import REFUSED, SPEC, case_of, play, records_in

CLEAN, LEAKED = TeardownVerdict.CLEAN, TeardownVerdict.LEAKED
WHOLE = """
[[expectation]]
case = "dispatch/refused-request-is-closed[*]"
at_most = 3
verdict = "FAIL"
contains = "end of stream"
reason = "It keeps what it refused."
link = "https://example.org/issue/1"
implementation = "CPython"
since = "3.6"
until = "3.13"
lacks = ["teleport"]
"""
ENTRY = Expectation("a/b[*]", Verdict.FAIL, "a reason", contains="boom", at_most=9)


def write(folder: Path, text: str) -> Path:
    path = folder / "expected.toml"
    path.write_text(text, "utf-8")
    return path


def test_expectation_is_read(tmp_path: Path) -> None:
    """All its fields arrive."""
    (one,) = read_expectations(write(tmp_path, WHOLE))

    assert (one.verdict, one.at_most, one.file) == (Verdict.FAIL, 3, "expected.toml")
    assert (one.since, one.until, one.lacks) == ((3, 6), (3, 13), ("teleport",))


@pytest.mark.parametrize(
    ("case", "matching", "others"),
    [
        ("a/b[TCP/inet]", ["a/b[TCP/inet]"], ["a/b[TCP/inet6]", "a/b", "a/bT"]),
        ("a/b[*inet]", ["a/b[TCP/inet]", "a/b[UDP/inet]"], ["a/b[TCP/inet6]"]),
        ("a/*", ["a/b", "a/c[TCP/inet,x]"], ["b/a"]),
        ("a/b", ["a/b"], ["a/b[TCP/inet]"]),
    ],
)
def test_only_a_star_is_special(case: str, matching: list[str], others: list[str]) -> None:
    """Brackets, dots and plus signs of case ids stand for themselves."""
    one = dataclasses.replace(ENTRY, case=case)

    assert [other for other in matching + others if one.matches(other)] == matching


@pytest.mark.parametrize(
    ("level", "implementation", "there", "holds"),
    [
        ((3, 13), "cpython", {}, True),
        ((3, 13), "cpython", {"teleport": True}, False),
        ((3, 5), "cpython", {}, False),
        ((3, 14), "cpython", {}, False),
        ((3, 9), "pypy", {}, False),
    ],
)
def test_conditions_decide(
    tmp_path: Path,
    level: tuple[int, ...],
    implementation: str,
    there: dict[str, bool],
    holds: bool,
) -> None:
    """It holds for the implementation and levels it names, and where what it lacks is absent."""
    (one,) = read_expectations(write(tmp_path, WHOLE))

    assert one.holds_in(Circumstances(implementation, level, there)) is holds


@pytest.mark.parametrize(
    ("verdict", "words", "teardown", "problem"),
    [
        (Verdict.FAIL, "went boom", CLEAN, ""),
        (Verdict.NOT_APPLICABLE, "", CLEAN, ""),
        (Verdict.PASS, "", CLEAN, "FAIL was expected, and it is PASS"),
        (Verdict.ERROR, "boom", CLEAN, "FAIL was expected, and it is ERROR"),
        (Verdict.FAIL, "a hush", CLEAN, "the message no longer contains 'boom'"),
    ],
)
def test_an_expectation_is_stale_when_the_case_ends_otherwise(
    verdict: Verdict, words: str, teardown: TeardownVerdict, problem: str
) -> None:
    """Verdict and message are held against what was written down."""
    assert ENTRY.problem(verdict, words, teardown) == problem


def test_an_expected_leak_is_stale_when_nothing_leaks() -> None:
    """The teardown is held against what was written down, where anything was."""
    leaking = dataclasses.replace(ENTRY, teardown=LEAKED)

    assert leaking.problem(Verdict.FAIL, "boom", LEAKED) == ""
    assert "clean" in leaking.problem(Verdict.FAIL, "boom", CLEAN)


def test_expired_after_its_day() -> None:
    """On the day itself it still holds."""
    one = dataclasses.replace(ENTRY, expires="2030-05-05")

    assert not one.expired(datetime.date(2030, 5, 5))
    assert one.expired(datetime.date(2030, 5, 6))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (WHOLE, "case = [", "this is not TOML"),
        (WHOLE, "x = 1", "unknown key 'x'; the keys are expectation"),
        ('reason = "It keeps what it refused."', "", "the key 'reason' is missing"),
        ("at_most = 3", "", "needs 'at_most'"),
        ("at_most = 3", 'at_most = "3"', "'at_most' is not a whole number"),
        ('contains = "end of stream"', "", "a FAIL needs 'contains'"),
        ('verdict = "FAIL"', 'verdict = "PASS"', "PASS is not a deviation"),
        ('verdict = "FAIL"', 'verdict = "BAD"', "unknown verdict 'BAD'; one of PASS, NOT"),
        ('since = "3.6"', 'since = "three"', "'three' is not a Python level"),
        ('since = "3.6"', 'expires = "soon"', "'soon' is not a day such as"),
        ('since = "3.6"', 'sincs = "3.6"', "unknown key 'sincs'"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """The error names the file, the entry and what is wrong with it."""
    assert WHOLE.count(old) == 1
    path = write(tmp_path, WHOLE.replace(old, new))

    with pytest.raises(UsageError) as caught:
        read_expectations(path)

    assert str(path) in str(caught.value)
    assert problem in str(caught.value)


def test_what_ships_is_about_the_catalogue() -> None:
    """Each is of requirements that exist and has a link; CPython is known to keep every MUST."""
    catalogue = load_modules()

    for one in known_expectations():
        ids = [id_ for id_ in catalogue if one.requirement_pattern.fullmatch(id_)]
        assert ids, one.case
        assert one.link.startswith("https://"), one.case
        if one.implementation == "CPython":
            assert {catalogue[id_].level.value for id_ in ids} == {"SHOULD"}, one.case


REUSE_PORT = "binding/reuse-port-on-a-unix-server[UnixStream/path]"
FINISHED_THREADS = "threading/finished-threads-are-dropped[ThreadingTCP/inet]"


@pytest.mark.parametrize(
    ("case", "version", "known"),
    [
        (REUSE_PORT, (3, 10, 13), False),
        (REUSE_PORT, (3, 11, 0), True),
        (REUSE_PORT, (3, 11, 14), True),
        (REUSE_PORT, (3, 12, 0), True),
        (REUSE_PORT, (3, 12, 8), True),
        (REUSE_PORT, (3, 12, 9), False),
        (REUSE_PORT, (3, 13, 0), True),
        (REUSE_PORT, (3, 13, 1), True),
        (REUSE_PORT, (3, 13, 2), False),
        (REUSE_PORT, (3, 14, 0), False),
        (FINISHED_THREADS, (3, 6, 15), False),
        (FINISHED_THREADS, (3, 7, 0), True),
        (FINISHED_THREADS, (3, 7, 17), True),
        (FINISHED_THREADS, (3, 8, 8), True),
        (FINISHED_THREADS, (3, 8, 9), False),
        (FINISHED_THREADS, (3, 9, 2), True),
        (FINISHED_THREADS, (3, 9, 3), False),
        (FINISHED_THREADS, (3, 10, 0), False),
    ],
)
def test_what_a_bug_fix_release_mended_is_known_until_then(
    case: str, version: tuple[int, ...], known: bool
) -> None:
    """What ships holds for the versions that have the bug, not for all of their levels."""
    there = Circumstances.of("cpython", version[:2], version, {})

    holding = [one for one in known_expectations() if one.matches(case) and one.holds_in(there)]

    assert len(holding) == known


def test_what_a_kernel_refuses_is_known_only_there() -> None:
    """Older kernels take SO_REUSEPORT on Unix sockets: the case passes, and nothing is stale."""
    there = Circumstances.of("cpython", (3, 12), (3, 12, 1), {"unix_reuse_port": True})

    assert not [
        one for one in known_expectations() if one.matches(REUSE_PORT) and one.holds_in(there)
    ]


@pytest.mark.parametrize(
    ("level", "version", "holds"),
    [
        ((3, 12), (3, 12, 8), True),
        ((3, 12), (3, 12, 9), False),
        ((3, 12), (3, 13, 0), True),
        ((3, 11), (3, 12, 8), False),
    ],
)
def test_versions_count_where_the_interpreter_is_of_the_level(
    tmp_path: Path, level: tuple[int, ...], version: tuple[int, ...], holds: bool
) -> None:
    """A level that is claimed under another interpreter stands for all of its versions."""
    text = WHOLE.replace('"3.6"', '"3.12"').replace('"3.13"', '"3.12.8"')
    (one,) = read_expectations(write(tmp_path, text))

    assert one.holds_in(Circumstances.of("CPython", level, version, {})) is holds


IN_PROCESS = ("-n", "0", "--spec", SPEC)
EXPECTED = f"""
[[expectation]]
case = "{REFUSED}[{SPEC}]"
verdict = "FAIL"
contains = "end of stream"
reason = "It keeps what it refused."
"""


@pytest.mark.by_turns(16)
@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (EXPECTED, 0, "nothing needs attention"),
        (EXPECTED.replace("end of stream", "a reset"), 2, "no longer contains 'a reset'"),
        (EXPECTED + 'expires = "2020-01-01"', 2, "expired on 2020-01-01"),
        (EXPECTED.replace('verdict = "FAIL"', 'verdict = "ERROR"'), 2, "ERROR was expected"),
        (EXPECTED.replace(f"[{SPEC}]", "[UDP/inet]"), 1, "FAIL"),
        (EXPECTED + "intermittent = true", 0, "nothing needs attention"),
        (EXPECTED.replace("end of stream", "a reset") + "intermittent = true", 1, "FAIL"),
        (EXPECTED + 'runtime = "gevent"', 1, "FAIL"),
    ],
)
def test_run_ends_as_the_expectations_say(
    tmp_path: Path, text: str, status: int, said: str
) -> None:
    """0 when a deviation is known, 2 when what is known is stale, 1 for any other deviation."""
    path = write(tmp_path, text)

    ended = play(
        tmp_path,
        [partner("keeps_refused")],
        REFUSED,
        options=(*IN_PROCESS, "--expectations", str(path)),
    )

    assert ended.status == status, ended
    assert said in ended.stdout
    row = case_of(records_in(tmp_path)["keeps_refused"], REFUSED)
    assert (row.verdict, bool(row.known)) == (Verdict.FAIL, status != 1)


def test_expectation_of_a_healthy_server_is_stale(tmp_path: Path) -> None:
    """A deviation that is gone is told, and the status is 2."""
    path = write(tmp_path, EXPECTED)

    ended = play(tmp_path, [], REFUSED, options=(*IN_PROCESS, "--expectations", str(path)))

    assert ended.status == 2
    assert "STALE" in ended.stdout
    assert "FAIL was expected, and it is PASS" in ended.stdout


def test_expectation_of_what_happens_now_and_then_is_not_stale(tmp_path: Path) -> None:
    """A case passes for which something intermittent is known: there is nothing to say of it."""
    path = write(tmp_path, EXPECTED + "intermittent = true")

    ended = play(tmp_path, [], REFUSED, options=(*IN_PROCESS, "--expectations", str(path)))

    assert (ended.status, "STALE" in ended.stdout) == (0, False), ended
    (record,) = records_in(tmp_path).values()
    assert case_of(record, REFUSED).known is None
    assert record.stale == ()


@pytest.mark.by_turns(12)
def test_what_happens_now_and_then_is_counted_when_it_happens(tmp_path: Path) -> None:
    """at_most says how many of the cases may deviate, and not how many the entry is about."""
    text = EXPECTED.replace(f"[{SPEC}]", "[*]") + "at_most = 1\nintermittent = true"
    path = write(tmp_path, text)
    options = ("-n", "0", "--spec", f"{SPEC}*", "--expectations", str(path))

    right = play(tmp_path, [], REFUSED, options=options)
    wrong = play(tmp_path, [partner("keeps_refused")], REFUSED, options=options)

    assert (right.status, wrong.status) == (0, 2), (right, wrong)
    assert "matches 2 cases, more than its at_most 1" in wrong.stdout


STEADY = dataclasses.replace(ENTRY, reason="steady")
NOW_AND_THEN = dataclasses.replace(ENTRY, contains="a hush", intermittent=True)
A_LEAK = dataclasses.replace(NOW_AND_THEN, verdict=Verdict.PASS, contains="", teardown=LEAKED)


@pytest.mark.parametrize(
    ("about", "ended", "chosen"),
    [
        ((STEADY, NOW_AND_THEN), (Verdict.FAIL, "boom", CLEAN), STEADY),
        ((STEADY, NOW_AND_THEN), (Verdict.FAIL, "a hush", CLEAN), NOW_AND_THEN),
        ((NOW_AND_THEN, STEADY), (Verdict.PASS, "", CLEAN), STEADY),
        ((NOW_AND_THEN, A_LEAK), (Verdict.PASS, "", CLEAN), None),
        ((NOW_AND_THEN, A_LEAK), (Verdict.PASS, "", LEAKED), A_LEAK),
        ((NOW_AND_THEN, A_LEAK), (Verdict.FAIL, "another", CLEAN), None),
        ((), (Verdict.FAIL, "boom", CLEAN), None),
    ],
)
def test_of_several_expectations_the_case_says_which(
    about: tuple[Expectation, ...],
    ended: tuple[Verdict, str, TeardownVerdict],
    chosen: Expectation | None,
) -> None:
    """The one that it ended as; else one that is not intermittent, which is stale."""
    assert borne_out(about, *ended) is chosen


@pytest.mark.parametrize(("runtime", "holds"), [("gevent", True), ("", False), ("eventlet", False)])
def test_what_is_of_a_runtime_holds_under_it(tmp_path: Path, runtime: str, holds: bool) -> None:
    """And nowhere else: not under another, nor where the interpreter's own sockets are used."""
    (one,) = read_expectations(write(tmp_path, WHOLE + 'runtime = "gevent"'))

    there = Circumstances.of("CPython", (3, 13), (3, 13, 1), {}, runtime)

    assert one.holds_in(there) is holds


@pytest.mark.by_turns(3)
def test_unreadable_or_unknown_expectations_end_with_4(tmp_path: Path) -> None:
    """One line says which file and why; nothing is played."""
    unknown = write(tmp_path, EXPECTED.replace("refused-request", "refusal-request"))

    for given, said in ((unknown, "did you mean"), (tmp_path / "none.toml", "No such file")):
        ended = play(tmp_path, [], REFUSED, options=(*IN_PROCESS, "--expectations", str(given)))
        assert ended.status == 4
        assert said in ended.error
    assert not (tmp_path / "out").exists()
