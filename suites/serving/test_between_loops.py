"""What comes between two loops, and what one of several servers in a process does to the others."""

from __future__ import annotations

from fixtures import (
    POLL_INTERVAL_S,
    CaseProcess,
    Construct,
    Inconclusive,
    Observe,
    Peers,
    Server,
    ServerSpec,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine

ECHO_LINE = [ReadLine(), Echo()]
SERVERS = 3

READABLE = """
import select
together = globals().get("together", [])
together.append(server)
def readable(timeout_s):
    poller = native("poll")()
    for one in together:
        poller.register(one, select.POLLIN)
    ready = dict(poller.poll(timeout_s * 1000))
    return [number for number, one in enumerate(together) if one.fileno() in ready]
"""
IN_A_MINUTE_S = 60

# Nobody waits for it: it makes a moment between two attributes long enough to begin a loop in. The
# first few times alone, for a loop may set attributes often.
DOZE = "server.naps[:] = [0.5] * 2"
_SLOW_TO_SET = """
import time

class Server(find({name!r})):
    naps = []

    def __setattr__(self, name, value):
        if self.naps and threading.current_thread().name.startswith("serve_forever"):
            time.sleep(self.naps.pop())
        find({name!r}).__setattr__(self, name, value)
"""

# select() knows no descriptor from here on.
PAST_SELECT = 1024
TAKE_DESCRIPTORS = f"""
import resource
taken = []
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
wanted = {PAST_SELECT + 64}
if soft != resource.RLIM_INFINITY and soft < wanted:
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
while not taken or taken[-1] < {PAST_SELECT}:
    taken.append(os.dup(0))
"""
GIVE_BACK = "while taken: os.close(taken.pop())"


@requirement("serving/clients-wait-between-loops")
def test_waiting_requests_are_served_later(construct: Construct, peers: Peers) -> None:
    """Of three requests after a loop the first is handled alone, the others by the next loop."""
    server = construct(ECHO_LINE)
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(b"before\n").expect(b"before\n").expect_end()
    server.call("shutdown")
    loop.expect_return()

    waiting = [peers().connect(server).send(b"%d\n" % number) for number in range(3)]
    server.call("handle_request")
    same(2, server.phases().count("handle"), "handlers after one handle_request()")
    server.spawn("serve_forever", POLL_INTERVAL_S)

    for number, peer in enumerate(waiting):
        peer.expect(b"%d\n" % number).expect_end()


@requirement("serving/next-loop-begins-when-shutdown-returns")
def test_next_loop_begins_when_shutdown_returns(
    construct: Construct, spec: ServerSpec, peers: Peers
) -> None:
    """Whatever the ended loop still has to do: its thread is slow where it sets attributes."""
    server = construct(ECHO_LINE, class_source=_SLOW_TO_SET.format(name=spec.class_name))
    for line in (b"first loop\n", b"second loop\n"):
        server.spawn("serve_forever", POLL_INTERVAL_S)
        peers().connect(server).send(line).expect(line).expect_end()
        server.execute(DOZE)
        server.call("shutdown")


@requirement("serving/stopping-one-leaves-the-other")
def test_other_server_goes_on(construct: Construct, peers: Peers) -> None:
    """After shutdown() and server_close() of one server the loop of another serves as before."""
    one, other = (construct(ECHO_LINE) for _ in range(2))
    loops = [server.spawn("serve_forever", POLL_INTERVAL_S) for server in (one, other)]
    for server in (one, other):
        peers().connect(server).send(b"both\n").expect(b"both\n").expect_end()

    one.call("shutdown")
    loops[0].expect_return()
    one.call("server_close")

    one.let_others_run()
    peers().connect(other).send(b"still\n").expect(b"still\n").expect_end()
    check(not loops[1].has_ended, expected="the other server's loop goes on", actual="it has ended")


@requirement("serving/several-servers-in-one-selector")
def test_selector_tells_servers_apart(construct: Construct, peers: Peers) -> None:
    """Of three servers in one poll() the one with a request is readable, and only that one."""
    servers = [construct(ECHO_LINE) for _ in range(SERVERS)]
    for server in servers:
        server.execute(READABLE)

    for number in (1, 0, 2):
        peer = peers().connect(servers[number]).send(b"request\n")
        same([number], servers[0].evaluate(f"readable({IN_A_MINUTE_S})"), "servers to be read")
        servers[number].call("handle_request")
        peer.expect(b"request\n").expect_end()
    same([], servers[0].evaluate("readable(0)"), "servers to be read in the end")


@requirement("serving/many-descriptors")
def test_high_descriptor_is_recorded(
    construct: Construct, process: CaseProcess, peers: Peers, observe: Observe
) -> None:
    """Whether a request is served by a server whose descriptor select() could not take."""
    taken = process.do("execute", source=TAKE_DESCRIPTORS)
    if taken.error is not None:
        process.do("execute", source=GIVE_BACK)
        raise Inconclusive(f"the process cannot open so many descriptors: {taken.error}")
    server = construct(ECHO_LINE)
    check(server.fileno > PAST_SELECT, expected="a high descriptor", actual=server.fileno)

    peer = peers().connect(server).send(b"request\n")
    error = server.attempt("handle_request").error
    observe("handle_request()", f"raises {error.type_name}" if error else "serves")
    if error is None:
        peer.expect(b"request\n").expect_end()
        peers().connect(server).send(b"request\n")
    observe("serve_forever()", _fate(server))
    process.do("execute", source=GIVE_BACK)


def _fate(server: Server) -> str:
    handled = len(server.process.matching("handled"))
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    if loop.ends_before("handled", handled + 1):
        error = loop.wait().error
        return f"raises {error.type_name}" if error else "returns"
    return "serves"
