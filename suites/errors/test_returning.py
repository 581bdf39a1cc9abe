"""What is no error: values that are returned. And where errors are told: a sys.stderr put there."""

from __future__ import annotations

from fixtures import (
    RECORDING_ERRORS,
    Construct,
    Peers,
    Serve,
    check,
    error_names,
    requirement,
    same,
)
from fixtures.steps import Raise, ReadLine

RETURNED = {
    "octets-written": "self.wfile.write(b'')",
    "true": "True",
    "text": "'done'",
    "itself": "self",
    "exception": "ValueError('returned')",
}
RETURNING = """
class Handler(base):
    def setup(self):
        base.setup(self)
        return {value}

    def handle(self):
        self.wfile.write(self.rfile.readline())
        return {value}

    def finish(self):
        base.finish(self)
        return True
"""
TRACEBACK = "Traceback (most recent call last)"
REDIRECTED = """
import io, sys
kept_stderr, sys.stderr = sys.stderr, io.StringIO()
"""
READ_AGAIN = """
told = sys.stderr.getvalue()
sys.stderr = kept_stderr
"""


@requirement("errors/returning-is-not-an-error", variants=RETURNED)
def test_returning_is_no_error(serve: Serve, peers: Peers, variant: str) -> None:
    """handle_error() is not called for a handler whose methods return something."""
    server = serve(source=RETURNING.format(value=variant), hooks=RECORDING_ERRORS)

    peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()

    server.stop()
    same([], error_names(server), "what handle_error() is called for")


@requirement("errors/traceback-in-a-redirected-stderr")
def test_traceback_in_a_redirected_stderr(construct: Construct, peers: Peers) -> None:
    """The traceback is in the text file that stands for sys.stderr when a handler raises."""
    server = construct([ReadLine(), Raise()], hooks=RECORDING_ERRORS)
    peers().connect(server).send(b"x\n")
    server.execute(REDIRECTED)

    server.call("handle_request")

    server.process.wait_events(1, "return", method="handle_error")
    server.execute(READ_AGAIN)
    told = server.evaluate("told")
    check(TRACEBACK in told, expected="a traceback in sys.stderr", actual=repr(told))
