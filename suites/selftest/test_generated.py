"""Generated plans: the same from the same seed; they find what is broken, and tell it briefly.

What they say of an untouched socketserver, the suite itself tells with every run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import seed as set_seed
from hypothesis.stateful import run_state_machine_as_test

from sockproof._paths import kit_dir
from sockproof.errors import UsageError
from sockproof.generate.alike import without_constants_of_modules
from sockproof.generate.client_plan import Move, Payload, Plan, Playable, Profile, legal
from sockproof.generate.life import Life, LifeModel, LifeStep
from sockproof.generate.options import Generating
from sockproof.generate.pieces import Conversation, follow
from sockproof.generate.search import hypothesis_settings
from sockproof.generate.shrinking import smaller_lives, smaller_plans
from sockproof.generate.strategies import lives, plans
from sockproof.judge.verdict import Verdict
from sockproof.mutation.named import load_mutants
from sockproof.record.reader import read_record
from sockproof.spec.matrix import spec_by_id
from suites.selftest.mutant_files import module_name, write_mutant
from suites.selftest.record_schema import validate_record
from suites.selftest.test_mutants import SHORT, SOURCE, cases_of, play

MUTANTS = {mutant.id: mutant for mutant in load_mutants() if mutant.category == "generated"}
EXAMPLES = 2000
MOVES_MAX = 6
"""What a person takes in at a glance; the end of a plan, the same for all, is not counted."""
RACY = {
    "replies-of-two-at-work-are-swapped",
    "reply-to-a-silent-client-is-cut",
    "second-reset-in-a-row-keeps-a-descriptor",
    "unread-connection-stays-open",
    "waiting-datagram-overtakes-an-empty-one",
}
"""Broken only where the client, or another handler, comes at the right moment: a plan of theirs may
pass when it is played again, and then says so. All that ask what has come already are of them."""

ANYTHING = Profile(faults=True, unread=True)


def made(spec_id: str, number: int, seed: int = 1) -> list[Playable]:
    """The plans that a case of this spec would play, and none of them played."""
    generating = Generating(seed=seed, examples=number)
    found: list[Playable] = []
    spec = spec_by_id(spec_id)
    given_plans = given(plans(spec, ANYTHING))(lambda plan: found.append(plan))
    machine = set_seed(seed)(lives(spec, found.append, close_waits=True))
    with without_constants_of_modules():
        hypothesis_settings(generating, None)(set_seed(seed)(given_plans))()
        run_state_machine_as_test(machine, settings=hypothesis_settings(generating, None))
    return found


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("mutant_id", MUTANTS)
def test_broken_server_is_found_and_its_plan_shrunk(mutant_id: str, tmp_path: Path) -> None:
    """A plan of a few moves is told, in words and as data, by a run that knows of no plan that
    failed before."""
    mutant = MUTANTS[mutant_id]
    module = {write_mutant(mutant, SOURCE, tmp_path): cases_of([mutant])}

    records = play(tmp_path, module, SHORT, Generating(examples=EXAMPLES, cache=tmp_path / "cache"))

    (case,) = records[module_name(mutant)].cases
    assert case.verdict is Verdict.FAIL, case.reason
    assert case.generated is not None
    assert "played again" not in case.actual or mutant_id in RACY
    assert len(case.generated["failing"]["moves"]) <= MOVES_MAX, case.actual
    assert case.generated["plans"] <= EXAMPLES


COMMANDS = {
    "sockproof run": ["sockproof", "run", "-n0", "-kgenerated/handlers-start-in-order"],
    "pytest": ["pytest", "-pno:cacheprovider", f"{kit_dir()}/suites/generated", "-kin-order"],
}


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("command", COMMANDS)
def test_options_reach_the_record(command: str, tmp_path: Path) -> None:
    """The header has the seed, and the case's row the seed and the number of plans."""
    options = ["--spec=TCP/inet", "--seed=5", "--examples=3", f"--report-dir={tmp_path}"]

    subprocess.run(
        [sys.executable, "-m", *COMMANDS[command], *options],
        cwd=kit_dir() if command == "pytest" else tmp_path,
        env={**os.environ, "PYTHONPATH": str(kit_dir() / "harness"), "PYTEST_ADDOPTS": ""},
        check=True,
        capture_output=True,
    )

    (path,) = tmp_path.glob("*.jsonl")
    validate_record(path)
    record = read_record(path)
    (case,) = record.cases
    assert record.header["seed"] == 5
    assert case.generated is not None
    assert case.generated["seed"] == 5
    assert 1 <= case.generated["plans"] <= 3


@pytest.mark.by_turns(5)
def test_plan_that_failed_is_tried_first(tmp_path: Path) -> None:
    """It is kept below the folder that is named, and found at once by the next run."""
    mutant = MUTANTS["reply-to-a-silent-client-is-cut"]
    module = write_mutant(mutant, SOURCE, tmp_path)
    found = []

    for seed in (1, 1000):
        generating = Generating(seed, 40, tmp_path / "cache")
        record = play(tmp_path / str(seed), {module: cases_of([mutant])}, SHORT, generating)
        found += [case.generated or {} for case in record[module_name(mutant)].cases]

    first, second = found
    assert first["plans"] > second["plans"] == 1
    assert first["failing"] == second["failing"]


@pytest.mark.by_turns(5)
def test_same_seed_gives_the_same_plans() -> None:
    """Also in another process, which has loaded other modules; another seed gives others."""
    source = (
        f"from {__name__} import made; import json; "
        "print(json.dumps([plan.to_json() for plan in made('TCP/inet', 40)]))"
    )
    path = os.pathsep.join([str(kit_dir()), str(kit_dir() / "harness")])
    other = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "17"},
        capture_output=True,
        check=True,
    )

    here = made("TCP/inet", 40)

    assert json.loads(other.stdout) == json.loads(json.dumps([plan.to_json() for plan in here]))
    assert here != made("TCP/inet", 40, seed=2)


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("spec_id", ["TCP/inet", "ForkingUnixStream/path", "UnixDatagram/path"])
def test_smaller_plans_are_smaller_and_legal(spec_id: str) -> None:
    """Each thing that is taken away leaves a plan that could have been made."""
    for plan in made(spec_id, 40):
        if isinstance(plan, Plan):
            stream = spec_by_id(spec_id).is_stream
            for one in smaller_plans(plan):
                assert one.moves == legal(one.moves, stream=stream)
                assert len(one.moves) <= len(plan.moves)
        elif isinstance(plan, Life):
            for life in smaller_lives(plan):
                model = LifeModel(spec_by_id(spec_id))
                for step in life.moves:
                    assert model.legal(step.do)
                    model.take(step)
                assert len(life.moves) <= len(plan.moves)


def test_plan_is_told_in_words() -> None:
    """A line for the server and one for each move; long payloads by their length."""
    moves = (
        Move("connect", 1),
        Move("send", 1, Payload("1a", (0, 3)), (1,)),
        Move("send", 1, Payload("1b", (1000,), ended=False)),
        Move("open the gate"),
    )

    words = Plan("TCP/inet", ("greet", "echo lines"), 0, moves).words()

    assert words == [
        "TCP/inet whose handler does: greet, echo lines",
        "peer 1: connect",
        "peer 1: send b'\\n1a1\\n' cut at 1",
        "peer 1: send 1000 octets, b'1b01b01b01b0'…",
        "open the gate",
    ]


@pytest.mark.parametrize(
    ("handler", "sent", "written"),
    [
        (("echo lines",), b"a\nb", b"a\nb"),
        (("echo a line", "echo the rest"), b"a\nb\nc", b"a\nb\nc"),
        (("greet", "half-close"), b"a\n", b"hello\n"),
        (("echo a line", "raise"), b"a\nb\n", b"a\n"),
        (("pass the gate", "return"), b"a\n", b""),
    ],
)
def test_model_knows_what_a_handler_writes(
    handler: tuple[str, ...], sent: bytes, written: bytes
) -> None:
    """The pieces say what a right handler writes to a client that ends its sending."""
    talk = Conversation(sent, ended=True, gate_open=True)

    follow(handler, talk)

    assert bytes(talk.written) == written


HELD_AT_SHUTDOWN = (
    LifeStep("construct"),
    LifeStep("serve_forever()"),
    LifeStep("hold", 1),
    LifeStep("ask", 2),
    LifeStep("shutdown()"),
    LifeStep("speak", 1),
)


@pytest.mark.parametrize("serves", [True, False])
def test_loop_that_ends_may_serve_who_waits(serves: bool) -> None:
    """What the loop was seen to do with who waited at its shutdown() is what the model goes by."""
    model = LifeModel(spec_by_id("TCP/inet"), takes_next=lambda _: serves)

    answered = [[client.number for client in model.take(step)] for step in HELD_AT_SHUTDOWN]

    assert answered[-1] == ([1, 2] if serves else [1])
    assert [client.number for client in model.queue] == ([] if serves else [2])
    assert model.loop == ""


def test_life_is_legal_whatever_the_loop_does_at_its_end() -> None:
    """Before it is played it is unknown who is the first to wait, so none of them may be silent."""
    model = LifeModel(spec_by_id("TCP/inet"))
    for step in HELD_AT_SHUTDOWN:
        model.take(step)
    assert model.legal("handle_request()")

    model.take(LifeStep("hold", 3))
    assert not model.legal("handle_request()")

    model.take(LifeStep("speak", 3))
    assert model.legal("handle_request()")


def test_generating_nothing_is_refused() -> None:
    """A case that plays no plan would pass whatever is wrong."""
    with pytest.raises(UsageError, match="--examples 0 is below 1"):
        Generating(examples=0)
