"""Handlers in threads: several at once, each in its own, none in another's way."""

from __future__ import annotations

import re

from fixtures import Construct, DatagramPeer, Observe, Peers, Serve, check, requirement, same
from fixtures.steps import Echo, Gate, Raise, ReadLine, Report, Run, When

MANY = 20
MARK_THREAD = Run("threading.current_thread().served_before = True")
IS_MARKED = Report({"marked": "hasattr(threading.current_thread(), 'served_before')"})


@requirement("threading/requests-run-at-once")
def test_two_requests_are_in_their_handlers_at_once(serve: Serve, peers: Peers) -> None:
    """Two handlers wait at one closed gate together, and both then answer their own client."""
    server = serve([ReadLine(), Gate("hold"), Echo()])

    first = peers().connect(server).send(b"first\n")
    second = peers().connect(server).send(b"second\n")
    server.expect_at_gate("hold", 2)
    server.open_gate("hold")

    first.expect(b"first\n").expect_end()
    second.expect(b"second\n").expect_end()


@requirement("threading/requests-of-one-client-at-once")
def test_two_requests_of_one_client_are_handled_at_once(serve: Serve, sender: DatagramPeer) -> None:
    """Two datagrams of one sender are in two handlers at one closed gate together."""
    server = serve([ReadLine(), Gate("hold"), Echo()])

    sender.connect(server).send(b"first\n").send(b"second\n")

    server.expect_at_gate("hold", 2)
    server.open_gate("hold")


@requirement("threading/handler-runs-in-its-own-thread")
def test_each_handler_has_a_thread_of_its_own(serve: Serve, peers: Peers) -> None:
    """The loop and two handlers that run together are three threads of one process."""
    report = Report({"thread": "threading.current_thread().ident", "process": "os.getpid()"})
    server = serve([ReadLine(), report, Gate("hold")])
    loop = server.evaluate(
        "[t.ident for t in threading.enumerate() if t.name.startswith('serve_forever')][0]"
    )

    for _ in range(2):
        peers().connect(server).send(b"x\n")
    server.expect_at_gate("hold", 2)

    told = [event.fields["values"] for event in server.expect_step("report", 2)]
    threads = {values["thread"] for values in told}
    check(
        len(threads) == 2 and loop not in threads,
        expected="two handlers in two threads other than the loop's",
        actual=f"{len(threads)} threads, the loop's {'among' if loop in threads else 'not among'}"
        " them",
    )
    same({server.process.pid}, {values["process"] for values in told}, "the handlers' processes")


@requirement("threading/slow-request-does-not-block-others")
def test_later_request_is_served_while_one_waits(serve: Serve, peers: Peers) -> None:
    """A request is answered and closed while the handler of an earlier one waits."""
    server = serve([ReadLine(), When(b"slow", [Gate("hold")]), Echo()])

    slow = peers().connect(server).send(b"slow\n")
    server.expect_at_gate("hold")
    for number in range(3):
        line = b"quick %d\n" % number
        peers().connect(server).send(line).expect(line).expect_end()

    server.open_gate("hold")
    slow.expect(b"slow\n").expect_end()


@requirement("threading/error-in-a-thread-leaves-server-serving")
def test_error_in_one_thread_disturbs_nobody_else(serve: Serve, peers: Peers) -> None:
    """While and after one handler raises, an earlier and a later request are served."""
    server = serve(
        [ReadLine(), When(b"bad", [Raise()]), When(b"held", [Gate("hold")]), Echo()],
    )

    held = peers().connect(server).send(b"held\n")
    server.expect_at_gate("hold")
    bad = peers().connect(server).send(b"bad\n")
    thread = server.expect_step("raise")[0].thread
    bad.expect_end()
    server.expect_thread_ended(thread)

    peers().connect(server).send(b"later\n").expect(b"later\n").expect_end()
    server.open_gate("hold")
    held.expect(b"held\n").expect_end()


@requirement("threading/threads-share-the-server")
def test_later_handlers_see_what_earlier_ones_changed(serve: Serve, peers: Peers) -> None:
    """A count kept in the server object goes on from handler to handler."""
    server = serve(
        [
            ReadLine(),
            Report({"count": "getattr(self.server, 'count', 0)"}),
            Run("self.server.count = getattr(self.server, 'count', 0) + 1"),
        ]
    )

    for number in range(1, 4):
        peers().connect(server).send(b"x\n")
        server.expect_handler("finish", number)

    counts = [event.fields["values"]["count"] for event in server.expect_step("report", 3)]
    same([0, 1, 2], counts, "the count that each handler found")
    same(3, server.evaluate("server.count"), "the count in the end")


@requirement("threading/each-request-gets-a-new-thread")
def test_no_thread_handles_two_requests(serve: Serve, peers: Peers, observe: Observe) -> None:
    """None of many handlers that run one after another finds the mark of another in its thread.

    They are more than the threads of an ordinary pool, one of which would have to serve again.
    """
    server = serve([ReadLine(), IS_MARKED, MARK_THREAD, Echo()])

    for number in range(1, MANY + 1):
        peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()
        same({"marked": False}, server.expect_report(number), f"the thread of request {number}")

    names = {event.thread for event in server.expect_step("report", MANY)}
    observe("names of the threads", sorted({re.sub(r"\d+", "N", name) for name in names}))
    observe("are different", len(names) == MANY)


@requirement("threading/many-requests-at-once")
def test_many_requests_are_in_their_handlers_at_once(serve: Serve, peers: Peers) -> None:
    """Twenty handlers wait at one closed gate together, and each then answers its own client."""
    server = serve([ReadLine(), Gate("hold"), Echo()])

    lines = [b"%d\n" % number for number in range(MANY)]
    clients = []
    for number, line in enumerate(lines, start=1):  # one by one: the queue of clients is short
        clients.append(peers().connect(server).send(line))
        server.expect_at_gate("hold", number)
    server.open_gate("hold")

    for line, client in zip(lines, clients, strict=True):
        client.expect(line).expect_end()


@requirement("threading/handle-request-returns-before-the-handler-ends")
def test_handle_request_leaves_the_handler_running(construct: Construct, peers: Peers) -> None:
    """Two calls of handle_request() return with both handlers held at a gate, which then answer."""
    server = construct([ReadLine(), Gate("hold"), Echo()])
    first = peers().connect(server).send(b"first\n")
    second = peers().connect(server).send(b"second\n")

    server.call("handle_request")
    server.call("handle_request")

    server.expect_at_gate("hold", 2)
    server.open_gate("hold")
    first.expect(b"first\n").expect_end()
    second.expect(b"second\n").expect_end()
