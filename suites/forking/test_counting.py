"""Whose children count: a server's own, whichever of them ends first."""

from __future__ import annotations

from fixtures import Construct, Peers, Serve, requirement
from fixtures.steps import Echo, Gate, ReadLine, When


@requirement("forking/max-children-of-each-server")
def test_children_of_the_other_do_not_count(serve: Serve, peers: Peers) -> None:
    """A server with two children held leaves another one free to serve, which may have two.

    Neither is at its own limit: there CPython waits for any child."""
    script = [ReadLine(), When(b"held", [Gate("at work")]), Echo()]
    busy, other = (serve(script, attributes={"max_children": most}) for most in (3, 2))
    held = [peers().connect(busy).send(b"held\n") for _ in range(2)]
    busy.expect_at_gate("at work", 2)

    for number in range(2):
        line = b"%d\n" % number
        peers().connect(other).send(line).expect(line).expect_end()

    busy.open_gate("at work")
    for client in held:
        client.expect(b"held\n").expect_end()


@requirement("forking/server-close-waits-for-its-own-children")
def test_children_of_the_other_are_not_waited_for(construct: Construct, peers: Peers) -> None:
    """server_close() of one of two servers of a class returns while a child of the other runs."""
    script = [ReadLine(), When(b"held", [Gate("at work")]), Echo()]
    busy, other = construct(script), construct(script)
    held = peers().connect(busy).send(b"held\n")
    busy.call("handle_request")
    busy.expect_at_gate("at work")
    client = peers().connect(other).send(b"x\n")
    other.call("handle_request")
    client.expect(b"x\n").expect_end()

    other.call("server_close")

    busy.open_gate("at work")
    held.expect(b"held\n").expect_end()
    busy.call("server_close")


@requirement("forking/any-child-makes-room")
def test_any_child_makes_room(serve: Serve, peers: Peers) -> None:
    """With max_children = 2, the end of the younger child lets a third request in, though the
    older one is still at work."""
    script = [ReadLine(), When(b"old", [Gate("old")]), When(b"young", [Gate("young")]), Echo()]
    server = serve(script, attributes={"max_children": 2})
    old = peers().connect(server).send(b"old\n")
    server.expect_at_gate("old", 1)
    young = peers().connect(server).send(b"young\n")
    server.expect_at_gate("young", 1)

    server.open_gate("young")
    young.expect(b"young\n").expect_end()

    peers().connect(server).send(b"third\n").expect(b"third\n").expect_end()
    server.open_gate("old")
    old.expect(b"old\n").expect_end()
