"""Files over TLS, and sockets that are wrapped or kept in other ways than the shapes do."""

from __future__ import annotations

from fixtures import (
    BY_HAND,
    POLL_INTERVAL_S,
    SHAPES_BY_NAME,
    TIMEOUT,
    TLS_VERSIONS,
    Construct,
    Fill,
    Peers,
    Secured,
    Serve,
    TlsClient,
    TlsServer,
    check,
    requirement,
)
from fixtures.steps import Echo, Gate, ReadLine, Reply, Run

LINE = b"within TLS\n"
REPLY = Fill(40_000, seed=7)
# More than a system keeps for a connection whose client has room for a few octets.
LARGE = Fill(3_000_000, seed=8)
FEW_OCTETS = 4096
# The request is the server's to end where the server has the socket with TLS.
OF_THE_SERVER = {name: name for name in SHAPES_BY_NAME if name != "setup"}
BY_SERVER = "server.socket = server.context.wrap_socket(server.socket, server_side=True)"


@requirement("tls/data-with-the-end-of-the-handshake", SHAPES_BY_NAME)
def test_data_with_the_end_of_the_handshake(serve: Serve, secured: Secured, variant: str) -> None:
    """In TLS 1.3 a client may send with its last record of the handshake, in one segment."""
    server = serve([ReadLine(), Echo()], tls=TlsServer(variant))
    client = secured(server, "TLSv1_3")

    client.handshake(data=LINE)

    client.expect(LINE)


@requirement("tls/buffered-wfile", TLS_VERSIONS)
def test_buffered_wfile(serve: Serve, secured: Secured, variant: str) -> None:
    """What a wfile with a buffer still has when the handler returns arrives within TLS."""
    buffered = {"wbufsize": -1}
    steps = [ReadLine(), Echo(), Reply(REPLY), Echo()]
    server = serve(steps, tls=TlsServer("get_request"), handler_attributes=buffered)
    client = secured(server, variant).handshake()

    client.send(LINE)

    client.expect(LINE + bytes(REPLY) + LINE)


@requirement("tls/slow-reader", SHAPES_BY_NAME)
def test_slow_reader(serve: Serve, peers: Peers, variant: str) -> None:
    """A reply for which there is no room at first arrives whole, when the client reads."""
    server = serve([ReadLine(), Reply(LARGE)], tls=TlsServer(variant))
    peer = peers.stream().connect(server, receive_buffer_octets=FEW_OCTETS)
    client = TlsClient(peer).handshake()

    client.send(LINE)
    server.let_others_run()  # so that there is no room any more

    client.expect(LARGE)


@requirement("tls/file-that-stays-open", OF_THE_SERVER)
def test_file_stays_open(serve: Serve, secured: Secured, variant: str) -> None:
    """The connection ends with the handler, whatever still refers to it."""
    keep = "self.server.kept = self.request.makefile('rb')"
    server = serve([ReadLine(), Run(keep), Echo()], tls=TlsServer(variant))
    client = secured(server).handshake()

    client.send(LINE).expect(LINE)

    _, ending = client.receive()
    check(ending != str(TIMEOUT), expected="the connection is ended", actual=ending)
    server.execute("server.kept.close()")


@requirement("tls/socket-that-is-wrapped-later", TLS_VERSIONS)
def test_socket_is_wrapped_later(construct: Construct, secured: Secured, variant: str) -> None:
    """server.socket is a socket with TLS from before the loop begins, and after server_bind()."""
    server = construct([ReadLine(), Echo()], tls=TlsServer(BY_HAND))

    server.execute(BY_SERVER)
    server.spawn("serve_forever", POLL_INTERVAL_S)

    client = secured(server, variant).handshake()
    client.send(LINE).expect(LINE)


@requirement("tls/handle-request", TLS_VERSIONS)
def test_handle_request(construct: Construct, secured: Secured, variant: str) -> None:
    """handle_request() makes one handshake and serves one client."""
    server = construct([ReadLine(), Echo()], tls=TlsServer("listening"))
    serving = server.spawn("handle_request")

    client = secured(server, variant).handshake()
    client.send(LINE).expect(LINE)

    serving.expect_return()


@requirement("tls/clients-at-once", SHAPES_BY_NAME)
def test_clients_at_once(serve: Serve, secured: Secured, variant: str) -> None:
    """Handlers that wait at the same time answer each client what it has sent."""
    server = serve([ReadLine(), Gate("gate"), Echo()], tls=TlsServer(variant))
    lines = [b"client %d\n" % number for number in range(3)]
    clients = [secured(server).handshake() for _ in lines]

    for client, line in zip(clients, lines, strict=True):
        client.send(line)
    server.expect_at_gate("gate", len(lines))
    server.open_gate("gate")

    for client, line in reversed(list(zip(clients, lines, strict=True))):
        client.expect(line)
