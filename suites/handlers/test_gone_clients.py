"""Handlers whose clients are gone, or whose connections they have ended themselves."""

from __future__ import annotations

from fixtures import (
    RECORDING_ERRORS,
    Observe,
    Peers,
    RaisedError,
    Serve,
    Server,
    ServerSpec,
    StreamPeer,
    check,
    error_names,
    observable,
    requirement,
    same,
)
from fixtures.steps import Attempt, Echo, HandlerScript, ReadLine, Reply, Run

LINE = b"go on\n"
BUFFERED = {"wbufsize": 4096}
# Readable once the client's reset or end of stream has come.
UNTIL_GONE = "import select; select.select([self.request], [], [])"
# By hand: a finish() that cannot send the reply leaves rfile to the garbage collector.
CLOSE_RFILE = Run("self.rfile.close()")
NO_FLUSH = Run(
    "class Odd(object):\n"
    "    closed = False\n"
    "    def flush(self):\n"
    "        raise ValueError('no flush')\n"
    "    def close(self):\n"
    "        pass\n"
    "self.wfile.close()\n"
    "self.wfile = Odd()\n"
)
# What flushing may meet when the client has gone; a flush() that raises it, of a file that closes.
GONE = "EPIPE ECONNRESET ECONNABORTED ETIMEDOUT"
LAST_ERRORS = {
    **{name.lower(): f"socket.error(errno.{name}, 'gone')" for name in GONE.split()},
    "timeout": "socket.timeout('timed out')",
}
FAILING_FLUSH = """
import errno
class Failing(object):
    closed = False
    def flush(self):
        raise {error}
    def close(self):
        self.closed = True
self.wfile.close()
self.wfile = Failing()
"""
TELL_FILES = """
class Handler(base):
    wbufsize = 4096

    def handle(self):
        self.wfile.write(self.rfile.readline())
        emit("written")
        if not isinstance(self.request, tuple):
            try:
                self.request.recv(1)
            except EnvironmentError:
                pass

    def finish(self):
        try:
            base.finish(self)
        finally:
            emit("files", rfile=self.rfile.closed, wfile=self.wfile.closed)
            self.rfile.close()
"""


@requirement(
    "handlers/handler-may-end-its-connection",
    variants={
        "rfile closed": "self.rfile.close()",
        "shut down": "self.request.shutdown(socket.SHUT_RDWR)",
        "closed": "self.request.close()",
    },
)
def test_handler_that_ends_its_connection(
    serve: Serve, peers: Peers, variant: str, observe: Observe
) -> None:
    """Two clients, one after the other, get their replies, and handle_error() is not called."""
    server = serve([ReadLine(), Echo(), Run(variant)], hooks=RECORDING_ERRORS)

    for _ in range(2):
        peers.stream().connect(server).send(LINE).expect_reply(LINE)

    server.expect_handled(2)
    server.stop()
    observe("handle_error() for", error_names(server))
    same([], error_names(server), "what handle_error() is called for")


@requirement("handlers/write-that-fails-raises")
def test_write_to_a_gone_client(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The client has reset its connection when the handler, whose wfile has no buffer, writes."""
    write = "self.wfile.write(b'too late')"
    server = serve([ReadLine(), Run(UNTIL_GONE), Attempt([write, write])])
    client.connect(server).send(LINE)
    server.expect_step("read_line")

    client.reset()

    outcomes = server.expect_outcomes()
    observe("writing to a gone client", observable(outcomes))
    check(
        all(isinstance(one, RaisedError) and one.is_a("OSError") for one in outcomes),
        expected="write() raises OSError",
        actual=" then ".join(map(str, observable(outcomes))),
    )


@requirement("handlers/reply-to-a-gone-client-is-not-an-error")
def test_flushing_to_a_gone_client(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The client has reset its connection when the handler returns with its reply in a buffer."""
    steps = [ReadLine(), Reply(b"too late"), Run(UNTIL_GONE)]
    script = HandlerScript(steps, finish=[CLOSE_RFILE])
    server = serve(script, handler_attributes=BUFFERED, hooks=RECORDING_ERRORS)
    client.connect(server).send(LINE)
    server.expect_step("write")

    client.reset()

    server.expect_step("run", 2)
    server.stop()
    found = error_names(server)
    observe("flushing to a gone client: handle_error() for", found)
    check(
        not found,
        expected="finish() lets an error of the last flush pass",
        actual=f"handle_error() is called for {', '.join(found)}",
    )


@requirement("handlers/last-flush-may-fail", variants=LAST_ERRORS)
def test_last_flush_may_fail(serve: Serve, client: StreamPeer, variant: str) -> None:
    """flush() of the handler's wfile raises what it does when a client has gone."""
    steps = [ReadLine(), Run(FAILING_FLUSH.format(error=variant))]
    server = serve(steps, hooks=RECORDING_ERRORS)

    client.connect(server).send(LINE).expect_end()

    server.expect_handled()
    server.stop()
    same([], error_names(server), "what handle_error() is called for")


@requirement("handlers/files-after-finish")
def test_files_of_a_finished_handler(
    serve: Serve, spec: ServerSpec, peers: Peers, observe: Observe
) -> None:
    """The handler tells it at the end of finish(); one reply is sent, one cannot be."""
    server = serve(source=TELL_FILES, hooks=RECORDING_ERRORS)
    peer = peers().connect(server).send(LINE)
    if isinstance(peer, StreamPeer):
        peer.half_close()
    peer.expect(LINE).expect_end()
    _observe_files(server, 1, "reply sent", observe)
    if spec.is_stream:
        gone = peers.stream().connect(server).send(LINE)
        server.process.wait_events(2, "written")
        gone.reset()
        _observe_files(server, 2, "client gone", observe)


def _observe_files(server: Server, number: int, when: str, observe: Observe) -> None:
    found = server.process.wait_events(number, "files")[-1].fields
    for name in ("rfile", "wfile"):
        observe(f"{when}: {name} closed", found[name])


@requirement("handlers/flush-raises-another-exception")
def test_wfile_whose_flush_raises(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The handler has put another file in the place of wfile."""
    server = serve(HandlerScript([NO_FLUSH], finish=[CLOSE_RFILE]), hooks=RECORDING_ERRORS)

    client.connect(server)

    server.expect_handled()
    server.stop()
    observe("handle_error() for", error_names(server))
