"""Requests that are objects of the program's own, with the methods that a server needs."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Peers, check, requirement
from fixtures.steps import Hook, Instead

WRAPPED = """
class Wrapped(object):
    made = []

    def __init__(self, connection):
        self.connection = connection
        self.is_closed = False
        self.made.append(self)

    def recv(self, size):
        return self.connection.recv(size).lower()

    def sendall(self, data):
        self.connection.sendall(data)

    def shutdown(self, how):
        self.connection.shutdown(how)

    def close(self):
        self.is_closed = True
        self.connection.close()

def wrapped(taken):
    return Wrapped(taken[0]), taken[1]

server.wrapped = wrapped
"""
HANDLER_OF_WRAPPED = """
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(100))
"""


@requirement("dispatch/request-that-is-no-socket", variants={"served": False, "refused": True})
def test_request_of_ones_own_kind(construct: Construct, peers: Peers, variant: bool) -> None:
    """get_request() gives an object that wraps its connection: all goes through it, to its end."""
    server = construct(source=HANDLER_OF_WRAPPED, hooks=_hooks_of_wrapped(refuses=variant))
    server.execute(WRAPPED)
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)

    client = peers().connect(server).send(b"ABC\n")

    (client if variant else client.expect(b"abc\n")).expect_end()
    server.call("shutdown")
    loop.expect_return()
    check(
        server.evaluate("[one.is_closed for one in Wrapped.made]") == [True],
        expected="the object that get_request() gave is closed, once the request is over",
        actual="it was not closed",
    )


def _hooks_of_wrapped(*, refuses: bool) -> dict[str, Hook]:
    hooks: dict[str, Hook] = {"get_request": Instead("self.wrapped(original())")}
    return hooks | ({"verify_request": Instead("False")} if refuses else {})
