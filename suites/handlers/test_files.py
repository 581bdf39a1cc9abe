"""rfile and wfile: the request is read from the one, the reply written to the other."""

from __future__ import annotations

from typing import Any

from fixtures import (
    RECORDING_ERRORS,
    Fill,
    Observe,
    Peer,
    Peers,
    Serve,
    StreamPeer,
    error_names,
    observable,
    requirement,
    same,
)
from fixtures.steps import Attempt, CloseWfile, Gate, Read, ReadLine, RecordCall, Reply, Report, Run

# With all line ends and with what is no text: 768 octets.
EVERY_OCTET = bytes(range(256)) * 3
TWO_LINES = b"cut\r\nme\n"
# The kernel makes some multiple of it; a hundredth of what is sent in any case.
SMALL_BUFFER_OCTETS = 4096
SHRINK_SEND_BUFFER = (
    f"self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {SMALL_BUFFER_OCTETS})"
)


ONE_BUFFER = """
lent = bytearray(3)
for letter in b"abc":
    lent[:] = bytearray([letter]) * 3
    self.wfile.write(lent)
lent[:] = b"..."
"""


@requirement("handlers/rfile-reads-the-request")
def test_rfile_gives_what_was_sent(serve: Serve, peer: Peer) -> None:
    """Reading as much from rfile as was sent gives just that, whatever octets it has."""
    server = serve([Read(len(EVERY_OCTET))])

    peer.connect(server).send(EVERY_OCTET)

    server.expect_read("read", EVERY_OCTET)


@requirement("handlers/readline-over-cut-segments")
def test_readline_waits_for_the_end_of_the_line(serve: Serve, peers: Peers) -> None:
    """Two lines cut in two anywhere, one connection each, and once cut in many: two readline()s."""
    server = serve([ReadLine(), ReadLine()])
    cuts: list[tuple[int, ...]] = [(cut,) for cut in range(1, len(TWO_LINES))]

    for number, positions in enumerate([*cuts, tuple(range(1, len(TWO_LINES)))], 1):
        client = peers.stream().connect(server).send(TWO_LINES[: positions[0]])
        server.expect_handler("handle", number)
        server.let_others_run()  # so that the pieces are not read as one
        rest = TWO_LINES[positions[0] :]
        client.send(rest, cuts=[position - positions[0] for position in positions[1:]])
        client.expect_end().close()

    server.expect_read("read_line", *[b"cut\r\n", b"me\n"] * (len(cuts) + 1))


@requirement("handlers/wfile-sends-to-the-client")
def test_wfile_sends_what_was_written(serve: Serve, peer: Peer) -> None:
    """What is written to wfile reaches the client, whatever octets it has."""
    server = serve([ReadLine(), Reply(EVERY_OCTET)])

    peer.connect(server).send(b"go on\n").expect(EVERY_OCTET).expect_end()


@requirement("handlers/wfile-write-returns-the-count")
def test_write_counts_octets(serve: Serve, peer: Peer) -> None:
    """write() returns the number of octets, of an array of wider items too, and 0 for none."""
    array = "__import__('array').array('I', [1, 2, 3, 4])"
    writing = ["b'12345'", "b''", f"memoryview({array})", array]
    wanted = Report({"array": f"bytearray({array}.tobytes())"})
    attempt = Attempt([f"self.wfile.write({octets})" for octets in writing])
    server = serve([ReadLine(), wanted, attempt])

    peer.connect(server).send(b"go on\n")

    of_array = server.expect_report()["array"]
    counts = [5, 0, len(of_array), len(of_array)]
    same(counts, observable(server.expect_outcomes()), "what write() returns")
    peer.expect(b"12345" + of_array + of_array).expect_end()


@requirement("handlers/buffered-wfile-counts-octets")
def test_buffered_write_counts_octets(serve: Serve, client: StreamPeer) -> None:
    """write() counts the octets of an array and of a view of it, both of which arrive."""
    array = "__import__('array').array('I', [1, 2, 3, 4])"
    wanted = Report({"array": f"bytearray({array}.tobytes())"})
    attempt = Attempt([f"self.wfile.write({octets})" for octets in (f"memoryview({array})", array)])
    server = serve([ReadLine(), wanted, attempt], handler_attributes={"wbufsize": -1})

    client.connect(server).send(b"go on\n")

    of_array = server.expect_report()["array"]
    same([len(of_array)] * 2, observable(server.expect_outcomes()), "what write() returns")
    client.expect_reply(of_array + of_array)


@requirement(
    "handlers/what-was-written-may-be-changed",
    variants={"unbuffered": {}, "buffered": {"wbufsize": SMALL_BUFFER_OCTETS}},
)
def test_buffer_is_used_again(serve: Serve, peer: Peer, variant: dict[str, int]) -> None:
    """A handler writes one bytearray three times, each time with other octets in it."""
    server = serve([ReadLine(), Run(ONE_BUFFER)], handler_attributes=variant)

    peer.connect(server).send(b"go on\n").expect(b"aaabbbccc").expect_end()


@requirement("handlers/files-are-replaced")
def test_files_are_replaced(serve: Serve, peer: Peer, observe: Observe) -> None:
    """handle() puts a file of its own in the place of each, and reads and writes it."""
    own = "setattr(self, {name!r}, __import__('io').BytesIO(b'other'))"
    replace = [f"self.{name}.close() or {own.format(name=name)}" for name in ("rfile", "wfile")]
    use = ["bytearray(self.rfile.read())", "self.wfile.write(b'12345')"]
    server = serve([ReadLine(), Attempt([*replace, *use])], hooks=RECORDING_ERRORS)

    peer.connect(server).send(b"go on\n")

    outcomes = observable(server.expect_outcomes())
    server.expect_handled()
    server.stop()
    observe("rfile is set, and read", outcomes[::2])
    observe("wfile is set, and written", outcomes[1::2])
    observe("handle_error() for", error_names(server))


@requirement(
    "handlers/wfile-sends-everything",
    variants={"blocking": None, "timeout": 60.0},
)
def test_one_write_sends_everything(serve: Serve, client: StreamPeer, variant: Any) -> None:
    """One write of far more than the buffers hold arrives whole at a client that reads slowly."""
    payload = Fill(100 * SMALL_BUFFER_OCTETS, seed=1)
    steps = [Run(SHRINK_SEND_BUFFER), ReadLine(), Reply(payload)]
    server = serve(steps, handler_attributes={"timeout": variant})
    client.connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS).send(b"go on\n")
    server.expect_step("read_line")

    _read_in_pieces(client, bytes(payload), 1000)

    client.expect_end()


def _read_in_pieces(client: StreamPeer, payload: bytes, piece_octets: int) -> None:
    for start in range(0, len(payload), piece_octets):
        client.expect(payload[start : start + piece_octets])


@requirement("handlers/buffered-wfile-is-flushed-at-finish")
def test_buffered_reply_is_sent_when_handle_returns(serve: Serve, client: StreamPeer) -> None:
    """A reply that a large wbufsize has room for is sent although the handler flushes nothing."""
    steps = [ReadLine(), Reply(b"both parts "), Reply(b"in one")]
    server = serve(steps, handler_attributes={"wbufsize": 1 << 16})

    client.connect(server).send(b"go on\n").expect_reply(b"both parts in one")


@requirement("handlers/unbuffered-wfile-sends-at-once")
def test_unbuffered_reply_is_sent_during_handle(serve: Serve, client: StreamPeer) -> None:
    """What was written is with the client while the handler still waits at a gate."""
    server = serve([ReadLine(), Reply(b"at once"), Gate("written")])
    client.connect(server).send(b"go on\n")
    server.expect_at_gate("written")

    client.expect(b"at once")

    server.open_gate("written")
    client.expect_end()


@requirement("handlers/handler-may-close-wfile", variants={"unbuffered": 0, "buffered": 1 << 16})
def test_closing_wfile_is_no_error(serve: Serve, client: StreamPeer, variant: int) -> None:
    """A handler that closes wfile ends without handle_error(), and its reply arrives."""
    server = serve(
        [ReadLine(), Reply(b"last words"), CloseWfile()],
        handler_attributes={"wbufsize": variant},
        hooks={"handle_error": RecordCall()},
    )

    client.connect(server).send(b"go on\n").expect_reply(b"last words")

    server.expect_handler("finish")
    server.expect_calls(without="handle_error")
