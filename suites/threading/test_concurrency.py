"""Handlers in threads: several at once, each in its own, none in another's way."""

from __future__ import annotations

from fixtures import Peers, Serve, check, requirement, same
from sockproof.peer.script import Echo, Gate, Raise, ReadLine, Report, Run, When


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
