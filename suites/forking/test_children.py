"""What a child is: how it ends, what runs in it, what it sees and what of it is seen."""

from __future__ import annotations

import os
import signal
from typing import Any

from fixtures import (
    Children,
    Construct,
    Event,
    Observe,
    Peers,
    Serve,
    Server,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, Exit, Kill, Raise, ReadLine, RecordCall, Report, Step, When

WATCHED = (
    "get_request",
    "verify_request",
    "process_request",
    "finish_request",
    "handle_error",
    "shutdown_request",
    "close_request",
)
CAME_BACK = "a child came back"
HANDLE_ONE = f"""
home = os.getpid()
try:
    server.handle_request()
finally:
    if os.getpid() != home:
        os.write(2, b"{CAME_BACK}")
        os._exit(0)
"""
WAYS_TO_END: dict[bytes, list[Step]] = {
    b"return": [],
    b"ValueError": [Raise()],
    b"SystemExit": [Raise("SystemExit", "3")],
    b"KeyboardInterrupt": [Raise("KeyboardInterrupt")],
    b"os._exit(7)": [Exit(7)],
    b"SIGTERM": [Kill("SIGTERM")],
    b"SIGKILL": [Kill("SIGKILL")],
}


@requirement(
    "forking/child-never-returns",
    variants={
        "success": ([], {}),
        "exception": ([Raise()], {}),
        "SystemExit": ([Raise("SystemExit")], {}),
        "KeyboardInterrupt": ([Raise("KeyboardInterrupt")], {}),
        "handle_error-raises": ([Raise()], {"handle_error": Raise()}),
        "shutdown_request-raises": ([], {"shutdown_request": Raise()}),
    },
)
def test_child_does_not_come_back(construct: Construct, peers: Peers, variant: Any) -> None:
    """The child ends, and nothing that comes after the call of handle_request() runs in it."""
    steps, hooks = variant
    server = construct([ReadLine(), *steps], hooks=hooks)
    children = Children(server)

    peers().connect(server).send(b"x\n")
    server.execute(HANDLE_ONE)
    children.expect_ended(server.expect_handled()[0].pid)

    server.fence()
    came = CAME_BACK in server.process.output["stderr"]
    check(not came, expected="a child ends with its request", actual=CAME_BACK)


@requirement("forking/exit-status-of-a-child")
def test_exit_status_of_a_child(construct: Construct, peers: Peers, observe: Observe) -> None:
    """What waitpid() says in the server's process of children that ended in each of these ways."""
    branches = [When(word, steps) for word, steps in WAYS_TO_END.items()]
    server = construct([ReadLine(), *branches])

    for number, word in enumerate(WAYS_TO_END, start=1):
        peers().connect(server).send(word + b"\n")
        server.call("handle_request")
        pid = server.expect_step("read_line", number)[-1].pid
        observe(word.decode(), _in_words(server.evaluate(f"os.waitpid({pid}, 0)[1]")))


def _in_words(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit status {os.WEXITSTATUS(status)}"


@requirement("forking/where-methods-run")
def test_where_each_method_is_called(construct: Construct, peers: Peers, observe: Observe) -> None:
    """The processes in which the methods are called for one request whose handler raises."""
    server = construct([ReadLine(), Raise()], hooks={method: RecordCall() for method in WATCHED})
    children = Children(server)

    peers().connect(server).send(b"x\n")
    server.call("handle_request")
    children.expect_ended(server.expect_handled()[0].pid)

    for method in WATCHED:
        calls = server.process.matching("call", method=method)
        observe(method, sorted({_place(server, event) for event in calls}))


def _place(server: Server, event: Event) -> str:
    return "the server's process" if event.pid == server.process.pid else "the child"


@requirement("forking/output-of-a-child")
def test_output_of_a_child(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Which streams have the banner and the traceback of an exception once the child has ended."""
    server = construct([ReadLine(), Raise()])
    children = Children(server)

    peers().connect(server).send(b"x\n")
    server.call("handle_request")
    children.expect_ended(server.expect_handled()[0].pid)
    server.fence()

    parts = {"banner": "during processing of request", "traceback": "raised by the script"}
    for name, part in parts.items():
        streams = [stream for stream, text in server.process.output.items() if part in text]
        observe(name, " and ".join(streams) or "is lost")


@requirement("forking/child-sees-the-state-at-its-request")
def test_child_has_the_servers_present_state(serve: Serve, peers: Peers) -> None:
    """Each child finds the count that the server's process had when its request came."""
    server = serve([ReadLine(), Report({"count": "self.server.count"}), Echo()])

    for count in range(1, 4):
        server.execute(f"server.count = {count}")
        peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()
        same({"count": count}, server.expect_report(count), "what the child finds")


@requirement("forking/mixin-comes-last")
def test_where_the_handler_runs_with_the_mixin_last(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether the handler runs in the server's own process."""
    server = construct(
        [ReadLine(), Report({"pid": "os.getpid()"}), Echo()],
        class_source="class Server(find('TCPServer'), find('ForkingMixIn')): pass",
    )

    peers().connect(server).send(b"x\n")
    server.call("handle_request")

    observe("runs in the server's process", server.expect_report()["pid"] == server.process.pid)
