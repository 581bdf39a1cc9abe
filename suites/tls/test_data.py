"""What goes through within TLS: whole, cut, put together, more than the buffers hold, damaged."""

from __future__ import annotations

from fixtures import (
    SHAPES_BY_NAME,
    TIMEOUT,
    TLS_VERSIONS,
    Fill,
    Secured,
    Serve,
    TlsServer,
    check,
    requirement,
)
from fixtures.steps import Echo, Read, ReadLine, Run

LINE = b"within TLS\n"
LINES = (b"first\n", b"\n", b"third and last\n")
ECHO_LINES = "for line in self.rfile: self.wfile.write(line)"
# In the header of a record, right behind it, and within what is in it.
HELD_BACK_AT = (2, 5, 9)
# Of TLS 1.3: a header, the line, what kind of record it is, and sixteen octets that prove it.
CUTS = range(1, 5 + len(LINE) + 17)
# More than a record has, and more than the buffers of a connection.
RECORD_OCTETS = 1 << 14
FIRST_OCTETS = 100
LARGE_OCTETS = 600_000


@requirement("tls/record-cut-at-any-place", SHAPES_BY_NAME)
def test_record_is_cut_at_any_place(serve: Serve, secured: Secured, variant: str) -> None:
    """A line is read whole if the rest of its record comes later, and wherever that is cut."""
    server = serve([Run(ECHO_LINES)], tls=TlsServer(variant))
    client = secured(server).handshake(piece_octets=1)

    for size in HELD_BACK_AT:
        client.hold(LINE).release(size)
        server.let_others_run()  # so that what has come is read alone
        client.release().expect(LINE)
    for cut in CUTS:
        client.send(LINE, cuts=[cut]).expect(LINE)


@requirement("tls/records-in-one-segment", TLS_VERSIONS)
def test_records_come_in_one_segment(serve: Serve, secured: Secured, variant: str) -> None:
    """Lines in records of their own, sent at once, are read and answered one by one."""
    server = serve([ReadLine(), Echo()] * len(LINES), tls=TlsServer("get_request"))
    client = secured(server, variant).handshake()

    for line in LINES:
        client.hold(line)
    client.release()

    client.expect(b"".join(LINES))
    server.expect_read("read_line", *LINES)


@requirement("tls/rest-of-a-record", SHAPES_BY_NAME)
def test_rest_of_a_record_is_read(serve: Serve, secured: Secured, variant: str) -> None:
    """rfile's buffer has less room than a record needs; the client sends nothing else."""
    request = Fill(RECORD_OCTETS, seed=4)
    steps = [Read(FIRST_OCTETS), Read(RECORD_OCTETS - FIRST_OCTETS), Echo()]
    server = serve(steps, tls=TlsServer(variant))
    client = secured(server).handshake()

    client.send(request)

    client.expect(bytes(request)[FIRST_OCTETS:])


@requirement("tls/rest-of-a-record-unbuffered", TLS_VERSIONS)
def test_rest_of_a_record_is_read_without_a_buffer(
    serve: Serve, secured: Secured, variant: str
) -> None:
    """Each read() of an unbuffered rfile takes one octet of the record that the first has taken."""
    take = f"self.sockproof_last = b''.join(self.rfile.read(1) for _ in range({len(LINE)}))"
    unbuffered = {"rbufsize": 0}
    tls = TlsServer("get_request")
    server = serve([Run(take), Echo()], tls=tls, handler_attributes=unbuffered)
    client = secured(server, variant).handshake()

    client.send(LINE)

    client.expect(LINE)


@requirement("tls/large-transfer", SHAPES_BY_NAME)
def test_large_transfer(serve: Serve, secured: Secured, variant: str) -> None:
    """A request of many records is read whole, and comes back whole from one write()."""
    payload = Fill(LARGE_OCTETS, seed=5)
    server = serve([Read(LARGE_OCTETS), Echo()], tls=TlsServer(variant))
    client = secured(server).handshake()

    client.send(payload)

    client.expect(payload)


@requirement("tls/damaged-record", SHAPES_BY_NAME)
def test_damaged_record(serve: Serve, secured: Secured, variant: str) -> None:
    """Whose record is no longer what was sent is told so, and the next client is served."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))
    client = secured(server, lane="client damaged").handshake()

    client.send_damaged(LINE)

    data, ending = client.receive()
    check(data == b"", expected="nothing of a damaged record comes back", actual=data)
    check(ending == "alert bad record mac", expected="alert bad record mac", actual=ending)
    _, over = client.client.receive_to_end()
    check(over is not TIMEOUT, expected="the connection is ended", actual=over)
    secured(server).handshake().send(LINE).expect(LINE)
