"""Stops before each handler, with a debugger at the user's terminal, where the environment names
that. Runs inside the process under test; 2.7 and 3.x.

The first stop is in the text of the implementation, where it begins to make the handler; that of
the agent is passed over. One handler is debugged at a time: others wait, in whatever thread or
process they are, until it has ended, or goes on with no breakpoint.
"""

from __future__ import absolute_import

import fcntl
import os
import select
import signal
import sys
import threading

VARIABLE = "SOCKPROOF_DEBUG"
"""The id of the process that is told when the user quits, a colon, and the terminal's path."""
PACKAGE = __name__.partition(".")[0]
GREETING = """
sockproof: before a handler, in process %d, thread %s
sockproof: s and n go through it, c goes on, q ends the replay
"""

_open, _close, _dup, _fdopen, _write = os.open, os.close, os.dup, os.fdopen, os.write
_kill, _select, _flock = os.kill, select.select, fcntl.flock


def stopping(base):
    """The class itself, or one that stops before a handler of it, if there is a terminal for it."""
    pid, colon, terminal = os.environ.get(VARIABLE, "").partition(":")
    if not colon:
        return base

    class Stopped(base):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments):
            debugger = _debugger_at(terminal, int(pid))
            try:
                if debugger is not None:
                    debugger.set_trace()
                base.__init__(self, *arguments)
            finally:
                if debugger is not None:
                    sys.settrace(None)
                    debugger.leave()

    return Stopped


def load():
    """Before the first case: whatever a debugger opens is then no leak of a server's."""
    if VARIABLE in os.environ:
        import pdb

        pdb.Pdb()


def wait_for_user():
    """Until nobody has the terminal."""
    terminal = os.environ.get(VARIABLE, "").partition(":")[2]
    fd = _taken(terminal) if terminal else None
    if fd is not None:
        _close(fd)


def _debugger_at(terminal, pid):
    """One that has the terminal for itself; None where this process may not open it."""
    fd = _taken(terminal)
    return None if fd is None else _debugger_on(fd, pid)


def _taken(terminal):
    """A descriptor of the terminal, which nobody else of us has; None where it cannot be opened."""
    try:
        fd = _open(terminal, os.O_RDWR | os.O_NOCTTY)
    except EnvironmentError as error:
        _write(2, ("sockproof: no debugger at %s: %s\n" % (terminal, error)).encode("ascii"))
        return None
    _flock(fd, fcntl.LOCK_EX)
    return fd


def _debugger_on(fd, pid):
    import pdb  # which loads much, and few cases need it

    class TerminalDebugger(pdb.Pdb):
        is_here = True

        def set_continue(self):
            """As in bdb; without a breakpoint it never comes back."""
            pdb.Pdb.set_continue(self)
            if not self.breaks:
                self.leave()

        def set_quit(self):
            """All ends: the harness, too, which then ends us."""
            self.leave()
            _kill(pid, signal.SIGINT)
            _select([], [], [], None)

        def leave(self):
            """Let others have the terminal; descriptors of ours are no leak of a server's."""
            if self.is_here:
                self.is_here = False
                self.stdout.close()
                self.stdin.close()

    ends = _fdopen(fd, "r"), _fdopen(_dup(fd), "w")
    told = os.getpid(), threading.current_thread().name
    ends[1].write(GREETING % told)
    debugger = TerminalDebugger(stdin=ends[0], stdout=ends[1], skip=[PACKAGE + ".*"])
    setattr(debugger, "nosigint", True)  # noqa: B010 (2.7 has none); signals here are the case's
    return debugger
