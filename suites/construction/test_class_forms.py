"""Forms of classes that Python lets one write: with arguments, a metaclass; and objects in sets."""

from __future__ import annotations

from fixtures import Construct, Peer, Serve, ServerSpec, requirement, same
from fixtures.steps import Echo, ReadLine

_PLUGIN = """
class Plugin(object):
    def __init_subclass__(cls, colour, **others):
        super().__init_subclass__(**others)
        cls.colour = colour

class Kind(type):
    colour = "red"
"""
# What follows the first base in a class statement.
FORMS = {
    "arguments-for-a-later-base": "Plugin, colour='red'",
    "metaclass": "metaclass=Kind",
}
SERVER = """
class Server(find({name!r}), {form}):
    pass
"""
HANDLER = """
class Handler(base, {form}):
    def handle(self):
        self.wfile.write(self.rfile.readline())
"""
IN_A_SET = """
one = server
other = server.__class__(server.server_address[:1] + (0,), server.RequestHandlerClass)
alike = server.__class__(server.server_address, server.RequestHandlerClass, False)
found = [len(set([one, one, other, alike])), one == alike, one != other, one in {one: 1}]
other.server_close()
alike.server_close()
"""


@requirement("construction/any-form-of-class", variants=FORMS)
def test_any_form_of_server_class(serve: Serve, peer: Peer, spec: ServerSpec, variant: str) -> None:
    """A server class of this form serves with a handler class of the same form."""
    server = serve(
        source=_PLUGIN + HANDLER.format(form=variant),
        class_source=_PLUGIN + SERVER.format(name=spec.class_name, form=variant),
    )

    peer.connect(server).send(b"x\n").expect(b"x\n").expect_end()

    colours = server.evaluate("[type(server).colour, server.RequestHandlerClass.colour]")
    same(["red", "red"], colours, "what the other base or the metaclass gives the classes")


@requirement("construction/servers-can-be-in-a-set")
def test_servers_can_be_in_a_set(construct: Construct) -> None:
    """Three of one class, two of them with the same arguments, are three; each is itself alone."""
    server = construct([ReadLine(), Echo()])

    server.execute(IN_A_SET)

    same([3, False, True, True], server.evaluate("found"), "servers as members of a set")
