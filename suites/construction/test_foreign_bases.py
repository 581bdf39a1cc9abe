"""Servers with a base of another kind beside socketserver's: the program calls it, as it was."""

from __future__ import annotations

from fixtures import Peer, Serve, ServerSpec, requirement, same
from fixtures.steps import Echo, ReadLine

_DISPATCHER = """
class Dispatcher(object):
    def __init__(self, colour="none", size=0):
        self.made = getattr(self, "made", []) + [(colour, size)]
"""
BEHIND = """
class Server(find({name!r}), Dispatcher):
    def __init__(self, *arguments, **named):
        Dispatcher.__init__(self, "red", 7)
        find({name!r}).__init__(self, *arguments, **named)
"""
BEFORE = """
class Server(Dispatcher, find({name!r})):
    def __init__(self, *arguments, **named):
        Dispatcher.__init__(self, "red", 7)
        find({name!r}).__init__(self, *arguments, **named)
"""


@requirement(
    "construction/foreign-bases-are-the-programs", variants={"behind": BEHIND, "before": BEFORE}
)
def test_foreign_bases(serve: Serve, peer: Peer, spec: ServerSpec, variant: str) -> None:
    """The base's constructor is called once, by the subclass, and the server serves."""
    source = _DISPATCHER + variant.format(name=spec.class_name)

    server = serve([ReadLine(), Echo()], class_source=source)

    same([("red", 7)], server.evaluate("server.made"), "what the other base is made with")
    peer.connect(server).send(b"x\n").expect(b"x\n").expect_end()
