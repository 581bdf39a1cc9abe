"""Constructors that fail after the first step, or before it: what they leave, what they raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fixtures import CaseProcess, Construct, Observe, RaisedError, check, requirement, same
from fixtures.steps import Raise, RecordCall
from suites.construction.descriptors import FREE_AGAIN

FAILURES: Mapping[str, Mapping[str, Any]] = {
    "an-override-raises": {"hooks": {"server_activate": Raise("OSError", "not today")}},
    "an-override-is-interrupted": {"hooks": {"server_activate": Raise("KeyboardInterrupt")}},
    "listen-raises": {"attributes": {"request_queue_size": "many"}, "hooks": {}},
}


@requirement("construction/failed-activation-closes", variants=FAILURES)
def test_failed_activation_closes(
    construct: Construct, process: CaseProcess, variant: Mapping[str, Any], observe: Observe
) -> None:
    """When server_activate() fails the constructor closes the server, and then raises the same."""
    process.do("execute", source=FREE_AGAIN)
    hooks = {"server_bind": RecordCall(), "server_close": RecordCall(), **variant["hooks"]}

    error = construct.refused(hooks=hooks, attributes=variant.get("attributes", {}))

    observe("exception", error.type_name)
    calls = [event.fields["method"] for event in process.matching("call")]
    observe("calls", calls)
    check(calls[-1:] == ["server_close"], expected="server_close() is called last", actual=calls)
    same(1, calls.count("server_close"), "calls of server_close()")
    is_closed = process.do("evaluate", expression="is_free_again()").value
    check(is_closed, expected="no socket is left open", actual="the socket is open")


@requirement("construction/family-without-sockets")
def test_family_without_sockets_is_recorded(
    construct: Construct, process: CaseProcess, observe: Observe
) -> None:
    """What is raised, and what is called, when there is not even a socket."""
    made = construct.attempt(
        attributes={"address_family": 255},
        hooks={"server_bind": RecordCall(), "server_close": RecordCall()},
    )

    if isinstance(made, RaisedError):
        observe("exception", f"{made.type_name} {made.errno_name}")
    observe("calls", [event.fields["method"] for event in process.matching("call")])
