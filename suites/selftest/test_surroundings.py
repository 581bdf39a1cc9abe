"""The main job in all kinds of surroundings: it ends the same, tells the same, leaves as little.

Each row plays a short run of two implementations, this Python's own and a broken one, from a copy
of the checkout; then the tests that touch the outside. It is seen red as well, for a fault.
"""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sockproof._paths import kit_dir
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from suites.selftest.runs import (
    DEADLINE_S,
    HARNESS,
    REPORTS,
    Ended,
    in_terminal,
    wait_until,
)
from suites.selftest.surroundings import ROWS, Fault, Surroundings
from suites.selftest.wheel import install_wheel

KIT = kit_dir()
PARTS = ("harness", "suites", "fixtures", "pyproject.toml", "conftest.py", "reports")
LAUNCH = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from sockproof.__main__ import main; main()"
)
BROKEN = "has_daemons"
BREACH = "threading/daemon-threads-default-false"
BREAKS = "ThreadingTCP/inet"
SENSITIVE = ("errors/traceback", "unix/", "privileged", "host-by-name", "generated/")
CHOSEN = [
    *("-k", f"({' or '.join(SENSITIVE)}) and not ThreadingTCP or {BREACH}"),
    *("--spec", "TCP/inet*", "--spec", "ThreadingUnixStream/path", "--spec", "ForkingUDP/inet"),
    *("--spec", BREAKS, "--examples", "2", "--report-dir", "out"),
]
PASSED_LEAST = 25
PATIENCE = 5
OUTSIDE = (
    "test_cli.py::test_doctor_tells_what_cannot_be_tested",
    "test_cli.py::test_shell_and_folder_of_the_user_have_no_say",
    "test_discovery.py",
    "test_page_views.py::test_page_opens_in_silence",
    "test_process.py::test_what_is_printed_is_kept_apart",
    "test_repro_commands.py::test_stored_failure_is_the_same_again",
    "test_repro_commands.py::test_transcript_becomes_a_capture",
    "test_repro_scripts.py::test_script_that_cannot_tell_ends_with_2",
    "test_run_leaves_nothing.py::test_interrupted_run_closes_its_record",
    "test_run_status.py::test_disk_full_in_mid_run_is_one_line",
    "test_run_status.py::test_nothing_selected_leaves_an_earlier_record_alone",
    "test_run_status.py::test_record_that_cannot_be_written_is_one_line",
    "test_standard_streams.py::test_full_standard_output_is_told",
    "test_standard_streams.py::test_stopped_reader_is_waited_for",
)
"""Tests that touch what is outside: files, pipes, terminals, other programs, interpreters."""
SHARES = 3
"""In so many runs."""
COLOUR = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
HEADLINE = re.compile(
    r"  \d+ cases, 2 implementations(, [\d.]+ s, [\d.]+ cases/s)?; partial: -k '.*\r?\n"
)
PROGRESS = re.compile(r"  \d+ of \d+ cases .*|  \d+ of \d+ cases")
LACKING = re.compile(r"sockproof: .*: this machine lacks what some cases need: no IPv6 here \(\d\)")
"""Of each implementation, where some cases cannot be played."""
PLAYED = [
    pytest.param(row, id=row.id, marks=pytest.mark.skipif(bool(why), reason=why))
    for row in ROWS.values()
    for why in [row.missing()]
]
ASSERTING = [row for row in PLAYED if row.id != "optimized"]
"""Where tests have their asserts."""


def placed(row: Surroundings, root: Path, fault: Fault | None = None) -> Path:
    """Make the row's folders, and put sockproof into one, with a fault if so told; that one."""
    for name in ("home", "tmp", row.folder):
        (root / name).mkdir()
    if row.clock_set_back:
        source = Path(__file__).with_name("clock_set_back.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", root / "clock.so", source], check=True)
    checkout = root / row.checkout
    (install_wheel if row.installed else _copy)(checkout)
    if fault is not None:
        path = checkout / (fault.file.removeprefix("harness/") if row.installed else fault.file)
        text = path.read_text("utf-8")
        assert fault.old in text, fault
        path.write_text(text.replace(fault.old, fault.new), "utf-8")
    return checkout


def _copy(checkout: Path) -> None:
    """What is compiled already comes along: that is no part of any surroundings."""
    checkout.mkdir()
    without = shutil.ignore_patterns("out", "kill-matrix.*", "*.html")
    for part in PARTS:
        source = KIT / part
        if source.is_dir():
            shutil.copytree(source, checkout / part, ignore=without)
        else:
            shutil.copy(source, checkout)


def library(row: Surroundings, checkout: Path) -> Path:
    """The folder that ``sockproof`` is imported from."""
    return checkout if row.installed else checkout / "harness"


def played(row: Surroundings, root: Path, arguments: Sequence[str]) -> Ended:
    """A command as it ended in the surroundings of the row."""
    command, variables = row.command(root, arguments), row.environment(root)
    folder = root / row.folder
    if row.columns:
        return in_terminal(command, row.columns, cwd=folder, env=variables)
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # without a terminal, whoever runs the tests
    ) as process:
        if row.clock_set_back:
            wait_until(lambda: process.poll() is not None or _has_begun(root))
            (root / "set-back").touch()
        output, told = process.communicate(timeout=PATIENCE * DEADLINE_S)
    return Ended(process.returncode, *(text.decode("utf-8", "replace") for text in (output, told)))


def _has_begun(root: Path) -> bool:
    """Whether something has been played, or tests have been."""
    rows = (path.read_bytes() for path in root.glob("*/out/*.jsonl"))
    return any(b'"kind":"case"' in text for text in rows) or any(root.glob("tmp/pytest-*/*/*"))


def main_job(row: Surroundings, root: Path, checkout: Path) -> Ended:
    """A short run."""
    library = checkout if row.installed else checkout / "harness"
    broken = _kit(row, checkout) / "fixtures" / "partners" / f"{BROKEN}.py"
    iuts = [f"--iut={sys.executable}", f"--iut={broken}"]
    given = ["run", *iuts, *CHOSEN, *row.options]
    return played(row, root, [sys.executable, "-c", LAUNCH, str(library), *given])


def _kit(row: Surroundings, checkout: Path) -> Path:
    """The folder of the suites."""
    return checkout / "sockproof" / "kit" if row.installed else checkout


def assert_as_ever(row: Surroundings, root: Path, ended: Ended) -> None:
    """Status, output, records, reports, and what is left."""
    assert ended.status == 1, ended
    lines = [line for line in ended.stderr.splitlines() if not PROGRESS.fullmatch(line)]
    assert [line for line in lines if not (row.absent and LACKING.fullmatch(line))] == []
    assert len(lines) == (2 if row.absent else 0)
    printed = COLOUR.sub("", ended.stdout)
    assert HEADLINE.search(printed), printed
    assert re.search(rf"{BROKEN} +FAIL MUST +{BREACH}", printed), printed
    found = {path.name for path in (root / row.folder / "out").iterdir()}
    assert found >= REPORTS
    records = [read_record(path) for path in (root / row.folder / "out").glob("*.jsonl")]
    (own,) = (record for record in records if record.iut_id != BROKEN)
    (broken,) = (record for record in records if record.iut_id == BROKEN)
    assert_passes(own, row.absent)
    bad = [case.id for case in broken.cases if case.verdict is Verdict.FAIL]
    assert bad == [f"{BREACH}[{BREAKS}]"]
    assert_leaves(row, root, found - REPORTS)


def assert_passes(record: Record, absent: str) -> None:
    """All pass, but those of a capability that is absent; no time runs backwards."""
    assert record.complete, record.incomplete_reason
    verdicts = {case.id: case.verdict for case in record.cases}
    assert set(verdicts.values()) <= {Verdict.PASS, Verdict.NOT_APPLICABLE}, verdicts
    assert list(verdicts.values()).count(Verdict.PASS) >= PASSED_LEAST
    gone = [case.verdict for case in record.cases if fnmatch.fnmatch(case.spec, absent)]
    assert set(gone) == ({Verdict.NOT_APPLICABLE} if absent else set())
    assert [case.id for case in record.cases if case.teardown.unclean] == []
    assert min(case.duration_s for case in record.cases) >= 0
    assert record.duration_s is not None
    assert record.duration_s >= 0


def assert_leaves(row: Surroundings, root: Path, records: set[str]) -> None:
    """Its reports, readable to whom the umask lets, and nothing else anywhere."""
    assert len(records) == 2
    assert [path.name for path in (root / row.folder).iterdir()] == ["out"]
    assert [path for path in (root / "tmp").rglob("*") if not path.is_dir()] == []
    assert list((root / "tmp").rglob("sockproof-*")) == []
    assert list((root / "home").iterdir()) == []
    mask = row.umask if row.umask is not None else own_umask()
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in (root / row.folder / "out").iterdir()
    }
    assert set(modes.values()) == {0o666 & ~mask}, modes


def own_umask() -> int:
    """That of this process, as it is inherited."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(r"^Umask:\s*(\d+)", status, re.MULTILINE)[1], 8)  # type: ignore[index]


@pytest.fixture
def root() -> Iterator[Path]:
    """Where all folders of a row are: its path is short, for a run avoids a long TMPDIR."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.by_turns(72)
@pytest.mark.parametrize("row", PLAYED)
def test_main_job_is_as_ever(row: Surroundings, root: Path) -> None:
    """A run ends with what it saw, in these surroundings as in any other."""
    checkout = placed(row, root)

    ended = main_job(row, root, checkout)

    assert_as_ever(row, root, ended)


@pytest.mark.by_turns(SHARES * len(ASSERTING))
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("row", ASSERTING)
def test_outside_is_as_ever(row: Surroundings, share: int, root: Path) -> None:
    """The tests that touch the outside pass, or say why they are left out."""
    names = OUTSIDE[share::SHARES]
    kit = _kit(row, placed(row, root))
    places = [f"--config-file={kit / 'pyproject.toml'}", f"--rootdir={kit}", "-pno:cacheprovider"]
    tests = [str(kit / "suites" / "selftest" / name) for name in names]

    ended = played(row, root, [sys.executable, "-m", "pytest", "-q", "-n", "2", *places, *tests])

    assert ended.status == 0, ended.stdout
    assert int(re.search(r"(\d+) passed", ended.stdout)[1]) >= len(names)  # type: ignore[index]


@pytest.mark.by_turns(48)
@pytest.mark.parametrize("row", PLAYED)
def test_row_is_red_for_its_fault(row: Surroundings, root: Path) -> None:
    """With the fault that these surroundings bring to light, the same run is not as ever."""
    checkout = placed(row, root, row.fault)

    ended = main_job(row, root, checkout)

    with pytest.raises((AssertionError, FileNotFoundError)):
        assert_as_ever(row, root, ended)


@pytest.mark.parametrize("row", ROWS)
def test_fault_is_of_a_text_that_is_there(row: str) -> None:
    """Whoever moves it moves it here as well: a row is seldom played."""
    fault = ROWS[row].fault

    assert fault.old in (HARNESS / fault.file.removeprefix("harness/")).read_text("utf-8")
