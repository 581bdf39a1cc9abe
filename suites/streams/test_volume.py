"""Much of it: tens of megabytes over one connection, and many clients."""

from __future__ import annotations

import hashlib
import struct
import threading
from collections.abc import Iterator

from fixtures import BLOCK_OCTETS, Peers, Serve, ServerSpec, StreamPeer, Volume, requirement, same
from fixtures.steps import Echo, ReadLine, Report, Run

BLOCKS = 512
# 32 MiB, of numbered blocks: any that is lost, repeated or exchanged changes the digest.
TOTAL_OCTETS = BLOCKS * BLOCK_OCTETS
READ_THEN_REPLY = Run(
    f"""
import hashlib, struct
digest = hashlib.sha256()
left = {TOTAL_OCTETS}
while left:
    data = self.rfile.read(min(left, {BLOCK_OCTETS}))
    if not data:
        break
    digest.update(data)
    left -= len(data)
self.digest = digest.hexdigest()
for number in range({BLOCKS}):
    told = struct.pack(">L", number) + digest.digest()[:4]  # of a part it is another
    self.wfile.write(told + b"r" * {BLOCK_OCTETS - 8})
"""
)
ECHO_EVERYTHING = Run(
    f"""
while True:
    data = self.rfile.read({BLOCK_OCTETS})
    if not data:
        break
    self.wfile.write(data)
"""
)
CLIENTS_IN_TURN = 100
CLIENTS_AT_ONCE = 20


def _request() -> Iterator[bytes]:
    return (struct.pack(">Q", n) + b"q" * (BLOCK_OCTETS - 8) for n in range(BLOCKS))


def _reply() -> Iterator[bytes]:
    read = bytes.fromhex(_digest(_request()))[:4]
    return (struct.pack(">L", n) + read + b"r" * (BLOCK_OCTETS - 8) for n in range(BLOCKS))


def _digest(blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


@requirement("streams/megabytes-there-and-back")
def test_megabytes_there_and_back(serve: Serve, client: StreamPeer) -> None:
    """The whole request is read before the whole reply is written; digests tell."""
    server = serve([READ_THEN_REPLY, Report({"digest": "self.digest"})])
    client.connect(server)

    volume = Volume(client)
    volume.pour(b"q", BLOCKS)

    same((TOTAL_OCTETS, _digest(_reply())), volume.drain(), "the reply")
    same({"digest": _digest(_request())}, server.expect_report(), "the request")


@requirement("streams/megabytes-both-ways-at-once")
def test_megabytes_both_ways_at_once(serve: Serve, client: StreamPeer) -> None:
    """The client reads what comes back in one thread while it sends in another."""
    server = serve([ECHO_EVERYTHING])
    client.connect(server)
    volume = Volume(client)
    sending = threading.Thread(target=volume.pour, args=[b"q", BLOCKS])
    sending.start()

    try:
        received = volume.drain()
    finally:
        sending.join()

    same((TOTAL_OCTETS, _digest(_request())), received, "what comes back")


@requirement("streams/a-hundred-clients-in-turn")
def test_hundred_clients_in_turn(serve: Serve, peers: Peers) -> None:
    """Each is answered, and sees the end of its stream, before the next connects."""
    server = serve([ReadLine(), Echo()])

    for number in range(CLIENTS_IN_TURN):
        line = b"client %d\n" % number
        peers.stream().connect(server).send(line).expect_reply(line).close()


@requirement("streams/twenty-clients-at-once")
def test_twenty_clients_at_once(serve: Serve, spec: ServerSpec, peers: Peers) -> None:
    """All are connected before the last of them is the first to send."""
    attributes = {"request_queue_size": CLIENTS_AT_ONCE}
    server = serve([ReadLine(), Echo()], attributes=attributes)
    clients = [peers.stream().connect(server) for _ in range(CLIENTS_AT_ONCE)]
    handled_at_once = 1 if spec.mixin == "none" else CLIENTS_AT_ONCE
    server.expect_handler("handle", handled_at_once)

    for number in reversed(range(CLIENTS_AT_ONCE)):
        clients[number].send(b"client %d\n" % number)

    for number, client in enumerate(clients):
        client.expect_reply(b"client %d\n" % number)
