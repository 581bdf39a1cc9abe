"""Handlers in processes of their own: several at once, none in another's way, no more than told."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Event, Observe, Peers, Serve, Server, check, requirement, same
from fixtures.steps import Echo, Exit, Gate, Kill, Raise, ReadLine, Report, Run, When

KINDS_OF_CHILDREN: dict[str, Any] = {
    "ordinary": [],
    "leads-a-process-group": [Run("os.setpgid(0, 0)")],
}


@requirement("forking/requests-run-at-once")
def test_two_requests_are_in_their_handlers_at_once(serve: Serve, peers: Peers) -> None:
    """Two handlers wait at one closed gate together, and both then answer their own client."""
    server = serve([ReadLine(), Gate("hold"), Echo()])

    first = peers().connect(server).send(b"first\n")
    second = peers().connect(server).send(b"second\n")
    server.expect_at_gate("hold", 2)
    server.open_gate("hold")

    first.expect(b"first\n").expect_end()
    second.expect(b"second\n").expect_end()


@requirement("forking/handler-runs-in-a-child")
def test_each_handler_has_a_process_of_its_own(serve: Serve, peers: Peers) -> None:
    """The server and two handlers that run together are three processes."""
    server = serve([ReadLine(), Gate("hold")])

    for _ in range(2):
        peers().connect(server).send(b"x\n")
    pids = {event.pid for event in server.expect_at_gate("hold", 2)}

    own = "among" if server.process.pid in pids else "not among"
    check(
        len(pids) == 2 and server.process.pid not in pids,
        expected="two handlers in two processes other than the server's",
        actual=f"{len(pids)} processes, the server's {own} them",
    )


@requirement("forking/parent-of-the-children")
def test_parent_of_a_handlers_process(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Whether the parent of a handler's process is the server's process is told."""
    server = serve([ReadLine(), Report({"parent": "os.getppid()"}), Gate("hold")])

    peers().connect(server).send(b"x\n")
    server.expect_at_gate("hold")

    parent = server.expect_step("report")[0].fields["values"]["parent"]
    observe("the parent is the server's process", parent == server.process.pid)


@requirement("forking/max-children-limits", variants=KINDS_OF_CHILDREN)
def test_third_request_waits_for_one_of_two_children(
    serve: Serve, peers: Peers, variant: Any
) -> None:
    """With max_children = 2, three requests and a closed gate, two handlers start; the third does
    once one of them has ended. A handler that leads a process group counts like any other."""
    _expect_limit(serve, peers, variant)


@requirement("forking/max-children-is-a-limit", variants=KINDS_OF_CHILDREN)
def test_third_request_waits_as_documented(serve: Serve, peers: Peers, variant: Any) -> None:
    """The same, from the level on that has it in its documentation."""
    _expect_limit(serve, peers, variant)


def _expect_limit(serve: Serve, peers: Peers, variant: Any) -> None:
    script = [ReadLine(), *variant, Gate("hold"), Echo()]
    server = serve(script, attributes={"max_children": 2})

    lines = [b"%d\n" % number for number in range(3)]
    clients = [peers().connect(server).send(line) for line in lines[:2]]
    server.expect_at_gate("hold", 2)
    clients.append(peers().connect(server).send(lines[2]))
    server.let_others_run()
    same(2, len(_handlers(server, "setup")), "handlers that started while two were held")
    server.open_gate("hold", 1)
    server.expect_at_gate("hold", 3)

    told = _handlers(server, "setup", "finish")
    phases = [event.fields["phase"] for event in told][:4]
    same(["setup", "setup", "finish", "setup"], phases, "what the handlers came to")
    server.open_gate("hold")
    for line, client in zip(lines, clients, strict=True):
        client.expect(line).expect_end()


def _handlers(server: Server, *phases: str) -> list[Event]:
    return [e for e in server.process.matching("handler") if e.fields["phase"] in phases]


@requirement("forking/child-state-is-not-shared")
def test_what_a_handler_changes_stays_in_its_process(serve: Serve, peers: Peers) -> None:
    """A count kept in the server object starts anew in each handler, and in the server's process
    does not come to be."""
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
    same([0, 0, 0], counts, "the count that each handler found")
    same(0, server.evaluate("getattr(server, 'count', 0)"), "the count in the server's process")


def _play_around_a_failure(serve: Serve, peers: Peers, failure: Any) -> None:
    """One request is held, one fails, two come later: all but the failing one are answered."""
    server = serve(
        [ReadLine(), When(b"bad", [failure]), When(b"held", [Gate("hold")]), Echo()],
    )

    held = peers().connect(server).send(b"held\n")
    server.expect_at_gate("hold")
    bad = peers().connect(server).send(b"bad\n")
    server.expect_step(failure.do)
    bad.expect_end()
    server.let_others_run()

    for line in (b"later\n", b"last\n"):  # a failing child may be reaped between the two
        peers().connect(server).send(line).expect(line).expect_end()
    server.open_gate("hold")
    held.expect(b"held\n").expect_end()


@requirement("forking/error-in-a-child-leaves-server-serving")
def test_error_in_one_child_disturbs_nobody_else(serve: Serve, peers: Peers) -> None:
    """While and after one handler raises, an earlier and two later requests are served."""
    _play_around_a_failure(serve, peers, Raise())


@requirement(
    "forking/crash-in-a-child-leaves-server-serving",
    variants={"exit": Exit(3), "SIGKILL": Kill("SIGKILL")},
)
def test_crash_of_one_child_disturbs_nobody_else(serve: Serve, peers: Peers, variant: Any) -> None:
    """While and after one child ends without a word, an earlier and two later requests are
    served."""
    _play_around_a_failure(serve, peers, variant)


@requirement(
    "forking/exit-in-a-child-leaves-server-serving",
    variants={name: Raise(name) for name in ("SystemExit", "KeyboardInterrupt")},
)
def test_wish_to_exit_ends_only_its_own_child(serve: Serve, peers: Peers, variant: Any) -> None:
    """While and after one handler raises it, an earlier and two later requests are served."""
    _play_around_a_failure(serve, peers, variant)


@requirement("forking/slow-request-does-not-block-others")
def test_later_request_is_served_while_one_waits(serve: Serve, peers: Peers) -> None:
    """Requests are answered and closed while the child of an earlier one waits."""
    server = serve([ReadLine(), When(b"slow", [Gate("hold")]), Echo()])

    slow = peers().connect(server).send(b"slow\n")
    server.expect_at_gate("hold")
    for number in range(3):
        line = b"quick %d\n" % number
        peers().connect(server).send(line).expect(line).expect_end()

    server.open_gate("hold")
    slow.expect(b"slow\n").expect_end()


@requirement("forking/handle-request-returns-before-the-child-ends")
def test_handle_request_leaves_the_child_running(construct: Construct, peers: Peers) -> None:
    """Two calls of handle_request() return with both children held at a gate, which then answer."""
    server = construct([ReadLine(), Gate("hold"), Echo()])
    first = peers().connect(server).send(b"first\n")
    second = peers().connect(server).send(b"second\n")

    server.call("handle_request")
    server.call("handle_request")

    server.expect_at_gate("hold", 2)
    server.open_gate("hold")
    first.expect(b"first\n").expect_end()
    second.expect(b"second\n").expect_end()
