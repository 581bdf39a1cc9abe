"""One case's process, seen from the warm agent: its pipes, its end. Python 2.7 and 3.x.

The pipes are the harness's own where it has any to open; else what comes is passed on. It never
waits for the end of a pipe, since forked handlers hold copies; it waits for the process by
pid, until the case's deadline at most, and kills its whole group.
"""

from __future__ import absolute_import

import errno
import fcntl
import os
import select
import signal
import traceback

from . import events, outlived

GATES = 8
# How long a hanging process may take to tell its stacks.
STACKS_S = 2.0
UNHEARD_STACKS_S = 0.5
QUIET_S = 0.1
# More than this without the end of a line is nothing the case's process would write.
GARBAGE_OCTETS = 1 << 20
LAST_READS = 1000
PIPES = ("events", "stdout", "stderr")
# Stands before each line that the case's process told: by that nobody takes it for one of ours.
PASSED_ON = b" "

_read = os.read
_write = os.write
_select = select.select
_fork = os.fork
_waitpid = os.waitpid


class Child(object):
    """A case's process. ``say`` and ``pass_on`` speak to the harness.

    ``become`` is called in the new process with its ends of the pipes: ``commands``, ``events``,
    ``stdout``, ``stderr`` and the list ``gates``; it does not return.
    """

    def __init__(self, deadline_s, say, pass_on, become, given):
        """``given`` names the ends of the harness's pipes, see :func:`given_ends`; None: ours."""
        self.say = say
        self.pass_on = pass_on
        self.status = None
        self.rest = b""  # of a line in the event pipe whose end has not come yet
        ours, theirs = ({}, given_ends(given)) if given else _made_ends()
        self.pid = _fork()
        if self.pid == 0:
            _become(become, _all_of(ours), theirs)
        _close_all(_all_of(theirs))
        send_signal(os.setpgid, self.pid, self.pid)  # both sides do it: the group then exists
        self.deadline = events.clock() + deadline_s
        self.commands = ours.get("commands")
        self.gates = ours.get("gates", [])
        self.pipes = dict((ours[name], name) for name in PIPES if ours)

    def tell(self, fd, data):
        """Write to the process; when it has just died, watch() will say so."""
        try:
            _write(fd, data)
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise

    def do_gate(self, order):
        self.tell(self.gates[order["index"]], b"g" * order["count"])

    def do_signal(self, order):
        """Send the process, and nothing else of its group, a signal such as ``SIGINT``."""
        send_signal(os.kill, self.pid, getattr(signal, order["name"]))

    def do_stacks(self, order):
        send_signal(os.kill, self.pid, signal.SIGUSR1)

    def pump(self, ready):
        """Pass on what came. Whoever has an answer has whatever was printed before it, too.

        So output goes first, and is looked for again once events were read: select() may have
        looked at it just before it came. One read takes all that a pipe holds.
        """
        events_fd = [fd for fd in ready if self.pipes[fd] == "events"]
        data = [(fd, _read(fd, 65536)) for fd in events_fd]
        if events_fd:
            ready = ready_of([fd for fd in self.pipes if fd not in events_fd], 0)
        for fd, got in [(fd, _read(fd, 65536)) for fd in ready] + data:
            name = self.pipes[fd]
            if not got:
                os.close(fd)
                del self.pipes[fd]
            elif name == "events":
                self.say_lines(got)
            else:
                self.say(r=name, text=got.decode("latin-1"))

    def say_lines(self, data):
        """Whole lines only, so that nothing of ours comes to stand inside one of the child's."""
        lines, newline, rest = (self.rest + data).rpartition(b"\n")
        if newline:
            self.pass_on(lines + newline)
        self.rest = rest
        if len(rest) > GARBAGE_OCTETS:
            self.say_garbage()

    def say_garbage(self):
        self.say(r="garbage", text=self.rest[:200].decode("latin-1"))
        self.rest = b""

    def watch(self):
        """Whether the process ended by itself, or its time is up: why, or None."""
        pid, status = _waitpid(self.pid, os.WNOHANG)
        if pid:
            self.status = status
            return "died"
        if events.clock() > self.deadline:
            self.collect_stacks()
            return "deadline"
        return None

    def collect_stacks(self):
        """Ask for them, and pass on what comes until it is quiet; nothing may come at all."""
        self.do_stacks(None)
        limit = events.clock() + (STACKS_S if self.pipes else UNHEARD_STACKS_S)
        heard = False
        while events.clock() < limit:
            ready = ready_of(list(self.pipes), QUIET_S)
            if heard and not ready:
                break
            heard = heard or "stderr" in [self.pipes[fd] for fd in ready]
            self.pump(ready)

    def kill(self):
        send_signal(os.killpg, self.pid, signal.SIGKILL)

    def finish(self, why):
        """Kill what is left of the case wherever it is, pass on the last words, report its end."""
        self.kill()
        if self.status is None:
            self.status = _waitpid(self.pid, 0)[1]
        outlived.end_strays()
        for _ in range(LAST_READS):  # bounded: somebody outside the group may keep writing
            ready = ready_of(list(self.pipes), 0)
            if not ready:
                break
            self.pump(ready)
        if self.rest:
            self.say_garbage()
        self.close()
        self.say(r="over", why=why, status=self.status)

    def abandon(self):
        """Kill it, and tell nothing of it."""
        self.kill()
        if self.status is None:
            _waitpid(self.pid, 0)
        self.close()

    def close(self):
        _close_all(list(self.pipes) + self.gates + [self.commands] * (self.commands is not None))


def _become(become, not_ours, fds):
    """In the new process: keep only what the case needs, then carry out its commands."""
    try:
        _close_all(not_ours)
        become(fds)
    except BaseException:  # nobody is left above us; the harness sees it as the case's stderr
        traceback.print_exc()
    finally:
        os._exit(70)


def _made_ends():
    """New pipes for a case's process: our ends of them, and those of the process."""
    told = dict((name, os.pipe()) for name in PIPES)
    commands, gates = os.pipe(), [os.pipe() for _ in range(GATES)]
    for gate, _ in gates:
        fcntl.fcntl(gate, fcntl.F_SETFL, fcntl.fcntl(gate, fcntl.F_GETFL) | os.O_NONBLOCK)
    ours = dict((name, ends[0]) for name, ends in told.items())
    theirs = dict((name, ends[1]) for name, ends in told.items())
    ours.update(commands=commands[1], gates=[gate[1] for gate in gates])  # type: ignore[call-overload]
    theirs.update(commands=commands[0], gates=[gate[0] for gate in gates])  # type: ignore[call-overload]
    return ours, theirs


def given_ends(given):
    """The ends of the process, of pipes that the harness has made.

    ``given`` has their numbers in the process ``pid``: ``events``, ``stdout``, ``stderr`` to write
    to, ``commands`` and each of ``gates`` to read from.
    """
    ends = dict((name, _opened(given["pid"], given[name], os.O_WRONLY)) for name in PIPES)
    ends["commands"] = _opened(given["pid"], given["commands"], os.O_RDONLY)
    does_not_block = os.O_RDONLY | os.O_NONBLOCK
    ends["gates"] = [_opened(given["pid"], fd, does_not_block) for fd in given["gates"]]
    return ends


def reaches(token):
    """Whether pipes of the harness can be opened here: it has put a text into one, for a try."""
    if token is None:
        return False
    try:
        fd = _opened(token["pid"], token["fd"], os.O_RDONLY | os.O_NONBLOCK)
    except EnvironmentError:
        return False
    try:
        return _read(fd, 100) == token["text"].encode("ascii")
    except EnvironmentError:
        return False
    finally:
        os.close(fd)


def _opened(pid, fd, flags):
    return os.open("/proc/%d/fd/%d" % (pid, fd), flags)


def _all_of(ends):
    return [ends[name] for name in ends if name != "gates"] + ends.get("gates", [])


def _close_all(fds):
    for fd in fds:
        os.close(fd)


def ready_of(fds, timeout_s):
    """Which of the descriptors can be read, after ``timeout_s`` at most (None: no limit)."""
    try:
        return _select(fds, [], [], timeout_s)[0]
    except select.error as error:  # Python 2 does not retry (PEP 475)
        if error.args[0] != errno.EINTR:
            raise
        return []


def send_signal(function, pid, number):
    """Signal a process or group of ours that may be gone already."""
    try:
        function(pid, number)
    except OSError as error:
        if error.errno not in (errno.ESRCH, errno.EPERM, errno.EACCES):
            raise
