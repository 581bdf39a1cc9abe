"""The most common failures are told as the golden file has it: each change of words is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suites.selftest.told_failures import COUNT, MATRIX, Failure, most_common, read_golden, told

TOLD = read_golden()
PARTS = 32
# Words of ours that nobody knows who has not read our source.
OURS = ("fence", "step", "gate", "{'", "ScriptedHandler", "_sockproof")


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("failure", TOLD, ids=lambda failure: failure.mutant)
def test_failure_is_told_in_the_same_words(failure: Failure, tmp_path: Path) -> None:
    """If they are better now: ``python -m suites.selftest.told_failures``, and read all of them."""
    assert told(failure, tmp_path) == TOLD[failure]


def test_file_has_the_most_common() -> None:
    """Of the published proof."""
    assert len(TOLD) == COUNT
    assert [*TOLD] == most_common(json.loads(MATRIX.read_text("utf-8")))


@pytest.mark.parametrize("failure", TOLD, ids=lambda failure: failure.mutant)
def test_failure_is_told_in_words_of_its_user(failure: Failure) -> None:
    """The promise first, then what happened, without a word of the harness's own."""
    lines = TOLD[failure].splitlines()

    assert lines[0].startswith(("promise ", "expected nothing is left", "./"))
    assert [line for line in lines if any(word in line for word in OURS)] == []
