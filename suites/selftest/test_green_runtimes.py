"""Control where the threads are green: it goes on beside a hub that stands still."""

from __future__ import annotations

import sys

import pytest

from sockproof.iut.channel import Channel
from sockproof.iut.implementation import Implementation
from sockproof.iut.process import CaseProcess
from sockproof.judge.checks import Hang
from sockproof.timing import SCALE_VARIABLE
from suites.selftest.agents import RUNTIMES, run

TESTED_UNDER = RUNTIMES

STOP_THE_HUB = """
    import time
    def never_yields():
        while True:
            pass
    def waits():
        time.sleep(1000)
    for body in (waits, never_yields):
        thread = threading.Thread(target=body)
        thread.daemon = True
        thread.start()
    time.sleep(0)
    """
# What a forked child has of ours beside what its own thread does.
LOOK_IN_A_CHILD = """
    from _sockproof_agent import events, gates
    import gc
    child = os.fork()
    if child == 0:
        gates.pass_gate({gate})
        events.emit("child", threads=len(os.listdir("/proc/self/task")))
        os._exit(0)
    """
WAIT_AT_A_GATE = """
    from _sockproof_agent import events, gates
    def wait(number):
        gates.pass_gate({gate})
        events.emit("passed", number=number)
    threads = [threading.Thread(target=wait, args=(number,)) for number in range({count})]
    for thread in threads:
        thread.start()
    """
THREADS_NOT_PATCHED = {
    "gevent": "from gevent import monkey; monkey.patch_all(thread=False)",
    "eventlet": "import eventlet; eventlet.monkey_patch(thread=False)",
}


def test_agent_says_what_runtime_it_is(channel: Channel) -> None:
    """The package of the sockets, and that green threads can be told."""
    runtime = channel.implementation.given

    assert (channel.hello["runtime"], channel.hello["green_stacks"]) == (runtime, True)


@pytest.mark.by_turns(3)
def test_a_hub_that_stands_still_is_a_hang_that_shows_who_holds_it(
    channel: Channel, case_process: CaseProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the bound, with the stacks of who runs and of who waits; the next case is as ever."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")

    with pytest.raises(Hang) as raised:
        run(case_process, STOP_THE_HUB)

    assert "in never_yields" in raised.value.stacks
    assert "in waits" in raised.value.stacks
    case_process.end()
    monkeypatch.delenv(SCALE_VARIABLE)
    other = CaseProcess(channel)
    assert other.do("evaluate", expression="1 + 1").value == 2
    other.end()


@pytest.mark.by_turns(3)
def test_a_fence_needs_no_hub(case_process: CaseProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told before the hub stood still has arrived when a fence is answered."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")
    told = "    from _sockproof_agent import events; events.emit('told')\n"

    with pytest.raises(Hang):
        run(case_process, told + STOP_THE_HUB)
    case_process.do("fence")

    assert len(case_process.matching("told")) == 1


def test_nothing_of_control_is_in_a_forked_child(case_process: CaseProcess) -> None:
    """It has one thread, and passes gates all the same; commands still go to its parent alone."""
    run(case_process, LOOK_IN_A_CHILD.format(gate=case_process.gate("hold")))
    answers = [case_process.do("evaluate", expression="os.getpid()").value for _ in range(20)]
    case_process.open_gate("hold", 1)

    (event,) = case_process.wait_events(1, "child")
    assert event.fields["threads"] == 1
    assert event.pid != case_process.pid
    assert answers == [case_process.pid] * 20


def test_a_gate_lets_green_threads_pass_one_by_one(case_process: CaseProcess) -> None:
    """Each opening lets as many pass as it says, of all that wait at the gate in one process."""
    run(case_process, WAIT_AT_A_GATE.format(gate=case_process.gate("hold"), count=4))

    for opened in (1, 3):
        case_process.open_gate("hold", 1 if opened == 1 else 2)
        case_process.wait_events(opened, "passed")
        case_process.do("evaluate", expression="1")
        assert len(case_process.matching("passed")) == opened
    case_process.open_gate("hold")
    run(case_process, "for thread in threads: thread.join()")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_where_threads_are_not_green_commands_are_taken_as_ever(runtime: str) -> None:
    """Control of a hub is for green threads: here the main thread takes them, by select()."""
    iut = Implementation("partly", (sys.executable,), preload=THREADS_NOT_PATCHED[runtime])
    channel = Channel(iut)
    try:
        assert (channel.hello["runtime"], channel.hello["green_stacks"]) == (runtime, False)
        process = CaseProcess(channel)
        assert process.do("evaluate", expression="2 + 2").value == 4
        process.end()
    finally:
        channel.close()
