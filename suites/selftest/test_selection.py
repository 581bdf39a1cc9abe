"""Cutting records down as ``-k`` and ``--spec`` say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof.commands.list import collect
from sockproof.errors import UsageError
from sockproof.record.selection import keyword_matcher, select
from suites.selftest.small_records import MUST, NEWER, OBSERVED, of, write


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("", "abc"),
        ("FORKING/", "a"),
        ("forking/ or unix", "ab"),
        ("not abstract", "bc"),
        ("forking/ or unix and not abstract", "ab"),
        ("(forking/ or unix) and not abstract", "b"),
        ("not (forking/ or unix)", "c"),
        ("not not tcp", "c"),
        ("is-closed[tcp", "c"),
    ],
)
def test_keyword_selects_by_parts_of_ids(expression: str, selected: str) -> None:
    """And, or, not and brackets bind as in Python; letters are alike, small or large."""
    ids = {"a": "forking/x[ForkingUDP/abstract]", "b": "unix/y[UDP/path]"}
    ids["c"] = "dispatch/is-closed[TCP/inet]"
    matches = keyword_matcher(expression)

    assert "".join(name for name, id_ in ids.items() if matches(id_)) == selected


@pytest.mark.parametrize("expression", ["(", ")", "a b", "and", "a or", "not", "(a", "a)", "a ()"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    """One line says so."""
    with pytest.raises(UsageError, match="is not an expression; use parts of ids, and, or, not"):
        keyword_matcher(expression)


def test_record_is_cut_down(tmp_path: Path) -> None:
    """To the cases selected and their requirements; what starts no server takes no --spec."""
    cases = [of(MUST), of(MUST, "UDP/inet"), of(NEWER, ""), of(OBSERVED, "UDP/inet6,cut")]
    record = write(tmp_path, "3.13.0", cases)

    by_spec = select(record, specs=["UDP/*"])
    assert [case.id for case in by_spec.cases] == [case.id for case in cases[1:]]
    assert list(select(record, "errors/").requirements) == [OBSERVED.id]
    assert select(record) is record


@pytest.mark.parametrize("expression", ["refused", "test_", "UNIX and not [", "shutdown"])
def test_run_and_record_select_the_same(expression: str) -> None:
    """Parts of the case's id alone count, not those of the file or function that checks it."""
    specs = ["UnixStream/path"]
    there = [str(case) for case in collect(specs, "")]
    matches = keyword_matcher(expression)
    named = [case_id for case_id in there if matches(case_id)]

    if named:
        assert [str(case) for case in collect(specs, expression)] == named
    else:
        with pytest.raises(UsageError, match="no case is selected"):
            collect(specs, expression)


def test_a_case_is_in_the_folder_of_its_area() -> None:
    """There alone it is looked for when a single case is played."""
    places = collect((), "")

    assert len(places) > 1000
    assert {
        case: place
        for case, place in places.items()
        if not place.startswith(f"suites/{case.area}/")
    } == {}
