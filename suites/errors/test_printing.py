"""What the default handle_error() prints, and where."""

from __future__ import annotations

import re
from typing import Any

from fixtures import Construct, Observe, Peers, Serve, Server, check, requirement, same
from fixtures.steps import (
    Instead,
    Raise,
    ReadLine,
    RecordCall,
    Reply,
    Report,
    Return,
    Run,
    Step,
    When,
)

MESSAGE = "raised to be printed"
SHOWN = Report({"address": "str(self.client_address)"})
TRACEBACK = "Traceback (most recent call last)"
BANNER = "during processing of request"

CHAINED = """
try:
    raise KeyError('the first')
except KeyError:
    raise ValueError('the second')
"""
ODD: dict[str, Step] = {
    "non-ASCII": Run("raise ValueError(u'caf\\xe9 \\u2615')"),
    "no message": Run("raise ValueError"),
    "several lines": Raise(message="one\ntwo\nthree"),
    "chained": Run(CHAINED),
    "unprintable": Raise("Unprintable"),
}
TAKE = Instead("self.taken.append(original()) or self.taken[-1]")
NO_STDERR = {
    "None": "sys.stderr = None",
    "closed": "sys.stderr = open(os.devnull, 'w')\nsys.stderr.close()",
}


def _after_an_exception(serve: Serve, peers: Peers) -> Server:
    """A stopped server, one of whose handlers raised; all that it printed has arrived."""
    server = serve([ReadLine(), SHOWN, Raise(message=MESSAGE)])
    peers().connect(server).send(b"x\n")
    server.expect_handled()
    server.stop()
    server.fence()
    return server


@requirement("errors/traceback-is-printed")
def test_traceback_is_printed(serve: Serve, peers: Peers) -> None:
    """Standard error or output has the traceback: files, and the exception with its message."""
    server = _after_an_exception(serve, peers)

    printed = "".join(server.process.output.values())
    for part in (TRACEBACK, 'File "', f"ValueError: {MESSAGE}"):
        check(part in printed, expected=f"{part!r} is printed", actual=printed)


@requirement("errors/traceback-on-standard-error")
def test_traceback_is_on_standard_error(serve: Serve, peers: Peers) -> None:
    """Standard error has the traceback, whatever there is on standard output."""
    server = _after_an_exception(serve, peers)

    stderr = server.process.output["stderr"]
    for part in (TRACEBACK, f"ValueError: {MESSAGE}"):
        check(part in stderr, expected=f"{part!r} on standard error", actual=stderr)


@requirement("errors/each-error-is-printed")
def test_each_error_is_printed(serve: Serve, peers: Peers) -> None:
    """Clients meet the same exception at the same line, two of three with the same message."""
    server = serve([Run("raise ValueError(self.rfile.readline().decode('ascii'))")])
    for number, line in enumerate(("first", "second", "second"), 1):
        peers().connect(server).send(f"{line}\n".encode())
        server.expect_handled(number)
    server.stop()
    server.fence()

    printed = "".join(server.process.output.values())
    for part in ("ValueError: first", "ValueError: second"):
        check(part in printed, expected=f"{part!r} is printed", actual=printed)
    same(2, printed.count("ValueError: second"), "tracebacks of two with the same message")


@requirement("errors/traceback-of-a-child-is-printed")
def test_child_prints_its_traceback(construct: Construct, peers: Peers, observe: Observe) -> None:
    """The child of a forking server prints the traceback to a standard error that is a pipe."""
    server = construct([ReadLine(), Raise(message=MESSAGE)], hooks={"handle_error": RecordCall()})
    peers().connect(server).send(b"x\n")
    server.call("handle_request")
    server.expect_call("handle_error")

    server.stop()
    server.fence()
    printed = server.process.output["stderr"]
    observe("a banner is printed", BANNER in printed + server.process.output["stdout"])
    check(TRACEBACK in printed, expected="the child prints a traceback", actual="it prints none")


@requirement("errors/banner-on-stderr")
def test_nothing_is_printed_to_stdout(serve: Serve, peers: Peers) -> None:
    """Standard output stays empty, and standard error has the traceback."""
    server = _after_an_exception(serve, peers)

    same("", server.process.output["stdout"], "standard output")
    stderr = server.process.output["stderr"]
    check(TRACEBACK in stderr, expected="a traceback on standard error", actual=stderr)


@requirement("errors/streams-of-banner-and-traceback")
def test_where_banner_and_traceback_go(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Which stream has the banner, and which the traceback."""
    server = _after_an_exception(serve, peers)

    for name, part in (("banner", BANNER), ("traceback", TRACEBACK)):
        streams = [stream for stream, text in server.process.output.items() if part in text]
        observe(name, ", ".join(streams))


@requirement("errors/banner-text")
def test_wording_of_the_banner(serve: Serve, peers: Peers, observe: Observe) -> None:
    """The words before the traceback, and whether they name the client's address."""
    server = _after_an_exception(serve, peers)

    address = server.expect_report()["address"]
    output = server.process.output
    banner = (output["stdout"] + output["stderr"].partition(TRACEBACK)[0]).strip("-\n")
    named = bool(address) and address in banner
    observe("names the address", named)
    observe("wording", banner.replace(address, "ADDRESS") if named else banner)
    lines = {stream: _lines(output[stream], address) for stream in ("stdout", "stderr")}
    observe("standard output", lines["stdout"])
    observe("standard error", lines["stderr"])


def _lines(printed: str, address: str = "") -> list[str]:
    """What was printed without what differs in every run: the frames of tracebacks, indented,
    and the address."""
    lines = [line for line in printed.splitlines() if not line.startswith(" ")]
    return [line.replace(address, "ADDRESS") if address else line for line in lines]


@requirement("errors/handle-error-override-prints-nothing")
def test_own_handle_error_replaces_all_output(construct: Construct, peers: Peers) -> None:
    """Where a subclass's handle_error() does nothing, a failing handler prints nothing."""
    server = construct([ReadLine(), Raise()], hooks={"handle_error": Return(None)})
    peers().connect(server).send(b"x\n")

    server.call("handle_request")

    server.expect_call("handle_error")
    server.stop()
    server.fence()
    same({"stdout": "", "stderr": ""}, server.process.output, "what is printed")


@requirement("errors/odd-exceptions-are-printed", variants=ODD)
def test_odd_exceptions_are_handled(
    serve: Serve, peers: Peers, variant: Any, observe: Observe
) -> None:
    """An exception that is hard to print has a traceback printed all the same, wherever, and the
    next client is served."""
    server = serve([ReadLine(), When(b"odd", [variant]), Reply(b"fine")])
    odd = peers.stream().connect(server)
    odd.send(b"odd\n").expect_end()
    peers.stream().connect(server).send(b"even\n").expect_reply(b"fine")

    server.stop()
    server.fence()
    printed = "".join(server.process.output.values())
    check(TRACEBACK in printed, expected="a traceback is printed", actual=printed)
    lines = _lines(server.process.output["stderr"])
    banner = (BANNER, str(odd.address))
    observe("printed", [_plain(line) for line in lines if not any(one in line for one in banner)])


def _plain(line: str) -> str:
    """A line of a traceback without what is ours, or up to the locale: how letters are shown."""
    return re.sub("caf.*", "caf...", line.replace("_sockproof_agent.script.", ""))


@requirement("errors/without-standard-error", variants=NO_STDERR)
def test_errors_without_standard_error(
    construct: Construct, peers: Peers, variant: Any, observe: Observe
) -> None:
    """How handle_request() ends when a handler raises and there is no stderr to print to."""
    server = construct([ReadLine(), Raise()], hooks={"get_request": TAKE}, attributes={"taken": []})
    peers().connect(server).send(b"x\n")
    server.execute("kept_stderr = sys.stderr\n" + variant)

    error = server.attempt("handle_request").error

    server.execute("sys.stderr = kept_stderr\nfor request, _ in server.taken: request.close()")
    observe("handle_request()", f"raises {error.type_name}" if error else "returns")
    server.fence()
    banner = BANNER in server.process.output["stdout"]
    observe("standard output has", "a banner" if banner else "no banner")
