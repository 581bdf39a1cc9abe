"""What ends a threading server and what does not: exits in handlers, shutdown(), a timeout."""

from __future__ import annotations

from fixtures import Construct, Observe, Peers, Serve, requirement, same
from fixtures.steps import Echo, Gate, Raise, ReadLine, RecordCall, Run, When

TIMEOUT_S = 0.02
# threading.excepthook is there from Python 3.8 on.
HOOK = """
hooked = []
original = getattr(threading, "excepthook", None)
def tell(arguments):
    hooked.append(arguments.exc_type.__name__)
    original(arguments)
if original is not None:
    threading.excepthook = tell
"""


@requirement(
    "threading/exit-in-a-thread-leaves-server-serving",
    variants={name: name for name in ("SystemExit", "KeyboardInterrupt")},
)
def test_wish_to_exit_ends_only_its_own_thread(
    serve: Serve, peers: Peers, observe: Observe, variant: str
) -> None:
    """After a handler raised it, its client reads the end, and a later one is served."""
    server = serve(
        [ReadLine(), When(b"exit", [Raise(variant)]), Echo()], hooks={"handle_error": RecordCall()}
    )
    server.execute(HOOK)

    peers().connect(server).send(b"exit\n").expect_end()
    thread = server.expect_step("raise")[0].thread
    server.expect_thread_ended(thread)
    peers().connect(server).send(b"later\n").expect(b"later\n").expect_end()

    observe("threading.excepthook is called for", server.evaluate("hooked"))
    server.stop()
    server.fence()
    observe("handle_error() is called", bool(server.calls()))
    observe("stderr names it", variant in server.process.output["stderr"])


@requirement("threading/shutdown-does-not-wait-for-handlers")
def test_shutdown_returns_while_a_handler_runs(serve: Serve, peers: Peers) -> None:
    """shutdown() returns with one handler held at a gate, whose client is then answered."""
    server = serve([ReadLine(), Gate("hold"), Echo()])
    held = peers().connect(server).send(b"held\n")
    server.expect_at_gate("hold")

    server.spawn("shutdown").expect_return()

    same([], server.process.matching("handler", phase="finish"), "handlers that ended before")
    server.open_gate("hold")
    held.expect(b"held\n").expect_end()


@requirement("threading/shutdown-from-a-handler")
def test_handler_shuts_its_server_down(serve: Serve, peers: Peers) -> None:
    """shutdown() returns in the handler, which then answers its client; serve_forever() returns."""
    server = serve([ReadLine(), Run("self.server.shutdown()"), Echo()])

    peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()

    ended = server.process.wait_events(1, "ended", method="serve_forever")[0]
    same(None, ended.fields.get("error"), "what serve_forever() raises")


@requirement("threading/handle-timeout-does-not-wait-for-handlers")
def test_timeout_leaves_a_running_handler_alone(construct: Construct, peers: Peers) -> None:
    """handle_request() without a request calls handle_timeout() and returns with a handler held at
    a gate, whose client is then answered; nothing is printed."""
    server = construct(
        [ReadLine(), Gate("hold"), Echo()],
        attributes={"timeout": TIMEOUT_S},
        hooks={"handle_timeout": RecordCall()},
    )
    held = peers().connect(server).send(b"held\n")
    server.call("handle_request")
    server.expect_at_gate("hold")

    server.call("handle_request")

    server.expect_calls("handle_timeout")
    same([], server.process.matching("handler", phase="finish"), "handlers that ended before")
    server.open_gate("hold")
    held.expect(b"held\n").expect_end()
    server.stop()
    server.fence()
    same({"stdout": "", "stderr": ""}, server.process.output, "what is printed")
