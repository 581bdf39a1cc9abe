"""SystemExit and KeyboardInterrupt in a handler: no errors, but a wish to end."""

from __future__ import annotations

from fixtures import Construct, Observe, Peers, Serve, check, requirement, same
from sockproof.iut.starting import POLL_INTERVAL_S
from sockproof.peer.script import Raise, ReadLine, Record


@requirement("errors/system-exit-is-not-an-error")
def test_system_exit_is_no_error(serve: Serve, peers: Peers, observe: Observe) -> None:
    """handle_error() is not called when handle() raises SystemExit."""
    server = serve([ReadLine(), Raise("SystemExit")], hooks={"handle_error": Record()})

    peers().connect(server).send(b"x\n")

    server.expect_handled()
    server.expect_calls(without="handle_error")
    ended = server.process.matching("ended", method="serve_forever")[0]
    observe("how serve_forever() ends", ended.fields.get("error", {}).get("type", "it returns"))


@requirement("errors/system-exit-calls-handle-error")
def test_system_exit_is_an_error(serve: Serve, peers: Peers) -> None:
    """handle_error() is called once when handle() raises SystemExit."""
    server = serve([ReadLine(), Raise("SystemExit")], hooks={"handle_error": Record()})

    peers().connect(server).send(b"x\n")

    server.expect_call("handle_error")
    server.stop()
    same(["handle_error"], server.calls(), "calls of handle_error()")


@requirement("errors/keyboard-interrupt-leaves-the-loop")
def test_keyboard_interrupt_ends_the_loop(
    construct: Construct, peers: Peers, observe: Observe
) -> None:
    """serve_forever() raises the KeyboardInterrupt that handle() raised."""
    server = construct([ReadLine(), Raise("KeyboardInterrupt")], hooks={"handle_error": Record()})
    loop = server.spawn("serve_forever", POLL_INTERVAL_S)

    peers().connect(server).send(b"x\n")

    outcome = loop.wait()
    check(
        outcome.error and outcome.error.is_a("KeyboardInterrupt"),
        expected="serve_forever() raises KeyboardInterrupt",
        actual=f"it raised {outcome.error}" if outcome.error else "it returned",
    )
    observe("handle_error() is called", bool(server.calls()))
