"""Which threads a case has left, by the kernel's own list of them. In the process under test.

threading.enumerate() knows only what was started by threading, and believes of some that they live
when they have ended. So the system says how many there are, and threading how they are called.
"""

from __future__ import absolute_import

import os
import threading

try:
    import _thread
except ImportError:  # Python 2.7
    import thread as _thread  # type: ignore[import-not-found, no-redef]

# Bound before any preload can patch them, or what is tested can.
_listdir = os.listdir
_count = getattr(_thread, "_count", None)
TASKS = "/proc/self/task"
UNKNOWN = "thread that threading does not know"


def seen_by():
    """Who tells of threads here: ``kernel``, ``interpreter`` (of those that it has started itself),
    or ``threading`` (of those that were started by it)."""
    if os.path.isdir(TASKS):
        return "kernel"
    return "interpreter" if _count else "threading"


def _tasks():
    """The system's ids of the threads of this process; None where it tells none."""
    try:
        return set(_listdir(TASKS))
    except EnvironmentError:
        return None


class Tasks(object):
    """The threads that were there before the case, and those that are there now.

    ``pooled()``: how many native threads a green runtime keeps for itself; None without one.
    ``allowed`` are threads, as threading knows them, that are no leak of the case.
    """

    def __init__(self, pooled=None):
        self.pooled = pooled
        self.first = set(threading.enumerate())
        self.allowed = set(self.first)
        self.tasks = _tasks()
        self.count = _count() if _count else 0

    def left(self):
        """A line for each thread that is left."""
        since = set(threading.enumerate()) - self.first
        others = since - self.allowed
        started = self._started()
        if started is None:
            return _named(others)
        if self.pooled is not None:  # what threading knows are green threads, in the first one
            return _named(others) + [UNKNOWN] * (started - self.pooled())
        found = [thread for thread in others if not isinstance(thread, _Dummy)]
        more = started - len(since & self.allowed) - len(found)
        met = _named(others - set(found)) + [UNKNOWN] * max(more, 0)
        return _named(found) + met[: max(more, 0)]

    def _started(self):
        """How many native threads there are that were not there before; None: nobody tells."""
        now = None if self.tasks is None else _tasks()
        if now is not None:
            return len(now - self.tasks)
        return _count() - self.count if _count else None


_Dummy = threading._DummyThread


def _named(threads):
    return sorted("thread %s" % thread.name for thread in threads)
