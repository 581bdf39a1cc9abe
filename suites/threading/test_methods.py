"""Which thread calls which method: the loop takes requests, handlers' threads do all the rest."""

from __future__ import annotations

from fixtures import Construct, Event, Observe, Peers, Serve, Server, check, requirement, same
from fixtures.steps import Echo, Gate, Raise, ReadLine, RecordCall, Report, When

WATCHED = (
    "get_request",
    "verify_request",
    "process_request",
    "process_request_thread",
    "finish_request",
    "handle_error",
    "shutdown_request",
    "close_request",
)


def _place(event: Event, handler_thread: str) -> str:
    return "the handler's thread" if event.thread == handler_thread else "the loop's thread"


def _places(server: Server, handler_thread: str) -> dict[str, list[str]]:
    """Where each watched method was called, in the order of calls; methods never called too."""
    return {
        method: [
            _place(event, handler_thread)
            for event in server.process.matching("call", method=method)
        ]
        for method in WATCHED
    }


@requirement("threading/where-methods-run")
def test_where_each_method_is_called(construct: Construct, peers: Peers, observe: Observe) -> None:
    """The threads in which the methods are called for one request whose handler raises."""
    server = construct([ReadLine(), Raise()], hooks={method: RecordCall() for method in WATCHED})

    peers().connect(server).send(b"x\n")
    server.call("handle_request")
    thread = server.expect_handled()[0].thread
    server.expect_thread_ended(thread)

    for method, places in _places(server, thread).items():
        observe(method, places)


@requirement("threading/request-is-closed-after-the-handler")
def test_request_stays_open_until_its_handler_is_done(serve: Serve, peers: Peers) -> None:
    """While a handler is held, a later request is served and shut down, and the held one's is not;
    its own thread does that once it has answered."""
    server = serve(
        [ReadLine(), When(b"held", [Gate("hold")]), Echo()],
        hooks={"shutdown_request": RecordCall()},
    )
    held = peers().connect(server).send(b"held\n")
    thread = server.expect_at_gate("hold")[0].thread

    peers().connect(server).send(b"later\n").expect(b"later\n").expect_end()
    early = [call for call in server.expect_call("shutdown_request") if call.thread == thread]
    check(not early, expected="the held request is left open", actual="it was shut down")
    server.open_gate("hold")

    held.expect(b"held\n").expect_end()
    last = server.expect_call("shutdown_request", 2)[-1]
    same(thread, last.thread, "the thread that shuts the held request down")
    names = [event.name for event in server.process.events if event.thread == thread]
    check(
        names.index("handled") < names.index("call"),
        expected="its handler's end comes before",
        actual="it is shut down before its handler's end",
    )


@requirement("threading/mixin-comes-last")
def test_where_the_handler_runs_with_the_mixin_last(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether handle_request() returns before the handler's end, and the handler's thread."""
    server = construct(
        [ReadLine(), Report({"main": "threading.current_thread().name == 'MainThread'"}), Echo()],
        class_source="class Server(find('TCPServer'), find('ThreadingMixIn')): pass",
    )

    peers().connect(server).send(b"x\n")
    server.call("handle_request")

    observe("runs in the thread of handle_request()", server.expect_report()["main"])
