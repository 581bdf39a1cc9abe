"""What a stream handler's class attributes make of its connection."""

from __future__ import annotations

import time
from typing import Any

from fixtures import (
    END_OF_STREAM,
    RECORDING_ERRORS,
    Construct,
    Fill,
    Observe,
    Peers,
    RaisedError,
    Serve,
    StreamPeer,
    check,
    error_names,
    observable,
    requirement,
    same,
)
from fixtures.steps import Attempt, Gate, HandlerScript, ReadLine, Reply, Report, Run

# Exact in binary, so that it is told as it was given.
TIMEOUT_S = 0.0625
TIMEOUTS = 4
WRITE_TIMEOUT_S = 0.03
LONG_S = 64
TOTAL_S = 1.0
TRICKLING_S = 4 * TOTAL_S
SMALL_BUFFER_OCTETS = 4096
MUCH_OCTETS = 8 << 20
# As many as it takes to read all.
TRICKLES = MUCH_OCTETS // SMALL_BUFFER_OCTETS
SHRINK_SEND_BUFFER = (
    f"self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, {SMALL_BUFFER_OCTETS})"
)
LINE = b"go on\n"


@requirement(
    "handlers/disable-nagle-sets-nodelay",
    variants={
        "on": {"disable_nagle_algorithm": True},
        "off": {"disable_nagle_algorithm": False},
        "default": {},
    },
)
def test_disable_nagle_decides_nodelay(
    serve: Serve, client: StreamPeer, variant: dict[str, Any]
) -> None:
    """TCP_NODELAY of the connection is as disable_nagle_algorithm says, by default off."""
    option = "self.request.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)"
    server = serve([Report({"nodelay": option})], handler_attributes=variant)

    client.connect(server)

    wanted = variant.get("disable_nagle_algorithm", False)
    same(wanted, bool(server.expect_report()["nodelay"]), "whether TCP_NODELAY is set")


@requirement("handlers/timeout-applies-to-the-connection")
def test_silent_client_ends_a_read_by_timeout(
    serve: Serve, client: StreamPeer, observe: Observe
) -> None:
    """The connection has the handler's timeout, and a read from a silent client raises it."""
    afterwards = Attempt(["bytearray(self.rfile.readline())", "self.wfile.write(b'goes on')"])
    steps = [Report({"timeout": "self.request.gettimeout()"}), ReadLine()]
    script = HandlerScript(steps, finish=[afterwards])
    server = serve(script, handler_attributes={"timeout": TIMEOUT_S}, hooks=RECORDING_ERRORS)

    client.connect(server)

    same(TIMEOUT_S, server.expect_report()["timeout"], "the connection's timeout")
    error = server.expect_step_error("read_line")
    observe("read past the timeout: exception", error.type_name)
    check(
        error.is_a("timeout", "TimeoutError"),
        expected="the read raises socket.timeout",
        actual=f"it raises {error}",
    )
    client.expect_reply(b"goes on")
    server.stop()
    observe("reading and writing afterwards", observable(server.expect_outcomes()))
    observe("read past the timeout: handle_error() for", error_names(server))


@requirement("handlers/timeout-is-of-each-wait")
def test_timeout_is_of_each_wait(serve: Serve, client: StreamPeer) -> None:
    """The client lets some timeouts pass; what it then says is read, and is answered."""
    silence = Attempt(["self.request.recv(1)"] * TIMEOUTS)
    talk = Attempt(["bytearray(self.request.recv(100))", "self.wfile.write(b'goes on')"])
    server = serve([silence, Gate("said"), talk], handler_attributes={"timeout": TIMEOUT_S})
    client.connect(server)
    server.expect_at_gate("said")

    client.send(LINE)
    server.open_gate("said")

    client.expect_reply(b"goes on")
    for ending in server.expect_outcomes(1):
        check(
            isinstance(ending, RaisedError) and ending.is_a("timeout", "TimeoutError"),
            expected="each read of a silent client raises socket.timeout",
            actual=ending,
        )
    same(LINE, server.expect_outcomes(2)[0], "what the handler then reads")


@requirement(
    "handlers/timeout-applies-to-writing",
    variants={"unbuffered": {}, "buffered": {"wbufsize": -1}},
)
def test_reader_that_never_reads_ends_a_write_by_timeout(
    serve: Serve, client: StreamPeer, variant: dict[str, int], observe: Observe
) -> None:
    """A write of more than all buffers hold raises socket.timeout; then the stream ends."""
    reply = Fill(100 * SMALL_BUFFER_OCTETS, seed=7)
    # rfile by hand: a finish() that cannot flush leaves that to the garbage collector
    script = HandlerScript(
        [Run(SHRINK_SEND_BUFFER), Reply(reply)], finish=[Run("self.rfile.close()")]
    )
    attributes = {"timeout": WRITE_TIMEOUT_S, **variant}
    server = serve(script, handler_attributes=attributes, hooks=RECORDING_ERRORS)

    client.connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS)

    error = server.expect_step_error("write")
    check(
        error.is_a("timeout", "TimeoutError"),
        expected="the write raises socket.timeout",
        actual=f"it raises {error}",
    )
    server.stop()
    observe("write past the timeout: handle_error() for", error_names(server))
    same(END_OF_STREAM, client.receive_to_end()[1], "how the stream ends")


@requirement("handlers/timeout-of-a-long-write")
def test_write_to_a_reader_who_trickles(
    construct: Construct, client: StreamPeer, observe: Observe
) -> None:
    """It makes room long before the timeout of one send, again and again for longer than that."""
    server = construct(
        [ReadLine(), Reply(Fill(MUCH_OCTETS))], handler_attributes={"timeout": TOTAL_S}
    )
    serving = server.spawn("handle_request")
    client.connect(server).send(LINE)
    server.expect_handler("handle")

    began_s = time.monotonic()
    for n in range(TRICKLES):
        while not serving.has_ended and time.monotonic() < began_s + TRICKLING_S * n / TRICKLES:
            server.fence()
        if serving.has_ended:
            break
        client.receive(SMALL_BUFFER_OCTETS)
    serving.expect_return()

    (written,) = server.expect_step("write")
    observe("write()", "raises" if "error" in written.fields else "returns")


@requirement("handlers/timeout-when-finishing")
def test_buffered_reply_that_times_out(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The write only fills the buffer; finish() then finds a client that reads nothing."""
    octets = 100 * SMALL_BUFFER_OCTETS
    steps = [Run(SHRINK_SEND_BUFFER), Reply(Fill(octets, seed=8))]
    server = serve(
        HandlerScript(steps, finish=[Run("self.rfile.close()")]),
        handler_attributes={"timeout": WRITE_TIMEOUT_S, "wbufsize": 2 * octets},
        hooks=RECORDING_ERRORS,
    )

    client.connect(server, receive_buffer_octets=SMALL_BUFFER_OCTETS)

    write = server.expect_step("write")[0].fields
    server.expect_handled()
    server.stop()
    observe("a write that fills the buffer", "raises" if "error" in write else "returns")
    observe("finishing past the timeout: handle_error() for", error_names(server))


@requirement("handlers/default-timeout-of-sockets")
def test_program_with_a_default_timeout(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The handler itself asks for no timeout; the program sets one for all of its new sockets."""
    server = serve([Report({"timeout": "self.request.gettimeout()"})])
    server.execute(f"socket.setdefaulttimeout({LONG_S})")

    client.connect(server)

    observe("the connection's timeout", server.expect_report()["timeout"])


@requirement("handlers/read-after-a-timeout")
def test_reading_after_a_timeout(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """Half a line has come when readline() begins; the rest comes after the timeout."""
    reading = Attempt(["bytearray(self.rfile.readline())"])
    steps = [Gate("half is there"), reading, Gate("the rest is there"), reading]
    server = serve(steps, handler_attributes={"timeout": TIMEOUT_S}, hooks=RECORDING_ERRORS)
    client.connect(server).send(b"half")
    server.open_gate("half is there")
    first = observable(server.expect_outcomes())

    client.send(b" a line\n")
    server.open_gate("the rest is there")

    observe("readline() of half a line", first[0])
    observe("readline() after the rest", observable(server.expect_outcomes(2))[0])
    server.stop()
    observe("reading after a timeout: handle_error() for", error_names(server))


@requirement("handlers/timeout-of-zero")
def test_reading_with_a_timeout_of_zero(serve: Serve, client: StreamPeer, observe: Observe) -> None:
    """The client is silent until the handler has tried to read in several ways."""
    reading = ["readline()", "read(1)", "read()"]
    attempts = Attempt([f"self.rfile.{call}" for call in reading] + ["self.request.recv(1)"])
    server = serve([attempts], handler_attributes={"timeout": 0}, hooks=RECORDING_ERRORS)

    client.connect(server)

    outcomes = observable(server.expect_outcomes())
    for call, outcome in zip([*reading, "recv(1)"], outcomes, strict=True):
        observe(f"timeout of 0: {call}", outcome)


@requirement("handlers/disable-nagle-on-a-unix-socket")
def test_disable_nagle_on_a_unix_socket(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Two clients, one after the other, send a line each."""
    server = serve(
        [ReadLine(), Reply(b"handled")],
        handler_attributes={"disable_nagle_algorithm": True},
        hooks=RECORDING_ERRORS,
    )

    replies = [peers.stream().connect(server).offer(LINE).receive_to_end() for _ in range(2)]

    server.stop()
    observe("TCP_NODELAY on a Unix socket: clients get", [reply for reply, _ in replies])
    observe("TCP_NODELAY on a Unix socket: handle_error() for", error_names(server))


@requirement("handlers/timeout-default-is-none")
def test_connection_has_no_timeout_by_default(serve: Serve, client: StreamPeer) -> None:
    """Without a timeout in the handler's class, the connection blocks for as long as it takes."""
    server = serve([Report({"timeout": "self.request.gettimeout()"})])

    client.connect(server)

    same(None, server.expect_report()["timeout"], "the connection's timeout")
