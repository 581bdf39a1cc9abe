"""Large records: what is made of them takes time in proportion to rows, and little memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sockproof.commands.cli import run_command
from sockproof.judge.expectations import Expectation, ExpectationIndex
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import read_record
from suites.selftest.large_records import cost_of, large_record
from suites.selftest.sealed_lines import lines_of, write_sealed

ROWS = 100_000
LIMIT_OCTETS = 150 * 2**20
# Parts of the rows show what all of them would take. What many rows have is kept once, up to some
# number: past that, what is used grows with the rows alone.
FEW, MANY = ROWS // 10, ROWS // 5
COMMANDS = {
    "report": "report a.jsonl --report-dir out",
    "merge": "report 1.jsonl 2.jsonl --report-dir out",
    "compare": "compare a.jsonl b.jsonl --html c.html --markdown c.md",
    "atlas": "atlas a.jsonl --html a.html",
    "expect": "expect a.jsonl --output known.toml --reason why",
    "prune": "expect a.jsonl --prune all.toml --partial --dry-run",
    "verify": "verify a.jsonl",
}
# Ten times the rows take ten times as long, and a hundred times if each is held against each.
MORE, MOST_TIMES = 10, 30


def made(folder: Path, rows: int, name: str, failing: int = 10) -> Path:
    """The folder with what a command needs: records of so many rows."""
    folder.mkdir()
    large_record(folder / "a.jsonl", rows, failing=failing)
    if name == "compare":
        large_record(folder / "b.jsonl", rows, run=1)
    if name == "prune":
        run_command(["expect", str(folder / "a.jsonl"), "--output", str(folder / "all.toml")])
        text = (folder / "all.toml").read_text("utf-8").replace('reason = ""', 'reason = "why"')
        (folder / "all.toml").write_text(text, "utf-8")
    if name == "merge":
        split(folder)
    return folder


def split(folder: Path) -> None:
    """Two shards of the record."""
    header, *lines, footer = lines_of(folder / "a.jsonl")
    rows = [line for line in lines if line["kind"] == "requirement"]
    cases = [line for line in lines if line["kind"] == "case"]
    for number, part in ((1, cases[::2]), (2, cases[1::2])):
        settings = {**header["settings"], "shard": f"{number}/2"}
        counts = {word: sum(one["verdict"] == word for one in part) for word in ("PASS", "FAIL")}
        end = {**footer, "counts": counts, "levels": {}}
        own = [{**header, "settings": settings}, *rows, *part, end]
        write_sealed(folder / f"{number}.jsonl", own)


@pytest.mark.by_turns(len(COMMANDS))
@pytest.mark.parametrize("name", COMMANDS)
def test_memory_is_bounded(tmp_path: Path, name: str) -> None:
    """A hundred thousand rows fit into 150 MB, with all else that a command needs."""
    few = cost_of(made(tmp_path / "few", FEW, name), COMMANDS[name].split())
    many = cost_of(made(tmp_path / "many", MANY, name), COMMANDS[name].split())

    assert few.status == many.status < 3, (few, many)
    by_row = (many.octets - few.octets) / (MANY - FEW)
    assert many.octets + by_row * (ROWS - MANY) < LIMIT_OCTETS, (few, many)


@pytest.mark.by_turns(len(COMMANDS))
@pytest.mark.parametrize("name", COMMANDS)
def test_time_is_in_proportion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Of the processor's: nothing is held against everything."""
    failing = 1 if name in ("expect", "prune") else 10
    few, many = (made(tmp_path / str(n), n, name, failing) for n in (500, 500 * MORE))

    def cpu_s(folder: Path) -> float:
        monkeypatch.chdir(folder)
        began_s = time.process_time()
        assert run_command(COMMANDS[name].split()) < 3, capsys.readouterr()
        return time.process_time() - began_s

    cpu_s(few)  # what is done once is done
    (few / "known.toml").unlink(missing_ok=True)
    assert cpu_s(many) < MOST_TIMES * cpu_s(few)


def counted(expectations: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many expectations are looked at for a hundred cases."""
    looked: list[str] = []
    matches: Callable[[Expectation, str], bool] = Expectation.matches

    def noted(one: Expectation, case_id: str) -> bool:
        looked.append(case_id)
        return matches(one, case_id)

    index = ExpectationIndex(
        Expectation(f"a/promise-{n}[{'*' if n % 2 else 'TCP/inet'}]", Verdict.FAIL, "why")
        for n in range(expectations)
    )
    with monkeypatch.context() as patch:
        patch.setattr(Expectation, "matches", noted)
        found = [index.about(f"a/promise-{n}[TCP/inet]") for n in range(100)]
    assert all(len(one) == 1 for one in found)
    return len(looked)


def test_what_is_known_of_a_case_is_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many expectations there are of other cases."""
    assert counted(200, monkeypatch) == counted(20_000, monkeypatch) <= 100


def test_evidence_stays_in_the_file(tmp_path: Path) -> None:
    """Of a light record no case has any, and all of it is to be had."""
    path = large_record(tmp_path / "a.jsonl", 200)

    light, whole = read_record(path, light=True), read_record(path)

    assert not any(case.transcript or case.stderr for case in light.cases)
    assert tuple(map(light.whole, light.cases)) == whole.cases
