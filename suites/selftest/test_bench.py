"""The benchmark measures what it says, on this interpreter and on the oldest."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from suites.selftest.agents import running_interpreter
from suites.selftest.runs import sockproof_


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("name", ["python3", "python2.7"])
def test_benchmark_tells_who_spends_what(tmp_path: Path, name: str) -> None:
    """Each figure of a case is held against a server by hand, and its parts make the whole."""
    found = running_interpreter(name)
    if found is None:
        pytest.skip(f"no {name} on this machine")

    options = ("--cases", "20", "-n", "1", "--report-dir", str(tmp_path / "bench"))
    ended = sockproof_(tmp_path, "bench", "--iut", str(found), *options)

    assert ended.status == 0, ended
    wholes = re.findall(r"a warm case on \S+ +[\d.]+ ms, ([\d.]+) ms", ended.stdout)
    parts = re.findall(r"worker ([\d.]+), agent ([\d.]+), its process ([\d.]+)", ended.stdout)
    assert len(wholes) == len(parts) == 4
    for whole, part in zip(wholes, parts, strict=True):
        assert float(whole) == pytest.approx(sum(map(float, part)), abs=0.01)
    _expect_page(tmp_path / "bench")
    assert re.search(r"by hand: made, asked once, stopped +[\d.]+ ms, [\d.]+ ms", ended.stdout)


def _expect_page(folder: Path) -> None:
    """The same figures as JSON, and as a page with the machine's name and a bar for each part."""
    told = json.loads((folder / "bench.json").read_text("utf-8"))
    (figures,) = told["figures"]
    page = (folder / "bench.html").read_text("utf-8")

    assert told["machine"]["cores"] == os.cpu_count()
    assert told["machine"]["system"] in page
    assert page.count("<rect") == len(figures["by_hand"]) + 3 * len(figures["costs"])
    for spec, cost in figures["costs"].items():
        assert spec in page
        assert cost["round_trips"] >= 2
        assert sum(cost["parts_s"].values()) == pytest.approx(cost["processor_s"])


@pytest.mark.parametrize("wrong", [("--cases", "0"), ("-n", "0"), ("--iut", "/nowhere/python")])
def test_benchmark_refuses_what_cannot_be_measured(tmp_path: Path, wrong: tuple[str, str]) -> None:
    """In one line, with the status of a wrong option or of an implementation that is not there."""
    ended = sockproof_(tmp_path, "bench", *wrong)

    assert ended.status in (3, 4), ended
    assert len(ended.stderr.splitlines()) == 1
