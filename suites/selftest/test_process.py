"""A case's process: how it can end, what is told of that, and what it printed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from sockproof.iut.channel import Channel
from sockproof.iut.process import CaseProcess
from sockproof.judge.checks import Crash, Hang
from sockproof.timing import SCALE_VARIABLE
from suites.selftest.agents import EVERYWHERE, run

TESTED_UNDER = EVERYWHERE

SHORT_S = 0.5
LONG_S = 60.0

HANG_IN_THE_MAIN_THREAD = """
    def never_returns():
        while True:
            pass
    never_returns()
    """
DEADLOCK_IN_THE_MAIN_THREAD = """
    def never_returns():
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    never_returns()
    """
HANG_IN_A_THREAD = """
    import time
    def never_returns():
        while True:
            time.sleep(0.01)
    thread = threading.Thread(target=never_returns)
    thread.daemon = True
    thread.start()
    """
ENDS_AT_A_GATE = """
    from _sockproof_agent import gates
    thread = threading.Thread(target=lambda: (gates.pass_gate(0), os._exit(4)))
    thread.daemon = True
    thread.start()
    """
WRITE_TO_THE_EVENT_PIPE = """
    from _sockproof_agent import events
    rest = {garbage!r} * {times}
    while rest:
        rest = rest[os.write(events.Pipe.fd, rest):]
    """


@pytest.fixture
def next_case(channel: Channel) -> Iterator[None]:
    """After a test that spoils its case, the next case on the same agent works."""
    yield
    process = CaseProcess(channel)
    assert process.do("evaluate", expression="6 * 7").value == 42
    assert process.stop().leaks == ()
    process.end()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("os._exit(3)", "the process ended with exit status 3"),
        ("import signal; os.kill(os.getpid(), signal.SIGSEGV)", "was killed by SIGSEGV"),
        ("os.abort()", "was killed by SIGABRT"),
    ],
    ids=["exit", "SIGSEGV", "abort"],
)
def test_a_crash_says_how_the_process_ended(
    case_process: CaseProcess, source: str, told: str
) -> None:
    """Exit status or signal are told instead of an answer, and the process counts as over."""
    with pytest.raises(Crash, match=told):
        run(case_process, source)

    assert case_process.over is not None


def test_a_crash_while_an_event_is_awaited_is_told(case_process: CaseProcess) -> None:
    """Waiting for an event ends at once when nothing can come any more."""
    run(case_process, ENDS_AT_A_GATE)
    case_process.open_gate("handler")

    with pytest.raises(Crash, match="exit status 4"):
        case_process.wait_events(1, "never")


@pytest.mark.by_turns(12)
def test_a_case_past_its_deadline_is_killed(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told that its time was up, and where it stood."""
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")
    process = CaseProcess(channel)

    with pytest.raises(Crash, match="the case took more than 3 s and was killed"):
        run(process, HANG_IN_THE_MAIN_THREAD, bound_s=LONG_S)

    assert "never_returns" in process.output["stderr"]
    process.end()


@pytest.mark.by_turns(5)
def test_a_hang_in_the_main_thread_shows_where(case_process: CaseProcess) -> None:
    """The stacks of a command that does not come back name its function."""
    with pytest.raises(Hang, match=r"execute returns; actual nothing for 0\.5 s") as raised:
        run(case_process, HANG_IN_THE_MAIN_THREAD, bound_s=SHORT_S)

    assert "never_returns" in raised.value.stacks


@pytest.mark.by_turns(5)
def test_a_step_that_hangs_is_told_by_its_call(case_process: CaseProcess) -> None:
    """As a user knows it, whatever a command is called among us."""
    called = {"on": "signal", "do": "call", "name": "pause", "keep": None}

    with pytest.raises(Hang, match=r"signal\.pause\(\) returns; actual nothing for 0\.5 s"):
        case_process.do("step", bound_s=SHORT_S, **called, arguments=[], keywords={})


@pytest.mark.by_turns(5)
def test_a_deadlock_in_the_main_thread_shows_where(
    channel: Channel, case_process: CaseProcess
) -> None:
    """So does a thread that waits for a lock, where the interpreter has faulthandler."""
    if channel.hello["version"][0] < 3:
        pytest.skip("Python 2.7 runs no signal handler while it waits for a lock")

    with pytest.raises(Hang) as raised:
        run(case_process, DEADLOCK_IN_THE_MAIN_THREAD, bound_s=SHORT_S)

    assert "never_returns" in raised.value.stacks


@pytest.mark.by_turns(5)
def test_a_hang_in_another_thread_shows_where(
    case_process: CaseProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stacks of an event that does not come name what the other thread is in."""
    run(case_process, HANG_IN_A_THREAD)
    monkeypatch.setenv(SCALE_VARIABLE, "0.1")

    with pytest.raises(Hang, match=r"tells 'never'; actual nothing for 0\.5 s") as raised:
        case_process.wait_events(1, "never")

    assert "never_returns" in raised.value.stacks


def test_what_is_printed_is_kept_apart(case_process: CaseProcess) -> None:
    """Both streams are captured, of the process and of its children, before the next answer."""
    run(
        case_process,
        r"""
        from _sockproof_agent.accounting import _waitpid  # gevent's may miss the end of a child
        sys.stdout.write("to stdout\n")
        sys.stderr.write("to stderr\n")
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            os.write(2, b"of a child\n")
            os._exit(0)
        _waitpid(child, 0)
        """,
    )
    case_process.do("fence")

    assert case_process.output["stdout"] == "to stdout\n"
    assert case_process.output["stderr"] == "to stderr\nof a child\n"


@pytest.mark.by_turns(3)
def test_what_is_printed_arrives_before_the_answer(case_process: CaseProcess) -> None:
    """Whoever has an answer has what was written before it, time after time."""
    for number in range(100):
        run(case_process, f"os.write(1, b'{number} '); os.write(2, b'{number} ')")
        expected = "".join(f"{n} " for n in range(number + 1))
        assert case_process.output == {"stdout": expected, "stderr": expected}


def test_endless_output_is_cut_and_counted(case_process: CaseProcess) -> None:
    """The first 64 KiB are kept; of the rest it is known how much there was."""
    run(case_process, "for _ in range(200): os.write(1, b'x' * 1000)")
    case_process.end()

    assert case_process.output["stdout"] == "x" * 65536
    assert case_process.dropped_octets == {"stdout": 200_000 - 65536, "stderr": 0}


@pytest.mark.usefixtures("next_case")
@pytest.mark.parametrize(
    ("garbage", "times"),
    [
        (b"hello\n", 1),
        (b"\xff\x00\n", 1),
        (b"123\n", 1),
        (b'{"r": "done"}\n', 1),
        (b'{"e": "tick"}\n', 1),
        (b'{"r": "part", "seq": [], "text": 1}\n', 1),
        (b"x", 3_000_000),
    ],
    ids=["a-word", "binary", "a-number", "half-an-answer", "half-an-event", "nonsense", "endless"],
)
def test_garbage_in_the_event_pipe_costs_its_own_case(
    case_process: CaseProcess, garbage: bytes, times: int
) -> None:
    """What an implementation writes to a descriptor that is not its own is told as such."""
    with contextlib.suppress(Crash):  # the answer may already be there when we look
        run(case_process, WRITE_TO_THE_EVENT_PIPE.format(garbage=garbage, times=times))

    with pytest.raises(Crash, match="it wrote to the control channel"):
        case_process.wait_events(1, "never")
    with pytest.raises(Crash, match="it wrote to the control channel"):
        case_process.wait_until(lambda: True, "what is so already")
    with pytest.raises(Crash, match="it wrote to the control channel"):
        case_process.comes(lambda: True, 1.0)


@pytest.mark.usefixtures("next_case")
def test_garbage_without_an_end_is_told_when_the_case_ends(case_process: CaseProcess) -> None:
    """The start of a line that never ends is not lost."""
    source = WRITE_TO_THE_EVENT_PIPE.format(garbage=b"stray", times=1)

    with pytest.raises(Crash, match="it wrote to the control channel: 'stray'"):
        run(case_process, source + "os._exit(0)")
