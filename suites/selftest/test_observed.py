"""Observations are evidence: each has its value where a case is played, beside what the records of
reference have, and nobody says that what is not promised has passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof._paths import REFERENCE, kit_dir
from sockproof.report.observed import observed_lines, rows_of_references
from suites.selftest.runs import sockproof_
from suites.selftest.small_records import MUST, OBSERVED, of, write

CASE = "forking/shutdown-at-max-children[ForkingTCP/inet]"
SEEN = "shutdown() waits for the child: true"


def test_values_are_told_with_those_of_others() -> None:
    """Who shows the same, who shows what else, and who did not observe it."""
    others = {
        "cpython-3.8": of(OBSERVED, text="old"),
        "cpython-3.9": of(OBSERVED, text="new"),
        "pypy-7.3": of(OBSERVED),
    }

    assert list(observed_lines(of(OBSERVED, text="new"), others)) == [
        "text: new",
        "  the same: cpython-3.9",
        "  old: cpython-3.8",
        "  (not observed): pypy-7.3",
    ]
    assert list(observed_lines(of(MUST), {})) == []


def test_case_is_found_in_each_reference(tmp_path: Path) -> None:
    """The oldest first; records without it are left out, and no longer id is taken for it."""
    for version in ("3.10.1", "3.9.1"):
        write(tmp_path, version, [of(OBSERVED, text=version), of(OBSERVED, "TCP/inet,more")])
    write(tmp_path, "3.8.1", [of(MUST)])

    found = rows_of_references("errors/banner[TCP/inet]", tmp_path)

    assert list(found) == ["cpython-3.9.1", "cpython-3.10.1"]
    assert [row.observations["text"] for row in found.values()] == ["3.9.1", "3.10.1"]


def test_case_of_the_catalogue_is_in_the_references() -> None:
    """Those that ship have it."""
    assert len(rows_of_references(CASE, kit_dir() / REFERENCE)) >= 10


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("command", ["run", "replay"])
def test_value_is_printed(tmp_path: Path, command: str) -> None:
    """By run, where few cases are selected, and by replay, which says that nothing is promised."""
    case = ("-k", CASE) if command == "run" else (CASE,)

    ended = sockproof_(tmp_path, command, *case)

    assert ended.status == 0, ended
    assert SEEN in ended.stdout
    if command == "replay":
        assert "1 of 1  observed" in ended.stdout
        assert "nothing of it is promised by any document" in ended.stdout
        assert "PASS" not in ended.stdout
        assert "            false: cpython-2.7.18" in ended.stdout
