"""The one socket of a datagram server: no request closes it."""

from __future__ import annotations

from fixtures import Observe, Peers, Serve, ServerSpec, requirement, same
from fixtures.steps import Echo, Instead, Raise, ReadLine, RecordCall, When

LINE = b"a request\n"


@requirement("datagrams/requests-leave-the-socket-open")
def test_no_request_closes_the_socket(
    serve: Serve, spec: ServerSpec, peers: Peers, observe: Observe
) -> None:
    """After a refused datagram and one whose handler raised, the next client is answered."""
    server = serve(
        [ReadLine(), When(b"raise", [Raise()]), Echo()],
        hooks={
            "verify_request": Instead("not arguments[0][0].startswith(b'refuse')"),
            "handle_error": RecordCall(),
            "shutdown_request": RecordCall(),
            "close_request": RecordCall(),
        },
    )
    refused = peers.datagram("refused").connect(server).send(b"refuse\n")
    peers.datagram("raising").connect(server).send(b"raise\n")
    server.expect_call("handle_error")

    peers.datagram("next").connect(server).send(LINE).expect(LINE)

    same(server.fileno, server.evaluate("server.fileno()"), "the descriptor of the socket")
    server.stop()
    same([], refused.arrived(), "what the refused client gets")
    if spec.mixin == "none":  # in threads and children the calls have no one order
        observe("refused, raised, served: calls", server.calls())
