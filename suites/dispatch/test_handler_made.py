"""What the handler of a request is made of: request, client address, server, and by which class."""

from __future__ import annotations

from fixtures import Construct, Observe, Peers, Serve, ServerSpec, requirement, same
from fixtures.steps import Echo, Instead, ReadLine, RecordCall, Report

STAND_IN = "an address made up by the subclass"
FUNCTION = """
def Handler(*given, **named):
    emit('step', do='called', id='', count=len(given), named=sorted(named))
"""
OTHER_HANDLER = """
class OtherHandler(server.RequestHandlerClass):
    def handle(self):
        others.append(self.client_address)
others = []
server.RequestHandlerClass = OtherHandler
"""
OTHER_OCTETS = b"octets made up by the subclass"


def _request_as_told(spec: ServerSpec) -> str:
    """An expression for the handler's request, in the form in which hooks tell theirs."""
    if spec.is_stream:
        return "{'$socket': self.request.fileno()}"
    return "(self.request[0], {'$socket': self.request[1].fileno()})"


@requirement("dispatch/finish-request-instantiates-the-handler")
def test_handler_is_made_of_the_arguments(serve: Serve, peers: Peers, spec: ServerSpec) -> None:
    """One RequestHandlerClass is made, of finish_request()'s arguments and of the server."""
    reported = {
        "request": _request_as_told(spec),
        "address": "self.client_address",
        "server": "id(self.server)",
        "class": "self.__class__ is self.server.RequestHandlerClass",
    }
    server = serve([ReadLine(), Report(reported), Echo()], hooks={"finish_request": RecordCall()})

    peers().connect(server).send(b"handle me\n").expect(b"handle me\n").expect_end()

    finishing = server.expect_call("finish_request")[0].fields
    request, address = finishing["arguments"]
    wanted = {"request": request, "address": address, "server": finishing["server"], "class": True}
    same(wanted, server.expect_report(), "what the handler has")
    server.stop()
    same(["setup", "handle", "finish"], server.phases(), "what handlers went through")


@requirement("dispatch/get-request-override-is-used")
def test_own_get_request_is_used(serve: Serve, peers: Peers, spec: ServerSpec) -> None:
    """The handler gets the request and the made-up address that a subclass's own gives."""
    server = serve(
        [Report({"request": _request_as_told(spec), "address": "self.client_address"})],
        base="BaseRequestHandler",
        hooks={"get_request": Instead(_own_get_request(spec))},
    )

    peers().connect(server).offer(b"who am I\n")

    given = server.process.wait_events(1, "return", method="get_request")[0].fields["value"]
    same(STAND_IN, given[1], "the address that the subclass's get_request() gives")
    wanted = {"request": given[0], "address": STAND_IN}
    same(wanted, server.expect_report(), "what the handler has")


def _own_get_request(spec: ServerSpec) -> str:
    """An expression for another request, as far as it can be, from another address."""
    request = "original()[0]" if spec.is_stream else f"({OTHER_OCTETS!r}, original()[0][1])"
    return f"({request}, {STAND_IN!r})"


@requirement("dispatch/handlers-find-what-the-server-has")
def test_server_attributes_reach_the_handler(serve: Serve, peers: Peers) -> None:
    """What is set on the server object while it serves is found as an attribute of self.server."""
    server = serve([ReadLine(), Report({"found": "self.server.fortune"}), Echo()])

    for number, fortune in enumerate(("good", "bad"), start=1):
        server.execute(f"server.fortune = {fortune!r}")
        peers().connect(server).send(b"x\n").expect(b"x\n").expect_end()
        same(fortune, server.expect_report(number)["found"], "self.server.fortune")


@requirement("dispatch/function-as-handler-class")
def test_a_function_as_handler_class(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Whether a plain function will do as RequestHandlerClass, and what it is called with."""
    server = construct(base="BaseRequestHandler", source=FUNCTION)
    peers().connect(server).offer(b"x\n")

    ended = server.attempt("handle_request")

    observe("handle_request()", ended.error.type_name if ended.error else "returns")
    called = server.process.matching("step", do="called")
    observe("calls", [[call.fields["count"], call.fields["named"]] for call in called])


@requirement("dispatch/handler-class-assigned-later")
def test_handler_class_replaced(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Which handler class the next request gets when RequestHandlerClass was assigned anew."""
    server = construct([ReadLine(), Echo()])
    server.execute(OTHER_HANDLER)
    peers().connect(server).send(b"x\n")

    server.attempt("handle_request")

    server.stop()
    replaced = server.evaluate("len(others)") == 1
    observe("the next request gets", "the new class" if replaced else "the old class")


@requirement("dispatch/handler-class-of-the-moment")
def test_handler_class_of_the_moment(serve: Serve, peers: Peers) -> None:
    """A RequestHandlerClass put there after a request handles the next one."""
    server = serve([ReadLine(), Echo()])
    peers().connect(server).send(b"one\n").expect(b"one\n").expect_end()

    server.execute(OTHER_HANDLER)
    peers().connect(server).offer(b"two\n")

    server.expect_true("len(others) == 1")
