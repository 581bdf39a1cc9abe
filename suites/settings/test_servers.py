"""Settings that are on the server object, and not on its class."""

from __future__ import annotations

from fixtures import (
    Construct,
    Fill,
    NotApplicable,
    Peers,
    Server,
    ServerSpec,
    check,
    requirement,
    same,
    waits_for_held_handler,
)
from fixtures.steps import Echo, Gate, ReadLine, ReadToEnd, Report, Step
from suites.settings.ways import Setting, class_source, settings

# Above and below every limit that was once thought to be the largest.
QUEUE_SIZES = {f"of-{size}": size for size in (1, 16, 64, 129, 256, 1024)}
POLL_INTERVAL_S = 0.001
SMALL_OCTETS = 64
LARGE_OCTETS = 20_000
IS_DAEMONIC = Report({"daemonic": "threading.current_thread().daemon"})
# Linux tells the longest queue of a listener in the place of tcpi_sacked.
LONGEST_QUEUE = """
import struct

def longest_queue(listener):
    told = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
    return struct.unpack("=8B6I", told)[-1]

def of_bare_socket(size):
    bare = socket.socket(server.socket.family)
    bare.bind(server.server_address[:1] + (0,) + tuple(server.server_address[2:]))
    bare.listen(size)
    try:
        return longest_queue(bare)
    finally:
        bare.close()
"""


def _constructed(construct: Construct, spec: ServerSpec, setting: Setting, *steps: Step) -> Server:
    server = construct(list(steps), class_source=class_source(setting, spec.class_name))
    server.execute(setting.afterwards)
    return server


@requirement(
    "settings/threads-as-the-object-says",
    variants=settings([("daemon_threads", True), ("block_on_close", False)]),
)
def test_threads_are_as_the_object_says(
    construct: Construct, spec: ServerSpec, peers: Peers, variant: Setting
) -> None:
    """A handler's thread is daemonic, or is not waited for, where only the object says so."""
    server = _constructed(construct, spec, variant, ReadLine(), IS_DAEMONIC, Gate("hold"), Echo())
    server.spawn("serve_forever", POLL_INTERVAL_S)
    client = peers().connect(server).send(b"held\n")
    server.expect_at_gate("hold")
    same(variant.name == "daemon_threads", server.expect_report()["daemonic"], "daemonic")
    server.call("shutdown")

    waits = waits_for_held_handler(server, "hold")

    check(
        not waits,
        expected=f"server_close() returns while a handler runs: {variant.name} is {variant.value}",
        actual="it waits for the handler",
    )
    client.expect(b"held\n").expect_end()


@requirement("settings/children-as-the-object-says", variants=settings([("max_children", 1)]))
def test_children_are_as_the_object_says(
    construct: Construct, spec: ServerSpec, peers: Peers, variant: Setting
) -> None:
    """With one child held, and no more allowed by the object, the loop comes to sleep with a second
    request that no handler has begun with."""
    server = _constructed(construct, spec, variant, ReadLine(), Gate("hold"), Echo())
    server.spawn("serve_forever", POLL_INTERVAL_S)
    first = peers().connect(server).send(b"first\n")
    server.expect_at_gate("hold")

    second = peers().connect(server).send(b"second\n")
    server.falls_asleep()

    same(1, len(server.process.matching("handler", phase="setup")), "handlers that have begun")
    server.open_gate("hold")
    first.expect(b"first\n").expect_end()
    second.expect(b"second\n").expect_end()


@requirement(
    "settings/datagrams-as-the-object-says",
    variants={
        f"{setting.value}-{name}": setting
        for size in (SMALL_OCTETS, LARGE_OCTETS)
        for name, setting in settings([("max_packet_size", size)]).items()
    },
)
def test_datagrams_are_as_the_object_says(
    construct: Construct, spec: ServerSpec, peers: Peers, variant: Setting
) -> None:
    """A datagram as large as the largest here is cut where the object says, or comes whole."""
    server = _constructed(construct, spec, variant, ReadToEnd())

    peers.datagram().connect(server).send(Fill(LARGE_OCTETS))
    server.call("handle_request")

    server.expect_read("read_to_end", bytes(Fill(LARGE_OCTETS))[: variant.value])


@requirement("settings/queue-size-is-what-listen-gets", variants=QUEUE_SIZES)
def test_queue_size_is_what_listen_gets(construct: Construct, variant: int) -> None:
    """Set on the object before it listens, it is what the kernel tells of the listener."""
    server = construct(bind_and_activate=False)
    if not server.evaluate("hasattr(socket, 'TCP_INFO')"):
        raise NotApplicable("the system does not tell of a listener's queue")
    server.execute(
        f"server.request_queue_size = {variant}; server.server_bind(); server.server_activate()"
    )
    server.execute(LONGEST_QUEUE)

    wanted, found = server.evaluate(f"(of_bare_socket({variant}), longest_queue(server.socket))")

    same(wanted, found, "the longest queue, as the kernel tells it")
