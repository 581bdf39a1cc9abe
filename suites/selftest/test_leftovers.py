"""What a case leaves behind: it is named, counted, and ended with the case or the channel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sockproof.errors import AgentDied
from sockproof.iut.channel import Channel
from sockproof.iut.pool import AgentPool
from sockproof.iut.process import CaseProcess
from sockproof.iut.starting import ServerOrder
from sockproof.judge.checks import Hang
from sockproof.spec.matrix import spec_by_id
from sockproof.timing import SCALE_VARIABLE
from suites.selftest.agents import implementation_of, run, still_running

SHORT_S = 0.5

FORK_CHILDREN = """
    import signal
    children = []
    for detached in (False, {detached}):
        children.append(os.fork())
        if children[-1] == 0:
            if detached:
                os.setsid()
            while True:
                signal.pause()
    """


@pytest.fixture
def own_channel() -> Iterator[Channel]:
    """A channel to an agent that the test may end."""
    implementation = implementation_of("this")
    assert implementation is not None
    channel = Channel(implementation)
    yield channel
    channel.close()


def evaluate(process: CaseProcess, expression: str) -> object:
    return process.do("evaluate", expression=expression).value


def test_a_process_that_left_nothing_is_clean(case_process: CaseProcess) -> None:
    """Descriptors, threads and children that came and went are no leak."""
    run(
        case_process,
        """
        os.close(os.open(os.devnull, os.O_RDONLY))
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        """,
    )

    left = case_process.stop()

    assert (left.leaks, left.zombies) == ((), 0)


@pytest.mark.by_turns(3)
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only /proc tells who holds it")
def test_a_port_that_a_child_holds_is_named(
    case_process: CaseProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has closed its socket, but a child forked before keeps the port open."""
    order = ServerOrder(spec_by_id("TCP/inet"), ("127.0.0.1", 0))
    made = case_process.do("make", **order.describe(0))
    run(case_process, FORK_CHILDREN.format(detached=False))
    monkeypatch.setenv(SCALE_VARIABLE, str(SHORT_S / 5))

    left = case_process.stop()

    assert f"port {made.value['address']!r}" in left.leaks
    assert not any("fd " in leak for leak in left.leaks)


@pytest.mark.by_turns(5)
def test_what_is_left_behind_is_named(
    case_process: CaseProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open descriptor, a thread and a running child are each told, in words."""
    run(case_process, FORK_CHILDREN.format(detached=False))
    run(
        case_process,
        """
        kept = os.open(os.devnull, os.O_RDONLY)
        thread = threading.Thread(target=threading.Event().wait, name="left over")
        thread.daemon = True
        thread.start()
        """,
    )
    monkeypatch.setenv(SCALE_VARIABLE, "0.2")

    left = case_process.stop()

    assert left.leaks == (
        "thread left over",
        f"fd {evaluate(case_process, 'kept')} -> /dev/null",
        "child process still running",
    )
    assert left.zombies == 0


@pytest.mark.by_turns(3)
def test_ended_children_that_nobody_reaped_are_counted(case_process: CaseProcess) -> None:
    """Three zombies are counted, and being reaped now, are no leak."""
    run(case_process, "for _ in range(3):\n    if os.fork() == 0:\n        os._exit(0)")

    left = case_process.stop()

    assert (left.leaks, left.zombies) == ((), 3)


def test_stopping_again_says_the_same(case_process: CaseProcess) -> None:
    """The account is taken once; the second call gives it again."""
    run(case_process, "if os.fork() == 0: os._exit(0)")

    assert case_process.stop() is case_process.stop()


@pytest.mark.by_turns(5)
def test_ending_a_case_ends_its_children(case_process: CaseProcess) -> None:
    """What was forked, and the hanging process itself, are gone with the case."""
    run(case_process, FORK_CHILDREN.format(detached=False))
    pids = evaluate(case_process, "children")
    assert isinstance(pids, list)
    with pytest.raises(Hang):
        run(case_process, "while True: pass", bound_s=SHORT_S)

    case_process.end()

    assert [pid for pid in [case_process.pid, *pids] if still_running(pid)] == []


def test_closing_a_channel_leaves_no_process(own_channel: Channel) -> None:
    """Agent, case and children end, and a child in a session of its own where /proc shows it."""
    process = CaseProcess(own_channel)
    run(process, FORK_CHILDREN.format(detached=Path("/proc/self").exists()))
    pids = evaluate(process, "[os.getppid(), os.getpid()] + children")
    assert isinstance(pids, list)

    own_channel.close()

    assert pids[0] == own_channel.hello["pid"]
    assert [pid for pid in pids if still_running(pid)] == []
    with pytest.raises(ProcessLookupError):
        os.killpg(pids[0], 0)


def test_a_case_that_kills_the_agent_is_told(own_channel: Channel) -> None:
    """The harness survives it, and says which signal the agent was killed by."""
    process = CaseProcess(own_channel)

    with pytest.raises(AgentDied, match="this: the agent's interpreter was killed by SIGKILL"):
        run(process, "import signal; os.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass")

    own_channel.close()
    assert not still_running(process.pid)


def test_a_pool_replaces_an_agent_that_died() -> None:
    """Asked again after the agent was killed, the pool starts another, and ends both."""
    implementation = implementation_of("this")
    assert implementation is not None
    pool = AgentPool()
    first = pool.channel(implementation)
    process = CaseProcess(first)
    with pytest.raises(AgentDied):
        run(process, "import signal; os.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass")

    second = pool.channel(implementation)

    assert second.hello["pid"] != first.hello["pid"]
    assert evaluate(CaseProcess(second), "6 * 7") == 42
    pool.close()
    assert not still_running(second.hello["pid"])
