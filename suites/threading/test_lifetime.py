"""How long handler threads live: daemonic or not, waited for or not, kept or dropped."""

from __future__ import annotations

from typing import Any

from fixtures import Construct, Observe, Peers, RunningCall, Serve, Server, requirement, same
from fixtures.closing import HOLD_THREE, end_middle_last, hold_three
from fixtures.steps import Gate, Instead, ReadLine, Report, Run

IS_DAEMONIC = Report({"daemonic": "threading.current_thread().daemon"})
# Remembers the handler's thread in the server without keeping it alive.
KEEP_WITNESS = Run(
    "import weakref\n"
    "self.server.__dict__.setdefault('witnesses', []).append("
    "weakref.ref(threading.current_thread()))"
)
# A thread is out of threading.enumerate() a little earlier, when it still counts as running.
NONE_IS_ALIVE = (
    "not any(thread is not None and thread.is_alive()"
    " for thread in (witness() for witness in server.witnesses))"
)
COUNT_KEPT = (
    "[__import__('gc').collect() for _ in range(3)]"
    " and sum(witness() is not None for witness in server.witnesses[:{earlier}])"
)


def _hold(server: Server, peers: Peers, count: int) -> list[str]:
    """Bring ``count`` requests into their handlers; the names of the threads they wait in."""
    for _ in range(count):
        peers().connect(server).send(b"x\n")
    return [event.thread for event in server.expect_at_gate("hold", count)]


def _close_while_held(server: Server) -> RunningCall:
    """Stop the loop and start server_close(), with ample chance to return once it has begun."""
    server.call("shutdown")
    closing = server.spawn("server_close")
    closing.comes_to_wait()
    server.let_others_run()
    return closing


def _release_after_close(server: Server) -> None:
    """server_close() has returned: the handler still was at its gate, and now ends."""
    same([], server.process.matching("handler", phase="finish"), "handlers that ended before")
    server.open_gate("hold")
    server.expect_handler("finish")


@requirement("threading/daemon-threads-default-false")
def test_handler_threads_are_not_daemonic_by_default(serve: Serve, peers: Peers) -> None:
    """An untouched server says daemon_threads False, and its handler's thread is not daemonic
    although that of its loop is."""
    server = serve([ReadLine(), IS_DAEMONIC])

    peers().connect(server).send(b"x\n")

    same(False, server.evaluate("server.daemon_threads"), "daemon_threads")
    values = server.expect_step("report")[0].fields["values"]
    same({"daemonic": False}, values, "the handler's thread")


@requirement(
    "threading/daemon-threads-is-honoured",
    variants={
        "true-in-daemonic-loop": (True, "serve_forever"),
        "false-in-daemonic-loop": (False, "serve_forever"),
        "true-in-main-thread": (True, "handle_request"),
        "false-in-main-thread": (False, "handle_request"),
    },
)
def test_daemon_threads_is_honoured(construct: Construct, peers: Peers, variant: Any) -> None:
    """Handler threads are as daemon_threads says, not as the thread that starts them."""
    daemonic, method = variant
    server = construct([ReadLine(), IS_DAEMONIC], attributes={"daemon_threads": daemonic})

    peers().connect(server).send(b"x\n")
    if method == "serve_forever":
        server.spawn(method, 0.001)
    else:
        server.call(method)

    values = server.expect_step("report")[0].fields["values"]
    same({"daemonic": daemonic}, values, "the handler's thread")


@requirement("threading/server-close-waits-for-threads")
def test_server_close_waits_for_every_handler(serve: Serve, peers: Peers, observe: Observe) -> None:
    """server_close() returns after all of three held handlers, and no thread of theirs is left.

    The loop's thread is daemonic, which their threads must not inherit. The second one ends last:
    who waits for the first alone, or for the last, returns too early.
    """
    server = serve(HOLD_THREE)
    observe("block_on_close", server.evaluate("getattr(server, 'block_on_close', 'none')"))
    threads = [event.thread for event in hold_three(server, peers)]

    end_middle_last(server, _close_while_held(server))

    alive = server.evaluate("[thread.name for thread in threading.enumerate()]")
    same([], [name for name in threads if name in alive], "handler threads after server_close()")


@requirement("threading/server-close-does-not-wait-for-daemons")
def test_server_close_leaves_daemonic_handlers_alone(serve: Serve, peers: Peers) -> None:
    """server_close() returns while the handler's daemonic thread is held at a gate."""
    server = serve([ReadLine(), Gate("hold")], attributes={"daemon_threads": True})
    _hold(server, peers, 1)

    _close_while_held(server).expect_return()

    _release_after_close(server)


@requirement("threading/block-on-close-false-does-not-wait")
def test_server_close_does_not_block_if_told_so(serve: Serve, peers: Peers) -> None:
    """server_close() returns while the handler's thread, not daemonic, is held at a gate."""
    server = serve([ReadLine(), Gate("hold")], attributes={"block_on_close": False})
    _hold(server, peers, 1)

    _close_while_held(server).expect_return()

    _release_after_close(server)


def _play_one_by_one(server: Server, peers: Peers, count: int, take: str = "") -> None:
    """``count`` requests, each when the thread of the one before has ended; ``take`` is what has to
    be called for each where no loop runs."""
    for number in range(1, count + 1):
        peers().connect(server).send(b"x\n")
        if take:
            server.call(take)
        server.expect_handler("finish", number)
        server.expect_true(NONE_IS_ALIVE)


@requirement("threading/decimal-contexts-are-the-threads-own")
def test_decimal_contexts_are_of_the_threads(serve: Serve, peers: Peers) -> None:
    """One handler changes its precision; the next one, and the loop, which has used its own before,
    have what they had."""
    precision = "__import__('decimal').getcontext().prec"
    change = Run("import decimal\ndecimal.getcontext().prec = 5")
    told = f"[self.__dict__.setdefault('told', []).append({precision}), original(*arguments)][1]"
    script = [ReadLine(), Report({"precision": precision}), change]
    server = serve(script, hooks={"verify_request": Instead(told)})
    before = server.evaluate(precision)

    for number in (1, 2):
        peers().connect(server).send(b"x\n")
        server.expect_handler("finish", number)

    reports = server.expect_step("report", 2)
    seen = [event.fields["values"]["precision"] for event in reports]
    same([before, before], seen, "the precision that each of two handlers finds")
    same([before, before], server.evaluate("server.told"), "the precision that the loop finds")


@requirement("threading/finished-threads-are-dropped")
def test_finished_threads_are_dropped(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Once five requests are over and a sixth has come, nothing keeps the five's threads."""
    server = serve([ReadLine(), KEEP_WITNESS])

    _play_one_by_one(server, peers, 6)

    kept = server.evaluate(COUNT_KEPT.format(earlier=5))
    observe("finished threads kept", kept)
    same(0, kept, "threads of the five earlier requests that are kept")


@requirement("threading/finished-threads-are-dropped-without-a-loop")
def test_threads_of_handle_request_are_dropped(construct: Construct, peers: Peers) -> None:
    """The same of a program that calls handle_request() for each of them."""
    server = construct([ReadLine(), KEEP_WITNESS])

    _play_one_by_one(server, peers, 6, "handle_request")

    kept = server.evaluate(COUNT_KEPT.format(earlier=5))
    same(0, kept, "threads of the five earlier requests that are kept")


@requirement("threading/finished-threads-kept")
def test_how_many_finished_threads_are_kept(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Of twenty threads that have ended, how many are kept, and how many after server_close()."""
    server = serve([ReadLine(), KEEP_WITNESS])

    _play_one_by_one(server, peers, 20)

    observe("threads kept", server.evaluate(COUNT_KEPT.format(earlier=20)))
    server.call("shutdown")
    server.call("server_close")
    observe("after server_close()", server.evaluate(COUNT_KEPT.format(earlier=20)))
