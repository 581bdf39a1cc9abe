"""Settings of stream handlers: on the object, and what the sizes of buffers make."""

from __future__ import annotations

from typing import Any, NamedTuple

from fixtures import Serve, StreamPeer, requirement, same
from fixtures.steps import Run

TIMEOUT_S = 64.0
TELLS = """
    def handle(self):
        emit("settings", found={expression})
        self.wfile.write(b"done")
"""
BEFORE_SETUP = """
class Handler(base):
    def setup(self):
        self.{setting} = {value!r}
        base.setup(self)
"""
AS_PROPERTY = """
class Handler(base):
    {setting} = property(lambda self: {value!r})
"""
OF_THE_CLASS = """
class Handler(base):
    {setting} = {value!r}
"""
NODELAY = "bool(self.request.getsockopt({0}.IPPROTO_TCP, {0}.TCP_NODELAY))".format(
    "__import__('socket')"
)
REST = (
    "(self.rfile.readline(), self.request.setblocking(False), self.request.recv(100),"
    " self.request.setblocking(True))[2].decode('ascii')"
)
IN_BETWEEN = "(self.wfile.write(b'late '), self.request.sendall(b'soon '))[1]"


class Effect(NamedTuple):
    """What a setting does: an expression of the handler, what it gives, what the client gets, and
    what that has sent before."""

    value: Any
    expression: str
    gives: Any
    reply: bytes = b"done"
    request: bytes = b""


EFFECTS = {
    "timeout": Effect(TIMEOUT_S, "self.request.gettimeout()", TIMEOUT_S),
    "disable_nagle_algorithm": Effect(True, NODELAY, True),
    "rbufsize": Effect(0, REST, "and the rest", request=b"a line\nand the rest"),
    "wbufsize": Effect(4096, IN_BETWEEN, None, b"soon late done"),
}
WAYS = {"before-setup": BEFORE_SETUP, "property": AS_PROPERTY}
OF_OBJECTS = {
    f"{name.replace('_', '-')}-{way}": (source, name, effect)
    for name, effect in EFFECTS.items()
    for way, source in WAYS.items()
}


@requirement("settings/handlers-as-the-object-says", variants=OF_OBJECTS)
def test_handler_is_as_its_object_says(serve: Serve, client: StreamPeer, variant: Any) -> None:
    """Its connection and files are as the object says, and its class does not."""
    _expect_effect(serve, client, *variant)


@requirement("settings/unbuffered-reads-take-no-more")
def test_rest_is_read_from_the_request(serve: Serve, client: StreamPeer) -> None:
    """What comes with a line that rfile has read is there for recv()."""
    _expect_effect(serve, client, OF_THE_CLASS, "rbufsize", EFFECTS["rbufsize"])


def _expect_effect(
    serve: Serve, client: StreamPeer, source: str, name: str, effect: Effect
) -> None:
    text = (source + TELLS).format(setting=name, value=effect.value, expression=effect.expression)
    server = serve(source=text)

    client.connect(server)
    if effect.request:
        client.send(effect.request)

    client.expect(effect.reply).expect_end()
    (told,) = server.process.matching("settings")
    same(effect.gives, told.fields["found"], f"what {name} makes of the connection")


@requirement("settings/buffered-writes-wait", variants={"flushed": True, "at-the-end": False})
def test_write_waits_in_its_buffer(serve: Serve, client: StreamPeer, variant: bool) -> None:
    """What sendall() sends after a buffered write arrives before it."""
    steps = [
        Run("self.wfile.write(b'buffered ')"),
        Run("self.request.sendall(b'at once ')"),
        *([Run("self.wfile.flush()"), Run("self.request.sendall(b'later')")] if variant else []),
    ]
    server = serve(steps, handler_attributes={"wbufsize": 4096})

    client.connect(server)

    wanted = b"at once buffered later" if variant else b"at once buffered "
    client.expect(wanted).expect_end()
