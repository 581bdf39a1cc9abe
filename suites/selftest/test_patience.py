"""Cases that wait for long are played beside all others, and side by side; what becomes of them."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof.judge.verdict import Verdict
from sockproof.spec.catalogue import load_catalogue
from sockproof.timing import PATIENCE_S
from suites.selftest.runs import (
    DEADLINE_S,
    REFUSED,
    SPEC,
    Mark,
    living,
    play,
    records_in,
    started_command,
    wait_until,
)

PATIENT = [one for one in load_catalogue().values() if one.is_patient]
CASES = sum(len(one.applies.specs()) for one in PATIENT)
CLOSING = f"patience/server-close-waits-for-threads[{SPEC}]"
READING = f"patience/handlers-wait-for-octets[{SPEC}]"
# A right module whose server tells by a file that it waits.
TELLS = """
import os, socketserver
from socketserver import *

class ThreadingTCPServer(socketserver.ThreadingTCPServer):
    def server_close(self):
        open(os.environ["CLOSING"], "a").close()
        super().server_close()
"""


@pytest.mark.by_turns(24)
@pytest.mark.parametrize("workers", ["0", "2"])
def test_all_wait_at_the_same_time(workers: str, tmp_path: Path) -> None:
    """One after the other they would take longer than a run may here; the others come first."""
    ended = play(tmp_path, [], "patience/", REFUSED, options=("-n", workers, "--spec", "*TCP/inet"))

    assert ended.status == 0, ended
    (record,) = records_in(tmp_path).values()
    patient = [case for case in record.cases if case.requirement.startswith("patience/")]
    assert [case.verdict for case in record.cases] == [Verdict.PASS] * len(record.cases)
    assert len(patient) * PATIENCE_S > DEADLINE_S
    assert all(case.duration_s >= PATIENCE_S for case in patient)
    assert list(record.cases[-len(patient) :]) == patient


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_case_whose_process_dies_is_told(workers: str, tmp_path: Path) -> None:
    """It is an error, and the run is incomplete; the next case is played."""
    iut = str(partner("kills_its_worker"))
    options = ("-n", workers, "--spec", SPEC)

    ended = play(tmp_path, [iut], READING, REFUSED, options=options)

    assert ended.status == 3, ended
    (record,) = records_in(tmp_path).values()
    verdicts = {case.id: case.verdict for case in record.cases}
    assert verdicts == {READING: Verdict.ERROR, f"{REFUSED}[{SPEC}]": Verdict.PASS}
    assert "ended without a word" in (record.case(READING) or record.cases[0]).reason
    assert not record.complete


@pytest.mark.by_turns(48)
@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_case_whose_process_stands_still_is_told(workers: str, tmp_path: Path) -> None:
    """It holds up nobody for good: it is ended, and told like one that died."""
    options = ("-n", workers, "--spec", SPEC)

    ended = play(
        tmp_path,
        [str(partner("stops_its_worker"))],
        READING,
        REFUSED,
        options=options,
        SOCKPROOF_TIMEOUT_SCALE="0.1",
    )

    assert ended.status == 3, ended
    (record,) = records_in(tmp_path).values()
    assert [case.verdict for case in record.cases] == [Verdict.PASS, Verdict.ERROR]
    assert "ended without a word" in record.cases[-1].reason


@pytest.mark.parametrize("workers", ["0", "1"])
def test_an_interrupt_ends_those_that_wait(workers: str, tmp_path: Path) -> None:
    """The command ends at once, and leaves nobody who waits on."""
    mark, closing, module = Mark.new(), tmp_path / "closing", tmp_path / "tells.py"
    module.write_text(TELLS, "utf-8")
    chosen = ["--iut", str(module), "-k", CLOSING, "-n", workers, "--report-dir", "out"]

    with started_command(tmp_path, "run", *chosen, CLOSING=str(closing), **mark.variables) as run:
        wait_until(closing.exists)
        run.send_signal(signal.SIGINT)
        status = run.wait(PATIENCE_S - 10)

    assert status == 3
    assert (tmp_path / "printed").read_text("utf-8").splitlines()[-1].endswith("interrupted")
    assert list(living(mark)) == []


@pytest.mark.by_turns(24)
def test_a_deviation_is_held_against_the_interpreters_own(tmp_path: Path) -> None:
    """Of several the same cases are played side by side, too: one after the other would be late."""
    module = tmp_path / "gives_up.py"
    module.write_text(
        "import socketserver\nfrom socketserver import *\n"
        "class StreamRequestHandler(socketserver.StreamRequestHandler):\n    timeout = 2\n",
        "utf-8",
    )

    ended = play(tmp_path, [str(module)], "handlers-wait", options=("--spec", "*TCP/inet"))

    (record,) = records_in(tmp_path).values()
    assert [case.verdict for case in record.cases] == [Verdict.FAIL] * len(record.cases)
    assert ended.status == 1, ended
    assert len(record.cases) * PATIENCE_S > DEADLINE_S - PATIENCE_S


def test_every_wait_is_of_one_kind_of_server_or_few() -> None:
    """Each takes a process: so many may wait side by side."""
    assert len(PATIENT) >= 8
    assert CASES <= 16
