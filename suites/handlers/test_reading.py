"""rfile: every way to read a request from it, with every size of its buffer."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Fill,
    Observe,
    Peer,
    Serve,
    ServerSpec,
    StreamPeer,
    check,
    observable,
    requirement,
    same,
)
from fixtures.steps import Attempt, Gate, ReadLine, ReadToEnd, Receive, Report

BUFFER_SIZES = {"default": -1, "none": 0, "one": 1, "page": 4096}
LINES = b"line one\r\n\nline three\n"
MORE_LINES = b"of all\nby turns\nin a list\nto the end"
TIMEOUT_S = 0.03
TYPES = {
    f"{name}.{method}()": f"self.{name}.{method}()"
    for name in ("rfile", "wfile")
    for method in ("readable", "writable", "seekable")
}


def _joined(parts: list[Any]) -> bytes:
    """The octets among them, and those in lists among them."""
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    return b"".join(part for part in flat if isinstance(part, bytes))


def _send_all(peer: Peer, spec: ServerSpec, data: bytes) -> None:
    """The whole request and, of a stream, its end."""
    peer.send(data)
    if spec.is_stream and isinstance(peer, StreamPeer):
        peer.half_close()


@requirement("handlers/rfile-is-a-readable-file")
def test_every_method_that_reads(
    serve: Serve, spec: ServerSpec, peer: Peer, observe: Observe
) -> None:
    """One request is read in every way that there is, and nothing is missing."""
    reading = [
        "self.rfile.readable()",
        "self.rfile.readline()",
        "self.rfile.read1(3)",
        "(lambda octets: octets[: self.rfile.readinto(octets)])(bytearray(4))",
        "(lambda octets: octets[: self.rfile.readinto1(octets)])(bytearray(2))",
        "self.rfile.read(2)",
        "self.rfile.readline()",
        "[next(iter(self.rfile)), next(self.rfile)]",
        "self.rfile.readlines(1)",
        "self.rfile.readlines()",
        "self.rfile.read()",
        "self.rfile.closed",
    ]
    server = serve([Attempt(reading), Report(TYPES)])

    _send_all(peer.connect(server), spec, LINES + MORE_LINES)

    results = server.expect_outcomes()
    same([True, False], [results[0], results[-1]], "readable() and closed")
    same(b"line one\r\n", results[1], "what readline() gives")
    _are_short(results[2:5])
    same(2, len(_joined(results[5:6])), "the length of what read(2) gives")
    same(LINES + MORE_LINES, _joined(results), "all that was read, joined")
    wanted = [[b"of all\n", b"by turns\n"], [b"in a list\n"], [b"to the end"], b""]
    same(
        wanted,
        observable(results[7:11]),
        "what iteration, readlines(1), readlines() and read() give",
    )
    for name, value in server.expect_report().items():
        observe(name, value)


def _are_short(results: list[Any]) -> None:
    """What read1(3), readinto(4) and readinto1(2) gave is not empty, and not longer than that."""
    lengths = [len(_joined([part])) for part in results]
    check(
        all(0 < length <= most for length, most in zip(lengths, (3, 4, 2), strict=True)),
        expected="1 to 3 octets from read1(3), 1 to 4 from readinto(4), 1 or 2 from readinto1(2)",
        actual=str(observable(results)),
    )


@requirement("handlers/readline-takes-a-limit")
def test_readline_stops_at_its_limit(serve: Serve, peer: Peer) -> None:
    """A line longer than the limit comes in parts, and a shorter one by itself."""
    limited = [f"bytearray(self.rfile.readline({limit}))" for limit in (4, 0, 3, 100, 100, 100)]
    server = serve([Attempt(limited)])

    peer.connect(server).send(LINES)

    wanted = [b"line", b"", b" on", b"e\r\n", b"\n", b"line three\n"]
    same(wanted, observable(server.expect_outcomes()), "what readline() gives with limits")


@requirement("handlers/rfile-at-the-end-of-the-request")
def test_what_rfile_gives_at_the_end(serve: Serve, spec: ServerSpec, peer: Peer) -> None:
    """The last line has no newline; after it there are a short read and empty ones."""
    calls = ["readline()", "read(3)", "readline()", "read(10)", "read(1)", "readline()", "read()"]
    server = serve([Attempt([f"bytearray(self.rfile.{call})" for call in calls])])

    _send_all(peer.connect(server), spec, b"first\nabclast line")

    wanted = [b"first\n", b"abc", b"last line", b"", b"", b"", b""]
    same(wanted, observable(server.expect_outcomes()), "what rfile gives at the end")


@requirement("handlers/rfile-reads-with-any-buffer-size", variants=BUFFER_SIZES)
def test_reading_with_any_buffer_size(
    serve: Serve, client: StreamPeer, variant: int, observe: Observe
) -> None:
    """Two lines, the second of which comes later in part, and a long rest are read complete."""
    rest = bytes(Fill(100_000, seed=4))
    steps = [ReadLine(), ReadLine(), ReadToEnd()]
    server = serve(steps, handler_attributes={"rbufsize": variant})
    client.connect(server).send(b"first\nsec")
    server.expect_step("read_line")

    client.send(b"ond\n" + rest).half_close()

    server.expect_read("read_line", b"first\n", b"second\n")
    server.expect_read("read_to_end", rest)
    client.expect_end()
    _observe_waiting(serve, client, variant, observe)


def _observe_waiting(serve: Serve, client: StreamPeer, variant: int, observe: Observe) -> None:
    """Whether read(10) makes do with 5 octets that are there: if it waits, a timeout ends it."""
    steps = [Gate("sent"), Attempt(["bytearray(self.rfile.read(10))"])]
    server = serve(steps, handler_attributes={"rbufsize": variant, "timeout": TIMEOUT_S})
    client.close()
    client.connect(server).send(b"12345")

    server.open_gate("sent")

    observe("read(10) where 5 octets are", observable(server.expect_outcomes())[0])


@requirement("handlers/recv-returns-what-is-there")
def test_recv_does_not_wait_for_more(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """Each of two pieces without a newline is received before there is anything more."""
    server = serve([Receive(1024), Receive(1024)], base="BaseRequestHandler")
    client.connect(server)

    for count, piece in enumerate((b"some", b"more"), 1):
        client.send(piece)
        got = server.expect_step("recv", count)[-1].fields["octets"]["text"]
        observe(f"recv() {count}", got)
        check(
            got and piece.decode().startswith(got),
            expected=f"recv() gives {piece!r}, or the beginning of it",
            actual=got,
        )
