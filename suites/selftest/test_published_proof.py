"""The kill matrix that is published, and what docs say of it, are of one proof, and it held."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sockproof._paths import kit_dir

ROOT = kit_dir()
FOLDER = ROOT / "reports" / "proof"
SOCKETS = FOLDER / "socket"
KINDS = ("named", "generic")
OURS = ("all", "killed", "unloadable", "noticed", "survived", "equivalent")
COLUMNS = (*OURS, "cpython_killed")
# CPython's own tests of sockets are asked of a sample.
COLUMNS_OF_SOCKETS = (*OURS, "cpython_asked", "cpython_killed")
EQUIVALENT_AT_MOST = 0.05
EQUIVALENT_OF_SOCKETS_AT_MOST = 0.08

pytestmark = pytest.mark.skipif(
    not (ROOT / "README.md").is_file(), reason="an installed kit has neither README nor reports"
)


@pytest.fixture(scope="module")
def matrix() -> Any:
    return json.loads((FOLDER / "kill-matrix.json").read_text("utf-8"))


def test_docs_tell_the_published_figures(matrix: Any) -> None:
    """Row by row, as the command prints them."""
    text = (ROOT / "docs" / "why-believe-it.md").read_text("utf-8")
    told = {kind: re.findall(rf"^ *{kind} +([\d ]+)$", text, re.MULTILINE) for kind in KINDS}

    assert {kind: [row.split() for row in rows] for kind, rows in told.items()} == {
        kind: [[str(matrix["totals"][kind].get(column, 0)) for column in COLUMNS]] for kind in KINDS
    }
    assert matrix["implementation"]["version"] in text
    assert str(matrix["untouched"]["cases"]) in text


def test_every_mutant_was_detected(matrix: Any) -> None:
    """Or is listed as one that nobody can tell, which few are; nothing was said of the module that
    they were made from."""
    undetected = {one["id"] for one in matrix["mutants"] if one["outcome"] in ("survived", "lost")}
    generic = matrix["totals"]["generic"]

    assert undetected == set()
    assert matrix["untouched"]["false_alarms"] == []
    assert matrix["totals"]["named"]["killed"] == matrix["totals"]["named"]["all"]
    assert 0 < generic["equivalent"] <= EQUIVALENT_AT_MOST * generic["all"]


def test_the_page_is_of_the_same_proof(matrix: Any) -> None:
    """It names every mutant, and nobody's home folder."""
    page = (FOLDER / "kill-matrix.html").read_text("utf-8")

    assert [one["id"] for one in matrix["mutants"] if one["id"] not in page] == []
    assert str(Path.home()) not in page


@pytest.fixture(scope="module")
def of_sockets() -> Any:
    return json.loads((SOCKETS / "kill-matrix.json").read_text("utf-8"))


def test_docs_tell_the_figures_of_sockets(of_sockets: Any) -> None:
    """Row by row, as the command prints them."""
    text = (ROOT / "docs" / "socket-module.md").read_text("utf-8")

    for kind in KINDS:
        totals = of_sockets["totals"][kind]
        figures = [str(totals.get(column, 0)) for column in COLUMNS_OF_SOCKETS]
        rows = re.findall(rf"^ *{kind} +([\d ]+)$", text, re.MULTILINE)
        assert [row.split() for row in rows] == [figures]
    assert of_sockets["implementation"]["version"] in text
    assert f"in {of_sockets['untouched']['cases']} cases" in text
    assert (of_sockets["module"], of_sockets["problems"]) == ("socket", [])


def test_proof_of_sockets_accuses_nobody(of_sockets: Any) -> None:
    """All mutants were detected but those that nobody can tell, and nothing was said of the
    untouched module; the page shows all, and nobody's home folder."""
    page = (SOCKETS / "kill-matrix.html").read_text("utf-8")
    named, generic = (of_sockets["totals"][kind] for kind in KINDS)

    assert of_sockets["untouched"]["false_alarms"] == []
    assert named["killed"] == named["all"]
    assert [o["id"] for o in of_sockets["mutants"] if o["outcome"] in ("survived", "lost")] == []
    assert 0 < generic["equivalent"] <= EQUIVALENT_OF_SOCKETS_AT_MOST * generic["all"]
    assert [one["id"] for one in of_sockets["mutants"] if one["id"] not in page] == []
    assert str(Path.home()) not in page
