"""Whether a call waits is told by what the system says of its thread, whatever it waits in."""

from __future__ import annotations

import pytest

from sockproof.iut import calls
from sockproof.iut.process import CaseProcess
from sockproof.iut.server import Server
from sockproof.iut.starting import ServerOrder
from sockproof.iut.waiting import Look, waits
from sockproof.judge.checks import Inconclusive
from sockproof.spec.matrix import spec_by_id

PLACE = """
import select, time
held, readable, listener = threading.Lock(), os.pipe()[0], socket.socket()
held.acquire()
listener.bind(("127.0.0.1", 0))
listener.listen(1)
def again_and_again(wait):
    while True:
        wait()
def wait_in(condition):
    with condition:
        condition.wait(1000.0)
def compute(rounds):
    while rounds:
        rounds -= 1
def busy():
    compute(-1)
def turned(turns):
    for _ in range(turns):
        turn.acquire()
        turn.release()
        compute(2000)
turn = threading.Lock()
"""
WAYS = {
    "lock": "held.acquire()",
    "event": "threading.Event().wait()",
    "event-for-long": "threading.Event().wait(1000.0)",
    "event-asked-often": "again_and_again(lambda: threading.Event().wait(0.02))",
    "condition": "wait_in(threading.Condition())",
    "select": "select.select([readable], [], [], 1000.0)",
    "select-often": "again_and_again(lambda: select.select([readable], [], [], 0.001))",
    "poll": "select.poll().poll(1000000)",
    "epoll": "select.epoll().poll(1000.0)",
    "pipe": "os.read(readable, 1)",
    "accept": "listener.accept()",
    "sleep": "time.sleep(1000.0)",
    "short-sleeps": "again_and_again(lambda: time.sleep(0.01))",
}


@pytest.fixture
def server(case_process: CaseProcess) -> Server:
    """A server that serves nobody, in whose process the names of PLACE are known."""
    spec = spec_by_id("TCP/inet")
    made = case_process.do("make", **ServerOrder(spec, ("127.0.0.1", 0)).describe(0))
    assert made.error is None, made.error
    found = Server(case_process, spec, 0, made.value)
    found.execute(PLACE)
    return found


def keep_busy(server: Server, threads: int) -> None:
    """Start threads that want the interpreter's own lock for ever."""
    server.execute(
        f"for _ in range({threads}):\n"
        "    thread = threading.Thread(target=busy)\n"
        "    thread.daemon = True\n"
        "    thread.start()"
    )


@pytest.mark.by_turns(8)
@pytest.mark.parametrize("threads", [0, 2], ids=["alone", "beside-busy-threads"])
@pytest.mark.parametrize("way", WAYS)
def test_a_call_waits_whatever_it_waits_in(server: Server, way: str, threads: int) -> None:
    """In a lock, a poll, a pipe, a sleep: by whatever means the server under test does it."""
    keep_busy(server, threads)
    server.execute(f"server.wait = lambda: {WAYS[way]}")

    assert server.spawn("wait").comes_to_wait()


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("threads", [0, 2], ids=["alone", "beside-busy-threads"])
def test_a_call_in_the_main_thread_waits(server: Server, threads: int) -> None:
    """There as in any other thread."""
    keep_busy(server, threads)
    server.execute("server.wait = held.acquire")

    assert server.call_in_main("wait").comes_to_wait()


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    "act", ["compute(300000)", "turned(200)", "None"], ids=["computes", "takes-a-lock", "returns"]
)
def test_a_call_that_gets_no_turn_does_not_wait(server: Server, act: str) -> None:
    """It wants the interpreter's own lock, which others have, and goes on to its end."""
    keep_busy(server, 2)
    server.execute(f"server.act = lambda: {act}")

    waited = [server.spawn("act").comes_to_wait() for _ in range(3)]

    assert waited == [False] * 3


DO_LATER = """
done = os.pipe()
def work():
    compute(100000)
    os.write(done[1], b"!")
def fork():
    if os.fork() == 0:
        work()
        threading.Event().wait(1000.0)
"""
OTHERS = {"thread": "threading.Thread(target=work).start()", "child": "fork()"}


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("other", OTHERS)
def test_others_have_done_what_they_can_when_they_sleep(server: Server, other: str) -> None:
    """A thread, or a child, beside a loop that polls without end."""
    server.spawn("serve_forever", 0.001)
    server.execute(DO_LATER)
    server.execute(OTHERS[other])

    server.let_others_run()

    assert server.evaluate("select.select([done[0]], [], [], 0)[0] == [done[0]]")


@pytest.mark.by_turns(5)
def test_others_that_never_sleep_are_not_waited_for(server: Server) -> None:
    """They have had ample chance."""
    keep_busy(server, 1)

    server.let_others_run()


@pytest.mark.by_turns(5)
def test_a_call_that_never_waits_is_inconclusive(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that computes for ever, beside others that do, is seen at neither."""
    monkeypatch.setattr(calls, "hang_bound_s", lambda: 1.0)
    keep_busy(server, 1)
    server.execute("server.act = busy")

    with pytest.raises(Inconclusive, match="is not seen to wait"):
        server.spawn("act").comes_to_wait()


def test_where_the_system_does_not_tell_the_frames_do(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call waits then as soon as it has called something."""
    server.execute("server.wait = lambda: again_and_again(lambda: held.acquire())")
    call = server.spawn("wait")
    monkeypatch.setattr(call, "_task", -1)
    monkeypatch.setattr(call, "method", "again_and_again")

    assert call.comes_to_wait()


LOCK = Look("lock", 64, 7, own_lock_known=True)
NOWHERE = Look("nothing")


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([Look("call", 3, 1)], True),
        ([NOWHERE], False),
        ([LOCK] * 5, False),
        ([LOCK] * 6, True),
        ([LOCK] * 6 + [NOWHERE], False),
        ([LOCK] * 3 + [NOWHERE] + [LOCK] * 3, True),
        ([LOCK] * 5 + [NOWHERE] * 30 + [LOCK], False),
        ([Look("lock", at, at, own_lock_known=True) for at in range(6)], True),
        ([Look("lock", at, 7) for at in range(24)], False),
        ([Look("lock", 64, count) for count in range(24)], False),
        ([Look("lock", 64, 7)] * 23, False),
        ([Look("lock", 64, 7)] * 24, True),
    ],
)
def test_looks_tell_a_wait(looks: list[Look], expected: bool) -> None:
    """A system call does at once; a lock when it stays, unless it may be the interpreter's own."""
    assert waits(looks) is expected
