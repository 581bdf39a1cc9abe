"""The table of errors: each kind of exception out of each method, who is told, what is closed, and
whether the loop goes on.

The cells of which a document speaks are judged, the others recorded.
"""

from __future__ import annotations

from fixtures import (
    POLL_INTERVAL_S,
    CaseProcess,
    Construct,
    Observe,
    Peer,
    Peers,
    Serve,
    Server,
    ServerSpec,
    check,
    requirement,
    same,
)
from fixtures.steps import Hook, Instead, ReadLine, RecordCall, Run
from suites.errors.kinds import (
    EXITS,
    KINDS,
    OF_A_HANDLER,
    OF_A_SERVER,
    answering,
    failing_at_once,
    failing_handler,
    failing_server,
    there,
)

IN_A_REQUEST = {name: name for name in (*OF_A_HANDLER, *OF_A_SERVER)}
TOLD: dict[str, Hook] = {"handle_error": RecordCall()}
BY_NAME = {kind.lower().replace(" ", "-"): statement for kind, statement in KINDS.items()}
TRACEBACK = "Traceback (most recent call last)"
# Kinds of OSError, by what is told of them: an errno, or one of these classes.
WITHOUT_ERRNO = (
    "OSError",
    "ConnectionError",
    "TimeoutError",
    "gaierror",
    "SSLError",
    "SSLEOFError",
)
OF_THE_SYSTEM = [kind for kind in KINDS if " E" in kind or kind in WITHOUT_ERRNO]
# What a right server may not hand on as it is: contextlib's generators make a RuntimeError of it.
CHANGED = "StopIteration"
FAILS_WITH_EACH = """
import errno
import socket

STATEMENTS = {statements!r}

class Server(find({name!r})):
    def get_request(self):
        if STATEMENTS:
            exec(STATEMENTS.pop(0))
        return find({name!r}).get_request(self)
"""
OTHERS = ("get_request", "verify_request", "shutdown_request", "close_request", "handle_error")
ANY_TIME = ("handle_timeout", "service_actions")
TAKE = Instead("self.taken.append(original()) or self.taken[-1]")
CLOSE_WHAT_IS_OPEN = """
left_open = [request for request, _ in server.taken if request.fileno() >= 0]
for request in left_open:
    request.close()
"""


class Table:
    """A server of the spec on which ``method`` raises the kind that a client names; handle_error()
    tells of its calls."""

    def __init__(self, construct: Construct, spec: ServerSpec, peers: Peers, method: str) -> None:
        sources = {"source": failing_handler(method)}
        if method not in OF_A_HANDLER:
            sources = {
                "source": answering(),
                "class_source": failing_server(method, spec.class_name),
            }
        self.server: Server = construct(base="BaseRequestHandler", hooks=TOLD, **sources)
        self._peers = peers

    def request(self, kind: str) -> Peer:
        """The client of a request that fails so."""
        return self._peers().connect(self.server).send(f"{kind}\n".encode())

    def expect_answer(self) -> None:
        """Whoever comes next is answered.

        Raises:
            Mismatch: otherwise.
        """
        self.request("none of these").expect(b"fine")

    def expect_told_once(self, kinds: list[str]) -> None:
        """handle_error() was called once for each; nothing can happen any more.

        Raises:
            Mismatch: otherwise.
        """
        self.server.stop()
        told = [error.name for error in self.server.errors_handled()]
        same([], [one for one in kinds if one not in told], "kinds that nobody was told of")
        same(sorted(kinds), sorted(told), "what handle_error() is called for")


@requirement("errors/whatever-handle-raises-is-told")
def test_whatever_handle_raises(construct: Construct, spec: ServerSpec, peers: Peers) -> None:
    """handle_error() is called once for each kind, and the loop goes on."""
    table = Table(construct, spec, peers, "handle")
    table.server.spawn("serve_forever", POLL_INTERVAL_S)
    kinds = [*there(table.server.process, KINDS)]

    for number, kind in enumerate(kinds, 1):
        table.request(kind)
        table.server.expect_call("handle_error", number)

    table.expect_answer()
    table.expect_told_once(kinds)


@requirement("errors/traceback-of-each-kind", variants=BY_NAME)
def test_traceback_of_each_kind(serve: Serve, peers: Peers, variant: str) -> None:
    """The default handle_error() prints the traceback to standard error, whatever was raised."""
    server = serve([ReadLine(), Run(f"import errno, socket\n{variant}")])
    peers().connect(server).send(b"x\n")
    server.expect_handled()

    server.stop()

    server.fence()
    printed = server.process.output["stderr"]
    check(TRACEBACK in printed, expected=f"{TRACEBACK!r} on standard error", actual=printed)


@requirement("errors/whatever-a-request-raises-is-told", variants=IN_A_REQUEST)
def test_whatever_a_request_raises(
    construct: Construct, spec: ServerSpec, peers: Peers, variant: str
) -> None:
    """handle_error() is called once for each kind, the request is closed, the loop goes on."""
    table = Table(construct, spec, peers, variant)
    table.server.spawn("serve_forever", POLL_INTERVAL_S)
    kinds = [kind for kind in there(table.server.process, KINDS) if kind != CHANGED]

    for number, kind in enumerate(kinds, 1):
        peer = table.request(kind)
        table.server.expect_call("handle_error", number)
        _expect_end(peer, spec, variant)

    table.expect_answer()
    table.expect_told_once(kinds)


@requirement("errors/whatever-exit-a-request-raises", variants=IN_A_REQUEST)
def test_whatever_exit_a_request_raises(
    construct: Construct, spec: ServerSpec, peers: Peers, variant: str
) -> None:
    """handle_error() is not called, the request is closed, and who comes next is answered; where
    nothing else runs the request, the exit comes out of handle_request()."""
    table = Table(construct, spec, peers, variant)
    comes_out = spec.mixin == "none" or variant == "process_request"

    for kind in EXITS:
        peer = table.request(kind)
        error = table.server.attempt("handle_request").error
        seen = error.type_name if error else ""
        same(kind if comes_out else "", seen, f"what handle_request() raises for {kind}")
        _expect_end(peer, spec, variant)

    table.server.spawn("handle_request")
    table.expect_answer()
    table.expect_told_once([])


@requirement("errors/every-system-error-of-get-request")
def test_every_system_error_of_get_request(
    construct: Construct, spec: ServerSpec, peers: Peers
) -> None:
    """The request for which get_request() fails with one kind after the other is taken then."""
    statements = [KINDS[kind] for kind in OF_THE_SYSTEM]
    source = FAILS_WITH_EACH.format(name=spec.class_name, statements=statements)
    server = construct(base="BaseRequestHandler", source=answering(), class_source=source)
    server.spawn("serve_forever", POLL_INTERVAL_S)

    peers().connect(server).send(b"x\n").expect(b"fine")


@requirement(
    "errors/kinds-out-of-other-methods", variants={name: name for name in (*OTHERS, *ANY_TIME)}
)
def test_kinds_out_of_other_methods(
    construct: Construct,
    process: CaseProcess,
    spec: ServerSpec,
    peers: Peers,
    variant: str,
    observe: Observe,
) -> None:
    """How the call ends that met it, whether handle_error() is called, and the request closed."""
    for kind, statement in there(process, {**KINDS, **EXITS}).items():
        source = failing_handler("handle" if variant == "handle_error" else "")
        server = construct(
            base="BaseRequestHandler",
            source=source,
            class_source=failing_at_once(variant, spec.class_name, statement),
            attributes={"taken": [], "timeout": 0.01 if variant == "handle_timeout" else None},
            hooks={"get_request": TAKE, **TOLD},
        )
        if variant not in ANY_TIME:
            peers().connect(server).send(b"ValueError\n")
        observe(kind, _outcome(server, kind, variant))


def _outcome(server: Server, kind: str, method: str) -> str:
    """What became of one call, in words."""
    called = len(server.calls())
    if method == "service_actions":
        error = server.spawn("serve_forever", POLL_INTERVAL_S).wait().error
    else:
        error = server.attempt("handle_request").error
    ended = "returns" if error is None else "raises it" if error.name == kind else f"raises {error}"
    if method in ANY_TIME:
        return ended
    server.execute(CLOSE_WHAT_IS_OPEN)
    left = "left open" if server.evaluate("bool(left_open)") else "not left open"
    told = server.calls()[called:].count("handle_error")
    return f"{ended}; handle_error() {told} times; request {left}"


def _expect_end(peer: Peer, spec: ServerSpec, method: str) -> None:
    """The client reads the end of its connection, after its answer where it has had one."""
    if spec.is_stream and method == "finish":
        peer.expect(b"fine")
    if spec.is_stream:
        peer.expect_end()
