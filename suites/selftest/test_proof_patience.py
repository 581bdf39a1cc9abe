"""How long a proof waits for what hangs: shortly on mutants, else as long as a run does."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from sockproof.judge.verdict import Verdict
from sockproof.mutation.jobs import Job, PlayedJob, Seen
from sockproof.mutation.mutated_module import MODULES
from sockproof.mutation.player import patience
from sockproof.mutation.proving import UNTOUCHED, prove
from sockproof.spec.area_names import SERVERS
from sockproof.timing import SCALE_VARIABLE, scale
from suites.selftest.test_proof_judging import CASE, ECHO, subject


@pytest.mark.parametrize(
    ("given", "is_patient", "within"),
    [("0.4", False, 0.4), ("0.4", True, 1.0), ("3", True, 3.0), ("3", False, 3.0)],
)
def test_patient_job_waits_as_long_as_a_run(
    monkeypatch: pytest.MonkeyPatch, given: str, is_patient: bool, within: float
) -> None:
    """Or longer, where the user says so; and the next job as it did before."""
    monkeypatch.setenv(SCALE_VARIABLE, given)

    with patience(Job("untouched", "socketserver.py", patient=is_patient)):
        told = scale()

    assert (told, float(os.environ[SCALE_VARIABLE])) == (within, float(given))


class RecordingCrew:
    """Notes the jobs; of each, one case fails on the mutant."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def play(self, jobs: Sequence[Job]) -> Iterator[PlayedJob]:
        self.jobs += jobs
        for job in jobs:
            kills = job.subject not in UNTOUCHED
            verdict = Verdict.FAIL if kills else Verdict.PASS
            yield PlayedJob(job, [Seen(CASE, ECHO, verdict, kills, "")])


def test_the_untouched_module_is_waited_for_as_in_a_run(tmp_path: Path) -> None:
    """Twice, and mutants are not: on a busy machine what is right takes longer, too."""
    crew = RecordingCrew()

    proof = prove(
        cast("Any", crew),
        "",
        [subject()],
        tmp_path,
        MODULES[SERVERS],
        full=False,
        progress=lambda _done, _of: None,
    )

    assert proof.alarms == ()
    assert [(job.subject, job.patient) for job in crew.jobs] == [
        ("generic-0001", False),
        *((name, True) for name in UNTOUCHED),
    ]
