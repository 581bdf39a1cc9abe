"""The catalogue: what the loader refuses, what a requirement is about, and the one we ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sockproof.errors import CatalogueError, UsageError
from sockproof.spec.catalogue import (
    Catalogue,
    load_catalogue,
    load_checked,
    load_invariants,
    load_service,
    read_catalogue,
)
from sockproof.spec.levels import Level, PythonLevel
from sockproof.spec.matrix import ALL_SPECS
from sockproof.spec.requirement import Applies, Requirement

FIRST = """
[[requirement]]
id = "waits/first"
title = "The first waits."
level = "MUST"
source = "https://example.org/page#first"
symptoms = ["it does not wait", "first come, not served"]
"""
SECOND = FIRST.replace("first", "second")


def write_area(folder: Path, *requirements: str, area: str = "waits") -> Path:
    """Write one area file with a title; returns the folder."""
    text = 'title = "Waiting"\n' + "".join(requirements)
    (folder / f"{area}.toml").write_text(text, encoding="utf-8")
    return folder


def requirement_between(since: PythonLevel, until: PythonLevel) -> Requirement:
    return Requirement(
        id="waits/first",
        title="The first waits.",
        level=Level.MUST,
        source="https://example.org/page#first",
        since=since,
        until=until,
    )


def test_a_requirement_is_read_with_all_its_fields(tmp_path: Path) -> None:
    """Every key of the TOML is found in the requirement, versions as tuples of numbers."""
    more = 'since = "3.6"\nuntil = "3.13"\n'
    more += 'applies = { kind = ["TCP"], mixin = ["none"] }\n'

    found = read_catalogue(write_area(tmp_path, FIRST + more, SECOND)).get("waits/first")

    assert (found.title, found.level) == ("The first waits.", Level.MUST)
    assert (found.source, found.area) == ("https://example.org/page#first", "waits")
    assert (found.since, found.until) == ((3, 6), (3, 13))
    assert found.symptoms == ("it does not wait", "first come, not served")
    assert [spec.id for spec in found.applies.specs()] == ["TCP/inet", "TCP/inet6"]


def test_a_catalogue_keeps_the_order_of_its_files(tmp_path: Path) -> None:
    """Areas go by name, requirements within one as they are written."""
    write_area(tmp_path, SECOND, FIRST)
    write_area(tmp_path, FIRST.replace("waits/", "asks/"), area="asks")

    catalogue = read_catalogue(tmp_path)

    assert list(catalogue) == ["asks/first", "waits/second", "waits/first"]
    assert catalogue.areas == {"asks": "Waiting", "waits": "Waiting"}
    assert "waits/first" in catalogue
    assert "waits/third" not in catalogue


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ("color = 'red'", "unknown key 'color'; the keys are id, title, level, source, symptoms"),
        ("since = 3.6", "'since' is not a text"),
        ("since = '3'", "'3' is not a Python level such as 3.13"),
        ("until = 'three'", "'three' is not a Python level"),
        ("since = '3.7'\nuntil = '3.6'", "since is after until"),
        ("since = '3.6.9'\nuntil = '3.6.8'", "since is after until"),
        ("applies = { colour = ['red'] }", "unknown key 'colour'; the keys are kind, mixin"),
        ("applies = { kind = ['SCTP'] }", "unknown kind 'SCTP'; one of TCP, UDP"),
        ("applies = { mixin = ['Async'] }", "unknown mixin 'Async'; one of none, Threading"),
        ("applies = { family = ['ipx'] }", "unknown family 'ipx'; one of inet, inet6"),
        ("applies = { kind = 'TCP' }", "'kind' is not a list"),
        ("applies = { kind = [] }", "applies: 'kind' is empty"),
        ("applies = { kind = ['TCP'], family = ['path'] }", "applies selects no server spec"),
        ("applies = { none = true, kind = ['TCP'] }", "applies says none and narrows as well"),
    ],
)
def test_an_addition_is_refused(tmp_path: Path, added: str, problem: str) -> None:
    """The refusal names the file, the requirement and the problem."""
    write_area(tmp_path, FIRST + added + "\n")

    with pytest.raises(CatalogueError, match=r"waits\.toml: .*waits/first\)?: ") as caught:
        read_catalogue(tmp_path)

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "right", "problem"),
    [
        ('"MUST"', '"MIGHT"', "unknown level 'MIGHT'; one of MUST, SHOULD, MAY, OBSERVED"),
        ("waits/first", "asks/first", "the id's area is not the name of its file"),
        ("waits/first", "waits/First_One", "'id': 'waits/First_One' is not an id such as"),
        ("waits/first", "waits", "'id': 'waits' is not an id such as"),
        (
            "The first waits.",
            "The first waits",
            "'title': 'The first waits' is not one sentence",
        ),
        ("https://example.org/page#first", "the manual", "'source': 'the manual' is not a URL"),
        ('level = "MUST"', "", "the key 'level' is missing"),
        ('title = "The first waits."', "", "the key 'title' is missing"),
        ('["it does not wait", "first come, not served"]', "[]", "'symptoms' is empty"),
        ('"it does not wait", ', "", "'symptoms' has 1 of at least 2 entries"),
        ('"it does not wait"', '" "', "entry 1 of 'symptoms' is empty"),
        ('symptoms = ["it does not wait", "first come, not served"]', "", "'symptoms' is missing"),
        ('id = "waits/first"', "", "the key 'id' is missing"),
    ],
)
def test_a_wrong_value_is_refused(tmp_path: Path, wrong: str, right: str, problem: str) -> None:
    """A requirement that lacks a key, or whose value is out of its set, is refused by file."""
    write_area(tmp_path, FIRST.replace(wrong, right))

    with pytest.raises(CatalogueError, match=r"waits\.toml: ") as caught:
        read_catalogue(tmp_path)

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('title = "Waiting', "waits.toml: this is not TOML"),
        (FIRST, "waits.toml: the key 'title' is missing"),
        ('title = "Waiting"', "waits.toml: the key 'requirement' is missing"),
        ('title = "Waiting"\nowner = "me"\n' + FIRST, "waits.toml: unknown key 'owner'"),
        ('title = "Waiting"\nrequirement = "none"', "waits.toml: 'requirement' is not a list"),
    ],
)
def test_a_file_out_of_order_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """Bad syntax and wrong keys at the top of a file are refused by the file's name."""
    (tmp_path / "waits.toml").write_text(text, encoding="utf-8")

    with pytest.raises(CatalogueError) as caught:
        read_catalogue(tmp_path)

    assert problem in str(caught.value)


def test_a_duplicate_id_is_refused(tmp_path: Path) -> None:
    """An id stands for one requirement only."""
    write_area(tmp_path, FIRST, FIRST)

    with pytest.raises(CatalogueError, match=r"waits\.toml: waits/first: this id is taken already"):
        read_catalogue(tmp_path)


def test_a_folder_without_requirements_is_refused(tmp_path: Path) -> None:
    """An empty catalogue would pass everything."""
    with pytest.raises(CatalogueError, match=r"no requirements in .*; install sockproof again"):
        read_catalogue(tmp_path)


@pytest.mark.parametrize(
    ("applies", "expected"),
    [
        (Applies(), len(ALL_SPECS)),
        (Applies(none=True), 0),
        (Applies(predefined_only=True), 24),
        (Applies(kind=("TCP", "UnixStream"), mixin=("none",)), 4),
        (Applies(mixin=("Forking",)), 16),
        (Applies(mixin=("Forking",), predefined_only=True), 8),
        (Applies(family=("path", "abstract"), kind=("UnixDatagram",)), 10),
    ],
)
def test_applies_counts_its_specs(applies: Applies, expected: int) -> None:
    """Each narrowing takes away, and none at all leaves the whole matrix."""
    assert len(applies.specs()) == expected


def test_applies_keeps_the_order_of_the_matrix() -> None:
    """However the words are ordered, specs come as the matrix has them."""
    specs = Applies(kind=("UDP", "TCP"), mixin=("Threading",), family=("inet",)).specs()

    assert [spec.id for spec in specs] == [
        "ThreadingTCP/inet",
        "Threading+TCP/inet",
        "ThreadingUDP/inet",
        "Threading+UDP/inet",
    ]


@pytest.mark.parametrize(
    ("since", "until", "level", "why_not"),
    [
        ((), (), (2, 7), ""),
        ((3, 7), (), (3, 7, 0), ""),
        ((3, 7), (), (3, 7), ""),
        ((3, 7), (), (3, 10), ""),
        ((3, 7), (), (3, 6, 15), "since Python 3.7"),
        ((3, 6, 8), (), (3, 6, 15), ""),
        ((3, 6, 8), (), (3, 6, 7), "since Python 3.6.8"),
        ((), (3, 6), (3, 6, 15), ""),
        ((), (3, 6), (2, 7), ""),
        ((), (3, 6), (3, 7, 0), "until Python 3.6"),
        ((), (3, 5), (3, 13, 0), "until Python 3.5"),
    ],
)
def test_a_requirement_holds_between_its_levels(
    since: PythonLevel, until: PythonLevel, level: PythonLevel, why_not: str
) -> None:
    """Both ends are inclusive, and compared only as far as they are written."""
    requirement = requirement_between(since, until)

    assert requirement.why_not(level) == why_not
    assert requirement.holds_for(level) is (not why_not)


def test_an_unknown_id_suggests_a_close_one(tmp_path: Path) -> None:
    """A slip of the pen is answered with the id that was probably meant."""
    catalogue = read_catalogue(write_area(tmp_path, FIRST))

    with pytest.raises(UsageError, match=r"no requirement 'waits/frist'; .*waits/first\?$"):
        catalogue.get("waits/frist")


def test_an_unknown_id_like_no_other_points_to_the_list(tmp_path: Path) -> None:
    """Where nothing is close, the hint says where all ids are."""
    catalogue = read_catalogue(write_area(tmp_path, FIRST))

    with pytest.raises(UsageError, match="see 'sockproof list'"):
        catalogue.get("qqqq")


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue()


def test_the_shipped_catalogue_is_large_enough(shipped: Catalogue) -> None:
    """The promises that the documentation makes are in the catalogue, area by area."""
    assert len(shipped) >= 85
    assert {requirement.area for requirement in shipped.values()} == set(shipped.areas)


def test_the_shipped_names_area_takes_no_server(shipped: Catalogue) -> None:
    """Names are looked up in the module; nearly everything else is tried on servers."""
    without_server = [r.area for r in shipped.values() if r.applies.none]

    assert all(r.applies.none for r in shipped.values() if r.area == "names")
    assert len([area for area in without_server if area != "names"]) <= 5


def test_shipped_titles_are_not_told_twice(shipped: Catalogue) -> None:
    """Two requirements with one title would be one requirement."""
    for catalogue in (shipped, load_checked()):
        titles = [(requirement.area, requirement.title) for requirement in catalogue.values()]

        assert len(titles) == len(set(titles))


@pytest.mark.parametrize(
    ("checked", "area"), [(load_invariants, "invariants"), (load_service, "service")]
)
def test_what_a_check_holds_has_areas_of_its_own(
    shipped: Catalogue, checked: Callable[[], Catalogue], area: str
) -> None:
    """An id is in one of the catalogues, and says by its area in which. What a check judges is a
    server that listens somewhere: it has server specs, and no Python level."""
    found = checked()

    assert not set(found.areas) & set(shipped.areas)
    assert {requirement.area for requirement in found.values()} == {area}
    assert all(one.applies.specs() for one in found.values())
    assert not any(one.since or one.until for one in found.values())
