"""Stand-alone scripts of what a green runtime does; and scripts that break show nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sockproof.iut.implementation import parse_iut
from sockproof.repro.trial import GONE, NOT_TOLD, THERE, run_script
from suites.selftest.runs import DEADLINE_S, sockproof_

PRELOAD = "import eventlet; eventlet.monkey_patch()"
# eventlet's select() listens to no exceptional conditions.
SHOWN = "streams/out-of-band-octet[TCP/inet]"
QUICK = {"SOCKPROOF_TIMEOUT_SCALE": "0.3"}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("print('observed: 2'); raise SystemExit(1)", THERE),
        ("print('observed: 2')", GONE),
        ("raise SystemExit(1)", NOT_TOLD),
        ("import nobody_has_this_module", NOT_TOLD),
        ("def", NOT_TOLD),
    ],
)
def test_a_script_that_breaks_shows_nothing(text: str, status: int) -> None:
    """Python ends with the status of a behaviour that is there, too, and says nothing of it."""
    assert run_script(text, parse_iut(sys.executable)).status == status


@pytest.mark.by_turns(16)
def test_script_shows_what_a_runtime_does(tmp_path: Path) -> None:
    """It is there, gone without the line that loads the runtime, and not told without eventlet."""
    path = tmp_path / "shows.py"
    options = ("--iut", "eventlet", "--shorten", "3", "-o", str(path))
    written = sockproof_(tmp_path, "repro", SHOWN, *options, **QUICK)
    assert written.status == 0, written
    text = path.read_text("utf-8")
    assert text.count(f"\n{PRELOAD}\n") == 1

    statuses = {}
    for name, lines in {"over it": PRELOAD, "bare": "", "none": "import nobody_has_this"}.items():
        changed = tmp_path / "changed.py"
        changed.write_text(text.replace(f"\n{PRELOAD}\n", f"\n{lines}\n"), "utf-8")
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", str(changed)], capture_output=True, timeout=DEADLINE_S
        )
        statuses[name] = ended.returncode
    assert statuses == {"over it": THERE, "bare": GONE, "none": NOT_TOLD}
