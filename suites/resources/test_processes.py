"""When no child can be forked and no thread started: one request fails, the server goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from fixtures import CaseProcess, Observe, Peers, Serve, Server, requirement
from fixtures.steps import Echo, Hook, ReadLine, RecordCall, Return
from suites.resources.process_resources import (
    LINE,
    count_at_rest,
    expect_as_before,
    no_fork_possible,
    no_thread_possible,
    play_one_by_one,
)

Limit = Callable[[CaseProcess], contextlib.AbstractContextManager[None]]
HOOKS: dict[str, Hook] = {
    "handle_error": Return(),  # its own one may load modules that another user may not read
    "shutdown_request": RecordCall(),
    "close_request": RecordCall(),
}
ECHO = [ReadLine(), Echo()]


def _serve_then_fail(serve: Serve, peers: Peers, limit: Limit) -> tuple[Server, list[str]]:
    """A server that served one client and, under the limit, failed the next, who reads the end;
    and the calls for the latter."""
    server = serve(ECHO, hooks=HOOKS)
    count_at_rest(server)
    play_one_by_one(server, peers, 1)
    expect_as_before(server)
    server.fence()
    earlier = len(server.calls())
    with limit(server.process):
        failing = peers("failing").connect(server)
        if not server.spec.is_stream:
            failing.send(LINE)
        server.expect_call("handle_error")
        failing.expect_end()
        failing.close()
        expect_as_before(server)
        server.fence()
    return server, server.calls()[earlier:]


def _observe_errors(server: Server, calls: list[str], observe: Observe) -> None:
    observe("handle_error", [error.name for error in server.errors_handled()])
    observe("calls for the request that failed", calls)


@requirement("resources/failed-fork-is-the-requests-error")
def test_failed_fork(serve: Serve, peers: Peers, observe: Observe) -> None:
    """The client for whom fork() fails reads the end of its stream; the next one is served."""
    server, calls = _serve_then_fail(serve, peers, no_fork_possible)

    play_one_by_one(server, peers, 1)

    _observe_errors(server, calls, observe)


@requirement("resources/failed-thread-start-is-the-requests-error")
def test_failed_thread_start(serve: Serve, peers: Peers, observe: Observe) -> None:
    """The client for whom no thread starts reads the end of its stream; the next is served."""
    server, calls = _serve_then_fail(serve, peers, no_thread_possible)

    play_one_by_one(server, peers, 1)

    _observe_errors(server, calls, observe)
    _observe_closing(server, observe)


@requirement("resources/server-close-after-a-failed-thread-start")
def test_server_close_after_a_failed_thread_start(
    serve: Serve, peers: Peers, observe: Observe
) -> None:
    """The server is closed when no request has come since a thread could not be started."""
    server, _ = _serve_then_fail(serve, peers, no_thread_possible)

    _observe_closing(server, observe)


def _observe_closing(server: Server, observe: Observe) -> None:
    server.call("shutdown")
    error = server.attempt("server_close").error
    observe("server_close() afterwards raises", str(error) if error else "nothing")
