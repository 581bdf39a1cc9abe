"""A server without requests sleeps: it takes no processor time until one comes."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Peers, check, requirement
from fixtures.steps import Echo, ReadLine

# A poll_interval that does not pass, so that a loop has nothing to wake up for.
NEVER_S = 60.0
LINE = b"x\n"
WAYS: dict[str, Any] = {"serve_forever": [NEVER_S], "handle_request": []}


@requirement("serving/idle-server-sleeps", variants=WAYS)
def test_server_without_requests_sleeps(
    construct: Construct, peers: Peers, variant: list[Any]
) -> None:
    """With nothing to do but to wait for a request, every thread of the process sleeps; the request
    that comes then is answered."""
    method = "serve_forever" if variant else "handle_request"
    server = construct([ReadLine(), Echo()])
    serving = server.spawn(method, *variant)

    asleep = server.falls_asleep()

    check(asleep, expected=f"{method}() sleeps until a request comes", actual="it keeps running")
    peers().connect(server).send(LINE).expect(LINE)
    if variant:
        server.spawn("shutdown").comes_to_wait()
        peers().connect(server).offer(b"who wakes the loop\n")
    serving.expect_return()
