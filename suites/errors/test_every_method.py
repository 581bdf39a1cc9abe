"""What becomes of an exception in each method that may be overridden, as it is: recorded only.

Each kind of exception has a server of its own, on which the method raises for the first request.
A second one shows whether the loop has gone on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Event,
    Observe,
    Peers,
    RunningCall,
    Server,
    ServerSpec,
    requirement,
)
from fixtures.steps import HandlerScript, Hook, Instead, Raise, RecordCall, Run

# socket.error is OSError from Python 3.3 on; OwnExit is a BaseException that a user made up.
EXCEPTIONS = (
    "ValueError",
    "socket.error",
    "SystemExit",
    "KeyboardInterrupt",
    "GeneratorExit",
    "OwnExit",
)
PHASES = ("setup", "handle", "finish")
OF_THE_LOOP = ("get_request", "verify_request", "process_request")
OF_THE_REQUEST = ("finish_request", "shutdown_request", "close_request", "handle_error")
IN_A_REQUEST = {name: name for name in ("__init__", *PHASES, *OF_THE_REQUEST)}
ANYWHERE = {**{name: name for name in OF_THE_LOOP}, **IN_A_REQUEST}

AT_FIRST = "fail({exception!r}) if len(self.taken) < 2 else original(*arguments)"
TAKE = Instead("self.taken.append(original()) or self.taken[-1]")
TAKE_LATER = (
    "(self.calls.append(1), fail({exception!r}) if len(self.calls) < 2"
    " else self.taken.append(original())) and self.taken[-1]"
)
FAILING_STEP = "if len(self.server.taken) < 2:\n    fail({exception!r})"
FAILING_CONSTRUCTOR = """
class Handler(base):
    def __init__(self, request, client_address, server):
        if len(server.taken) < 2:
            fail({exception!r})
        base.__init__(self, request, client_address, server)
"""
CLOSE_WHAT_IS_OPEN = """
def is_open(request):
    try:
        return request.fileno() >= 0
    except socket.error:
        return False
left_open = [request for request, _ in server.taken[:1] if is_open(request)]
for request in left_open:
    request.close()
"""
NO_REQUEST_RUNS = "not any(t.name.startswith('Thread-') for t in threading.enumerate())"
AT_ONCE = {"timeout": 0.01}


@dataclass(frozen=True)
class Story:
    """A server whose ``method`` raised; ``number`` is its id, ``words`` tell what happened."""

    server: Server
    number: int
    words: str

    def ended(self) -> str:
        """All of it; only after the servers were stopped."""
        called = self.server.process.matching("call", method="handle_error", server=self.number)
        times = {0: "not called", 1: "called"}.get(len(called), f"called {len(called)} times")
        return f"{self.words}; handle_error() {times}"


@requirement("errors/exceptions-in-every-method", variants=ANYWHERE)
def test_exceptions_in_every_method(
    construct: Construct, peers: Peers, variant: Any, observe: Observe
) -> None:
    """Whether the loop goes on, the request is closed, a traceback is printed and handle_error()
    called, for each kind of exception."""
    _tell_all(construct, peers, variant, observe)


@requirement("errors/exceptions-in-thread-or-child", variants=IN_A_REQUEST)
def test_exceptions_in_thread_or_child(
    construct: Construct, peers: Peers, variant: Any, observe: Observe
) -> None:
    """The same, where the method is called by a request's own thread or child."""
    _tell_all(construct, peers, variant, observe)


@requirement("errors/exceptions-in-service-actions")
def test_exceptions_in_service_actions(construct: Construct, observe: Observe) -> None:
    """How serve_forever() ends when service_actions() raises."""
    for exception in EXCEPTIONS:
        server = construct(hooks={"service_actions": Raise(exception)})
        loop = server.spawn("serve_forever", POLL_INTERVAL_S)
        own = {"method": "service_actions", "server": server.evaluate("id(server)")}
        ends = loop.ends_before("call", 3, **own)
        observe(exception, _ending(server, loop) if ends else "the loop goes on")


@requirement("errors/exceptions-in-handle-timeout")
def test_exceptions_in_handle_timeout(construct: Construct, observe: Observe) -> None:
    """How handle_request() ends when handle_timeout() raises."""
    for exception in EXCEPTIONS:
        server = construct(attributes=AT_ONCE, hooks={"handle_timeout": Raise(exception)})
        error = server.attempt("handle_request").error
        observe(exception, f"handle_request() {_raises(error.type_name if error else '')}")


def _tell_all(construct: Construct, peers: Peers, method: str, observe: Observe) -> None:
    stories = {name: _play(construct, peers, method, name) for name in EXCEPTIONS}
    next(iter(stories.values())).server.stop()
    for name, story in stories.items():
        observe(name, story.ended())


def _play(construct: Construct, peers: Peers, method: str, exception: str) -> Story:
    """One request on which ``method`` raises, and another one."""
    server = _failing(construct, method, exception)
    number = server.evaluate("id(server)")  # before any fork: PyPy makes ids up when asked
    printed = len(server.process.output["stderr"])
    seen = {id(event) for event in server.process.events}
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).offer(b"x\n")
    server.process.wait_first(
        f"{method} raises {exception}",
        lambda event: id(event) not in seen and _is_failure(event),
    )
    server.expect_true(NO_REQUEST_RUNS)
    words = _next_request(server, peers, loop, seen)
    server.fence()
    return Story(server, number, words + _left(server, printed))


def _failing(construct: Construct, method: str, exception: str) -> Server:
    """A server on which ``method`` raises for the first request."""
    hooks: dict[str, Hook] = {
        "get_request": TAKE,
        "finish_request": RecordCall(),
        "handle_error": RecordCall(),
    }
    script, source = HandlerScript(), ""
    if method in PHASES:
        script = HandlerScript(**{method: [Run(FAILING_STEP.format(exception=exception))]})
    elif method == "__init__":
        source = FAILING_CONSTRUCTOR.format(exception=exception)
    else:
        template = TAKE_LATER if method == "get_request" else AT_FIRST
        hooks[method] = Instead(template.format(exception=exception))
    if method == "handle_error":
        script = HandlerScript([Run(FAILING_STEP.format(exception="ValueError"))])
    attributes: dict[str, Any] = {"taken": [], "calls": []}
    base = "BaseRequestHandler"
    return construct(script, base=base, source=source, hooks=hooks, attributes=attributes)


def _is_failure(event: Event) -> bool:
    return event.name in ("raise", "step") and "error" in event.fields


def _next_request(server: Server, peers: Peers, loop: RunningCall, seen: set[int]) -> str:
    """Whether the loop takes one more request, or how it has ended.

    What was ``seen`` is of earlier servers: clients of theirs may have had the same port.
    """
    peer = peers().connect(server).offer(b"y\n")

    def is_answer(event: Event) -> bool:
        if id(event) in seen:
            return False
        if event.name == "ended":
            return bool(event.fields["label"] == loop.label)
        taken = event.name == "return" and event.fields["method"] == "get_request"
        return bool(taken and event.fields["value"][1] == peer.address)

    event = server.process.wait_first("one more request is taken", is_answer)
    return _ending(server, loop) if event.name == "ended" else "the loop goes on"


def _ending(server: Server, loop: RunningCall) -> str:
    """How a loop ended, and whether shutdown() returns after it."""
    error = loop.wait().error
    after = "hangs" if server.spawn("shutdown").comes_to_wait() else "returns"
    return f"serve_forever() {_raises(error.type_name if error else '')}, shutdown() {after}"


def _raises(name: str) -> str:
    return f"raises {name}" if name else "returns"


def _left(server: Server, printed: int) -> str:
    """Whether the request was left open here, and a traceback printed.

    Not what a child prints: before Python 3.9 it may be lost in a buffer at its end.
    """
    words = ""
    spec: ServerSpec = server.spec
    if spec.is_stream and server.evaluate("bool(server.taken)"):
        server.execute(CLOSE_WHAT_IS_OPEN)
        is_open = server.evaluate("bool(left_open)")
        words += f"; its request is {'left open' if is_open else 'closed'}"
    if spec.mixin != "Forking":
        told = "Traceback" in server.process.output["stderr"][printed:]
        words += "; a traceback is printed" if told else "; nothing is printed"
    return words
