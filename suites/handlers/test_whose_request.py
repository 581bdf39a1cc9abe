"""Requests that stay the handler's own, their timeouts, and connections of another kind."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Peers, Serve, requirement, same
from fixtures.steps import Echo, Gate, Instead, ReadLine, Report, Run, When

TAKES_ANOTHER = Run("self.server.handle_request()")
BY_ANOTHER_THREAD = Run(
    "found = []\n"
    "look = threading.Thread(target=lambda: found.append(id(self.request)))\n"
    "look.start()\n"
    "look.join()\n"
    "self.seen = found"
)
OWN = "self.request is self.own[0] and self.client_address == self.own[1]"
KEEP = Run("self.own = (self.request, self.client_address)")
OF_ONES_OWN = """
class Connection(object):
    def __init__(self, connection):
        self.connection = connection

    def __getattr__(self, name):
        return getattr(self.connection, name)

server.of_ones_own = lambda taken: (Connection(taken[0]), taken[1])
"""
IN_A_MINUTE_S = 60
BUFFERS = {"buffered": {"wbufsize": -1}, "unbuffered": {"rbufsize": 0, "wbufsize": 0}}


@requirement("handlers/request-stays-the-handlers-own")
def test_request_stays_the_handlers_own(construct: Construct, peers: Peers) -> None:
    """A handler has another request handled within its own, and still has what it was given."""
    steps = [ReadLine(), KEEP, When(b"outer", [TAKES_ANOTHER]), Report({"own": OWN}), Echo()]
    server = construct(steps)
    outer = peers().connect(server).send(b"outer\n")
    serving = server.spawn("handle_request")
    server.expect_handler("handle")

    inner = peers().connect(server).send(b"inner\n")

    inner.expect(b"inner\n").expect_end()
    outer.expect(b"outer\n").expect_end()
    serving.expect_return()
    for number in (1, 2):
        same(True, server.expect_report(number)["own"], "whether a handler has its own request")


@requirement("handlers/request-in-another-thread")
def test_request_in_another_thread(serve: Serve, peers: Peers) -> None:
    """A thread that a handler starts finds the handler's request."""
    steps = [ReadLine(), BY_ANOTHER_THREAD, Report({"seen": "self.seen == [id(self.request)]"})]
    server = serve([*steps, Echo()])

    peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()

    same(True, server.expect_report()["seen"], "whether the thread finds the request")


@requirement("handlers/connection-of-ones-own-kind")
def test_connection_of_ones_own_kind(construct: Construct, peers: Peers) -> None:
    """get_request() gives an object with methods of a socket, from which files are made."""
    hooks = {"get_request": Instead("self.of_ones_own(original())")}
    server = construct([ReadLine(), Echo()], hooks=hooks)
    server.execute(OF_ONES_OWN)
    server.spawn("serve_forever", POLL_INTERVAL_S)

    peers().connect(server).send(b"own\n").expect(b"own\n").expect_end()


@requirement("handlers/servers-timeout-is-not-the-connections")
def test_servers_timeout_is_not_the_connections(construct: Construct, peers: Peers) -> None:
    """Neither the server's attribute timeout nor its socket's is that of a connection."""
    step = Report({"timeout": "self.request.gettimeout()"})
    server = construct([ReadLine(), step, Echo()], attributes={"timeout": IN_A_MINUTE_S})
    server.execute(f"server.socket.settimeout({IN_A_MINUTE_S})")
    peer = peers().connect(server).send(b"x\n")

    server.call("handle_request")

    peer.expect(b"x\n").expect_end()
    same(None, server.expect_report()["timeout"], "timeout of the connection")


@requirement("handlers/files-of-handlers-at-once", variants=BUFFERS)
def test_handlers_at_once_have_their_own_files(
    serve: Serve, peers: Peers, variant: dict[str, int]
) -> None:
    """Each of two that are at work at once answers its own client."""
    server = serve([ReadLine(), Gate("both"), Echo()], handler_attributes=variant)
    clients = [peers().connect(server) for _ in range(2)]
    for number, client in enumerate(clients, 1):
        client.send(b"%d\n" % number)
        server.expect_at_gate("both", number)

    server.open_gate("both", 2)

    for number, client in enumerate(clients, 1):
        client.expect(b"%d\n" % number).expect_end()
