"""Every verb that a case may use is an operation of the case's log, and scripts can do it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.programs import Programs
from sockproof.case.client import StreamPeer
from sockproof.case.datagram import DatagramPeer
from sockproof.case.listening_peer import ListeningPeer
from sockproof.case.tls_client import TlsClient
from sockproof.commands.reproducing import warn_of_missing
from sockproof.iut.calls import RunningCall
from sockproof.iut.case_log import CaseLog, Operation, operation
from sockproof.iut.process import CaseProcess
from sockproof.iut.program import Program
from sockproof.iut.server import Server
from sockproof.judge.checks import Hang, Mismatch
from sockproof.repro.step_code import has_statement

PEERS = (StreamPeer, DatagramPeer, ListeningPeer, TlsClient)
VERBS = (CaseProcess, Server, RunningCall, *PEERS, Program, Programs)
# What reaches a peer's socket, or the process under test.
OUTSIDE = ("client", "socket", "_socket", "_channel", "events", "_popen")
# What is neither done to a server nor asked of it by a case: why.
NO_OPERATIONS = {
    "CaseProcess.stacks": "asks the interpreter where it stands, once the case has hung",
    "CaseProcess.end": "is the harness's: kills what is left",
    "Program.close": "is the harness's: kills what is left",
    "CaseProcess.comes": "bounds how long a generated plan is waited for, and judges nothing",
}


def unnoted(owner: type) -> Iterator[str]:
    """The public methods of a class that reach outside, and not by way of an operation."""
    methods = {
        name: method
        for one in reversed(owner.__mro__)
        for name, method in vars(one).items()
        if inspect.isfunction(method)
    }
    for name, method in methods.items():
        known = hasattr(method, "operation") or f"{owner.__name__}.{name}" in NO_OPERATIONS
        if not name.startswith("_") and not known and _reaches_outside(name, methods, set()):
            yield f"{owner.__name__}.{name}"


def _reaches_outside(name: str, methods: dict[str, Any], seen: set[str]) -> bool:
    """Whether it does so itself, or by a method of its object that is no operation."""
    seen.add(name)
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(methods[name]))))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("self.")
    }
    inner = [one for one in used & methods.keys() - seen if not hasattr(methods[one], "operation")]
    return bool(used & set(OUTSIDE)) or any(_reaches_outside(one, methods, seen) for one in inner)


@pytest.mark.parametrize("owner", VERBS)
def test_every_verb_notes_itself(owner: type) -> None:
    """Else a script would leave out what it does, without a word."""
    assert list(unnoted(owner)) == []


class _Forgetful(StreamPeer):
    """A peer with verbs of its own."""

    def whisper(self, data: bytes) -> None:
        """Not noted."""
        self._say(data)
        self._log("whisper", data)

    @operation("shout")
    def shout(self, data: bytes) -> None:
        """Noted, and no script knows it."""
        self._say(data)

    def sing(self, data: bytes) -> None:
        """By way of verbs that are noted."""
        self.shout(data)
        self.send(data)

    def _say(self, data: bytes) -> None:
        if self._socket is not None:
            self._socket.sendall(data)


def test_verb_that_does_not_note_itself_is_found() -> None:
    """Also where it reaches the socket by a method of its own that nobody else may call."""
    assert list(unnoted(_Forgetful)) == ["_Forgetful.whisper"]


def test_every_operation_has_its_statement() -> None:
    """Scripts are made of statements for every operation that there is."""
    for owner in VERBS:
        actor = "peer" if issubclass(owner, PEERS) else ""
        for _, method in inspect.getmembers(owner, inspect.isfunction):
            name = getattr(method, "operation", "")
            assert not name or has_statement(Operation(name, actor, {"op": "make"})), (owner, name)


def test_verb_without_a_statement_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Whether it is noted or not: what a peer says of itself outside of an operation is one."""
    log = CaseLog()
    peer = _Forgetful(log)

    peer.shout(b"a")
    peer.whisper(b"b")

    peer.close()
    log.operations.append(Operation("do", "", {"op": "pause"}))
    warn_of_missing(log)

    assert [one.name for one in log.operations] == ["shout", "unnoted: whisper", "close", "do"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("no statement for: do pause, shout, unnoted: whisper")


class _Verbs:
    """Operations that call each other, and end in every way."""

    def __init__(self) -> None:
        self.log = CaseLog()

    @operation("outer")
    def outer(self, count: int, name: str = "x", *, bound_s: float = 1.0, **more: Any) -> object:
        self.inner()
        return count, name, bound_s, more

    @operation("inner")
    def inner(self) -> _Verbs:
        return self

    @operation("failing")
    def failing(self, problem: Exception) -> None:
        raise problem


def test_operations_tell_arguments_and_outcome() -> None:
    """Arguments by name, what keywords are left as one; no bound, and not what is called within."""
    verbs = _Verbs()

    verbs.outer(3, bound_s=2.0, colour="red")
    verbs.inner()

    told = {"count": 3, "name": "x", "more": {"colour": "red"}}
    ended = (3, "x", 2.0, {"colour": "red"})
    assert verbs.log.operations == [
        Operation("outer", "", told, ended),
        Operation("inner", "", {}),
    ]


def test_operations_tell_how_they_end() -> None:
    """What hangs is told from what is refused; the next one is noted as any."""
    verbs = _Verbs()

    for problem in (Hang("it ends", "nothing"), Mismatch("yes", "no")):
        with pytest.raises(Mismatch):
            verbs.failing(problem)
    verbs.inner()

    told = [(one.name, one.ending, one.outcome) for one in verbs.log.operations]
    assert told == [
        ("failing", "hang", "nothing"),
        ("failing", "refused", "no"),
        ("inner", "", None),
    ]


def test_what_clears_up_is_no_operation() -> None:
    """A log that is closed takes entries and events, and no operations."""
    verbs = _Verbs()
    verbs.log.closed = True

    verbs.inner()
    verbs.log.note("peer", "close")

    assert (verbs.log.operations, len(verbs.log.entries)) == ([], 1)
