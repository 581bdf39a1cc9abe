"""A program of its own: whether it has come to rest, told by what its main thread does."""

from __future__ import annotations

import sys
from contextlib import closing

import pytest

from sockproof.iut.implementation import parse_iut
from sockproof.iut.program import Program

WAITS = """
import threading
say(main="waits")
threading.Event().wait()
"""
WORKS_ON = """
say(main="works")
for _ in range(3000000):
    pass
say(main="is done")
"""


@pytest.mark.parametrize(("source", "rests"), [(WAITS, True), (WORKS_ON, False)])
def test_a_program_that_works_on_is_not_at_rest(source: str, rests: bool) -> None:
    """One that waits for ever is; one that still computes, on whatever busy machine, is awaited
    until it says more."""
    with closing(Program(parse_iut(sys.executable), source)) as program:
        program.expect_word("main")

        assert program.comes_to_rest() is rests
