"""Who holds the sockets of a server beside itself: its children, programs, and nobody at all."""

from __future__ import annotations

from typing import Any

from fixtures import (
    Construct,
    Observe,
    Peers,
    RaisedError,
    Serve,
    Server,
    ServerSpec,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine, Report, Run

LINE = b"x\n"
# Attributes by the server's kind: TIME_WAIT is not what holds the address here.
REUSE: dict[str, dict[str, Any]] = {"TCP": {"allow_reuse_address": True}}
START_PROGRAM = Run("""
import subprocess
self.server.program = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
""")
END_PROGRAM = "server.program.stdin.close(); server.program.wait()"
DROP_SERVER = """
import gc
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    dropped = server.__class__({address!r}, handler_class)
    address = dropped.server_address
    del dropped
    gc.collect()
    gc.collect()
"""


def _rebinding(construct: Construct, spec: ServerSpec, address: Any) -> str:
    """What a second server at the address says: its constructor's error, or ``bound``."""
    made = construct.attempt(address=address, attributes=REUSE.get(spec.kind, {}))
    if isinstance(made, RaisedError):
        return made.name
    made.call("server_close")
    return "bound"


def _close(server: Server) -> None:
    server.call("shutdown")
    server.call("server_close")


@requirement("resources/subprocess-keeps-neither-address-nor-connection")
def test_program_of_a_handler_keeps_nothing(
    serve: Serve, construct: Construct, spec: ServerSpec, peers: Peers
) -> None:
    """While a program that the handler started runs, the connection ends, and the address of the
    closed server is free; neither socket would be passed on to it."""
    inheritable = "[one.get_inheritable() for one in (self.server.socket, self.request)[:{}]]"
    report = Report({"inheritable": inheritable.format(2 if spec.is_stream else 1)})
    server = serve([report, ReadLine(), START_PROGRAM, Echo()], attributes=REUSE.get(spec.kind, {}))
    peer = peers().connect(server)
    peer.send(LINE).expect(LINE).expect_end()
    server.expect_handled()
    passed_on = zip(server.expect_report()["inheritable"], ("server", "connection"), strict=False)
    same([], [name for is_passed_on, name in passed_on if is_passed_on], "inheritable sockets")

    _close(server)

    again = _rebinding(construct, spec, server.address)
    check(server.evaluate("server.program.poll() is None"), expected="cat runs", actual="it ended")
    server.execute(END_PROGRAM)
    check(again == "bound", expected="the address is free", actual=again)
    peer.close()


@requirement("resources/dropped-server")
def test_server_that_is_dropped(construct: Construct, spec: ServerSpec, observe: Observe) -> None:
    """A server is made, forgotten without being closed, and collected."""
    server = construct()
    server.execute(DROP_SERVER.format(address=construct.new_address()))

    categories = server.evaluate("[warning.category.__name__ for warning in caught]")
    observe("dropped server: warnings", categories)
    address = server.evaluate("address")
    observe("dropped server: another one at its address", _rebinding(construct, spec, address))
