"""``sockproof compare`` as its user runs it: records and implementations, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.commands.cli import run_command
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import read_record
from sockproof.record.rows import CaseRow
from suites.selftest.runs import REFUSED, SPEC, Ended, sockproof_
from suites.selftest.small_records import LEAKED, MUST, OBSERVED, of, write

FAILED, UNKNOWN = Verdict.FAIL, Verdict.INCONCLUSIVE


@pytest.fixture
def compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """The command in this process, which does for all that plays nothing."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ended:
        status = run_command(["compare", *arguments])
        told = capsys.readouterr()
        return Ended(status, told.out, told.err)

    return run


@pytest.mark.parametrize(
    ("now", "finish", "plain", "gate"),
    [
        ([of(MUST)], True, 0, 0),
        ([of(MUST, wording="other")], True, 0, 0),
        ([of(MUST, verdict=FAILED)], True, 0, 1),
        ([of(MUST, teardown=LEAKED)], True, 0, 1),
        ([of(MUST, verdict=UNKNOWN)], True, 0, 3),
        ([of(MUST)], False, 0, 3),
        ([of(MUST, verdict=FAILED)], False, 0, 3),
    ],
)
def test_how_it_ends(
    tmp_path: Path,
    compare: Callable[..., Ended],
    now: Sequence[CaseRow],
    finish: bool,
    plain: int,
    gate: int,
) -> None:
    """0 where it could be made; with --gate 1 on a regression, and 3 where not all is known."""
    before = write(tmp_path / "a", "3.12.1", [of(MUST)])
    other = write(tmp_path / "b", "3.12.1", now, finish=finish)
    files = [str(before.path), str(other.path)]

    ended = compare(*files)
    gated = compare("--gate", *files)

    assert (ended.status, gated.status) == (plain, gate), gated
    assert ended.stdout == gated.stdout
    assert ("INCOMPLETE RUN" in ended.stdout) is not finish


def test_gone_case_at_must_closes_the_gate(tmp_path: Path, compare: Callable[..., Ended]) -> None:
    """One that is OBSERVED does not; a folder stands for the one record in it."""
    write(tmp_path / "a", "3.12.1", [of(MUST), of(OBSERVED)])
    write(tmp_path / "b", "3.12.1", [of(MUST)])
    write(tmp_path / "c", "3.12.1", [of(OBSERVED)])

    open_ = compare("--gate", "a", "b")
    closed = compare("--gate", "a", "b", "c")

    assert (open_.status, closed.status) == (0, 1)
    assert "1 regression" in closed.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        ("a", 4, "one record is nothing to compare; name two or more"),
        ("a two", 4, "two holds 2 records; name one of them"),
        ("a empty", 4, "no records in empty; records are files that end with .jsonl"),
        ("a no/such.jsonl", 3, "there is no record no/such.jsonl"),
        (
            "a no/such",
            4,
            "'no/such' is neither a record nor a folder of records nor an implementation: no",
        ),
        (
            "a no-such",
            4,
            "'no-such' is neither a record nor a folder of records nor an implementation",
        ),
        ("a text.txt", 3, "text.txt is not a record of sockproof"),
        ("a cut.jsonl", 3, "cut.jsonl line 2 is malformed"),
        ("a other", 4, "cpython-3.12.1 and cpython-3.13.0 have no case in common"),
        ("a a -k nothing", 4, "no case is selected"),
        ("a a -k (", 4, "-k '(' is not an expression"),
        ("a a --spec X*", 4, "--spec 'X*' matches nothing"),
        ("a a --html no/x.html", 4, "cannot write no/x.html: no folder no"),
        ("a a --nope", 4, "No such option '--nope'"),
    ],
    ids=lambda value: str(value).replace("/", " "),
)
def test_what_cannot_be_compared_is_one_line(
    tmp_path: Path, compare: Callable[..., Ended], arguments: str, status: int, error: str
) -> None:
    """It says which argument, and what is wrong with it."""
    write(tmp_path / "a", "3.12.1", [of(MUST)])
    write(tmp_path / "two", "3.12.1", [of(MUST)])
    write(tmp_path / "two", "3.13.0", [of(MUST)])
    write(tmp_path / "other", "3.13.0", [of(OBSERVED)])
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    whole = (tmp_path / "a" / "cpython-3.12.1.jsonl").read_text("utf-8").splitlines()
    (tmp_path / "cut.jsonl").write_text("\n".join([whole[0], "{", *whole[1:]]))

    ended = compare(*arguments.split())

    assert (ended.status, error in ended.error) == (status, True), ended


def test_record_cut_in_the_middle_is_compared_as_far_as_it_goes(
    tmp_path: Path, compare: Callable[..., Ended]
) -> None:
    """And that it was cut is said loudly."""
    write(tmp_path / "a", "3.12.1", [of(MUST), of(OBSERVED)])
    text = (tmp_path / "a" / "cpython-3.12.1.jsonl").read_text("utf-8")
    (tmp_path / "cut.jsonl").write_text(text[: text.index('"errors/banner[') + 20])

    ended = compare("--gate", "a", "cut.jsonl")

    assert ended.status == 3
    assert "INCOMPLETE RUN  cpython-3.12.1 #2: line 6 was cut in the middle" in ended.stdout


@pytest.mark.by_turns(5)
def test_two_runs_of_one_implementation_are_identical(tmp_path: Path) -> None:
    """Each is played by itself, and one line is all that is said."""
    ended = sockproof_(
        tmp_path, "compare", sys.executable, sys.executable, "-k", "dispatch/refused",
        "--spec", "TCP/inet", "-n", "0", "--gate",
    )  # fmt: skip

    assert ended.status == 0, ended
    (line,) = ended.stdout.splitlines()
    iut = f"cpython-{sys.version.split()[0]}"
    assert line.startswith(f"  {iut} #2 and {iut} are identical: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.by_turns(12)
def test_broken_implementation_closes_the_gate(tmp_path: Path) -> None:
    """Held against an earlier record, which is cut down to the cases that are played."""
    chosen = ("-k", REFUSED, "--spec", SPEC, "-n", "0")
    own = sockproof_(tmp_path, "run", *chosen, "--report-dir", "own")
    files = ("--html", "c.html", "--markdown", "c.md", "--report-dir", "kept")

    ended = sockproof_(
        tmp_path, "compare", "own", partner("keeps_refused"), *chosen, *files, "--gate"
    )

    assert (own.status, ended.status) == (0, 1), ended
    assert f"newly failing  1\n  SHOULD   {REFUSED}  {SPEC}\n" in ended.stdout
    assert "newly failing (1)" in (tmp_path / "c.md").read_text("utf-8")
    assert "1 regression" in (tmp_path / "c.html").read_text("utf-8")
    kept = read_record(tmp_path / "kept" / "1" / "keeps_refused.jsonl")
    assert kept.complete
