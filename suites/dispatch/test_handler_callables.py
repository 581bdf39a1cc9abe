"""What stands for a handler class: whatever takes a request, an address and a server."""

from __future__ import annotations

from fixtures import Peers, Serve, requirement

ANSWER = """
def answer(request, client_address, text):
    if isinstance(request, tuple):
        request[1].sendto(text, client_address)
    else:
        request.recv(100)
        request.sendall(text)
"""
PARTIAL = """
import functools

class Telling(base):
    def __init__(self, *arguments, **named):
        self.text = named.pop("text")
        base.__init__(self, *arguments, **named)

    def handle(self):
        answer(self.request, self.client_address, self.text)

Handler = functools.partial(Telling, text=b"answered")
"""
OTHER_NAMES = """
class Handler(base):
    def __init__(self, sock, addr, svr):
        base.__init__(self, sock, addr, svr)

    def handle(self):
        answer(self.request, self.client_address, b"answered")
"""
ANY_NUMBER = """
class Handler(base):
    def __init__(self, *three):
        base.__init__(self, *three)

    def handle(self):
        answer(self.request, self.client_address, b"answered")
"""


@requirement("dispatch/partial-as-handler-class")
def test_partial_as_handler_class(serve: Serve, peers: Peers) -> None:
    """functools.partial() of a handler class, which adds a keyword, answers two clients."""
    server = serve(source=ANSWER + PARTIAL, base="BaseRequestHandler")

    for _ in range(2):
        peers().connect(server).send(b"x\n").expect(b"answered").expect_end()


@requirement(
    "dispatch/handler-arguments-by-position",
    variants={"other-names": OTHER_NAMES, "any-number": ANY_NUMBER},
)
def test_handler_arguments_by_position(serve: Serve, peers: Peers, variant: str) -> None:
    """A handler class whose constructor gives its three parameters names of its own answers."""
    server = serve(source=ANSWER + variant, base="BaseRequestHandler")

    peers().connect(server).send(b"x\n").expect(b"answered").expect_end()
