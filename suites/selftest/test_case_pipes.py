"""The way to a process: pipes of our own, or its agent; what is printed, and what is lost."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing

import pytest

from sockproof.iut.channel import Channel
from sockproof.iut.implementation import Implementation
from sockproof.iut.incoming import Incoming, Rank
from sockproof.iut.message_lines import Message, MessageLines
from sockproof.iut.process import CaseProcess
from sockproof.judge.checks import Crash
from sockproof.timing import hang_bound_s
from suites.selftest.agents import run

# Far more than the pipes of a case hold, so that who writes it must be read meanwhile.
_PRINTED_OCTETS = 1 << 20
_IN_NAMESPACES = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")


@pytest.mark.by_turns(3)
def test_what_is_printed_while_nobody_waits_is_read(case_process: CaseProcess) -> None:
    """A handler is not held by what it prints while its client is at work."""
    ended, ends = os.pipe()
    run(
        case_process,
        f"""
        def work():
            for _ in range({_PRINTED_OCTETS // 4096}):
                os.write(2, b"x" * 4096)
            os.write(os.open("/proc/{os.getpid()}/fd/{ends}", os.O_WRONLY), b"done")
        threading.Thread(target=work).start()
        """,
    )
    # Nobody waits for the process meanwhile.
    assert select.select([ended], [], [], hang_bound_s())[0], "it is held by what it prints"
    assert os.read(ended, 4) == b"done"
    os.close(ended)
    os.close(ends)
    case_process.do("fence")
    case_process.do("fence")

    assert len(case_process.output["stderr"]) == 65536
    assert case_process.dropped_octets == {"stdout": 0, "stderr": _PRINTED_OCTETS - 65536}


@pytest.mark.by_turns(3)
def test_what_a_process_told_before_it_died_has_come_with_its_end(channel: Channel) -> None:
    """Events and output, both of one pipe full at most."""
    process = CaseProcess(channel)
    source = """
        from _sockproof_agent import events
        for number in range(300):
            events.emit("tick", number=number)
        os.write(1, b"x" * 30000)
        os._exit(7)
        """
    with pytest.raises(Crash, match="exit status 7"):
        run(process, source)
    process.end()

    assert [event.fields["number"] for event in process.events] == list(range(300))
    assert len(process.output["stdout"]) == 30000


def test_nothing_is_written_to_a_process_that_was_ended(channel: Channel) -> None:
    """The numbers of its pipes may be those of other descriptors by then."""
    process = CaseProcess(channel)
    process.do("fence")
    process.open_gate("any")
    process.end()
    others = [os.pipe() for _ in range(20)]

    process.open_gate("any")
    with pytest.raises(Crash):
        process.do("fence")

    for readable, writable in others:
        os.close(writable)
        assert os.read(readable, 1) == b""
        os.close(readable)


@pytest.mark.by_turns(5)
def test_an_agent_that_cannot_open_our_pipes_passes_all_on() -> None:
    """As in a container, where the numbers of processes are others."""
    if not shutil.which("unshare") or subprocess.run([*_IN_NAMESPACES, "true"]).returncode:
        pytest.skip("no namespaces can be made here")
    given = Implementation("elsewhere", (*_IN_NAMESPACES, sys.executable))
    with closing(Channel(given)) as channel:
        process = CaseProcess(channel)
        value = process.do("evaluate", expression="os.getpid()").value
        process.end()

    assert not channel.hello["reaches_pipes"]
    assert value == process.pid


@pytest.mark.parametrize("direct", [True, False])
def test_pipes_are_ours_where_they_can_be_opened(direct: bool) -> None:
    with closing(Channel(Implementation("this", (sys.executable,)), direct=direct)) as channel:
        assert channel.hello["reaches_pipes"] is direct


def test_what_came_together_is_taken_by_rank() -> None:
    """What was printed first, then events, then the agent's word of the end."""
    incoming, taken = Incoming(), list[Rank]()
    incoming.end()  # so that nobody reads before all is there

    def taking(rank: Rank) -> Callable[[bytes], None]:
        return lambda data: taken.append(rank) if data == b"x" else None

    for rank in sorted(Rank, reverse=True):
        readable, writable = os.pipe()
        os.write(writable, b"x")
        incoming.add(readable, rank, taking(rank))
    assert incoming.wait_for(lambda: len(taken) == len(Rank), 5)

    assert taken == sorted(Rank)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"r":"done","seq":1,"value":NaN}', "done"),
        (b'{"r":"done","seq":1,"value":"\\ud800"}', "done"),
        (b'{"value":1}', "garbage"),
        (b"[1]", "garbage"),
        (b"\xff", "garbage"),
        (b"x" * (1 << 21), "garbage"),
    ],
)
def test_each_line_is_a_message(line: bytes, message: str) -> None:
    """Also what is refused by the quicker of two readers, and what has no end."""
    came: list[Message] = []
    lines = MessageLines(came.append, of_process=True)
    for start in range(0, len(line), 65536):
        lines(line[start : start + 65536])
    lines(b"\n")

    assert came[0]["r"] == message
