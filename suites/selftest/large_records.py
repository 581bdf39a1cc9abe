"""Records of many rows, as ``python -m suites.selftest.large_records FOLDER ROWS`` writes them, and
what a command over them costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow, RequirementRow
from sockproof.record.writer import RecordWriter
from sockproof.spec.levels import Level
from suites.selftest.record_data import CLEAN, STDERR, TRANSCRIPT, header
from suites.selftest.runs import command, environment

__all__ = ["Cost", "cost_of", "large_record"]

REQUIREMENTS = 50
SPECS = ("TCP/inet", "UDP/inet", "ThreadingTCP/inet6", "ForkingTCP/inet")
# Forks what it is given, and tells its peak of memory: a child of a large process begins with the
# peak of that.
_MEASURE = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
said = child.stderr.read().decode()
_, status, used = os.wait4(child.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024, said[-500:]]))
"""


def large_record(path: Path, rows: int, *, failing: int = 10, run: int = 0) -> Path:
    """A record of so many rows, of which each ``failing``-th deviates in words of its own, with
    evidence; ``run`` tells what it observes from what another run does."""
    level = (Level.MUST, Level.SHOULD, Level.OBSERVED)
    with RecordWriter(path, header("cpython-3.13.0", "python3.13", "3.13.0")) as writer:
        for n in range(REQUIREMENTS):
            title = f"Promise {n} is kept."
            row = RequirementRow(f"area-{n % 7}/promise-{n}", f"area-{n % 7}", title, level[n % 3])
            writer.requirement(row)
        for n in range(rows):
            number = n % REQUIREMENTS
            writer.case(_case(f"area-{number % 7}/promise-{number}", n, failing, run))
    return path


def _case(requirement: str, n: int, failing: int, run: int) -> CaseRow:
    spec = SPECS[n // REQUIREMENTS % len(SPECS)]
    case_id = f"{requirement}[{spec},variant {n}]"
    duration_s = round(0.003 + n / 1e6, 4)
    if n % failing:
        seen = {"errno": f"E{n}", "turns": n + run} if n % 7 == 0 else {}
        return CaseRow(
            case_id,
            requirement,
            spec,
            Verdict.PASS,
            teardown=CLEAN,
            duration_s=duration_s,
            observations=seen,
        )
    return CaseRow(
        case_id,
        requirement,
        spec,
        Verdict.FAIL,
        expected="it is answered",
        actual=f"{n} times it was not, run {run}",
        teardown=CLEAN,
        duration_s=duration_s,
        stderr=STDERR,
        transcript=TRANSCRIPT,
    )


@dataclass(frozen=True)
class Cost:
    """What a command ended with, its peak of memory, and the end of what it said of itself."""

    status: int
    octets: int
    said: str


def cost_of(folder: Path, arguments: Sequence[str]) -> Cost:
    """Carry out a command in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command(*arguments)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return Cost(*json.loads(ended.stdout))


if __name__ == "__main__":
    for number, name in enumerate("ab"):
        large_record(Path(sys.argv[1]) / f"{name}.jsonl", int(sys.argv[2]), run=number)
