"""The kill matrix of re-implementations that is published, and what docs say of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sockproof._paths import kit_dir
from sockproof.mutation.rewriting import load_rewrites

ROOT = kit_dir()
FOLDER = ROOT / "reports" / "proof" / "rewrites"
COLUMNS = ("broken", "detected", "noticed")
LAST_COLUMNS = ("cpython_killed", "right", "accused")
FIGURES = r" +(\d+)" * 3
ROW = re.compile(rf"^  (\w+){FIGURES} +(\d+ of \d+|not tried){FIGURES}$", re.MULTILINE)

pytestmark = pytest.mark.skipif(
    not (ROOT / "README.md").is_file(), reason="an installed kit has neither README nor reports"
)


@pytest.fixture(scope="module")
def matrix() -> Any:
    return json.loads((FOLDER / "rewrite-matrix.json").read_text("utf-8"))


def test_docs_tell_the_published_figures(matrix: Any) -> None:
    """Family by family, as the command prints them, and the sum."""
    text = (ROOT / "docs" / "why-believe-it.md").read_text("utf-8")
    families = matrix["families"]
    whole = {name: sum(one[name] for one in families) for name in families[0] if name != "family"}

    assert ROW.findall(text) == [_row(one) for one in [*families, {"family": "all", **whole}]]
    assert f"nothing in {matrix['untouched']['cases']} cases" in text
    assert matrix["implementation"]["version"] in text


def _row(family: Any) -> tuple[str, ...]:
    tried = f"{family['at_first']} of {family['tried']}" if family["tried"] else "not tried"
    figures = [str(family[name]) for name in COLUMNS]
    return (family["family"], *figures, tried, *(str(family[name]) for name in LAST_COLUMNS))


def test_all_that_break_a_promise_were_detected(matrix: Any) -> None:
    """By a FAIL or by something left behind; the others were noticed, and no right one accused."""
    outcomes = {one["id"]: one["outcome"] for one in matrix["mutants"]}

    wrong = {
        one.id: outcomes[one.id]
        for one in load_rewrites()
        if outcomes.get(one.id) not in ({"noticed"} if one.noticed_by else {"killed", "unloadable"})
        and not one.is_right
        and one.id in outcomes
    }

    assert wrong == {}
    assert matrix["untouched"]["false_alarms"] == []
    assert matrix["problems"] == []


def test_the_page_is_of_the_same_proof(matrix: Any) -> None:
    """It names each of them, and nobody's home folder."""
    page = (FOLDER / "rewrite-matrix.html").read_text("utf-8")

    assert [one["id"] for one in matrix["mutants"] if one["id"] not in page] == []
    assert str(Path.home()) not in page
