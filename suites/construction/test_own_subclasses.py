"""Mix-ins put on one's own subclass of a server, alone and below a mix-in of one's own."""

from __future__ import annotations

from fixtures import Observe, Peer, Serve, Server, ServerSpec, check, requirement, same
from fixtures.steps import Echo, ReadLine, Report

_OWN_SUBCLASS = """
class Own(find({kind!r})):
    request_queue_size = 3
    allow_reuse_address = True

    def server_bind(self):
        emit("own", method="server_bind")
        find({kind!r}).server_bind(self)

    def verify_request(self, request, client_address):
        emit("own", method="verify_request")
        return True

    def server_close(self):
        emit("own", method="server_close")
        find({kind!r}).server_close(self)
"""
_MIXED_IN = """
class Server(find({mixin!r}), Own):
    pass
"""
_MIXED_IN_BELOW_OWN = """
class OwnMixIn:
    def process_request(self, request, client_address):
        emit("own", method="process_request")
        find({mixin!r}).process_request(self, request, client_address)

class Server(OwnMixIn, find({mixin!r}), Own):
    pass
"""

WHERE = {"thread": "threading.current_thread().name", "process": "os.getpid()"}


@requirement(
    "construction/mixin-on-own-subclass",
    variants={"alone": _MIXED_IN, "below-an-own-mixin": _MIXED_IN_BELOW_OWN},
)
def test_mixin_keeps_what_the_subclass_overrides(
    serve: Serve, peer: Peer, spec: ServerSpec, variant: str, observe: Observe
) -> None:
    """The subclass binds, verifies and closes, and the mix-in handles requests elsewhere."""
    source = (_OWN_SUBCLASS + variant).format(kind=f"{spec.kind}Server", mixin=f"{spec.mixin}MixIn")
    server = serve([ReadLine(), Echo(), Report(WHERE)], class_source=source)

    peer.connect(server).send(b"mixed\n").expect(b"mixed\n").expect_end()

    _ran_elsewhere(server, spec)
    attributes = server.evaluate("(server.request_queue_size, server.allow_reuse_address)")
    same((3, True), attributes, "request_queue_size and allow_reuse_address")
    server.stop()
    called = [event.fields["method"] for event in server.process.matching("own")]
    observe("own methods called", called)
    wanted = {"server_bind", "verify_request", "server_close"}
    wanted |= {"process_request"} if "OwnMixIn" in variant else set()
    same(sorted(wanted), sorted(set(called)), "methods of the subclass that are called")


def _ran_elsewhere(server: Server, spec: ServerSpec) -> None:
    """In no thread, or no process, that the server's own loop runs in."""
    found = server.expect_report()
    if spec.mixin == "Forking":
        is_elsewhere = found["process"] != server.evaluate(WHERE["process"])
    else:
        is_elsewhere = not found["thread"].startswith("serve_forever")
    check(
        is_elsewhere,
        expected=f"{spec.mixin}MixIn handles the request",
        actual="the server's own loop handles it",
    )
