"""Threads looked at from outside of their process: what the system says they are at. 2.7 and 3.x.

A thread that waits sleeps in a system call, whatever it waits in. So does one that waits for its
interpreter's own lock, which is no waiting of its own: where that lock is, is found out once, by
looking at threads that want nothing else. A forked process has it at the same place.
"""

from __future__ import absolute_import

import errno
import os
import select
import signal
import sys

try:
    import _thread
except ImportError:  # Python 2.7
    import thread as _thread  # type: ignore[import-not-found, no-redef]

from .system_files import CHILDREN, octets_of, text_of

# How many threads are looked at that want the lock. Python 2 makes itself another one after each
# fork (PyEval_ReInitThreads), wherever there is room: it cannot be known.
SPINNING = 0 if sys.version_info[0] == 2 else 2
LOOKS = 60
LOOK_EVERY_S = 0.002
# How often its place is looked for, where none was found: on a busy machine nobody may want it.
TRIES = 5
# Of a condition's two words both belong to the lock; another lock is never as near as that.
NEAR_OCTETS = 8
# Where a process's or thread's size stands in its stat, after its name.
SIZE = 20
# How long the process lives that is looked at, at most, when nobody is left to end it.
SPIN_S = 5.0

# Bound before any preload can patch them.
_readlink = os.readlink
_read, _write, _close, _pipe = os.read, os.write, os.close, os.pipe
_fork, _waitpid, _kill, _exit = os.fork, os.waitpid, os.kill, os._exit
_select = select.select
_start_thread = _thread.start_new_thread
_new_lock = _thread.allocate_lock


def task_here():
    """The system's id of the thread that asks; -1 where it tells none."""
    try:
        return int(_readlink("/proc/thread-self").rsplit("/", 1)[1])
    except (OSError, ValueError):
        return -1


def look(pid, task):
    # type: (int, int) -> list[int] | None
    """What a thread is at: ``[call, place, switches]``, or None when it has ended.

    ``call`` is the number of the system call that it sleeps in, -1 if it does not; ``place`` the
    call's first argument; ``switches`` how often it has gone to sleep so far. A zombie has ended.

    Raises:
        EnvironmentError: the system does not tell.
    """
    folder = "/proc/%d/task/%d/" % (pid, task)
    try:
        state = text_of(folder + "stat").rsplit(")", 1)[1].split()[0]
        if state in "ZX":
            return None
        words = text_of(folder + "syscall").split()
        switches = text_of(folder + "status").split("\nvoluntary_ctxt_switches:", 1)[1]
    except EnvironmentError as error:
        if error.errno in (errno.ENOENT, errno.ESRCH):
            if os.path.exists("/proc/%d/stat" % os.getpid()):
                return None
        if error.errno == errno.EACCES and _is_dying(folder):
            return None
        raise
    if state != "S" or len(words) < 2 or words[0] == "-1":
        return [-1, 0, 0]
    return [int(words[0]), int(words[1], 16), int(switches.split()[0])]


def _is_dying(folder):
    """Whether it has given its memory back, and is about to be a zombie: only the superuser sees
    what such a process is at (``task_dump_owner`` of fs/proc/base.c)."""
    values = _unless_ended(lambda: text_of(folder + "stat").rpartition(")")[2], "").split()
    return len(values) <= SIZE or values[SIZE] == "0"


def look_around(pid):
    """What the threads of a process and of all that came of it are at, as :func:`look` has it.

    ``{thread: [call, place]}``; nothing where the system does not tell of each.
    """
    found, pids = {}, [pid]
    try:
        for one in pids:
            for task in _tasks_of(one):
                seen = look(one, int(task))
                if seen is not None:
                    found[task] = seen[:2]
                    pids += children_of(one, task)
    except (EnvironmentError, IndexError, ValueError):
        return {}
    return found


def _tasks_of(pid):
    return _unless_ended(lambda: os.listdir("/proc/%d/task" % pid), [])


def children_of(pid, task):
    # type: (int, int) -> list[int]
    """The ids of the processes that a thread has started and not reaped, and of those that it was
    given when their parents ended; none where the system does not tell."""
    path = CHILDREN % (pid, task)
    return [int(child) for child in _unless_ended(lambda: octets_of(path), b"").split()]


def is_dead(pid):
    # type: (int) -> bool
    """Whether a process has ended, be it that nobody has reaped it yet."""
    state = _unless_ended(lambda: text_of("/proc/%d/stat" % pid).rpartition(")")[2], "")
    return state.split()[:1] in ([], ["Z"], ["X"])


def _unless_ended(ask, otherwise):
    try:
        return ask()
    except EnvironmentError as error:
        if error.errno not in (errno.ENOENT, errno.ESRCH):
            raise
        return otherwise


class OwnLock(object):
    """Where threads of this interpreter sleep for want of its own lock, and for want of any."""

    def __init__(self):
        """Takes about a tenth of a second of two processors."""
        self.call = -1
        self.places = set()
        readable, writable = _pipe()
        pid = _fork()
        if pid == 0:
            _spin(writable)
        _close(writable)
        try:
            self._learn(pid, *_read_tasks(readable))
        finally:
            _close(readable)
            _kill(pid, signal.SIGKILL)
            _waitpid(pid, 0)

    def _learn(self, pid, waiting, spinning):
        for _ in range(LOOKS):
            _select([], [], [], LOOK_EVERY_S)
            self.call = max([self.call] + [seen[0] for seen in _looks(pid, waiting)])
            for call, place, _ in _looks(pid, spinning):
                if call == self.call >= 0:
                    self.places.add(place)

    def is_at(self, place):
        return any(abs(place - own) <= NEAR_OCTETS for own in self.places)


def _looks(pid, tasks):
    return [seen for seen in [look(pid, task) for task in tasks] if seen]


def _spin(writable):
    """In a process of its own: a thread that waits for a lock, and some that always run."""
    try:
        held = _new_lock()
        held.acquire()
        _start_thread(_tell_and, (writable, b"waits", held.acquire))
        for _ in range(SPINNING):
            _start_thread(_tell_and, (writable, b"spins", _run_for_ever))
        _select([], [], [], SPIN_S)
    finally:
        _exit(0)


def _tell_and(writable, name, act):
    _write(writable, name + (" %d\n" % task_here()).encode("ascii"))
    act()


def _run_for_ever():
    while True:
        pass


def _read_tasks(readable):
    """The ids of the threads that wait, and of those that spin; fewer if too much time passes."""
    data = b""
    while data.count(b"\n") < 1 + SPINNING and _select([readable], [], [], SPIN_S)[0]:
        got = _read(readable, 1024)
        if not got:
            break
        data += got
    told = [line.split() for line in data.splitlines()]
    return [[int(task) for name, task in told if name == b] for b in (b"waits", b"spins")]


class Looker(object):
    """Looks at the threads of the case's process for the harness."""

    def __init__(self):
        self.own_lock = None
        self.tries = TRIES if SPINNING else 1

    def _learn(self):
        self.tries -= 1
        self.own_lock = OwnLock()
        if self.own_lock.places:
            self.tries = 0

    def tell(self, pid, task):
        """``at``: "nothing" it would wait for, "lock" or "call"; with ``place`` and ``switches``.

        None when the thread has ended; ``at`` is "unknown" where the system does not tell. Whether
        it waits for a lock can be seen of ``switches`` alone where ``own_lock_known`` is false.
        """
        try:
            seen = look(pid, task)
            if seen is not None and self.tries:
                self._learn()
        except (EnvironmentError, IndexError, ValueError):
            return {"at": "unknown"}
        if seen is None:
            return None
        call, place, switches = seen
        own = self.own_lock
        if call < 0 or (call == own.call and own.is_at(place)):
            return {"at": "nothing"}
        at = "lock" if call == own.call else "call"
        return {
            "at": at,
            "place": place,
            "switches": switches,
            "own_lock_known": bool(own.places),
        }
