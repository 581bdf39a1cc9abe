"""The mutants: each fits the running interpreter's socketserver, and what their builder refuses."""

from __future__ import annotations

import re
import socketserver
import sys
from pathlib import Path

import pytest

from sockproof.mutation.named import (
    Mutant,
    MutationError,
    SourceChange,
    apply,
    load_mutants,
)
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import Level
from suites.selftest.mutant_files import write_mutant

MUTANTS = load_mutants()
FITTING = [mutant for mutant in MUTANTS if mutant.since <= sys.version_info[:2]]
SOURCE_PATH = Path(socketserver.__file__)
DESCRIBED = """
[[mutant]]
id = "no-wait"
title = "shutdown() does not wait."
source = "realistic mistake"
category = "serving"
killed_by = ["serving/shutdown-waits-for-the-loop"]
spec = "TCP/inet"
[[mutant.change]]
find = "event.wait()"
replace = "pass"
"""


def mutant_with(*changes: SourceChange) -> Mutant:
    return Mutant(
        id="no-wait",
        title="shutdown() does not wait.",
        source="realistic mistake",
        category="serving",
        killed_by=("serving/shutdown-waits-for-the-loop",),
        spec="TCP/inet",
        changes=changes,
    )


def write_described(folder: Path, text: str, name: str = "serving") -> Path:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("mutant", FITTING, ids=lambda mutant: mutant.id)
def test_a_mutant_fits_the_running_interpreter(mutant: Mutant) -> None:
    """Every change finds its text exactly once, and the result compiles and is another text."""
    source = SOURCE_PATH.read_text(encoding="utf-8")

    mutated = apply(mutant, source)

    assert mutated != source
    compile(mutated, mutant.id, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_a_mutant_is_described_in_full(mutant: Mutant) -> None:
    """Its id is made of words, its title a sentence, and something in killed_by can fail."""
    catalogue = load_catalogue()

    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", mutant.id)
    assert mutant.title.endswith(".")
    assert re.fullmatch(r"realistic mistake|(bpo-|gh-|SF |CVS )[\d.]+", mutant.source)
    assert mutant.category in catalogue.areas
    assert any(catalogue[name].level is not Level.OBSERVED for name in mutant.killed_by)


def test_every_area_has_a_mutant() -> None:
    """No area of the catalogue's first version goes without a mutant that its checks must kill."""
    areas = "construction binding backlog serving dispatch errors handlers streams datagrams"
    areas += " threading forking unix names"

    killing = {name.partition("/")[0] for mutant in MUTANTS for name in mutant.killed_by}

    assert killing >= set(areas.split())


@pytest.mark.by_turns(3)
def test_mutants_differ_from_each_other() -> None:
    """No two mutants are the same broken module."""
    source = SOURCE_PATH.read_text(encoding="utf-8")

    assert len({apply(mutant, source) for mutant in FITTING}) == len(FITTING)


def test_a_written_mutant_is_named_after_its_id(tmp_path: Path) -> None:
    """write_mutant() leaves a module that can be imported by the mutant's id with underscores."""
    source = tmp_path / "socketserver.py"
    source.write_text("event.wait()\n", encoding="utf-8")

    written = write_mutant(mutant_with(SourceChange(("event.wait()",), "pass")), source, tmp_path)

    assert written == tmp_path / "no_wait.py"
    assert written.read_text(encoding="utf-8") == "pass\n"


def test_one_alternative_is_enough() -> None:
    """Of several texts to find, the one that this source has is replaced."""
    mutant = mutant_with(SourceChange(("ready = select()", "if select():"), "if True:"))

    assert apply(mutant, "if select():\n    pass\n") == "if True:\n    pass\n"


def test_changes_are_made_one_after_the_other() -> None:
    """A later change sees what an earlier one has made of the source."""
    mutant = mutant_with(
        SourceChange(("first()",), "second()"), SourceChange(("second()",), "third()")
    )

    assert apply(mutant, "first()\n") == "third()\n"


@pytest.mark.parametrize(
    ("source", "change", "problem"),
    [
        (
            "wait()\nwait()\n",
            SourceChange(("wait()",), "pass"),
            "'wait\\(\\)' occurs 2 times; it must",
        ),
        ("a()\nb()\n", SourceChange(("a()", "b()"), "pass"), "'a\\(\\)' occurs 2 times; it must"),
        ("pause()\n", SourceChange(("wait()",), "pass"), "'no-wait': 'wait\\(\\)' occurs 0 times"),
        (
            "wait()\n",
            SourceChange(("wait()",), "wait("),
            "'no-wait' does not compile: .*never closed",
        ),
        ("wait()\n", SourceChange(("wait()",), "wait()"), "'no-wait' changes nothing"),
    ],
)
def test_a_mutant_that_does_not_fit_is_refused(
    source: str, change: SourceChange, problem: str
) -> None:
    """A text found twice or not at all, an unchanged and a broken result make no mutant."""
    with pytest.raises(MutationError, match=problem):
        apply(mutant_with(change), source)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "title =",
            "subject =",
            r"mutant 1 \(no-wait\): unknown key 'subject'; the keys are",
        ),
        ("replace =", "insert =", r"mutant 1 \(no-wait\): change 1: unknown key 'insert'"),
        ("[[mutant]]", "[[server]]\n[[mutant]]", "serving.toml: unknown key 'server'"),
        ("source =", "since = '3'\nsource =", "'3' is not a Python level"),
        ("source = ", "# ", "'source' is missing"),
        ('"no-wait"', '""', "'id' is empty"),
        ('"pass"', "0", "'replace' is not a text"),
        ('"event.wait()"', "[]", "'find' is empty"),
        ("TCP/inet", "TCP/ipx", "serving.toml: mutant 'no-wait': no server spec 'TCP/ipx'"),
        ("TCP/inet", "ThreadingTCP/inet", "-for-the-loop' is not about ThreadingTCP/inet"),
        (
            "shutdown-waits",
            "shutdown-sings",
            "no requirement 'serving/shutdown-sings-for-the-loop'",
        ),
        ("[[mutant]]", "[[mutant", "serving.toml: this is not TOML"),
    ],
)
def test_a_wrong_description_is_refused(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """Unknown and missing keys, wrong values, specs and requirements that are none are errors."""
    write_described(tmp_path, DESCRIBED.replace(old, new))

    with pytest.raises(MutationError, match=problem):
        load_mutants(tmp_path)


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    """Two mutants of one id are refused, in one file or in two."""
    write_described(tmp_path, DESCRIBED)
    write_described(tmp_path, DESCRIBED, name="streams")

    with pytest.raises(MutationError, match="mutant 'no-wait' is there twice"):
        load_mutants(tmp_path)
