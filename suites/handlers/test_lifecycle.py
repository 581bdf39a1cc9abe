"""What becomes of a request handler: its methods in order, its instance, its attributes."""

from __future__ import annotations

from fixtures import (
    RECORDING_ERRORS,
    DatagramPeer,
    Observe,
    Peer,
    Peers,
    Serve,
    Server,
    ServerSpec,
    StreamPeer,
    check,
    error_names,
    requirement,
    same,
)
from fixtures.steps import Echo, HandlerScript, Raise, ReadLine, Receive, Reply, Report, Run

PAYLOAD = b"who is it?\n"
# By whether the server is a stream server: what tells that a handler's request is the client's.
REQUEST_OF = {True: "self.request.getpeername()", False: "bytearray(self.request[0])"}

# What handlers call what they keep; nothing of it is an attribute that is documented. Names that
# begin with an underscore are left out: by custom they are those of the class that is derived from.
WORDS = """
    active address answer args base begin began body bound buffer buffers bytes_in bytes_out cache
    cancelled chunk client clock close_connection closed code command config context cookies count
    counter created current data date db deadline decoder done elapsed encoding end ended env
    environ errno error errors event events exc extra factory failed file files finished flags
    future group handler handlers headers host id idle index info input io items job key kind last
    length level limit line lines listener lock log logger loop manager message method metrics
    name number offset opened options output owner parent parser path payload peer pending pid
    pool port prefix process protocol queue raw reader ready received remote reply response result
    retries running selector sent service session size sock stamp start started state stats
    status stop stopped stream task tag thread time timer times token total trace user username
    value verbose version waiting worker writer
"""
SET_ALL = """
for name in {names!r}.split():
    setattr(self, name, object())
"""

# What a stream handler may ask of its request; 1 is F_GETFD.
SOCKET_FACTS = {
    "class": "type(self.request).__name__",
    "closed in programs that are started": "bool(__import__('fcntl').fcntl(self.request, 1))",
    "timeout": "self.request.gettimeout()",
    "linger": "self.request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER)",
    "keepalive": "self.request.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)",
}


@requirement("handlers/setup-handle-finish-order")
def test_setup_handle_and_finish_come_in_order(serve: Serve, peers: Peers) -> None:
    """Each of two requests is set up, handled and finished, once and in this order."""
    server = serve([ReadLine(), Echo()])

    for _ in range(2):  # the end of one is seen before the next begins
        peers().connect(server).send(PAYLOAD).expect(PAYLOAD).expect_end()

    server.expect_handler("finish", 2)
    server.stop()
    same(["setup", "handle", "finish"] * 2, server.phases(), "the phases of two handlers")


@requirement("handlers/server-is-the-server")
def test_server_is_the_server(serve: Serve, peers: Peers) -> None:
    """It has the identity that the program knows it by."""
    server = serve([ReadLine(), Report({"is": "id(self.server) == self.server.known_as"})])
    server.execute("server.known_as = id(server)")

    peers().connect(server).send(PAYLOAD)

    same(True, server.expect_report()["is"], "whether the handler's server is the server")


@requirement("handlers/attributes-of-any-name", variants={"words": WORDS})
def test_attributes_of_any_name(serve: Serve, peers: Peers, variant: str) -> None:
    """handle() sets some hundred of them, each to an object that can do nothing."""
    server = serve([ReadLine(), Echo(), Run(SET_ALL.format(names=variant))], hooks=RECORDING_ERRORS)

    for _ in range(2):
        peers().connect(server).send(PAYLOAD).expect(PAYLOAD).expect_end()

    server.expect_handled(2)
    server.stop()
    same([], error_names(server), "what handle_error() is called for")


@requirement("handlers/finish-not-called-when-setup-raises")
def test_nothing_follows_a_setup_that_raises(serve: Serve, peer: Peer) -> None:
    """Neither handle() nor finish() is called of a handler whose setup() raised."""
    # of all classes the one whose setup() opens nothing that finish() would have to close
    server = serve(HandlerScript(setup=[Raise()]), base="BaseRequestHandler")

    peer.connect(server).offer(PAYLOAD)

    server.expect_handler("setup")
    server.stop()
    same(["setup"], server.phases(), "the phases of the handler")


@requirement("handlers/finish-called-when-handle-raises")
def test_finish_follows_a_handle_that_raises(serve: Serve, peer: Peer, observe: Observe) -> None:
    """finish() is called of a handler whose handle() raised."""
    server = serve([Raise()], hooks=RECORDING_ERRORS)

    peer.connect(server).offer(PAYLOAD)

    server.expect_handler("handle")
    server.stop()
    same(["setup", "handle", "finish"], server.phases(), "the phases of the handler")
    observe("handle() raises: handle_error() for", error_names(server))


@requirement("handlers/one-instance-per-request")
def test_every_request_has_an_instance_of_its_own(serve: Serve, peers: Peers) -> None:
    """Three requests, all of their handlers kept alive, are handled by three objects."""
    count = 3
    server = serve([ReadLine(), Report({"instance": "id(self)"}), Echo()])

    for _ in range(count):
        peers().connect(server).send(PAYLOAD).expect(PAYLOAD)

    instances = {server.expect_report(number)["instance"] for number in range(1, count + 1)}
    check(
        len(instances) == count,
        expected=f"{count} handler objects for {count} requests",
        actual=f"{len(instances)} handler objects",
    )


@requirement("handlers/attributes-are-set")
def test_attributes_are_what_they_are_called(serve: Serve, spec: ServerSpec, peer: Peer) -> None:
    """handle() finds the client's request, the client's address and the server object itself."""
    expressions = {
        "request": REQUEST_OF[spec.is_stream],
        "client_address": "self.client_address",
        "server": "id(self.server)",
    }
    server = serve([ReadLine(), Report(expressions)])
    server_id = server.evaluate("id(server)")  # before any fork: PyPy makes ids up when asked

    peer.connect(server).send(PAYLOAD)

    wanted = {
        "request": peer.address if spec.is_stream else PAYLOAD,
        "client_address": peer.address,
        "server": server_id,
    }
    same(wanted, server.expect_report(), "the handler's attributes")


@requirement("handlers/stream-request-is-a-socket")
def test_stream_request_is_the_clients_connection(
    serve: Serve, client: StreamPeer, observe: Observe
) -> None:
    """The request is a socket connected to the client, with a descriptor of its own."""
    expressions = {
        "peer": "self.request.getpeername()",
        "fileno": "self.request.fileno()",
        **SOCKET_FACTS,
    }
    steps = [Receive(len(PAYLOAD)), Report(expressions), Reply(b"over it")]
    server = serve(steps, base="BaseRequestHandler")

    client.connect(server).send(PAYLOAD)

    server.expect_read("recv", PAYLOAD)
    facts = server.expect_report()
    same(client.address, facts["peer"], "what the request is connected to")
    _check_other_descriptor(server, facts["fileno"])
    for name in SOCKET_FACTS:
        observe(f"request: {name}", facts[name])
    client.expect_reply(b"over it")


def _check_other_descriptor(server: Server, fileno: int) -> None:
    check(
        fileno != server.fileno,
        expected="a request with a descriptor of its own",
        actual="the descriptor of the listening socket",
    )


@requirement("handlers/datagram-request-is-a-pair")
def test_datagram_request_is_octets_and_socket(
    serve: Serve, sender: DatagramPeer, observe: Observe
) -> None:
    """The request is a tuple: the datagram's octets, and a socket bound to the server's address."""
    expressions = {
        "is a pair": "isinstance(self.request, tuple) and len(self.request) == 2",
        "octets": "bytearray(self.request[0])",
        "socket": "self.request[1].getsockname()",
    }
    types = {
        "class of the octets": "type(self.request[0]).__name__",
        "socket is the server's": "self.request[1] is self.server.socket",
    }
    server = serve([Report({**expressions, **types}), Reply(b"by it")], base="BaseRequestHandler")

    sender.connect(server).send(PAYLOAD)

    wanted = {"is a pair": True, "octets": PAYLOAD, "socket": server.address}
    facts = server.expect_report()
    for name in types:
        observe(f"request: {name}", facts.pop(name))
    same(wanted, facts, "the request")
    sender.expect(b"by it")


@requirement("handlers/client-address-is-the-peers")
def test_client_address_is_the_clients_own(serve: Serve, peers: Peers) -> None:
    """Each of two clients that are there at once is handled with the address of its own socket."""
    server = serve([ReadLine(), Report({"address": "self.client_address"})])

    clients = [peers().connect(server).send(PAYLOAD) for _ in range(2)]

    seen = [server.expect_report(number)["address"] for number in (1, 2)]
    wanted = [client.address for client in clients]
    same(sorted(wanted), sorted(seen), "the clients' addresses")
