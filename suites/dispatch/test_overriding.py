"""Methods that a subclass overrides take the place of the implementation's own."""

from __future__ import annotations

from fixtures import (
    Capable,
    CaseProcess,
    Construct,
    NotApplicable,
    Observe,
    Peers,
    Serve,
    ServerSpec,
    StreamPeer,
    requirement,
    same,
)
from fixtures.steps import (
    Echo,
    Gate,
    Hook,
    Instead,
    ReadLine,
    Receive,
    RecordCall,
    Reply,
    Report,
    Return,
)

KEEP = Instead("setattr(self, 'kept', arguments[0])")
IN_A_THREAD = Instead(
    "__import__('threading').Thread(target=lambda: (self.finish_request(*arguments),"
    " self.shutdown_request(arguments[0]))).start()"
)
FORKING_SERVER = """
import os

class Server(find({name!r})):
    children = ()

    def process_request(self, request, client_address):
        child = os.fork()
        if child:
            self.children += (child,)
            self.close_request(request)
            return
        status = 1
        try:
            self.finish_request(request, client_address)
            self.shutdown_request(request)
            status = 0
        finally:
            os._exit(status)
"""
REAP = "statuses = [os.waitpid(child, 0)[1] for child in server.children]"
QUEUE_SERVER = """
inlet, outlet = os.pipe()[::-1]
entries, closed = [], []

class QueueServer(socketserver.BaseServer):
    def fileno(self):
        return outlet
    def get_request(self):
        return os.read(outlet, 1), 'queue'
    def finish_request(self, request, client_address):
        entries.append((bytearray(request), client_address))
        if len(entries) == 2:
            self.ending = threading.Thread(target=self.shutdown)
            self.ending.start()
    def close_request(self, request):
        closed.append(bytearray(request))

os.write(inlet, b'ab')
queue_server = QueueServer('nowhere', None)
queue_server.serve_forever(0.001)
queue_server.ending.join()
queue_server.server_close()
os.write(inlet, b'c')
"""


@requirement("dispatch/override-of-finish-request-is-used")
def test_own_finish_request_is_used(serve: Serve, peers: Peers) -> None:
    """Where a subclass's finish_request() does nothing, no handler is made of two requests."""
    server = serve([Reply(b"never")], hooks={"finish_request": Return(None)})

    for _ in range(2):
        peers().connect(server).offer(b"finish me\n")

    server.expect_call("finish_request", 2)
    server.expect_calls(without=("setup", "handle"))


@requirement("dispatch/override-of-shutdown-request-is-used")
def test_own_shutdown_request_is_used(serve: Serve, client: StreamPeer) -> None:
    """A subclass's shutdown_request() may keep the connection, and use it when it likes."""
    server = serve([ReadLine(), Reply(b"wait")], hooks={"shutdown_request": KEEP})
    client.connect(server).send(b"x\n").expect(b"wait")
    server.process.wait_events(1, "return", method="shutdown_request")
    server.let_others_run()  # whoever would end it all the same

    server.execute("server.kept.sendall(b'here it is')\nserver.kept.close()")

    client.expect_reply(b"here it is")


@requirement("dispatch/override-of-close-request-is-used")
def test_own_close_request_is_used(serve: Serve, client: StreamPeer) -> None:
    """A subclass's close_request() may keep the connection, of which only sending is ended."""
    hooks: dict[str, Hook] = {"close_request": KEEP, "shutdown_request": RecordCall()}
    server = serve([ReadLine(), Reply(b"bye")], hooks=hooks)
    client.connect(server).send(b"x\n").expect_reply(b"bye")
    server.process.wait_events(1, "return", method="shutdown_request")

    client.send(b"one thing more")

    server.execute("heard = server.kept.recv(14)\nserver.kept.close()")
    same(b"one thing more", server.evaluate("bytearray(heard)"), "what is read from it")


@requirement("dispatch/process-request-may-start-a-thread")
def test_process_request_with_its_own_thread(serve: Serve, peers: Peers) -> None:
    """With a thread of its own for each request a plain server serves two at the same time."""
    script = [Gate("both are here"), Receive(3), Reply(b"ok")]
    server = serve(script, base="BaseRequestHandler", hooks={"process_request": IN_A_THREAD})
    clients = [peers.stream().connect(server).send(b"one") for _ in range(2)]

    server.expect_at_gate("both are here", 2)
    server.open_gate("both are here")

    for client in clients:
        client.expect_reply(b"ok")


@requirement("dispatch/process-request-may-start-a-child")
def test_process_request_with_its_own_child(
    capable: Capable, serve: Serve, peers: Peers, spec: ServerSpec
) -> None:
    """With a child of its own for each request a plain server serves two at the same time."""
    if not capable("fork"):
        raise NotApplicable("no fork here", "fork")
    steps = [ReadLine(), Gate("both are here"), Report({"pid": "os.getpid()"}), Echo()]
    server = serve(steps, class_source=FORKING_SERVER.format(name=spec.class_name))
    lines = [b"one\n", b"two\n"]
    clients = [peers.stream().connect(server).send(line) for line in lines]

    server.expect_at_gate("both are here", 2)
    server.open_gate("both are here")

    for client, line in zip(clients, lines, strict=True):
        client.expect_reply(line)
    server.expect_true("len(server.children) == 2")  # who forks may be later than the children
    server.execute(REAP)
    same([0, 0], server.evaluate("statuses"), "how the children ended")
    pids = {server.expect_report(number)["pid"] for number in (1, 2)}
    same(set(server.evaluate("server.children")), pids, "who handled the requests")


@requirement("dispatch/requests-may-be-kept-for-later")
def test_requests_are_kept_in_a_table(construct: Construct, peers: Peers) -> None:
    """A process_request() that only keeps its requests lets the program finish them in any order,
    while all of their clients wait."""
    keep = Instead("self.table.append(arguments)")
    hooks: dict[str, Hook] = {"process_request": keep}
    server = construct([ReadLine(), Echo()], hooks=hooks, attributes={"table": []})
    clients = [peers.stream().connect(server).send(b"x\n") for _ in range(3)]
    for _ in clients:
        server.call("handle_request")
    same([], server.phases(), "handlers before any request is finished")

    for client in reversed(clients):
        server.execute("entry = server.table.pop()\nserver.finish_request(*entry)")
        server.execute("server.shutdown_request(entry[0])")
        client.expect_reply(b"x\n")


@requirement("dispatch/base-server-without-a-socket")
def test_base_server_serves_what_is_no_socket(process: CaseProcess, observe: Observe) -> None:
    """A BaseServer whose get_request() reads a queue serves the two entries that are in it."""
    same(None, process.do("execute", source=QUEUE_SERVER).error, "what serving a queue raises")

    wanted = [(b"a", "queue"), (b"b", "queue")]
    same(wanted, process.do("evaluate", expression="entries").value, "what was processed")
    ended = process.do("evaluate", expression="queue_server.handle_request()")
    observe("handle_request() of it", ended.error.type_name if ended.error else "returns")
    process.do("execute", source="os.close(inlet)\nos.close(outlet)")


@requirement("dispatch/base-server-closes-requests")
def test_base_server_closes_what_is_done(process: CaseProcess) -> None:
    """Both entries of the queue are given to close_request() in the order they were processed."""
    same(None, process.do("execute", source=QUEUE_SERVER).error, "what serving a queue raises")

    closed = process.do("evaluate", expression="closed").value
    process.do("execute", source="os.close(inlet)\nos.close(outlet)")
    same([b"a", b"b"], closed, "what close_request() was called for")


@requirement("dispatch/methods-set-on-the-instance")
def test_methods_set_on_the_instance(construct: Construct, peers: Peers, observe: Observe) -> None:
    """Which methods that are set on a server after its construction are used."""
    server = construct([ReadLine(), Echo()], hooks={"server_close": RecordCall()})
    server.execute(
        "seen = []\n"
        "def wrap(name):\n"
        "    original = getattr(server, name)\n"
        "    setattr(server, name, lambda *given: (seen.append(name), original(*given))[1])\n"
        "for name in ('get_request', 'verify_request', 'process_request', 'finish_request',\n"
        "             'shutdown_request', 'close_request'):\n"
        "    wrap(name)\n"
    )
    peers().connect(server).send(b"look again\n")

    server.attempt("handle_request")

    observe("methods used", server.evaluate("seen"))
