"""Clients that never cease to come: one is there whenever the loop has served another."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Construct, Peers, check, requirement
from fixtures.steps import Gate, ReadLine, Run, When

# So many come one after the other: a loop that served them all would not have ended for more.
MANY = 100
SEND_FOR_NEXT = f"""
self.server.served.append(1)
if len(self.server.served) < {MANY}:
    client = socket.socket(self.server.address_family, self.server.socket_type)
    self.server.clients.append(client)
    client.connect(self.server.server_address)
    client.sendall(b"next\\n")
"""


@requirement("serving/steady-traffic-does-not-hold-the-loop")
def test_steady_traffic_does_not_hold_the_loop(construct: Construct, peers: Peers) -> None:
    """With shutdown() waiting, each handler leaves another client behind: the loop ends."""
    steps = [ReadLine(), When(b"first", [Gate("hold")]), Run(SEND_FOR_NEXT)]
    server = construct(steps, attributes={"served": [], "clients": []})
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"first\n")
    server.expect_at_gate("hold")
    stopping = server.spawn("shutdown")
    stopping.comes_to_wait()

    server.open_gate("hold")

    stopping.expect_return()
    loop.expect_return()
    served = server.evaluate("len(server.served)")
    server.execute("for client in server.clients: client.close()")
    check(
        served < MANY,
        expected="the loop ends, although there always is a client that waits",
        actual=f"it ends when {served} have been served and none is left",
    )
