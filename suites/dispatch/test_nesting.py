"""The nesting of all methods that may be overridden, as it is: recorded, and promised nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fixtures import (
    POLL_INTERVAL_S,
    CaseProcess,
    Construct,
    Event,
    Observe,
    Peers,
    Server,
    requirement,
)
from fixtures.steps import HandlerScript, Hook, Raise, Read, RecordCall, Return

METHODS = (
    "get_request",
    "verify_request",
    "process_request",
    "finish_request",
    "shutdown_request",
    "close_request",
    "handle_error",
    "handle_timeout",
    "service_actions",
)
RECORDED: dict[str, Hook] = {method: RecordCall() for method in METHODS}
READ = Read(2)
SERVED = HandlerScript([READ])
# What becomes of a request: its handler's script, and the hooks that do it.
FATES: Mapping[str, tuple[HandlerScript, Mapping[str, Hook]]] = {
    "served": (SERVED, {}),
    "refused": (SERVED, {"verify_request": Return(False)}),
    "handle() raises": (HandlerScript([READ, Raise()]), {}),
    "setup() raises": (HandlerScript(setup=[READ, Raise()]), {}),
    "finish() raises": (HandlerScript([READ], finish=[Raise()]), {}),
}
AT_ONCE_S = 0.01
Lanes = dict[str, str]


@requirement("dispatch/nesting-of-methods")
def test_nesting_of_methods(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Who calls whom, and in which order: in the loop, and in a request's own thread or child."""
    servers: dict[str, int] = {}
    for fate, (script, hooks) in FATES.items():
        server = _hooked(construct, script, {**RECORDED, **hooks})
        servers[fate] = server.evaluate("id(server)")
        peers().connect(server).send(b"x\n")
        server.attempt("handle_request")
    server = _hooked(construct, SERVED, RECORDED, {"timeout": AT_ONCE_S})
    servers["timeout"] = server.evaluate("id(server)")
    server.attempt("handle_request")

    server.stop()
    for fate, number in servers.items():
        for lane, text in _lanes(server.process, number).items():
            observe(f"{fate}: {lane}", text)


@requirement("dispatch/nesting-in-the-loop")
def test_nesting_in_the_loop(construct: Construct, peers: Peers, observe: Observe) -> None:
    """What serve_forever() itself calls for a request, and after it."""
    server = _hooked(construct, SERVED, RECORDED)
    number = server.evaluate("id(server)")
    server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"x\n")
    server.expect_handled()

    server.stop()
    text = _lanes(server.process, number).get("loop", "")
    observe("loop", re.sub(r"^(service_actions\(\) )+", "", _without_repeats(text)))


def _hooked(
    construct: Construct,
    script: HandlerScript,
    hooks: Mapping[str, Hook],
    attributes: Mapping[str, float] | None = None,
) -> Server:
    base = "BaseRequestHandler"
    return construct(script, base=base, hooks=hooks, attributes=attributes or {})


def _lanes(process: CaseProcess, number: int) -> Lanes:
    """The nesting of what happened to one server, where its loop runs and elsewhere.

    ``number``: the server's id. Each lane, a thread of a process, is at one server at a time.
    """
    loop = next(((e.pid, e.thread) for e in process.matching("call", server=number)), None)
    kept: dict[str, list[Event]] = {}
    at: dict[tuple[int, str], object] = {}
    for event in process.events:
        lane = (event.pid, event.thread)
        at[lane] = event.fields.get("server", at.get(lane))
        if at[lane] == number:
            kept.setdefault("loop" if lane == loop else "request", []).append(event)
    return {name: _nesting(events) for name, events in kept.items()}


def _nesting(events: Iterable[Event]) -> str:
    """Events as nested calls: ``process_request(finish_request(setup handle finish))``."""
    text = ""
    for event in events:
        if event.name == "call":
            text += f" {event.fields['method']}("
        elif event.name == "handler":
            text += f" {event.fields['phase']}"
        elif event.name in ("return", "raise"):
            text += {"return": ")", "raise": ")!"}[event.name]
    return text.replace("( ", "(").strip()


def _without_repeats(text: str) -> str:
    return re.sub(r"(service_actions\(\) )+(?=service_actions\(\))", "", text)
