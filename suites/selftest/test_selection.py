"""Cutting records down as ``-k`` and ``--spec`` say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof._paths import kit_dir
from sockproof.commands.list import collect
from sockproof.errors import UsageError
from sockproof.record.selection import select
from sockproof.run.plan import make_plan
from sockproof.run.run_options import RunOptions
from sockproof.run.suite_files import files_needed, files_with
from sockproof.spec.keywords import keyword_matcher, may_be_named
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


def test_every_case_is_selected_by_its_id() -> None:
    """As what is printed to be typed next has it; names of variants have blanks, too."""
    ids = [str(case) for case in collect((), "")]
    odd = [id_ for id_ in ids if " " in id_]
    assert odd

    for id_ in [*odd, *ids[:: len(ids) // 50]]:
        assert [other for other in ids if keyword_matcher(id_)(other)] == [id_]
        assert keyword_matcher(f"({id_}) and not abstract")(id_) is ("abstract" not in id_)


def test_record_is_cut_down(tmp_path: Path) -> None:
    """To the cases selected and their requirements; what starts no server takes no --spec."""
    cases = [of(MUST), of(MUST, "UDP/inet"), of(NEWER, ""), of(OBSERVED, "UDP/inet6,cut")]
    record = write(tmp_path, "3.13.0", cases)

    by_spec = select(record, specs=["UDP/*"])
    assert [case.id for case in by_spec.cases] == [case.id for case in cases[1:]]
    assert list(select(record, "errors/").requirements) == [OBSERVED.id]
    assert select(record) is record


@pytest.mark.by_turns(5)
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


@pytest.mark.by_turns(3)
def test_a_case_is_in_the_files_of_its_requirement() -> None:
    """There alone it is looked for when it is named."""
    places = collect((), "")
    requirements = {case.requirement for case in places}
    files = {id_: files_with([id_]) for id_ in requirements}

    assert len(places) > 1000
    assert {
        case: place
        for case, place in places.items()
        if kit_dir() / place.partition(":")[0] not in files[case.requirement]
    } == {}
    assert {id_ for id_, found in files.items() if len(found) > 1} == set()


def test_no_variant_has_a_slash_or_a_bracket() -> None:
    """So a part of an id that has one is of the requirement or of the server spec."""
    variants = {case.variant for case in collect((), "")}

    assert len(variants) > 100
    assert {variant for variant in variants if set(variant) & set("/[")} == set()


@pytest.mark.parametrize(
    ("expression", "may"),
    [
        ("", True),
        ("a/b", True),
        ("a/b[tcp/inet]", True),
        ("a/b[tcp/inet,x]", True),
        ("a/c", False),
        ("not a/c", True),
        ("not a/b", False),
        ("b[tcp/inet]", True),
        ("b[tcp/inet6]", False),
        ("small", True),
        ("not small", True),
        ("a/c and small", False),
        ("a/c or small", True),
        ("inet,small", True),
        ("inet]", True),
    ],
)
def test_what_no_variant_can_change_is_told_before_it_is_known(expression: str, may: bool) -> None:
    """Of a requirement and a spec alone: a word may be in the name of a variant."""
    assert may_be_named(expression, "a/b", "TCP/inet") is may


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("expression", "files"),
    [
        ("streams/whole-message-echo[tcp/inet]", 1),
        ("streams/", 5),
        ("not streams/", 50),
        ("queue-of-0", 0),
        ("streams/whole-message-echo or queue-of-0", 0),
        ("nothing/of-the-kind", 0),
    ],
)
def test_only_files_that_may_have_a_selected_case_are_read(expression: str, files: int) -> None:
    """At least so many of them; all of them, a folder, where a variant may be what is named."""
    found = files_needed(make_plan(RunOptions(keyword=expression)))

    if files:
        assert len(found) == 1 if files == 1 else len(found) >= files
        assert all(path.is_file() for path in found)
    else:
        assert found == [kit_dir() / "suites"]
