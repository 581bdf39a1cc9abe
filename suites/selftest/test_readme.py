"""What README, the tables of docs and the reference records say is so."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from sockproof._paths import kit_dir, reference_dir
from sockproof.commands.cli import main
from sockproof.record.reader import read_record
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.spec.catalogue import load_modules
from sockproof.spec.renames import load_renames
from suites.selftest.record_schema import validate_record
from suites.selftest.reference_rules import out_of_step

ROOT = kit_dir()
RECORDS = {module: sorted(reference_dir(module).glob("*.jsonl")) for module in (SERVERS, SOCKETS)}
ALL_RECORDS = [path for paths in RECORDS.values() for path in paths]
LINES_MAX = 150

pytestmark = pytest.mark.skipif(
    not (ROOT / "README.md").is_file(), reason="an installed kit has neither README nor reports"
)


def option_names(command: str) -> set[str]:
    found = main.get_command(click.Context(main), command)
    assert found is not None
    parameters = found.params
    return {option for p in parameters if isinstance(p, click.Option) for option in p.opts}


def options_told(section: str) -> set[str]:
    """Those in the table of a section of the page of options."""
    text = (ROOT / "docs" / "options.md").read_text("utf-8")
    part = text.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(-{1,2}[a-z-]+)", part, re.MULTILINE))


def test_readme_is_read_to_its_end() -> None:
    """It is short, and leaves the rest to the pages of docs."""
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()

    assert len(lines) <= LINES_MAX


def test_options_of_run_are_told() -> None:
    """The option table and ``sockproof run --help`` name the same options."""
    assert options_told("Options of `sockproof run`") == option_names("run")


@pytest.mark.parametrize("command", ["check", "init"])
def test_options_for_tls_are_told(command: str) -> None:
    """Whoever has clients of TLS has all of these."""
    told = {name for name in option_names(command) if name.startswith("--tls")}

    assert options_told("Options for TLS") == told


def test_every_command_is_told() -> None:
    """The table of commands and ``sockproof --help`` name the same commands."""
    text = (ROOT / "docs" / "options.md").read_text("utf-8")

    told = re.findall(r"^\| `sockproof (\w+)`", text, re.MULTILINE)

    context = click.Context(main)
    assert sorted(told) == main.list_commands(context)
    assert all(main.get_command(context, name) for name in told)


def test_short_table_of_statuses_has_all_of_them() -> None:
    """README's short table and the whole one begin with the same statuses."""
    pages = ("README.md", "docs/exit-statuses.md")
    told = [re.findall(r"^\| (\d) \|", (ROOT / page).read_text("utf-8"), re.M) for page in pages]

    assert told == [["0", "1", "2", "3", "4", "5"]] * 2


@pytest.mark.parametrize("module", RECORDS)
def test_reference_records_are_there(module: str) -> None:
    """CPython 3.6 to 3.13 and PyPy are on record, and of socketserver 2.7."""
    names = " ".join(path.stem for path in RECORDS[module])
    oldest = ("2.7",) if module == SERVERS else ()

    for version in (*oldest, "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"):
        assert f"cpython-{version}." in names
    assert "pypy-" in names


def test_reference_is_of_moderate_size() -> None:
    """All that is shipped of it, records and pages; of sockets no report is shipped."""
    names = ("*.jsonl", "*.md", "atlas.html")
    shipped = [path for name in names for path in reference_dir().rglob(name)]
    shipped.append(reference_dir() / "report.html")

    assert sum(path.stat().st_size for path in shipped) < 14_000_000


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("path", ALL_RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_reference_record_fits_schema_and_catalogue(path: Path) -> None:
    """It is complete, valid, of requirements of today, and names nobody's home folder.

    A requirement that is newer is not in it yet.
    """
    validate_record(path)
    record = read_record(path)
    catalogue = load_modules()

    assert record.complete, record.incomplete_reason
    assert out_of_step(record, catalogue, load_renames(catalogue)) == []
    assert str(Path.home()) not in path.read_text("utf-8")
