"""Plans of interleaved clients: which are made, what is smaller, what is refused, and that one that
fails is kept, played again, and shown by a script."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import seed as set_seed

from fixtures.partners.service.table import SERVED
from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.service.mix_plan import LEAVES, Mix, MixMove, legal_mix, mix_of
from sockproof.check.service.mix_strategies import mixes, smaller_mixes
from sockproof.errors import UsageError
from sockproof.generate.options import MIXES, Generating
from sockproof.generate.search import hypothesis_settings
from sockproof.spec.matrix import spec_by_id
from suites.selftest.checked import CHECK
from suites.selftest.runs import Mark, living, records_in, sockproof_

CASE = "service/interleaved-clients-are-answered[TCP/inet]"
LOGIN = read_exchanges(SERVED["login"].exchanges).exchanges
TCP = spec_by_id("TCP/inet")


def plans_of(seed: int) -> list[Mix]:
    """All that are made, in their order."""
    found: list[Mix] = []

    @set_seed(seed)
    @given(mixes(TCP, LOGIN))
    def keep(mix: Mix) -> None:
        found.append(mix)

    hypothesis_settings(Generating(examples=MIXES), None)(keep)()
    return found


def legal(mix: Mix) -> Mix:
    return legal_mix(mix, LOGIN, is_stream=True)


@pytest.mark.by_turns(3)
def test_plans_are_legal_and_those_of_the_seed() -> None:
    """Among them are those who leave in each way, who go on, and pieces."""
    plans = plans_of(1)
    more = [*plans, *plans_of(2), *plans_of(3)]
    done = {move.do for plan in more for move in plan.moves}
    named = {name for plan in plans for path in plan.clients for name in path}

    assert [plan for plan in plans if legal(plan) != plan] == []
    assert plans == plans_of(1) != plans_of(2)
    assert done == {"send", "hear", *LEAVES}
    assert named == {one.name for one in LOGIN.all}
    assert len(set(plans)) > MIXES / 2


@pytest.mark.by_turns(3)
def test_what_is_smaller_is_legal_and_less() -> None:
    """And some of it is: with a client less, a move less."""
    plan = max(plans_of(1), key=lambda one: one.size)
    smaller = list(smaller_mixes(plan, LOGIN, is_stream=True))

    assert [one for one in smaller if legal(one) != one] == []
    assert {len(one.clients) for one in smaller} >= {len(plan.clients), len(plan.clients) - 1}
    assert any(len(one.moves) == len(plan.moves) - 1 for one in smaller)


def test_moves_that_cannot_be_are_left_out() -> None:
    """Nobody says more than there is, or hears before it is said; who has left does nothing."""
    made = legal(
        Mix(
            "TCP/inet",
            (("login",), ("greeting", "login", "greeting"), ("greeting",)),
            (
                MixMove("send", 1),
                MixMove("hear", 3),
                MixMove("send", 2),
                MixMove("hear", 2),
                MixMove("hear", 2),
                MixMove("send", 2, 4),
                MixMove("send", 2, 400),
                MixMove("end", 3),
                MixMove("hear", 2),
                MixMove("reset", 2),
            ),
        )
    )

    assert made.clients == (("greeting",), ("greeting", "login"))
    assert [str(move) for move in made.moves] == [
        "client 1: hear",
        "client 2: hear",
        "client 2: send 4 octets",
        "client 2: send the rest",
        "client 2: hear",
    ]


def test_plan_is_read_as_it_was_written() -> None:
    """As JSON."""
    for plan in plans_of(3):
        assert mix_of(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"moves": [{"do": "send"}]}, "not a plan of interleaved clients"),
        ({"clients": 3}, "not a plan of interleaved clients"),
        ({"moves": [{"do": "sing", "client": 1}]}, "not possible: client 1: sing"),
        ({"moves": [{"do": "send", "client": 2}]}, "not possible: client 2"),
        ({"moves": [{"do": "send", "client": 1, "octets": -1}]}, "not possible"),
    ],
)
def test_what_is_no_plan_is_refused(changed: Mapping[str, Any], told: str) -> None:
    """Of others, who may write anything."""
    data = {"spec": "TCP/inet", "clients": [["greeting"]], "moves": [], **changed}

    with pytest.raises(UsageError, match=told):
        mix_of(data)


@pytest.mark.by_turns(11)
def test_a_plan_that_fails_is_kept_and_played_again(tmp_path: Path) -> None:
    """It is in the record, small, with its seed; it can be kept, and a script shows it."""
    server, mark = SERVED["one_rest_for_all"], Mark.new()
    options = ["--patience", "3", "--seed", "7", "--examples", "30"]

    ended = sockproof_(
        tmp_path, *CHECK, *options, "-k", "interleaved", *server.words, **mark.variables
    )

    (record,) = records_in(tmp_path).values()
    (row,) = record.cases
    assert (ended.status, row.id) == (1, CASE), ended
    assert row.generated is not None
    assert row.generated["seed"] == 7
    plan = mix_of(row.generated["failing"])
    assert [move.do for move in plan.moves] == ["send", "send"]
    again = ["replay", str(record.path), CASE, *server.words, "-o", "plan.json"]
    assert sockproof_(tmp_path, *again, **mark.variables).status == 0
    assert mix_of(json.loads((tmp_path / "plan.json").read_text("utf-8"))["plan"]) == plan
    kept = sockproof_(tmp_path, "replay", "plan.json", *server.words, **mark.variables)
    assert (kept.status, "0 of 1 ended as promised" in kept.stdout) == (1, True), kept
    written = sockproof_(tmp_path, "repro", "plan.json", *server.words, "-o", "x.py")
    assert "it shows it" in written.stdout, written
    shown = subprocess.run([sys.executable, "-I", "x.py"], cwd=tmp_path, check=False)
    assert shown.returncode == 1
    assert list(living(mark)) == []


@pytest.mark.by_turns(3)
def test_a_plan_of_other_examples_is_refused(tmp_path: Path) -> None:
    """Its exchanges are not there."""
    plan = legal(
        Mix("TCP/inet", (("greeting",), ("greeting",)), (MixMove("hear", 1), MixMove("hear", 2)))
    )
    text = json.dumps({"case": CASE, "plan": plan.to_json()})
    (tmp_path / "plan.json").write_text(text, "utf-8")

    ended = sockproof_(tmp_path, "replay", "plan.json", *SERVED["threads"].words)

    assert ended.status != 0
    assert "the plan is not one of these examples" in ended.stdout + ended.stderr
