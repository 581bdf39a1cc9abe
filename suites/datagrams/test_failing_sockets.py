"""Sockets that fail to receive: whatever the system has to say, the loop goes on."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, DatagramPeer, requirement, same
from fixtures.steps import Echo, ReadLine

RECEIVING = {
    "econnrefused": "socket.error(errno.ECONNREFUSED, 'as told of an earlier reply')",
    "enetdown": "socket.error(errno.ENETDOWN, 'as told')",
    "without-errno": "socket.error('no errno')",
    "timeout": "socket.timeout('timed out')",
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
