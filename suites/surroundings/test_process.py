"""What belongs to the whole process is the program's: signals, state, descriptors, output."""

from __future__ import annotations

from fixtures import POLL_INTERVAL_S, CaseProcess, Construct, Peers, Serve, requirement, same
from fixtures.steps import Echo, ReadLine, Report

OF_SIGNALS = """
import signal

def of_signals():
    handlers = {}
    for number in range(1, signal.NSIG):
        try:
            handler = signal.getsignal(number)
            handlers[str(number)] = getattr(handler, "__name__", None) or repr(handler)
        except ValueError:  # no signal here has this number
            pass
    blocked = ()
    if hasattr(signal, "pthread_sigmask"):  # not in Python 2.7
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    return handlers, signal.getitimer(signal.ITIMER_REAL)[0] > 0, sorted(map(int, blocked))

def in_the_childs_eyes(number, frame):
    pass

signal.signal(signal.SIGTERM, in_the_childs_eyes)
server.of_signals = of_signals
"""
STATE = """
import gc, locale, sys, threading, warnings

def umask():
    was = os.umask(0o22)
    os.umask(was)
    return was

def state():
    return {
        "default timeout of sockets": socket.getdefaulttimeout(),
        "umask": umask(),
        "folder": os.getcwd(),
        "environment": sorted(os.environ.items()),
        "locale": locale.setlocale(locale.LC_ALL),
        "garbage collector": [gc.isenabled(), getattr(gc, "get_threshold", gc.isenabled)()],
        "frozen objects": gc.get_freeze_count() if hasattr(gc, "get_freeze_count") else 0,
        "exception hooks": [repr(sys.excepthook), repr(getattr(threading, "excepthook", None))],
        "standard streams": [repr(one) for one in (sys.stdin, sys.stdout, sys.stderr)],
        "filters of warnings": [repr(one) for one in warnings.filters],
        "limit of recursion": sys.getrecursionlimit(),
        "size of stacks": threading.stack_size(),
    }
"""
COLLECT_WARNINGS = """
import gc, warnings
warned = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, category, *others: warned.append(
    "%s: %s" % (category.__name__, message))
"""
BUFFERED_OUTPUT = """
import sys
readable, writable = os.pipe()
standard_output, sys.stdout = sys.stdout, os.fdopen(writable, "w")
sys.stdout.write("once")
"""
READ_OUTPUT = """
sys.stdout.close()
sys.stdout = standard_output
written = os.read(readable, 1000).decode("ascii")
os.close(readable)
"""
LINE = b"x\n"


@requirement("surroundings/signals-stay-the-programs")
def test_signals_are_as_before(construct: Construct, peers: Peers) -> None:
    """A loop of the main thread has set nothing, as a handler and the program see it."""
    server = construct([ReadLine(), Report({"signals": "self.server.of_signals()"}), Echo()])
    server.execute(OF_SIGNALS)
    before = server.evaluate("of_signals()")

    loop = server.call_in_main("serve_forever", POLL_INTERVAL_S)
    peers().connect(server).send(LINE).expect(LINE).expect_end()

    in_handler = server.expect_report()["signals"]
    during = server.evaluate("of_signals()")
    server.call("shutdown")
    loop.expect_return()
    server.call("server_close")
    found = {"in a handler": in_handler, "in the loop": during}
    found["after it"] = server.evaluate("of_signals()")
    for when, (handlers, has_timer, blocked) in found.items():
        changed = {number: told for number, told in handlers.items() if told != before[0][number]}
        same({}, changed, f"signal handlers that are others {when}")
        same(before[1], has_timer, f"whether a timer runs {when}")
        same(before[2], blocked, f"signals that are blocked {when}")


@requirement("surroundings/state-of-the-process-stays")
def test_state_is_as_before(process: CaseProcess, serve: Serve, peers: Peers) -> None:
    """Each part of it is the same before the server is made, while it serves, and after it."""
    process.do("execute", source=STATE)
    before = process.do("evaluate", expression="state()").value

    server = serve([ReadLine(), Echo()])
    peers().connect(server).send(LINE).expect(LINE).expect_end()

    during = server.evaluate("state()")
    server.stop()
    after = server.evaluate("state()")
    for name, value in before.items():
        same(value, during[name], f"{name} while the server serves")
        same(value, after[name], f"{name} when it is closed")


@requirement("surroundings/sockets-are-not-inheritable")
def test_sockets_are_not_inheritable(serve: Serve, peers: Peers) -> None:
    """Neither the listening socket nor that of a connection."""
    server = serve([ReadLine(), Report({"connection": "self.request.get_inheritable()"}), Echo()])

    peers().connect(server).send(LINE).expect(LINE).expect_end()

    listener = server.evaluate("server.socket.get_inheritable()")
    same(False, listener, "whether the listening socket is inheritable")
    same(False, server.expect_report()["connection"], "whether a connection is inheritable")


@requirement("surroundings/nothing-is-warned-of")
def test_nothing_is_warned_of(construct: Construct, peers: Peers) -> None:
    """From the start of the loop to the end of the server, with all warnings shown."""
    server = construct([ReadLine(), Echo()])
    server.execute(COLLECT_WARNINGS)

    loop = server.spawn("serve_forever", POLL_INTERVAL_S)
    for number in range(1, 4):
        peers().connect(server).send(LINE).expect(LINE).expect_end()
        server.expect_handled(number)
    server.call("shutdown")
    loop.expect_return()
    server.call("server_close")
    server.execute("gc.collect()")

    same([], server.evaluate("warned"), "warnings")


@requirement("surroundings/output-is-written-once")
def test_output_is_written_once(serve: Serve, peers: Peers) -> None:
    """Of two children, none writes what the program has written before they were forked."""
    server = serve([ReadLine(), Echo()])
    server.execute(BUFFERED_OUTPUT)

    for number in range(1, 3):
        peers().connect(server).send(LINE).expect(LINE).expect_end()
        server.expect_handled(number)
    server.call("shutdown")
    server.call("server_close")

    server.execute(READ_OUTPUT)
    same("once", server.evaluate("written"), "what is written to standard output")
