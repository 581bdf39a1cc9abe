"""BaseRequestHandler: what its methods do by themselves, and what a subclass may do with them."""

from __future__ import annotations

from fixtures import (
    RECORDING_ERRORS,
    Construct,
    Observe,
    Peer,
    Peers,
    Serve,
    Server,
    ServerSpec,
    error_names,
    requirement,
    same,
)
from fixtures.steps import (
    Attempt,
    Gate,
    HandlerScript,
    Raise,
    ReadLine,
    Receive,
    Reply,
    Report,
    Run,
)

LINE = b"x\n"
BASE = "BaseRequestHandler"
# The class itself, which is of the old style in Python 2.7.
OF_BASE = "self.__class__.__bases__[0]"

OWN_METHODS = """
class Handler(base):
    def setup(self):
        self.said = [b"set up"]

    def handle(self):
        self.said.append(b"handled")

    def finish(self):
        data = b", ".join(self.said + [b"finished"])
        if isinstance(self.request, tuple):
            self.request[1].sendto(data, self.client_address)
        else:
            self.request.sendall(data)
"""
SETUP_ALONE = """
class Handler(base):
    def setup(self):
        pass

    def handle(self):
        emit("attributes", names=sorted(vars(self)))
"""
RETURNING = """
class Handler(base):
    def setup(self):
        return True

    def handle(self):
        self.request.sendall(b"handled ")
        return False

    def finish(self):
        self.request.sendall(b"finished")
        return ValueError("returned, not raised")
"""
ATTRIBUTES = {"request": "id(self.request)", "address": "self.client_address"}


@requirement("handlers/base-methods-do-nothing")
def test_methods_of_the_base_class_do_nothing(serve: Serve, spec: ServerSpec, peer: Peer) -> None:
    """After all three the attributes are as before, and the request is still to be read."""
    attributes = "sorted((name, id(value)) for name, value in vars(self).items())"
    calls = [f"{OF_BASE}.{method}(self)" for method in ("setup", "handle", "finish")]
    steps = [Attempt([attributes, *calls, attributes])]
    read = [Receive(len(LINE))] if spec.is_stream else []
    server = serve([*steps, *read, Reply(b"still there")], base=BASE)

    peer.connect(server).send(LINE)

    before, *values, after = server.expect_outcomes()
    same([None] * len(calls), values, "what the three methods return")
    same(before, after, "the handler's attributes")
    if spec.is_stream:
        server.expect_read("recv", LINE)
    peer.expect(b"still there").expect_end()


@requirement("handlers/any-method-may-be-overridden")
def test_own_methods_are_called(serve: Serve, peer: Peer) -> None:
    """The reply tells of the subclass's own three methods, in their order."""
    server = serve(source=OWN_METHODS, base=BASE)

    peer.connect(server).offer(LINE).expect(b"set up, handled, finished")


@requirement("handlers/constructor-handles-the-request")
def test_constructor_handles_the_request(construct: Construct, observe: Observe) -> None:
    """A handler made by hand has handled what it was given when its constructor returns."""
    values = {"request": "self.request", "address": "self.client_address"}
    server = construct([Report({**values, "server": "id(self.server)"})], base=BASE)
    wanted = {"request": "request", "address": "address", "server": server.evaluate("id(server)")}

    made = server.evaluate("sorted(vars(handler_class('request', 'address', server)))")

    same(["setup", "handle", "finish"], server.phases(), "the phases before it returns")
    same(wanted, server.expect_report(), "what handle() finds")
    observe("attributes of a used handler", [name for name in made if "sockproof" not in name])


@requirement("handlers/attributes-from-setup-to-finish")
def test_attributes_are_there_in_every_phase(serve: Serve, peer: Peer) -> None:
    """setup() and finish() find the same request, address and server as handle()."""
    report = Report({**ATTRIBUTES, "server": "id(self.server)"})
    server = serve(HandlerScript([report], setup=[report], finish=[report]), base=BASE)

    peer.connect(server).offer(LINE)

    in_setup, in_handle, in_finish = (server.expect_report(number) for number in (1, 2, 3))
    same(in_handle, in_setup, "the attributes in setup()")
    same(in_handle, in_finish, "the attributes in finish()")


@requirement("handlers/instance-variables-are-its-own")
def test_handlers_keep_their_own_variables(serve: Serve, peers: Peers) -> None:
    """Two handlers that are at work together each find the line they themselves kept."""
    keep = Run("self.kept = self.sockproof_last")
    server = serve([ReadLine(), keep, Gate("kept"), Run("self.wfile.write(self.kept)")])
    clients = {line: peers.stream().connect(server) for line in (b"one\n", b"two\n")}

    for count, (line, client) in enumerate(clients.items(), 1):
        client.send(line)
        server.expect_at_gate("kept", count)

    server.open_gate("kept")
    for line, client in clients.items():
        client.expect_reply(line)


@requirement("handlers/exits-in-a-handler")
def test_what_leaves_the_constructor(construct: Construct, observe: Observe) -> None:
    """Handlers made by hand, each of which raises something else."""
    scripts = {
        f"handle() raises {name}": HandlerScript([Raise(name)])
        for name in ("KeyboardInterrupt", "SystemExit", "GeneratorExit")
    }
    scripts["setup() raises SystemExit"] = HandlerScript(setup=[Raise("SystemExit")])
    scripts["both raise"] = HandlerScript([Raise("ValueError")], finish=[Raise("OSError")])

    for name, script in scripts.items():
        server = construct(script, base=BASE)
        before = len(server.phases())
        observe(f"{name}: leaves the constructor", _leaves_constructor(server))
        observe(f"{name}: phases", server.phases()[before:])


def _leaves_constructor(server: Server) -> str:
    made = "handler_class('request', 'address', server) and None"
    outcome = server.process.do("evaluate", handle=server.handle, expression=made)
    return outcome.error.name if outcome.error else "nothing"


@requirement("handlers/setup-without-the-base")
def test_own_setup_without_the_base(serve: Serve, peer: Peer, observe: Observe) -> None:
    """The handler's setup() makes no files, and handle() uses none."""
    server = serve(source=SETUP_ALONE, hooks=RECORDING_ERRORS)

    peer.connect(server).offer(LINE)

    report = server.process.wait_events(1, "attributes")[0]
    server.stop()
    observe("setup() without the base: attributes in handle()", report.fields["names"])
    observe("setup() without the base: handle_error() for", error_names(server))


@requirement("handlers/return-values")
def test_values_that_a_handler_returns(serve: Serve, peers: Peers, observe: Observe) -> None:
    """All three methods return something; two clients, one after the other, are handled."""
    server = serve(source=RETURNING, base=BASE, hooks=RECORDING_ERRORS)

    replies = [peers.stream().connect(server).receive_to_end() for _ in range(2)]

    server.stop()
    observe("returned values: replies", [reply for reply, _ in replies])
    observe("returned values: endings", [str(ending) for _, ending in replies])
    observe("returned values: handle_error() for", error_names(server))


# By whether the server is a stream server.
UNDOCUMENTED = {
    True: {
        "connection is the request": "getattr(self, 'connection', None) is self.request",
        "rbufsize": "getattr(self, 'rbufsize', 'none such')",
        "wbufsize": "getattr(self, 'wbufsize', 'none such')",
        "timeout": "getattr(self, 'timeout', 'none such')",
        "disable_nagle_algorithm": "getattr(self, 'disable_nagle_algorithm', 'none such')",
    },
    False: {
        "packet is the request's first": "getattr(self, 'packet', None) is self.request[0]",
        "socket is the request's second": "getattr(self, 'socket', None) is self.request[1]",
        "socket is the server's": "getattr(self, 'socket', None) is self.server.socket",
    },
}
FILES = {
    "rfile is a": "type(self.rfile).__name__",
    "wfile is a": "type(self.wfile).__name__",
    "attributes": "sorted(n for n in vars(self) if 'sockproof' not in n)",
}


@requirement("handlers/undocumented-attributes")
def test_undocumented_attributes(
    serve: Serve, spec: ServerSpec, peer: Peer, observe: Observe
) -> None:
    """The handler tells what it finds."""
    server = serve([Report({**UNDOCUMENTED[spec.is_stream], **FILES})])

    peer.connect(server).offer(LINE)

    for name, value in sorted(server.expect_report().items()):
        observe(name, value)
