"""SystemExit, KeyboardInterrupt and their like in a handler: no errors, but a wish to end."""

from __future__ import annotations

from typing import Any

from fixtures import (
    POLL_INTERVAL_S,
    Construct,
    Observe,
    Peers,
    Serve,
    Server,
    StreamPeer,
    check,
    requirement,
    same,
)
from fixtures.steps import Hook, Raise, ReadLine, RecordCall, Reply

# Beside SystemExit; OwnExit is a BaseException that a user made up.
OTHER_EXITS = {name: name for name in ("KeyboardInterrupt", "GeneratorExit", "OwnExit")}
EXITS = {"SystemExit": "SystemExit", **OTHER_EXITS}
RECORDED: dict[str, Hook] = {"handle_error": RecordCall()}


@requirement("errors/system-exit-is-not-an-error")
def test_system_exit_is_no_error(serve: Serve, peers: Peers, observe: Observe) -> None:
    """handle_error() is not called when handle() raises SystemExit."""
    server = serve([ReadLine(), Raise("SystemExit")], hooks={"handle_error": RecordCall()})

    peers().connect(server).send(b"x\n")

    server.expect_handled()
    server.expect_calls(without="handle_error")
    ended = server.process.matching("ended", method="serve_forever")[0]
    observe("how serve_forever() ends", ended.fields.get("error", {}).get("type", "it returns"))


@requirement("errors/system-exit-calls-handle-error")
def test_system_exit_is_an_error(serve: Serve, peers: Peers) -> None:
    """handle_error() is called once when handle() raises SystemExit."""
    server = serve([ReadLine(), Raise("SystemExit")], hooks={"handle_error": RecordCall()})

    peers().connect(server).send(b"x\n")

    server.expect_call("handle_error")
    server.stop()
    same(["handle_error"], server.calls(), "calls of handle_error()")


@requirement("errors/keyboard-interrupt-leaves-the-loop")
def test_keyboard_interrupt_ends_the_loop(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """serve_forever() raises the KeyboardInterrupt that handle() raised."""
    server = construct(
        [ReadLine(), Raise("KeyboardInterrupt")], hooks={"handle_error": RecordCall()}
    )
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)

    peers().connect(server).send(b"x\n")

    outcome = loop.wait()
    check(
        outcome.error and outcome.error.is_a("KeyboardInterrupt"),
        expected="serve_forever() raises KeyboardInterrupt",
        actual=f"it raised {outcome.error}" if outcome.error else "it returned",
    )
    observe("handle_error() is called", bool(server.calls()))


@requirement("errors/other-exits-are-not-errors", variants=OTHER_EXITS)
def test_other_exits_are_no_errors(construct: Construct, peers: Peers, variant: Any) -> None:
    """handle_error() is not called when handle() raises what is no Exception."""
    server = construct([ReadLine(), Raise(variant)], hooks=RECORDED)
    server.spawn("serve_forever", POLL_INTERVAL_S)

    peers().connect(server).send(b"x\n")

    server.expect_handled()
    server.expect_calls(without="handle_error")


@requirement("errors/every-exit-calls-handle-error", variants=OTHER_EXITS)
def test_every_exit_is_an_error(serve: Serve, peers: Peers, variant: Any) -> None:
    """handle_error() is called once when handle() raises what is no Exception."""
    server = serve([ReadLine(), Raise(variant)], hooks=RECORDED)

    peers().connect(server).send(b"x\n")

    server.expect_call("handle_error")
    server.stop()
    same(["handle_error"], server.calls(), "calls of handle_error()")


@requirement("errors/exit-reaches-the-caller", variants=EXITS)
def test_exit_reaches_the_caller(
    construct: Construct, peers: Peers, variant: Any, observe: Observe
) -> None:
    """handle_request() raises the very kind of exit that handle() raised, with its message."""
    server = construct([ReadLine(), Raise(variant, "time to go")])
    peers().connect(server).send(b"x\n")

    error = server.attempt("handle_request").error

    seen = (error.type_name, error.text) if error else "it returned"
    same((variant, "time to go"), seen, "what handle_request() raises")
    server.fence()
    observe("printed", _what_is_printed(server))


@requirement("errors/request-of-an-exit-is-closed")
def test_request_of_an_exit_is_closed(serve: Serve, client: StreamPeer) -> None:
    """The client whose handler raised KeyboardInterrupt reads its reply and the end of stream."""
    server = serve([ReadLine(), Reply(b"going"), Raise("KeyboardInterrupt")])

    client.connect(server).send(b"x\n")

    client.expect_reply(b"going")


def _what_is_printed(server: Server) -> str:
    printed = "".join(server.process.output.values())
    return "a traceback" if "Traceback" in printed else "something else" if printed else "nothing"
