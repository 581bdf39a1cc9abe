"""Plans of generated clients that failed: played again, kept in a file, written as a script."""

from __future__ import annotations

import json
import socketserver
from pathlib import Path
from typing import Any

import pytest

from sockproof.mutation.named import load_mutants
from sockproof.record.reader import read_record
from suites.selftest.mutant_files import write_mutant
from suites.selftest.runs import sockproof_
from suites.selftest.test_repro_scripts import HURRY, QUICK, assert_shown

CASE = "generated/streams-lose-nothing[TCP/inet]"
MUTANT = next(one for one in load_mutants() if one.id == "line-after-an-empty-one-is-lost")
SEEDED = ("--seed", "5", "--examples", "400")
AS_STORED, OTHERWISE, FAULT, USAGE = 0, 1, 3, 4


RECORDED = ("out/broken.jsonl", "--iut", "./broken.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a broken module, ``broken.py``, a record of a run with a seed in ``out``, and
    the plan that failed, in ``plan.json``."""
    place = tmp_path_factory.mktemp("generated")
    write_mutant(MUTANT, Path(socketserver.__file__), place).rename(place / "broken.py")
    chosen = ("--iut", "./broken.py", "--spec", "TCP/inet", "-k", "streams-lose-nothing")
    played = sockproof_(place, "run", *chosen, *SEEDED, "--report-dir", "out", "-n0", **QUICK)
    assert played.status == OTHERWISE, played.stderr
    kept = sockproof_(place, "replay", *RECORDED, "-o", "plan.json", **QUICK)
    assert kept.status == AS_STORED, kept.stdout + kept.stderr
    return place


def failing(folder: Path) -> dict[str, Any]:
    """The plan that the run's record has."""
    (case,) = read_record(folder / "out" / "broken.jsonl").cases
    assert case.generated is not None
    found: dict[str, Any] = case.generated["failing"]
    return found


@pytest.mark.by_turns(12)
def test_stored_plan_is_the_one_that_is_played(folder: Path) -> None:
    """Nothing is generated: each time it is the plan of the record, and it ends as stored."""
    again = ("-o", "again.jsonl", "--repeat", "3")
    ended = sockproof_(folder, "replay", *RECORDED, *again, **QUICK)

    assert ended.status == AS_STORED, ended.stdout + ended.stderr
    assert "3 of 3 ended as stored" in ended.stdout
    record = read_record(folder / "again.jsonl")
    assert record.header["seed"] == 5
    assert record.cases[0].generated == {"seed": 5, "plans": 1, "failing": failing(folder)}


@pytest.mark.by_turns(5)
def test_seed_generates_the_plans_again(folder: Path, tmp_path: Path) -> None:
    """By its id, with the seed and the number of the run, the case comes to the same plan."""
    chosen = (CASE, "--iut", str(folder / "broken.py"), *SEEDED)
    ended = sockproof_(tmp_path, "replay", *chosen, "-o", "found.jsonl", **QUICK)

    assert ended.status == OTHERWISE, ended.stderr
    (case,) = read_record(tmp_path / "found.jsonl").cases
    assert case.generated is not None
    assert case.generated["plans"] > 1
    assert case.generated["failing"] == failing(folder)


@pytest.mark.by_turns(3)
def test_plan_is_kept_in_a_file(folder: Path) -> None:
    """The file names its case, and can be played; without a record, failing is not as promised."""
    kept = json.loads((folder / "plan.json").read_text("utf-8"))
    ended = sockproof_(folder, "replay", "plan.json", "--iut", "./broken.py", **QUICK)

    assert kept == {"case": CASE, "plan": failing(folder)}
    assert ended.status == OTHERWISE, ended.stderr
    assert "0 of 1 ended as promised" in ended.stdout


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(
    "given", [[*RECORDED], ["plan.json", "--iut", "./broken.py"]], ids=["record", "plan"]
)
def test_plan_becomes_a_script(folder: Path, given: list[str], tmp_path: Path) -> None:
    """It shows the behaviour by the moves of the plan alone."""
    script = tmp_path / "repro.py"
    ended = sockproof_(folder, "repro", *given, "-o", str(script), *HURRY, **QUICK)

    assert ended.status == 0, ended.stderr
    assert_shown(script, str(folder / "broken.py"))


@pytest.mark.by_turns(3)
def test_plan_of_a_right_server_becomes_none(folder: Path) -> None:
    """There is nothing to show where the plan goes well."""
    ended = sockproof_(folder, "repro", "plan.json", **QUICK)

    assert f"{CASE} passes there" in ended.error
    assert ended.status == FAULT


BAD_PLANS: dict[str, tuple[object, str]] = {
    "no case": ({"plan": {}}, "is not a plan; it needs 'case'"),
    "a list": ([], "is not a plan; it needs 'case'"),
    "another case": (
        {"case": "dispatch/refused-request-is-closed[TCP/inet]", "plan": {}},
        "dispatch/refused-request-is-closed[TCP/inet] plays no plan",
    ),
    "another spec": ({"case": CASE, "plan": {"spec": "UDP/inet"}}, "plays no plan of UDP/inet"),
    "no moves": (
        {"case": CASE, "plan": {"spec": "TCP/inet", "handler": []}},
        "it is not a plan of clients: KeyError('moves')",
    ),
    "no life": ({"case": CASE, "plan": {"spec": "TCP/inet"}}, "it is not a life of a server"),
    "a life for clients": (
        {"case": CASE, "plan": {"spec": "TCP/inet", "moves": []}},
        f"{CASE.partition('[')[0]} plays no plan of a server's life",
    ),
    "clients for a life": (
        {
            "case": "generated/any-legal-call-order[TCP/inet]",
            "plan": {"spec": "TCP/inet", "handler": [], "moves": [], "packet_octets": 8192},
        },
        "generated/any-legal-call-order plays no plan of clients",
    ),
}


@pytest.mark.by_turns(16)
@pytest.mark.parametrize("name", BAD_PLANS)
def test_file_that_is_no_plan_is_refused(name: str, tmp_path: Path) -> None:
    """In one line, and before anything is played."""
    content, words = BAD_PLANS[name]
    (tmp_path / "bad.json").write_text(json.dumps(content), "utf-8")

    ended = sockproof_(tmp_path, "replay", "bad.json")

    assert words in ended.error
    assert ended.status == USAGE


@pytest.mark.by_turns(3)
def test_impossible_plan_is_refused(folder: Path, tmp_path: Path) -> None:
    """A peer that was changed to send before it connects."""
    plan = failing(folder)
    changed = {**plan, "moves": plan["moves"][::-1]}
    (tmp_path / "bad.json").write_text(json.dumps({"case": CASE, "plan": changed}), "utf-8")

    ended = sockproof_(tmp_path, "replay", "bad.json")

    assert "the plan is not possible; a peer connects first" in ended.error
    assert ended.status == USAGE


@pytest.mark.by_turns(5)
def test_what_takes_long_is_said_before(tmp_path: Path) -> None:
    """Hundreds of plans take minutes, in which nothing is printed."""
    case = "generated/streams-lose-nothing[TCP/inet]"

    few, many = (
        sockproof_(tmp_path, "replay", case, "--examples", count) for count in ("15", "20")
    )

    assert few.stderr == ""
    assert "plays 20 generated plans of seed 1 on" in many.stderr
