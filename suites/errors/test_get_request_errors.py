"""Errors of get_request(): whatever the system has to say, the loop goes on to the next request."""

from __future__ import annotations

from fixtures import Peers, Serve, ServerSpec, requirement
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


@requirement("errors/system-errors-of-get-request", variants=ERRORS)
def test_loop_goes_on_after_a_failed_get_request(
    serve: Serve, spec: ServerSpec, peers: Peers, variant: str
) -> None:
    """The request that get_request() fails for is taken at the next try."""
    source = FAILS_FIRST.format(name=spec.class_name, error=variant)
    server = serve([ReadLine(), Echo()], class_source=source)

    peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()
