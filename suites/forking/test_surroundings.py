"""The program around a forking server: children of its own, signals, threads."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, Children, Construct, Observe, Peers, Serve, requirement, same
from fixtures.steps import Echo, Gate, ReadLine

OWN_STATUS = 72
FORK_ONE = f"""
own_child = os.fork()
if own_child == 0:
    os._exit({OWN_STATUS})
"""
IGNORE_CHILDREN = """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
"""
COLLECT_WARNINGS = """
import warnings
warned = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, category, *others: warned.append(category.__name__)
"""


@requirement("forking/foreign-children-are-left-alone")
def test_programs_own_child_is_not_reaped(construct: Construct, peers: Peers) -> None:
    """After three requests and server_close() the program gets the status of its own child, which
    had ended before them."""
    server = construct([ReadLine(), Echo()])
    children = Children(server)
    server.execute(FORK_ONE)
    children.expect_ended(server.evaluate("own_child"))

    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    for number in range(1, 4):
        peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()
        children.expect_ended(server.expect_handled(number)[-1].pid)
    server.call("shutdown")
    loop.expect_return()
    server.call("server_close")

    status = server.evaluate("os.waitpid(own_child, 0)[1] >> 8")
    same(OWN_STATUS, status, "the exit status of the program's own child")


@requirement("forking/foreign-children-at-max-children")
def test_programs_own_child_at_max_children(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """Whether the program gets the status of its own child after a request had to wait."""
    server = construct([ReadLine(), Gate("hold"), Echo()], attributes={"max_children": 1})
    children = Children(server)
    server.execute(FORK_ONE)
    children.expect_ended(server.evaluate("own_child"))

    server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"x\n")
    server.expect_at_gate("hold")
    peers().connect(server).send(b"x\n")
    server.let_others_run()  # or the child at the gate may end before the server waits for any
    server.open_gate("hold")
    server.expect_handled(2)

    reaped = server.process.do("evaluate", expression="os.waitpid(own_child, 0)[1] >> 8")
    observe("its status", reaped.error.errno_name if reaped.error else reaped.value)


@requirement(
    "forking/children-reaped-by-the-system",
    variants={"max-children": 1, "below-max-children": 9},
)
def test_children_that_the_system_reaps(serve: Serve, peers: Peers, variant: int) -> None:
    """With SIGCHLD ignored three requests are served one after another, and server_close()
    returns."""
    server = serve([ReadLine(), Echo()], attributes={"max_children": variant})
    children = Children(server)
    server.execute(IGNORE_CHILDREN)

    for number in range(1, 4):
        peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()
        children.expect_ended(server.expect_handled(number)[-1].pid)

    server.spawn("shutdown").expect_return()
    server.spawn("server_close").expect_return()


@requirement(
    "forking/fork-warning", variants={"loop-in-a-thread": True, "without-other-threads": False}
)
def test_warnings_of_the_fork(
    construct: Construct, peers: Peers, observe: Observe, variant: bool
) -> None:
    """The categories of the warnings that are given in the server's process."""
    server = construct([ReadLine(), Echo()])
    server.execute(COLLECT_WARNINGS)

    peers().connect(server).send(b"x\n")
    if variant:
        server.spawn("serve_forever", POLL_INTERVAL_S)
        server.expect_handled()
        server.call("shutdown")
    else:
        server.call("handle_request")
        server.expect_handled()

    observe("warnings", server.evaluate("warned"))
