"""A handler that forks by itself, to finish the request in its child."""

from __future__ import annotations

from fixtures import Inconclusive, NotApplicable, Observe, Peers, Serve, check, requirement

FORKING = """
import os

class Handler(base):
    def handle(self):
        line = self.rfile.readline()
        if line != b"fork\\n":
            self.wfile.write(line)
        elif os.fork() == 0:
            finish(self)

def finish(handler):
    told = ""
    try:
        gate(0)
        handler.wfile.write(b"from the child")
        handler.finish()
        handler.request.close()
    except Exception as error:
        told = type(error).__name__
    finally:
        emit("child", told=told)
        os._exit(0)
"""


@requirement("handlers/handler-may-fork")
def test_child_of_a_handler_finishes_the_request(
    serve: Serve, peers: Peers, observe: Observe
) -> None:
    """The child writes when its parent is done with the request, and has served another."""
    server = serve(source=FORKING)
    if not server.evaluate("hasattr(os, 'fork')"):
        raise NotApplicable("no fork here", "fork")
    if server.process.gate("parent is done") != 0:
        raise Inconclusive("the handler knows its gate by a number that is taken")
    client = peers.stream().connect(server).send(b"fork\n")
    peers.stream().connect(server).send(b"next\n").expect_reply(b"next\n")

    server.open_gate("parent is done")

    told = server.process.wait_events(1, "child")[0].fields["told"]
    observe("writing in the child", told or "no error")
    reply, ending = client.receive_to_end()
    observe("the client of the child gets", [reply, str(ending)])
    check(
        reply == b"from the child",
        expected="the reply that the child writes",
        actual=f"{reply!r}, {ending}; writing it in the child: {told or 'no error'}",
    )
