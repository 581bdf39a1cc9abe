"""CPython's own tests as an independent opinion: real ones, of a few classes, on real modules."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path

import pytest

from sockproof.iut.implementation import parse_iut
from sockproof.mutation.cpython_tests import KILLED, SURVIVED, CpythonTests, usable_tests
from sockproof.mutation.subjects import write_module
from sockproof.spec.area_names import SOCKETS

SOURCE = Path(socket.__file__).read_text("utf-8")
FEW = ("*GeneralModuleTests.test_repr", "*GeneralModuleTests.test_name_closed_socketio")
# What the first of these looks for in the text of a socket.
BROKEN = SOURCE.replace(" fd=%i", " FD=%i")

pytestmark = [
    pytest.mark.by_turns(24),
    pytest.mark.skipif(
        importlib.util.find_spec("test.test_socket") is None,
        reason="this Python has not its own tests",
    ),
]


def own_tests(*match: str) -> CpythonTests:
    return CpythonTests(parse_iut(sys.executable), SOCKETS, match=match)


def told(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""


def test_a_mutant_is_killed_and_the_untouched_module_is_not(tmp_path: Path) -> None:
    """By the same tests, which get the module that is first on the path."""
    folders = [
        write_module(tmp_path, name, text, "socket.py").parent
        for name, text in (("untouched", SOURCE), ("broken", BROKEN))
    ]
    tests, reason = usable_tests(own_tests(*FEW), folders[0])

    words = tests.judge(folders, 2, told)

    assert (reason, tests.left_out) == ("", ())
    assert [words[folder] for folder in folders] == [SURVIVED, KILLED]


def test_what_the_untouched_module_fails_judges_no_mutant(tmp_path: Path) -> None:
    """The tests that fail are left out, by their names; with the others it is judged."""
    folder = write_module(tmp_path, "untouched", BROKEN, "socket.py").parent

    tests, reason = usable_tests(own_tests(*FEW), folder)

    assert (reason, tests.left_out) == ("", ("*GeneralModuleTests.test_repr",))
    assert tests.judge([folder], 1, told) == {folder: SURVIVED}


def test_interpreter_without_the_tests_is_told(tmp_path: Path) -> None:
    """With what it says."""
    folder = write_module(tmp_path, "untouched", "import nothing_of_the_kind\n", "socket.py").parent

    _, reason = usable_tests(own_tests(*FEW), folder)

    assert reason.startswith("the interpreter has no test.test_socket that runs: ")
    assert "nothing_of_the_kind" in reason
