"""What a stream handler's class attributes make of its connection."""

from __future__ import annotations

from typing import Any

from fixtures import Observe, Serve, StreamPeer, check, requirement, same
from sockproof.peer.script import ReadLine, Report

TIMEOUT_S = 0.0625
"""Exact in binary, so that it is told as it was given."""


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
    steps = [Report({"timeout": "self.connection.gettimeout()"}), ReadLine()]
    server = serve(steps, handler_attributes={"timeout": TIMEOUT_S})

    client.connect(server)

    same(TIMEOUT_S, server.expect_report()["timeout"], "the connection's timeout")
    error = server.expect_step_error("read_line")
    observe("read past the timeout: exception", error.type_name)
    check(
        error.is_a("timeout", "TimeoutError"),
        expected="the read raises socket.timeout",
        actual=f"it raises {error}",
    )
    client.expect_end()


@requirement("handlers/timeout-default-is-none")
def test_connection_has_no_timeout_by_default(serve: Serve, client: StreamPeer) -> None:
    """Without a timeout in the handler's class, the connection blocks for as long as it takes."""
    server = serve([Report({"timeout": "self.connection.gettimeout()"})])

    client.connect(server)

    same(None, server.expect_report()["timeout"], "the connection's timeout")
