"""Nothing is left of a request that is over, however it ended: counted, and asked for."""

from __future__ import annotations

from typing import Any

from fixtures import Observe, Peers, Serve, Server, ServerSpec, requirement, same
from fixtures.steps import (
    Echo,
    HandlerScript,
    Hook,
    Instead,
    Raise,
    Read,
    ReadLine,
    ReadToEnd,
    RecordCall,
    Return,
    Run,
    Step,
    When,
)
from suites.resources.process_resources import (
    LINE,
    count_at_rest,
    expect_as_before,
    play_one_by_one,
)

REQUESTS = 9
TIMED_OUT = 3
TIMEOUT_S = 0.01
KEEP_EXCEPTION = Instead("vars(self).setdefault('kept', []).append(__import__('sys').exc_info())")
CLOSE_REQUEST = Run("getattr(self.request, 'close', str)()")  # of a datagram, nothing
# By name of the variant: the class to derive from, and what the handler does.
HANDLERS: dict[str, tuple[str, list[Step]]] = {
    "files": ("", [ReadLine(), Echo()]),
    "closed-by-nobody": ("BaseRequestHandler", [Read(len(LINE)), Echo()]),
    "closed-by-the-handler": ("BaseRequestHandler", [Read(len(LINE)), Echo(), CLOSE_REQUEST]),
}
ALIVE = "[ref() for ref in handler_class.seen if ref() is not None]"
REMEMBERED = """
import weakref

class Handler(base):
    seen = []

    def handle(self):
        self.seen.append(weakref.ref(self))
        line = self.rfile.readline()
        if line.startswith(b"raise"):
            raise ValueError("told to raise")
        self.wfile.write(line)
"""


@requirement("resources/served-requests-leave-nothing", variants=HANDLERS)
def test_nothing_is_left_of_served_requests(serve: Serve, peers: Peers, variant: Any) -> None:
    """Served requests leave no descriptor, thread or child, with files or without."""
    base, steps = variant
    server = serve(steps, base=base)
    count_at_rest(server)

    play_one_by_one(server, peers, REQUESTS)

    expect_as_before(server)


@requirement("resources/failed-requests-leave-nothing")
def test_nothing_is_left_of_failed_requests(serve: Serve, spec: ServerSpec, peers: Peers) -> None:
    """setup(), handle() and finish() raise in turn; each client reads the end of its stream."""
    script = HandlerScript(
        setup=[Read(1), When(b"s", [Raise()])],
        handle=[When(b"h", [Raise()])],
        finish=[When(b"f", [Raise()])],
    )
    server = serve(script, base="BaseRequestHandler", hooks={"handle_error": KEEP_EXCEPTION})
    count_at_rest(server)

    for number in range(REQUESTS):
        peer = peers().connect(server)
        peer.send(b"shf"[number % 3 :][:1]).expect_end()
        server.expect_call("handle_error", number + 1)
        peer.close()

    expect_as_before(server)
    if spec.mixin != "Forking":  # whose children have kept theirs
        same(REQUESTS, server.evaluate("len(server.kept)"), "the number of exceptions kept")


@requirement("resources/refused-requests-leave-nothing")
def test_nothing_is_left_of_refused_requests(serve: Serve, spec: ServerSpec, peers: Peers) -> None:
    """Requests that verify_request() refuses leave no descriptor."""
    server = serve(hooks={"verify_request": Return(False)})
    count_at_rest(server)

    for number in range(REQUESTS):
        peer = peers().connect(server)
        if not spec.is_stream:
            peer.send(LINE)
        peer.expect_end()
        server.expect_call("verify_request", number + 1)
        peer.close()

    expect_as_before(server)


@requirement("resources/vanished-clients-leave-nothing")
def test_nothing_is_left_of_vanished_clients(
    serve: Serve, spec: ServerSpec, peers: Peers, observe: Observe
) -> None:
    """Clients that close or reset their connection, with a word and without, leave nothing."""
    server = serve([ReadToEnd()])
    count_at_rest(server)

    for number in range(REQUESTS):
        client = peers.stream().connect(server)
        if number % 2:
            client.send(LINE)
        if number % 3 and not spec.is_unix:  # Unix sockets know no reset
            client.reset()
        else:
            client.close()
        server.expect_handled(number + 1)

    expect_as_before(server)
    ended = server.process.matching("step", do="read_to_end")
    observe("every handler is told of the end or the reset", len(ended) == REQUESTS)


@requirement("resources/timed-out-handlers-leave-nothing")
def test_nothing_is_left_of_timed_out_handlers(
    serve: Serve, peers: Peers, observe: Observe
) -> None:
    """Handlers that wait in vain for a line leave nothing; their clients read end of stream."""
    hooks: dict[str, Hook] = {"handle_error": RecordCall()}
    server = serve([ReadLine()], handler_attributes={"timeout": TIMEOUT_S}, hooks=hooks)
    count_at_rest(server)

    for _ in range(TIMED_OUT):
        client = peers.stream().connect(server)
        client.expect_end()
        client.close()

    expect_as_before(server)
    kinds = {error.name for error in server.errors_handled()}
    observe("handler's timeout: handle_error", sorted(kinds))


@requirement("resources/handlers-are-not-kept")
def test_handlers_are_not_kept(serve: Serve, peers: Peers) -> None:
    """The handlers of two requests that were served and one that failed are gone."""
    server = serve(source=REMEMBERED, hooks={"handle_error": Return()})

    _ask(server, peers, b"one\n")
    peers().connect(server).send(b"raise\n").expect_end()
    server.expect_call("handle_error")
    _ask(server, peers, b"three\n")

    server.expect_true(f"(__import__('gc').collect(), not {ALIVE})[1]")
    same(3, server.evaluate("len(handler_class.seen)"), "the number of handlers there were")


def _ask(server: Server, peers: Peers, line: bytes) -> None:
    peers().connect(server).send(line).expect(line).expect_end()
