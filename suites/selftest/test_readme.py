"""What README and the reference records say is so."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from sockproof._paths import kit_dir
from sockproof.commands.cli import main
from sockproof.record.reader import read_record
from sockproof.record.validate import validate_record
from sockproof.spec.catalogue import load_catalogue
from sockproof.spec.levels import format_python_level

ROOT = kit_dir()
REFERENCE = ROOT / "reports" / "reference"
RECORDS = sorted(REFERENCE.glob("*.jsonl"))

pytestmark = pytest.mark.skipif(
    not (ROOT / "README.md").is_file(), reason="an installed kit has neither README nor reports"
)


def option_names(command: str) -> set[str]:
    parameters = main.commands[command].params
    return {option for p in parameters if isinstance(p, click.Option) for option in p.opts}


def test_readme_tells_every_option_of_run() -> None:
    """The option table and ``sockproof run --help`` name the same options."""
    text = (ROOT / "README.md").read_text("utf-8")
    told = re.findall(r"^\| `(-{1,2}[a-z-]+)", text, re.MULTILINE)

    assert sorted(told) == sorted(option_names("run"))


def test_readme_tells_every_command() -> None:
    """Each command is shown in README at least once."""
    text = (ROOT / "README.md").read_text("utf-8")

    assert [name for name in main.commands if f"sockproof {name}" not in text] == []


def test_paths_in_readme_exist() -> None:
    """What README links to is there."""
    text = (ROOT / "README.md").read_text("utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]

    assert linked
    assert [target for target in linked if not (ROOT / target).exists()] == []


def test_reference_records_are_there() -> None:
    """CPython 2.7, 3.6 to 3.13 and PyPy are on record, in files of moderate size."""
    names = " ".join(path.stem for path in RECORDS)

    for version in ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"):
        assert f"cpython-{version}." in names
    assert "pypy-" in names
    kept = [path for suffix in ("jsonl", "html", "md") for path in REFERENCE.glob(f"*.{suffix}")]
    assert sum(path.stat().st_size for path in kept) < 10_000_000


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_reference_record_fits_schema_and_catalogue(path: Path) -> None:
    """It is complete, valid, of the requirements of today, and names nobody's home folder."""
    validate_record(path)
    record = read_record(path)
    catalogue = load_catalogue()

    assert record.complete, record.incomplete_reason
    assert list(record.requirements) == list(catalogue)
    for row in record.requirements.values():
        requirement = catalogue[row.id]
        since = format_python_level(requirement.since) if requirement.since else None
        assert (row.title, row.level, row.since) == (requirement.title, requirement.level, since)
    assert str(Path.home()) not in path.read_text("utf-8")
