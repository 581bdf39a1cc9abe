"""Lives of servers, put together by a state machine: every rule is a step, legal where the model
says so. The machine itself touches no server; the life it comes to is played when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from sockproof.generate.life import HELD_MAX, Life, LifeModel, LifeStep
from sockproof.spec.matrix import ServerSpec

__all__ = ["lives"]


def lives(
    spec: ServerSpec, attempt: Callable[[Life], None], *, close_waits: bool
) -> type[RuleBasedStateMachine]:
    """The machine for servers of a spec; ``attempt`` plays a life, and raises if it fails.

    For ``close_waits`` see :class:`LifeModel`.
    """

    class Lives(_LifeMachine):
        def __init__(self) -> None:
            super().__init__(LifeModel(spec, close_waits))

        def teardown(self) -> None:
            attempt(Life(spec.id, tuple(self.steps)))

    return Lives


def _of_server(do: str) -> Any:
    def step(self: _LifeMachine) -> None:
        self.take(LifeStep(do))

    return _legal(do, rule()(step))


def _of_new_client(do: str) -> Any:
    def step(self: _LifeMachine) -> None:
        self.take(LifeStep(do, len(self.model.clients) + 1))

    return _legal(do, rule()(step))


def _of_silent_client(do: str) -> Any:
    def step(self: _LifeMachine, which: int) -> None:
        silent = self.model.silent
        self.take(LifeStep(do, silent[which % len(silent)].number))

    return _legal(do, rule(which=st.integers(0, HELD_MAX - 1))(step))


def _legal(do: str, step: Any) -> Any:
    return precondition(lambda self: self.model.legal(do))(step)


class _LifeMachine(RuleBasedStateMachine):
    """Collects the steps of a life, and follows them in the model."""

    def __init__(self, model: LifeModel) -> None:
        super().__init__()
        self.model = model
        self.steps: list[LifeStep] = []

    def take(self, step: LifeStep) -> None:
        self.steps.append(step)
        self.model.take(step)

    @precondition(lambda self: self.model.phase == "closed")
    @rule()
    def rest(self) -> None:
        """Nothing more happens: after a server's end there may be no other step."""

    construct = _of_server("construct")
    construct_unbound = _of_server("construct unbound")
    ask = _of_new_client("ask")
    serve_forever = _of_server("serve_forever()")
    handle_request = _of_server("handle_request()")
    shutdown = _of_server("shutdown()")
    server_bind = _of_server("server_bind()")
    server_activate = _of_server("server_activate()")
    hold = _of_new_client("hold")
    speak = _of_silent_client("speak")
    leave = _of_silent_client("leave")
    server_close = _of_server("server_close()")
    reopen = _of_server("reopen")
    find_nobody = _of_server("find nobody")
