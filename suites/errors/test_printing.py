"""What the default handle_error() prints, and where."""

from __future__ import annotations

from fixtures import Observe, Peers, Serve, check, requirement, same
from sockproof.iut.server import Server
from sockproof.peer.script import Raise, ReadLine, Report

MESSAGE = "raised to be printed"
SHOWN = Report({"address": "str(self.client_address)"})
TRACEBACK = "Traceback (most recent call last)"


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


@requirement("errors/banner-on-stderr")
def test_nothing_is_printed_to_stdout(serve: Serve, peers: Peers) -> None:
    """Standard output stays empty, and standard error has the traceback."""
    server = _after_an_exception(serve, peers)

    same("", server.process.output["stdout"], "standard output")
    stderr = server.process.output["stderr"]
    check(TRACEBACK in stderr, expected="a traceback on standard error", actual=stderr)


@requirement("errors/banner-on-stdout")
def test_where_banner_and_traceback_go(serve: Serve, peers: Peers, observe: Observe) -> None:
    """Which stream has the banner, and which the traceback."""
    server = _after_an_exception(serve, peers)

    for name, part in (("banner", "during processing of request"), ("traceback", TRACEBACK)):
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
