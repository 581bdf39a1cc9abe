"""The smoke exchange: one line there and back, before any case; and why it was in vain."""

from __future__ import annotations

import socket

from sockproof.iut.cause import Evidence, cause_of
from sockproof.iut.message_lines import Message
from sockproof.iut.outcomes import Outcome
from sockproof.iut.process import CaseProcess
from sockproof.iut.starting import ServerOrder
from sockproof.iut.waiting import let_others_run
from sockproof.judge.checks import Mismatch
from sockproof.spec.matrix import ServerSpec

__all__ = ["exchange_a_line", "why_in_vain"]

_LINE = b"sockproof\n"
_ECHO = {"handle": [{"do": "read_line"}, {"do": "write_back"}]}


def exchange_a_line(spec: ServerSpec, process: CaseProcess) -> None:
    """One echo over a server of this spec, with nothing of ours but a socket.

    Raises:
        Mismatch: there is none.
    """
    if spec.family != "inet":
        return
    base = "StreamRequestHandler" if spec.is_stream else "DatagramRequestHandler"
    order = ServerOrder(spec, ("127.0.0.1", 0), handler_base=base, script=_ECHO)
    outcome = process.do("make", **order.describe(0), serve=order.loop(0))
    if outcome.error is not None:
        raise Mismatch("a server is made", str(outcome.error))
    _echo(spec, outcome)


def _echo(spec: ServerSpec, made: Outcome) -> None:
    """One line there and back; the answer is read to its end, since it may come in any pieces."""
    kind = socket.SOCK_STREAM if spec.is_stream else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client, client.makefile("rb") as answers:
        client.settimeout(5)
        try:
            client.connect(made.value["address"])
            client.sendall(_LINE)
            answer = answers.readline(len(_LINE))
        except OSError as error:
            raise Mismatch("an echo", str(error)) from None
    if answer != _LINE:
        raise Mismatch(f"an echo of {_LINE!r}", repr(answer))


def why_in_vain(error: Mismatch, hello: Message, process: CaseProcess) -> str:
    """What the process has told of the cause, or how it ended."""
    try:
        let_others_run(process)  # what ends the loop may be later than what a client sees of it
    except Mismatch as gone:
        return "" if gone.actual in error.actual else f" ({gone.actual})"
    found = Evidence(process.events, process.output["stderr"], "", str(hello["module_file"]))
    cause = cause_of(error, found)
    return f" ({cause})" if cause else ""
