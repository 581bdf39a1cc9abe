"""What raises in a forking server's process: signal handlers, and close_request()."""

from __future__ import annotations

from fixtures import (
    Children,
    Construct,
    Observe,
    Peers,
    RunningCall,
    Server,
    requirement,
)
from fixtures.steps import Echo, Gate, ReadLine

# A poll_interval that does not pass: the loop does something when a request comes, no sooner.
NEVER_S = 60.0
# The second is what a failing waitpid() raises as well, and is of no kind that has a name.
EXCEPTIONS = {
    "ValueError": "ValueError('too late')",
    "OSError": "OSError(errno.EIO, 'too late')",
}

WATCHDOG = """
import errno, signal

def fail(number, frame):
    raise {exception}

signal.signal(signal.SIGALRM, fail)
"""
_RAISES_WHEN_IT_HAS_CLOSED = """
class Server(find("ForkingTCPServer")):
    def close_request(self, request):
        find("ForkingTCPServer").close_request(self, request)
        raise ValueError("on purpose")
"""
ACTIVE = "len(server.active_children or ()) if hasattr(server, 'active_children') else 'not told'"
REAP = """
try:
    os.waitpid({pid}, 0)
except OSError:
    pass
"""


@requirement("forking/signal-handler-raises-at-max-children", variants=EXCEPTIONS)
def test_signal_at_max_children(
    construct: Construct, peers: Peers, variant: str, observe: Observe
) -> None:
    """Whether the loop goes on, whether it takes the third request beside the two that there may
    be, and whether server_close() still knows of these."""
    server = construct([ReadLine(), Gate("hold"), Echo()], attributes={"max_children": 2})
    children = Children(server)
    server.execute(WATCHDOG.format(exception=variant))
    loop = server.call_in_main("serve_forever", NEVER_S)
    for number in (1, 2):
        peers().connect(server).send(b"held\n")
        server.expect_at_gate("hold", number)
    peers().connect(server).offer(b"third\n")

    _raise_while_it_waits(server, loop)

    observe("the loop", _ending(loop))
    observe("the third request is taken", len(_held(server)) > 2)
    server.open_gate("hold")
    pids = _held(server)[:2]
    children.expect_ended(*pids)
    _stop(server, loop, peers)
    server.attempt("server_close")
    observe("zombies after server_close()", children.zombies(pids))
    _reap(server, pids)


@requirement("forking/close-request-raises-in-the-parent")
def test_close_request_raises_in_the_parent(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether server_close() still knows of the child, which has ended by then."""
    server = construct([ReadLine(), Echo()], class_source=_RAISES_WHEN_IT_HAS_CLOSED)
    children = Children(server)
    client = peers().connect(server).send(b"x\n")

    outcome = server.attempt("handle_request")

    client.expect(b"x\n")
    observe("handle_request()", outcome.error.type_name if outcome.error else "returns")
    pid = server.expect_handler("handle")[0].pid
    children.expect_ended(pid)
    server.attempt("server_close")
    observe("zombies after server_close()", children.zombies([pid]))
    _reap(server, [pid])


@requirement("forking/signal-handler-raises-at-server-close", variants=EXCEPTIONS)
def test_signal_at_server_close(
    construct: Construct, peers: Peers, variant: str, observe: Observe
) -> None:
    """How server_close() ends that waits for a held child, and whether the server counts that one
    as active afterwards."""
    server = construct([ReadLine(), Gate("hold"), Echo()])
    children = Children(server)
    server.execute(WATCHDOG.format(exception=variant))
    held = peers().connect(server).send(b"held\n")
    server.call("handle_request")
    pid = server.expect_at_gate("hold")[0].pid
    closing = server.call_in_main("server_close")

    _raise_while_it_waits(server, closing)

    observe("server_close()", _ending(closing))
    observe("active children", server.evaluate(ACTIVE))
    server.open_gate("hold")
    closing.wait()
    held.expect(b"held\n").expect_end()
    children.expect_ended(pid)
    observe("zombies after server_close()", children.zombies([pid]))
    _reap(server, [pid])


def _raise_while_it_waits(server: Server, running: RunningCall) -> None:
    """Have the signal handler raise, once the main thread has nothing to do but to wait: for a
    child, or where the server does not wait for one, for whatever else. What comes of that has
    come."""
    if running.comes_to_wait():
        server.process.send_signal("SIGALRM")
        server.let_others_run()


def _held(server: Server) -> list[int]:
    """The children that have come to the gate."""
    return [event.pid for event in server.process.matching("step", do="gate", passed=None)]


def _ending(running: RunningCall) -> str:
    if not running.has_ended:
        return "goes on"
    error = running.wait().error
    return f"raises {error.type_name}" if error else "returns"


def _stop(server: Server, loop: RunningCall, peers: Peers) -> None:
    if not loop.has_ended:
        server.spawn("shutdown").comes_to_wait()
        peers().connect(server).offer(b"who wakes the loop\n")
    loop.wait()


def _reap(server: Server, pids: list[int]) -> None:
    """What the server has left behind is told; it is no leak of the case's."""
    for pid in pids:
        server.execute(REAP.format(pid=pid))
