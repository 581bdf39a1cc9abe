"""Stands between the harness and the agent, and ends all that came of it. Python 2.7 and 3.x.

The interpreter that the harness has started forks before it loads anything of what is tested. Its
child goes on as the agent, in a session of its own. It itself watches, as two would not: that the
harness is gone, that the agent is, and, on Linux, as the subreaper, whoever outlives his parent. So
nothing that is tested can hold it up, and nothing in the agent's processes shows it.
"""

from __future__ import absolute_import

import errno
import fcntl
import os
import select
import signal
import socket

from . import events, looking

# Of linux/prctl.h, poll.h and fcntl.h: Python has names for few of them, and not in each version.
PR_SET_CHILD_SUBREAPER = 36
POLLRDHUP = 0x2000
F_SETSIG = 10
# How long the agent may take to leave by itself where only it knows what is to be ended.
LEAVE_S = 2.0
# Longer than any process needs to die of SIGKILL, and how often that is looked for.
DIES_WITHIN_S = 5.0
LOOK_EVERY_S = 0.001
NAME = "sockproof guard"

_fork, _waitpid, _kill, _exit = os.fork, os.waitpid, os.kill, os._exit
_read, _write, _close, _pipe = os.read, os.write, os.close, os.pipe
_select = select.select


class Guarded(object):
    """What the agent, and whoever is forked of it, knows of its guard.

    ``adopts``: processes whose parents have ended are children of ``pid``, which can be read.
    ``before`` were there before the first case, and ``told`` is how the system tells of them;
    ``life`` is a socket that ends with the guard.
    """

    pid = 0
    life = -1
    adopts = False
    before = frozenset()  # type: frozenset[int]
    told = b""


def stand(control_in, control_out):
    """Fork: the child goes on as the agent, and the parent never returns."""
    ends = socket.socketpair()  # of a pipe, /proc would give a case another end
    life, holds_life = [os.dup(end.fileno()) for end in ends]
    for end in ends:
        end.close()
    agent = _fork()
    if agent:
        _guard(agent, control_in, holds_life, (control_out, life))
    _close(holds_life)
    os.setsid()
    Guarded.pid, Guarded.life = os.getppid(), life
    adopts = _read(life, 1) == b"+"
    _die_with(life)
    # Another's /proc may be mounted here, or one that tells no children.
    Guarded.adopts = adopts and os.getpid() in looking.children_of(Guarded.pid, Guarded.pid)


def _die_with(life):
    """Be killed once the other end is closed, whatever we are at. Linux alone can."""
    try:
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, F_SETSIG, int(signal.SIGKILL))
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    except (EnvironmentError, AttributeError):
        return
    if _select([life], [], [], 0)[0]:  # it was closed before we could say so
        _exit(0)


def end_one(pid):
    """Kill a process, unless it has ended or belongs to somebody else."""
    try:
        _kill(pid, signal.SIGKILL)
    except OSError as error:
        if error.errno not in (errno.ESRCH, errno.EPERM, errno.EACCES):
            raise


# In the guard


def _guard(agent, control_in, holds_life, not_ours):
    """Until the harness or the agent is gone; then end all that is left, and end as the agent."""
    status, adopts = None, False
    try:
        adopts = _adopt()
        woken = _woken_by_children()
        _name()
        for fd in not_ours:
            _close(fd)
        for fd in (1, 2):
            os.dup2(0, fd)
        _write(holds_life, b"+" if adopts else b"-")
        status = _watch(agent, control_in, woken)
    finally:
        try:
            status = _end_all(agent, status, adopts)
        finally:
            _end_as(status)


def _adopt():
    try:
        import ctypes

        call = ctypes.CDLL(None).prctl
        return call(PR_SET_CHILD_SUBREAPER, *map(ctypes.c_ulong, (1, 0, 0, 0))) == 0
    except Exception:  # no ctypes, no such library, no such function, no such option
        return False


def _woken_by_children():
    """A descriptor that can be read once a child has ended."""
    woken, wakes = _pipe()
    for fd in (woken, wakes):
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return woken


def _name():
    """For whoever lists processes."""
    try:
        with open("/proc/self/comm", "w") as comm:
            comm.write(NAME)
    except EnvironmentError:
        pass


def _watch(agent, control_in, woken):
    """The status of the agent once it has ended; None when the harness is gone before."""
    poll = select.poll()
    poll.register(control_in, POLLRDHUP if os.path.isdir("/proc/self") else 0)
    poll.register(woken, select.POLLIN)
    while True:
        status = _reap(agent)[0]
        if status is not None:
            return status
        try:
            ready = [fd for fd, _ in poll.poll()]
        except (EnvironmentError, select.error) as error:
            if error.args[0] != errno.EINTR:  # Python 2 does not retry (PEP 475)
                raise
            ready = []
        if control_in in ready:
            return None
        if woken in ready:
            _read(woken, 4096)


def _reap(agent):
    """Reap every ended child: the agent's status if it was among them; whether any is left."""
    status = None
    while True:
        try:
            pid, ended = _waitpid(-1, os.WNOHANG)
        except OSError as error:
            if error.errno != errno.ECHILD:
                raise
            return status, False
        if not pid:
            return status, True
        if pid == agent:
            status = ended


def _end_all(agent, status, adopts):
    """Kill every descendant, which all become our children, and the agent; its status."""
    now = events.clock()
    spares_until, limit = now + (0 if adopts else LEAVE_S), now + DIES_WITHIN_S
    while events.clock() < limit:
        ended, any_left = _reap(agent)
        status = ended if status is None else status
        if not any_left:
            break
        if events.clock() >= spares_until:
            for pid in looking.children_of(os.getpid(), os.getpid()) or [agent]:
                end_one(pid)
        _select([], [], [], LOOK_EVERY_S)
    return status


def _end_as(status):
    """What the agent ended with is what the harness sees."""
    if status is not None and os.WIFSIGNALED(status):
        _without_core()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        _kill(os.getpid(), number)
        _select([], [], [], DIES_WITHIN_S)
    _exit(os.WEXITSTATUS(status) if status is not None else 0)


def _without_core():
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except Exception:  # not everywhere
        pass
