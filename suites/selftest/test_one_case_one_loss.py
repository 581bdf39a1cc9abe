"""Whatever arrives on a pipe costs its own case alone: no other case, no reader, no memory.

Each row is what a broken or hostile implementation writes into the pipe of events, as if it were
ours; the case that it happens in says so, and the next on the same agent works.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sockproof.iut.channel import Channel
from sockproof.iut.message_lines import ALLOWED, Message, MessageLines
from sockproof.iut.process import CaseProcess
from sockproof.judge.checks import Crash
from sockproof.judge.verdict import Verdict
from suites.selftest.agents import run
from suites.selftest.memory import Memory
from suites.selftest.runs import HANDLED, REFUSED, SPEC, case_of, play, records_in

TESTED_UNDER = ("this", "this relayed", "python2.7")

_EVENT = '{"e":"tick","t":1,"p":1,"th":"main"'
PROVOCATIONS = {
    "deep-lists": "b'[' * 60000 + b'\\n'",
    "deep-objects": "b'{\"a\":' * 20000 + b'\\n'",
    "deep-event": f"b'{_EVENT},\"v\":' + b'[' * 900 + b']' * 900 + b'}}\\n'",
    "deep-answer": "b'{\"r\":\"done\",\"seq\":9,\"value\":' + b'[' * 300 + b']' * 300 + b'}\\n'",
    "deep-parts": (
        'b\'{"r":"part","seq":9,"text":"\' + b"[" * 3000 + b\'"}\\n\''
        ' + b\'{"r":"done","seq":9,"parts":true}\\n\''
    ),
    "parts-of-nothing": 'b\'{"r":"done","seq":9,"parts":true}\\n\'',
    "long-line": "b'x' * 3000000",
    "long-number": f"b'{_EVENT},\"v\":' + b'9' * 5000 + b'}}\\n'",
    "binary": "bytes(bytearray(range(256))) * 100 + b'\\n'",
    "NUL": "b'\\0' * 70000 + b'\\n'",
    "blanks": "b' ' * 70000 + b'\\n'",
    "half-an-event": f"b'{_EVENT[:20]}\\n'",
    "time-is-no-number": 'b\'{"e":"tick","t":NaN,"p":1,"th":"main"}\\n\'',
    "time-without-end": 'b\'{"e":"tick","t":1e999,"p":1,"th":"main"}\\n\'',
    "huge-time": 'b\'{"e":"tick","t":1\' + b"0" * 400 + b\',"p":1,"th":"main"}\\n\'',
    "time-is-a-word": 'b\'{"e":"tick","t":"now","p":1,"th":"main"}\\n\'',
    "huge-process": 'b\'{"e":"tick","t":1,"p":1e300,"th":"main"}\\n\'',
    "name-is-a-list": 'b\'{"e":["tick"],"t":1,"p":1,"th":"main"}\\n\'',
    "octets-are-none": f'b\'{_EVENT},"v":{{"$octets":7}}}}\\n\'',
    "octets-are-text": f'b\'{_EVENT},"v":{{"$octets":"\\\\u20ac"}}}}\\n\'',
    "opaque-half": f'b\'{_EVENT},"v":{{"$repr":"x"}}}}\\n\'',
    "tuple-of-nothing": f'b\'{_EVENT},"v":{{"$tuple":null}}}}\\n\'',
    "kind-is-an-object": 'b\'{"r":{"done":1},"seq":9,"value":1}\\n\'',
    "number-is-true": 'b\'{"r":"done","seq":true,"value":1}\\n\'',
    "error-of-nothing": 'b\'{"r":"raised","seq":9,"value":{"type":1}}\\n\'',
    "end-of-itself": 'b\'{"r":"over","case":1,"why":"died","status":0}\\n\'',
    "start-of-another": 'b\'{"r":"started","case":1,"pid":1}\\n\'',
    "kind-twice": 'b\'{"r":"done","r":"over","case":1,"why":"died","status":0}\\n\'',
    "greeting": 'b\'{"r":"hello","value":{"protocol":2}}\\n\'',
    "output-of-another": 'b\'{"r":"stderr","case":2,"text":"x"}\\n\'',
}
"""What is written, as an expression of Python 2.7 and 3."""

WRITE = """
    from _sockproof_agent import events
    rest = {expression}
    while rest:
        rest = rest[os.write(events.Pipe.fd, rest):]
    """
TELL_WITHOUT_END = """
    from _sockproof_agent import events
    line = b'{"e":"tick","t":1,"p":1,"th":"main","v":[[],[],[],[],[],[],[],[],[],[],[],[]]}\\n' * 40
    for _ in range(%d):
        os.write(events.Pipe.fd, line)
    """
WRITE_TO_ALL_THAT_IS_FOUND = """
    import glob
    def lines():
        for number in range(200):
            yield b'{"r":"over","case":%d,"why":"died","status":0}\\n' % number
    text = b"".join(lines())
    for path in glob.glob("/proc/self/fd/*") + glob.glob("/proc/%d/fd/*" % os.getppid()):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            os.write(fd, text)
        except EnvironmentError:
            pass
    """


@pytest.fixture
def next_case(channel: Channel) -> Iterator[None]:
    """After a test that spoils its case, the next one on the same agent works, and all that comes
    is of itself."""
    yield
    process = CaseProcess(channel)
    run(process, "os.write(1, b'of the next')")
    assert process.do("evaluate", expression="6 * 7").value == 42
    assert process.stop().leaks == ()
    process.end()
    assert (process.output["stdout"], process.garbage) == ("of the next", [])
    assert process.events == []


@pytest.mark.usefixtures("next_case")
@pytest.mark.parametrize("expression", PROVOCATIONS.values(), ids=PROVOCATIONS)
def test_what_is_none_of_ours_costs_its_own_case(
    case_process: CaseProcess, expression: str
) -> None:
    """It is told as what the implementation wrote, whatever it was."""
    with contextlib.suppress(Crash):  # the answer may already be there when we look
        run(case_process, WRITE.format(expression=expression))

    with pytest.raises(Crash, match="it wrote to the control channel"):
        case_process.wait_events(1, "never")

    assert case_process.log.pid != 1
    assert case_process.over is None


@pytest.mark.by_turns(6)
@pytest.mark.usefixtures("next_case")
def test_a_process_that_tells_without_end_costs_its_own_case(
    channel: Channel, case_process: CaseProcess
) -> None:
    """It is told, and what it tells then is not kept."""
    _one_is_enough(channel)
    with Memory() as used:
        with pytest.raises(Crash, match=f"'more than {ALLOWED >> 20} MiB'"):
            run(case_process, TELL_WITHOUT_END % 4_000, bound_s=30)
        with pytest.raises(Crash, match="it wrote to the control channel"):
            case_process.wait_events(1, "never")

    assert used.mib < 300


def test_answers_to_commands_do_not_count() -> None:
    """A case may ask as long as it likes: these are more than may be left lying."""
    came: list[Message] = []
    lines = MessageLines(came.append, of_process=True, allowed=1 << 16)
    for number in range(1000):
        lines.allow_answer()
        lines(b'{"r":"done","seq":%d,"value":1}\n' % number)

    assert {message["r"] for message in came} == {"done"}
    lines(b'{"r":"done","seq":1,"value":1}\n' * 1000)
    assert len(came) < 2000
    assert came[-1]["r"] == "garbage"


@pytest.mark.by_turns(3)
def test_gigabytes_that_are_printed_take_no_memory(channel: Channel) -> None:
    """The first 64 KiB of each stream are kept, the rest is counted, and the case goes on."""
    _one_is_enough(channel)
    process = CaseProcess(channel)
    size = (1 << 30 if channel.hello["reaches_pipes"] else 1 << 27) // 65536
    with Memory() as used:
        source = f"for _ in range({size}): os.write(1, b'x' * 65536); os.write(2, b'y')"
        run(process, source, bound_s=60)
        process.do("fence")
    process.end()

    assert process.dropped_octets["stdout"] == (size - 1) * 65536
    assert used.mib < 64


@pytest.mark.usefixtures("next_case")
def test_a_forged_end_in_every_descriptor_costs_its_own_case(case_process: CaseProcess) -> None:
    """Also in those of its agent: the process that is said to have ended is ended all the same."""
    if sys.platform != "linux":
        pytest.skip("needs /proc")
    with contextlib.suppress(Crash):
        run(case_process, WRITE_TO_ALL_THAT_IS_FOUND)

    with pytest.raises(Crash):
        case_process.wait_events(1, "never")


def _one_is_enough(channel: Channel) -> None:
    if channel.implementation.given != "this":
        pytest.skip("one interpreter is enough, with and without its agent between")


MODULE = """
import os, socketserver
from socketserver import *

class ThreadingTCPServer(socketserver.ThreadingTCPServer):
    def finish_request(self, request, client_address):
        for fd in range(3, 40):
            try:
                os.write(fd, b"[" * 60000 + b"\\n")
            except OSError:
                pass
        super().finish_request(request, client_address)
"""


@pytest.mark.by_turns(3)
def test_a_run_loses_one_case(tmp_path: Path) -> None:
    """Those that were played before and after have their verdicts; the run is complete."""
    (tmp_path / "deep.py").write_text(MODULE)

    ended = play(tmp_path, [str(tmp_path / "deep.py")], options=("-n", "0", "--spec", SPEC))

    record = records_in(tmp_path)["deep"]
    assert (ended.status, record.complete) == (1, True), ended
    assert case_of(record, HANDLED).verdict is Verdict.FAIL
    assert re.search(r"control channel: '\[\[\[", case_of(record, HANDLED).actual)
    assert case_of(record, REFUSED).verdict is Verdict.PASS
