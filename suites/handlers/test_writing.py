"""wfile: every way to write a reply to it, with every size of its buffer."""

from __future__ import annotations

from fixtures import (
    END_OF_STREAM,
    Fill,
    Observe,
    Peer,
    RaisedError,
    Serve,
    StreamPeer,
    check,
    observable,
    requirement,
    same,
)
from fixtures.steps import Attempt, ReadLine, Reply, Report, Run

LINE = b"go on\n"
BUFFER_SIZES = {"default": -1, "none": 0, "one": 1, "page": 4096}
SMALL_BUFFER_OCTETS = 4096
SHRINK_SEND_BUFFER = (
    f"self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {SMALL_BUFFER_OCTETS})"
)
SIGNALS = 20
# What runs in a green thread runs in the one that has a frame; its own identity is unknown to the
# system, and a signal sent there is undefined.
INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGUSR2, lambda number, frame: None)
"""
INTERRUPT = """
idents = sys._current_frames()
writer = server.writer if server.writer in idents else list(idents)[0]
signal.pthread_kill(writer, signal.SIGUSR2)
"""
KEEP_WRITER = "self.server.writer = threading.current_thread().ident"


@requirement("handlers/wfile-is-a-writable-file")
def test_every_method_that_writes(serve: Serve, peer: Peer) -> None:
    """What is written by write() and writelines(), of several types, arrives in order."""
    writing = [
        "self.wfile.writable()",
        "self.wfile.closed",
        "self.wfile.write(b'one ')",
        "self.wfile.write(bytearray(b'two '))",
        "self.wfile.write(memoryview(b'-three-')[1:6])",
        "self.wfile.writelines([b' four', b'', b' five'])",
        "self.wfile.flush()",
        "self.wfile.closed",
    ]
    server = serve([ReadLine(), Attempt(writing)])

    peer.connect(server).send(LINE)

    wanted = [True, False, 4, 4, 5, None, None, False]
    same(wanted, observable(server.expect_outcomes()), "what the methods of wfile return")
    peer.expect(b"one two three four five").expect_end()


@requirement("handlers/wfile-of-a-stream-is-a-buffered-io")
def test_wfile_is_a_buffered_io(serve: Serve, client: StreamPeer) -> None:
    """io.BufferedIOBase is among its classes, and its descriptor is the request's."""
    asked = {
        "is a BufferedIOBase": "isinstance(self.wfile, __import__('io').BufferedIOBase)",
        "has the request's descriptor": "self.wfile.fileno() == self.request.fileno()",
    }
    server = serve([Report(asked)])

    client.connect(server)

    same(dict.fromkeys(asked, True), server.expect_report(), "the wfile")


@requirement(
    "handlers/writing-text-is-refused", variants={"unbuffered": {}, "buffered": {"wbufsize": -1}}
)
def test_text_is_refused(
    serve: Serve, peer: Peer, variant: dict[str, int], observe: Observe
) -> None:
    """write() of text raises TypeError, and what is written after it is all that arrives."""
    server = serve(
        [ReadLine(), Attempt(["self.wfile.write(u'text')"]), Reply(b"octets")],
        handler_attributes=variant,
    )

    peer.connect(server).send(LINE)

    (outcome,) = server.expect_outcomes()
    check(
        isinstance(outcome, RaisedError) and outcome.is_a("TypeError"),
        expected="write() of text raises TypeError",
        actual=f"it gave {observable([outcome])[0]!r}",
    )
    observe("writing text", observable([outcome])[0])
    peer.expect(b"octets").expect_end()


@requirement("handlers/wfile-sends-with-any-buffer-size", variants=BUFFER_SIZES)
def test_writing_with_any_buffer_size(
    serve: Serve, client: StreamPeer, variant: int, observe: Observe
) -> None:
    """Small writes, a large one and a last one arrive in order; flush() sends what is left."""
    large = Fill(30 * SMALL_BUFFER_OCTETS, seed=5)
    first = bytes(large)[:1]
    mark = "self.request.sendall(b'|')"  # past wfile and its buffer
    small = [
        "self.wfile.write(b'a')",
        mark,
        "self.wfile.write(b'bc')",
        mark,
        "self.wfile.flush()",
        mark,
    ]
    steps = [Run(SHRINK_SEND_BUFFER), ReadLine(), Attempt(small), Reply(large), Reply(b"end")]
    server = serve(steps, handler_attributes={"wbufsize": variant})

    client.connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS).send(LINE)
    arrived, ending = client.receive_to_end()

    before, _, after = arrived.partition(first)
    observe("write a, mark, write bc, mark, flush, mark: arrives", before)
    observe(
        "write a, mark, write bc, mark, flush, mark: give", observable(server.expect_outcomes())
    )
    observe("a large write returns", server.expect_step("write")[0].fields["value"])
    flushed, _, _ = before.rpartition(b"|")
    same(b"abc", flushed.replace(b"|", b""), "what has arrived by flush()")
    same(bytes(large) + b"end", first + after, "what arrives after it")
    same(END_OF_STREAM, ending, "how the stream ends")


@requirement("handlers/wfile-sends-everything-despite-signals")
def test_signals_do_not_cut_a_write(serve: Serve, client: StreamPeer) -> None:
    """The thread that writes is sent a signal each time a little more of its reply was read."""
    fill = Fill(100 * SMALL_BUFFER_OCTETS, seed=6)
    reply = bytes(fill)
    server = serve([Run(SHRINK_SEND_BUFFER), ReadLine(), Run(KEEP_WRITER), Reply(fill)])
    server.execute(INTERRUPTIBLE)
    client.connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS).send(LINE)

    piece = len(reply) // (2 * SIGNALS)
    for start in range(0, SIGNALS * piece, piece):
        client.expect(reply[start : start + piece])
        server.execute(INTERRUPT)

    client.expect_reply(reply[SIGNALS * piece :])
