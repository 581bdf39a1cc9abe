"""Nothing grows with the number of requests or of servers: counted in the interpreter itself.

The clients are in the process under test, so that only it has to be counted.
"""

from __future__ import annotations

from fixtures import NotApplicable, Serve, ServerSpec, check, requirement

FIRST = 100
MORE = 200
SERVERS = 5
HANDLERS = {
    "answered": "self.wfile.write(self.rfile.readline())",
    "failed": "raise ValueError(self.rfile.readline())",
}
HANDLER = """
class Handler(base):
    def handle(self):
        {body}
"""
QUIET = """
class Server(find({name!r})):
    def handle_error(self, request, client_address):
        pass
"""
CLIENTS = """
import gc, sys

def play(count):
    for number in range(count):
        client = socket.create_connection(server.server_address)
        client.sendall(b"x\\n")
        while client.recv(100):
            pass
        client.close()

def blocks(count):
    play(count)
    gc.collect()
    return sys.getallocatedblocks()
"""
DROPPED = """
import gc, weakref

def drop(count):
    dropped = []
    for number in range(count):
        one = server.__class__(server.server_address[:1] + (0,), server.RequestHandlerClass)
        client = socket.create_connection(one.server_address)
        client.sendall(b"x\\n")
        one.handle_request()
        while client.recv(100):
            pass
        client.close()
        one.server_close()
        dropped.append(weakref.ref(one))
        del one
    gc.collect()
    return [one() is None for one in dropped]
"""


@requirement("resources/nothing-grows-with-requests", variants=HANDLERS)
def test_memory_does_not_grow(serve: Serve, spec: ServerSpec, variant: str) -> None:
    """Of two hundred requests more, less than a block of memory each is left."""
    server = serve(
        source=HANDLER.format(body=variant), class_source=QUIET.format(name=spec.class_name)
    )
    server.execute(CLIENTS)
    if not server.evaluate("hasattr(sys, 'getallocatedblocks')"):
        raise NotApplicable("the interpreter does not tell how many blocks it has")

    before = server.evaluate(f"blocks({FIRST})")
    after = server.evaluate(f"blocks({MORE})")

    check(
        after - before < MORE,
        expected=f"fewer than {MORE} blocks of memory more after {MORE} requests more",
        actual=f"{after - before} more",
    )


@requirement("resources/closed-servers-are-not-kept")
def test_closed_servers_are_not_kept(serve: Serve) -> None:
    """Five servers that were served with, closed and dropped are no more after a collection."""
    server = serve(source=HANDLER.format(body=HANDLERS["answered"]))
    server.execute(DROPPED)

    gone = server.evaluate(f"drop({SERVERS})")

    check(
        all(gone),
        expected="a closed server that nobody refers to is not kept alive",
        actual=f"{gone.count(False)} of {SERVERS} are",
    )
