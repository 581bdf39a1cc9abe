"""Holding one record against another: what counts as which change, and how it is told."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from sockproof.errors import CatalogueError
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.rows import CaseRow, Known, RequirementRow, Teardown
from sockproof.report.changes import Kind
from sockproof.report.compare_markdown import compare_markdown
from sockproof.report.compare_text import print_comparisons
from sockproof.report.comparison import Comparison, compare, renamed
from sockproof.report.html.changes_view import compare_html
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import Level
from sockproof.spec.renames import load_renames
from suites.selftest.record_data import HOSTILE, hostile_record
from suites.selftest.small_records import LEAKED, MUST, NEWER, OBSERVED, of, write

FAIL, ABSENT = Verdict.FAIL, Verdict.NOT_APPLICABLE
STUCK = Teardown(TeardownVerdict.STILL_RUNNING)


def held(folder: Path, before: Sequence[CaseRow], now: Sequence[CaseRow]) -> Comparison:
    """Records of 3.11 and 3.12 with these cases, beside each other."""
    return compare(write(folder, "3.11.7", before), write(folder, "3.12.1", now))


def printed(comparison: Comparison, names: Sequence[str] = ("old", "new")) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    print_comparisons([comparison], names, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


CHANGES = [
    (of(MUST), of(MUST), []),
    (of(MUST), of(MUST, verdict=FAIL), [(Kind.FAILING, True)]),
    (of(MUST, verdict=ABSENT), of(MUST, verdict=FAIL), [(Kind.FAILING, True)]),
    (of(MUST, verdict=FAIL), of(MUST), [(Kind.PASSING, False)]),
    (of(MUST), of(MUST, verdict=Verdict.INCONCLUSIVE), [(Kind.UNKNOWN, False)]),
    (of(MUST), of(MUST, verdict=Verdict.ERROR), [(Kind.UNKNOWN, False)]),
    (of(MUST, verdict=Verdict.ERROR), of(MUST), [(Kind.VERDICT, False)]),
    (of(MUST), of(MUST, verdict=ABSENT, reason="no fork"), [(Kind.LOST, True)]),
    (of(OBSERVED), of(OBSERVED, verdict=ABSENT), [(Kind.LOST, False)]),
    (of(MUST, verdict=ABSENT, reason="no fork"), of(MUST), [(Kind.APPLICABLE, False)]),
    (of(NEWER, verdict=ABSENT, reason="since Python 3.12"), of(NEWER), [(Kind.BEGINS, False)]),
    (of(MUST), of(MUST, teardown=LEAKED), [(Kind.UNCLEAN, True)]),
    (of(MUST, teardown=LEAKED), of(MUST), [(Kind.CLEAN, False)]),
    (of(MUST, teardown=LEAKED), of(MUST, teardown=STUCK), [(Kind.TEARDOWN, False)]),
    (of(MUST), of(MUST, teardown=Teardown()), [(Kind.TEARDOWN, False)]),
    (
        of(MUST, verdict=FAIL, actual="reset"),
        of(MUST, verdict=FAIL, actual="timeout"),
        [(Kind.MESSAGE, False)],
    ),
    (
        of(MUST, verdict=FAIL, actual="x", teardown=Teardown()),
        of(MUST, verdict=FAIL, actual="x", teardown=STUCK),
        [(Kind.TEARDOWN, False)],
    ),
    (of(MUST, errno="EPIPE"), of(MUST, errno="EIO"), [(Kind.OBSERVATION, False)]),
    (of(MUST, errno="EPIPE"), of(MUST), [(Kind.OBSERVATION, False)]),
    (of(MUST, errno="EPIPE"), of(MUST, verdict=FAIL), [(Kind.FAILING, True)]),
    (of(MUST, errno="EPIPE"), of(MUST, verdict=ABSENT), [(Kind.LOST, True)]),
]


@pytest.mark.parametrize(("before", "now", "told"), CHANGES)
def test_what_counts_as_which_change(
    tmp_path: Path, before: CaseRow, now: CaseRow, told: list[tuple[Kind, bool]]
) -> None:
    """Each change has one kind, and some are regressions."""
    comparison = held(tmp_path, [before], [now])

    assert [(one.kind, one.regression) for one in comparison.changes] == told
    assert comparison.identical is not bool(told)


def test_promise_that_a_level_does_not_have_is_no_loss(tmp_path: Path) -> None:
    """Held against a newer baseline, what began with that is no longer promised, not lost."""
    newer = write(tmp_path, "3.12.1", [of(NEWER)])
    older = write(tmp_path, "3.11.7", [of(NEWER, verdict=ABSENT, reason="since Python 3.12")])

    (change,) = compare(newer, older).changes
    assert (change.kind, change.regression) == (Kind.ENDS, False)


def test_known_deviation_is_no_regression(tmp_path: Path) -> None:
    """A failure and a leak that an expectation knows of are told, with its reason."""
    known = Known("not before 2.0", teardown=True)
    now = of(MUST, verdict=FAIL, teardown=LEAKED, known=known)
    comparison = held(tmp_path, [of(MUST)], [now])

    assert list(comparison.by_kind) == [Kind.FAILING, Kind.UNCLEAN]
    assert not comparison.regressions
    assert "known   not before 2.0" in printed(comparison)


def test_new_and_gone_cases(tmp_path: Path) -> None:
    """A gone case is a regression where it was played, and its promise is at MUST or SHOULD."""
    gone = [of(MUST), of(MUST, "UDP/inet", ABSENT), of(OBSERVED)]
    comparison = held(tmp_path, [*gone, of(NEWER, "")], [of(NEWER, ""), of(MUST, "UDP/inet6")])

    found = {
        kind: [(one.places, one.regression) for one in changes]
        for kind, changes in comparison.by_kind.items()
    }
    assert found == {
        Kind.GONE: [(("TCP/inet",), True), (("UDP/inet",), False), (("TCP/inet",), False)],
        Kind.NEW: [(("UDP/inet6",), False)],
    }
    assert comparison.common == 1


def test_same_change_on_several_specs_is_one_entry(tmp_path: Path) -> None:
    """It has all its places, in the order of the matrix, whatever they were played in."""
    places = ["UDP/inet6", "ForkingTCP/inet", "TCP/inet,b", "Threading+TCP/inet", "TCP/inet,a"]
    now = [of(MUST, place, wording="B") for place in places]
    before = [of(MUST, place, wording="A") for place in places]
    comparison = held(
        tmp_path, [*before, of(MUST, "UDP/inet", wording="A")], [*now, of(MUST, "UDP/inet")]
    )

    first, second = comparison.changes
    ordered = ("TCP/inet,a", "TCP/inet,b", "Threading+TCP/inet", "ForkingTCP/inet", "UDP/inet6")
    assert first.places == ordered
    assert (first.was, first.now, first.of) == ("A", "B", 6)
    assert second.now == "(not observed)"
    assert "TCP/inet,a, TCP/inet,b, Threading+TCP/inet and 2 more" in printed(comparison)


def test_values_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    """The number 5 and the text "5" are two values."""
    (change,) = held(tmp_path, [of(MUST, size=5)], [of(MUST, size="5")]).changes

    assert (change.was, change.now) == ("5", '"5"')


def test_level_and_title_of_a_requirement(tmp_path: Path) -> None:
    """What a requirement says, and how strongly, are compared, too."""
    other = dataclasses.replace(MUST, level=Level.SHOULD, title="Calls come in some order.")
    before = write(tmp_path, "3.11.7", [of(MUST)])
    comparison = compare(before, write(tmp_path, "3.12.1", [of(other)], [other]))

    assert [(one.kind, one.was, one.now) for one in comparison.changes] == [
        (Kind.LEVEL, "MUST", "SHOULD"),
        (Kind.TITLE, MUST.title, other.title),
    ]


def test_renamed_requirement_is_the_same(tmp_path: Path) -> None:
    """Under its old id in one record and its new one in the other; never the same id twice."""
    old = RequirementRow("serving/sequence", "serving", MUST.title, MUST.level, "")
    before = write(tmp_path, "3.11.7", [of(old)], [old])
    now = write(tmp_path, "3.12.1", [of(MUST)], [MUST])
    both = write(tmp_path, "3.13.0", [of(old), of(MUST)], [old, MUST])
    renames = {old.id: MUST.id, "serving/older": MUST.id}

    assert compare(renamed(before, renames), renamed(now, renames)).identical
    assert renamed(before, renames).requirements[MUST.id].area == "dispatch"
    assert renamed(both, renames) is both


def test_shipped_renames_are_in_order() -> None:
    """They lead to requirements of today."""
    load_renames(load_catalogue())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"a/old" = "a/gone"', "'a/old' = 'a/gone': the new id is that of no requirement"),
        ('"a/new" = "a/new"', "the old id is that of a requirement of today"),
        ('"A old" = "a/new"', "the old id does not match"),
        ('"a/old" = ["a/new"]', "'a/old' is not a text"),
        ('"a/old" =', "renames.toml: this is not TOML: Invalid value"),
        (
            '"a/old" = "a/new"\n"a/old" = "a/new"',
            "this is not TOML: Cannot overwrite a value",
        ),
    ],
)
def test_wrong_renames_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    """One line says which, and why."""
    (tmp_path / "renames.toml").write_text(text)

    with pytest.raises(CatalogueError, match=re.escape(problem)):
        load_renames({"a/new"}, tmp_path / "renames.toml")


def test_identical_is_one_line(tmp_path: Path) -> None:
    """Nothing else is printed, and the page and the Markdown say it, too."""
    comparison = held(tmp_path, [of(MUST)], [of(MUST)])

    assert printed(comparison) == "  new and old are identical: 1 case in both\n"
    assert "identical, 1 case in both." in compare_markdown([comparison], ["old", "new"])
    assert "Identical: 1 case in both" in compare_html([comparison], ["old", "new"])


def test_incomplete_is_loud_everywhere(tmp_path: Path) -> None:
    """Identical in what was recorded is all that can be said."""
    cut = write(tmp_path, "3.12.1", [of(MUST)], finish=False)
    comparison = compare(write(tmp_path, "3.11.7", [of(MUST)]), cut)

    text = printed(comparison)
    assert " INCOMPLETE RUN  new: the run ended before" in text
    assert "new and old are identical in what was recorded: 1 case" in text
    assert "> **INCOMPLETE RUN** of `new`" in compare_markdown([comparison], ["old", "new"])
    page = compare_html([comparison], ["old", "new"])
    assert "Incomplete run" in page
    assert "Identical in what was recorded" in page


def test_dozens_of_one_reason_are_one_entry(tmp_path: Path) -> None:
    """What a missing class kept from being played is told by that."""
    rows = [RequirementRow(f"a/r{n}", "a", "R.", Level.MUST, "") for n in range(30)]
    before = [of(row, verdict=ABSENT, reason="the module has no X") for row in rows]
    old = write(tmp_path, "3.11.7", before, rows)
    text = printed(compare(old, write(tmp_path, "3.12.1", [of(row) for row in rows], rows)))

    assert "MUST  30 requirements, 30 cases  TCP/inet\n     before  the module has no X" in text
    assert "a/r" not in text


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """No control character in the terminal, nothing outside code spans, no element on the page."""
    hostile = hostile_record(tmp_path / "a.jsonl")
    cases = [
        dataclasses.replace(case, verdict=FAIL, observations={HOSTILE: 1}) for case in hostile.cases
    ]
    comparison = compare(dataclasses.replace(hostile, cases=tuple(cases)), hostile)
    names = [HOSTILE, HOSTILE + "2"]

    text = printed(comparison, names)
    assert "[bold]x[/bold]" in text
    assert not re.search("[\x00-\x09\x0b-\x1a\x1c-\x1f\ud800\u2028\u202e]", text)
    assert "\x1b[31mx" not in text
    markdown = compare_markdown([comparison], names)
    outside = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", markdown)
    assert "script" in markdown
    assert "script" not in outside
    page = compare_html([comparison], names)
    assert "&lt;script&gt;" in page
    assert not re.search(r"<(script|img)|[\x00\x1b\ud800\u2028\u202e]", page)
