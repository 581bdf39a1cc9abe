"""The agent and its channel: commands, answers, events and gates."""

from __future__ import annotations

import pytest

from sockproof.errors import ChannelError
from sockproof.iut.channel import Channel
from sockproof.iut.process import CaseProcess
from suites.selftest.agents import EVERYWHERE, run

TESTED_UNDER = EVERYWHERE

TELL_FROM_THREADS_AND_CHILDREN = """
    from _sockproof_agent import events
    from _sockproof_agent.accounting import _waitpid  # gevent's may miss the end of a child
    def tell(who):
        for number in range(125):
            events.emit("tick", who=who, number=number)
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            tell("child %d" % number)
            os._exit(0)
        children.append(child)
    threads = [threading.Thread(target=tell, args=("thread %d" % n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for child in children:
        _waitpid(child, 0)
    """

WAIT_IN_A_THREAD_AND_A_CHILD = """
    from _sockproof_agent import events, gates
    def wait(who):
        events.emit("came", who=who)
        gates.pass_gate({gate})
        events.emit("passed", who=who)
    child = os.fork()
    if child == 0:
        wait("child")
        os._exit(0)
    thread = threading.Thread(target=wait, args=("thread",))
    thread.start()
    """


@pytest.mark.by_turns(3)
def test_hello_says_what_runs(channel: Channel, case_process: CaseProcess) -> None:
    """Version and executable in the greeting are those that a case's process finds."""
    told = case_process.do("evaluate", expression="[list(sys.version_info[:3]), sys.executable]")

    assert told.value == [channel.hello["version"], channel.hello["executable"]]


def test_a_command_that_does_not_exist_is_refused(case_process: CaseProcess) -> None:
    """An unknown command is answered by a ValueError, and the process obeys the next."""
    error = case_process.do("juggle").error

    assert error is not None
    assert error.is_a("ValueError")
    assert "no such command" in error.text
    assert case_process.do("evaluate", expression="1 + 1").value == 2


def test_a_private_method_is_no_command(case_process: CaseProcess) -> None:
    """Only what is listed can be asked for, not every method that the case has."""
    error = case_process.do("answer").error

    assert error is not None
    assert error.is_a("ValueError")


def test_a_command_without_its_arguments_is_refused(case_process: CaseProcess) -> None:
    """A missing argument is answered by a KeyError, and the process obeys the next."""
    error = case_process.do("evaluate").error

    assert error is not None
    assert error.is_a("KeyError")
    assert case_process.do("evaluate", expression="1 + 1").value == 2


def test_what_source_raises_is_told(case_process: CaseProcess) -> None:
    """The class, the errno and the text of an exception come back, with a traceback."""
    error = case_process.do("evaluate", expression="os.open('/no/such/file', 0)").error

    assert error is not None
    assert error.is_a("OSError")
    assert error.errno_name == "ENOENT"
    assert "/no/such/file" in error.text
    assert "Traceback" in error.traceback


def test_an_error_text_beyond_ascii_is_told(case_process: CaseProcess) -> None:
    """Also by Python 2.7, whose ``str()`` of such an exception raises another."""
    outcome = case_process.do("execute", source="raise ValueError(u'caf\\xe9 \\u20ac')")

    assert outcome.error is not None
    assert outcome.error.text == "caf\xe9 \u20ac"


def test_a_command_too_long_for_a_pipe_is_not_sent(case_process: CaseProcess) -> None:
    """A command of more than a pipe holds is refused here, and says what to do."""
    with pytest.raises(ChannelError, match=r"a command of \d+ octets; use fill"):
        case_process.do("evaluate", expression="'" + "x" * 40_000 + "'")

    assert case_process.do("evaluate", expression="1 + 1").value == 2


@pytest.mark.parametrize("character", ["x", '"', "\\", "\x00", "\xe9", "\u20ac"])
def test_a_long_answer_comes_whole(case_process: CaseProcess, character: str) -> None:
    """An answer of many pipe writes is put together, whatever JSON makes of its characters."""
    expression = f"[u'ascii', u'\\u{ord(character):04x}' * 30000]"

    assert case_process.do("evaluate", expression=expression).value == ["ascii", character * 30_000]


@pytest.mark.by_turns(3)
def test_long_answers_and_events_do_not_mix(case_process: CaseProcess) -> None:
    """While a thread tells events without a pause, answers in parts stay whole, and so do they."""
    run(
        case_process,
        """
        import time
        from _sockproof_agent import events
        going = True
        def tell():
            number = 0
            while going:
                events.emit("tick", number=number)
                number += 1
                time.sleep(0)  # lets green threads have a turn
        thread = threading.Thread(target=tell)
        thread.start()
        """,
    )
    answers = [case_process.do("evaluate", expression="'x' * 50000").value for _ in range(5)]
    run(case_process, "going = False\nthread.join()")

    assert answers == ["x" * 50_000] * 5
    ticks = [event.fields["number"] for event in case_process.matching("tick")]
    assert ticks == list(range(len(ticks)))
    assert case_process.garbage == []


@pytest.mark.by_turns(3)
def test_no_event_of_threads_and_children_is_lost_or_torn(case_process: CaseProcess) -> None:
    """1,000 events of 4 threads and 4 children all arrive, each teller's in its order."""
    run(case_process, TELL_FROM_THREADS_AND_CHILDREN)

    ticks = case_process.matching("tick")
    tellers = {f"{kind} {number}" for kind in ("thread", "child") for number in range(4)}
    assert len(ticks) == 1000
    assert {event.fields["who"] for event in ticks} == tellers
    for who in tellers:
        numbers = [event.fields["number"] for event in ticks if event.fields["who"] == who]
        assert numbers == list(range(125))
    assert case_process.garbage == []


def test_an_event_too_long_for_one_write_is_told_without_its_fields(
    case_process: CaseProcess,
) -> None:
    """It says how long it would have been, and those after it are whole."""
    run(
        case_process,
        """
        from _sockproof_agent import events
        events.emit("long", text="x" * 100000)
        events.emit("short", text="x")
        """,
    )

    long, short = case_process.events
    assert long.name == "long"
    assert set(long.fields) == {"truncated_octets"}
    assert long.fields["truncated_octets"] > 100_000
    assert short.fields == {"text": "x"}


def test_a_gate_holds_threads_and_children(case_process: CaseProcess) -> None:
    """Nobody passes a closed gate; one opening lets one pass, another the other."""
    run(case_process, WAIT_IN_A_THREAD_AND_A_CHILD.format(gate=case_process.gate("hold")))
    came = case_process.wait_events(2, "came")
    case_process.do("fence")

    assert {event.fields["who"] for event in came} == {"thread", "child"}
    assert case_process.matching("passed") == []
    case_process.open_gate("hold", 1)
    case_process.wait_events(1, "passed")
    case_process.do("fence")
    assert len(case_process.matching("passed")) == 1
    case_process.open_gate("hold", 1)
    case_process.wait_events(2, "passed")


def test_a_gate_opened_before_anybody_came_lets_them_pass(case_process: CaseProcess) -> None:
    """An opening is kept until it is used."""
    gate = case_process.gate("hold")
    case_process.open_gate("hold", 2)

    run(case_process, WAIT_IN_A_THREAD_AND_A_CHILD.format(gate=gate))

    assert len(case_process.wait_events(2, "passed")) == 2


def test_a_ninth_gate_is_refused(case_process: CaseProcess) -> None:
    """Names beyond the gates there are get an error that says how many those are."""
    assert [case_process.gate(f"gate {n}") for n in range(8)] == list(range(8))

    with pytest.raises(ChannelError, match="a case may use 8 gates; use fewer names"):
        case_process.gate("one too many")
