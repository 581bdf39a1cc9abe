"""Errors of get_request(): whatever the system has to say, the loop goes on to the next request."""

from __future__ import annotations

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    DatagramPeer,
    Peers,
    Serve,
    ServerSpec,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine

FAILS_FIRST = """
import errno
import ssl

class Server(find({name!r})):
    has_failed = False

    def get_request(self):
        if not self.has_failed:
            self.has_failed = True
            raise {error}
        return find({name!r}).get_request(self)
"""
ERRNOS = "ECONNABORTED EMFILE ENOBUFS EPROTO ETIMEDOUT EAGAIN"
ERRORS = {
    **{name.lower(): f"socket.error(errno.{name}, 'as told')" for name in ERRNOS.split()},
    "without-errno": "socket.error('no errno')",
    "timeout": "socket.timeout('timed out')",
    "of-tls": "ssl.SSLError(1, 'http request')",
}
RECEIVING = {
    "econnrefused": "socket.error(errno.ECONNREFUSED, 'as told of an earlier reply')",
    "enetdown": "socket.error(errno.ENETDOWN, 'as told')",
    "without-errno": ERRORS["without-errno"],
    "timeout": ERRORS["timeout"],
}
# A socket of which the first attempt to receive anything fails.
FAILING_SOCKET = """
import errno

class FailingSocket(object):
    def __init__(self, whole, error):
        self.whole = whole
        self.errors = [error]

    def __getattr__(self, name):
        if name.startswith("recv") and self.errors:
            return self.fail
        return getattr(self.whole, name)

    def fail(self, *arguments):
        raise self.errors.pop()

server.socket = FailingSocket(server.socket, {error})
"""


@requirement("errors/system-errors-of-get-request", variants=ERRORS)
def test_loop_goes_on_after_a_failed_get_request(
    serve: Serve, spec: ServerSpec, peers: Peers, variant: str
) -> None:
    """The request that get_request() fails for is taken at the next try."""
    source = FAILS_FIRST.format(name=spec.class_name, error=variant)
    server = serve([ReadLine(), Echo()], class_source=source)

    peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()


@requirement("datagrams/errors-of-receiving", variants=RECEIVING)
def test_loop_goes_on_after_a_failed_receiving(
    construct: Construct, sender: DatagramPeer, variant: str
) -> None:
    """The datagram that waits while its socket raises is handled at the next try."""
    server = construct([ReadLine(), Echo()])
    server.execute(FAILING_SOCKET.format(error=variant))
    server.spawn("serve_forever", POLL_INTERVAL_S)

    sender.connect(server).send(b"x\n").expect(b"x\n")

    same([], server.evaluate("server.socket.errors"), "errors that were not raised")
