"""What is left behind: descriptors, threads, processes, timers. Inside the process under test."""

from __future__ import absolute_import

import errno
import gc
import glob
import os
import select
import signal

from . import events, outlived, system_files
from .tasks import Tasks

# The first look is soon repeated: a thread that was joined is listed for a moment yet.
FIRST_LOOK_S = 0.0002
LOOK_EVERY_S = 0.002
# Bound before any preload can patch them, or what is tested can.
_waitpid, _getpid = os.waitpid, os.getpid
_listdir, _fstat, _readlink = os.listdir, os.fstat, os.readlink
_getitimer = signal.getitimer
TIMERS = ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")
SEGMENTS = "/proc/sysvipc/shm"
SEGMENT = "shared memory"


def open_descriptors():
    """The open descriptors of this process: ``{fd: device and inode that it is open on}``."""
    found = {}
    for fd in _descriptor_numbers():
        try:
            status = _fstat(fd)
        except OSError:  # closed meanwhile, or the descriptor of the listing itself
            continue
        found[fd] = (status.st_dev, status.st_ino)
    return found


def _descriptor_numbers():
    try:
        return [int(name) for name in _listdir("/proc/self/fd")]
    except OSError:
        return range(1024)


def target(fd):
    """What a descriptor is open on, such as ``socket:[4711]``: the same for each copy of it."""
    try:
        return _readlink("/proc/self/fd/%d" % fd)
    except OSError as error:
        if error.errno != errno.ENOENT or os.path.isdir("/proc/self/fd"):
            raise
        status = _fstat(fd)
        return "inode %d" % status.st_ino


def _named(fds):
    """Each that is open, with what :func:`target` says of it."""
    for fd in fds:
        try:
            yield fd, target(fd)
        except OSError:  # closed meanwhile
            pass


class Baseline(object):
    """What was there before the case, so that only what the case left is told."""

    def __init__(self, pooled=None):
        """``pooled``: see :class:`Tasks`."""
        self.descriptors = open_descriptors()
        self.tasks = Tasks(pooled)
        self.timers = _armed_timers()
        self.segments = _segments()

    def allow(self, threads):
        """These are no leak of the case."""
        self.tasks.allowed.update(threads)

    def leftovers(self, settle_s):
        """Wait until nothing is left, at most ``settle_s``; then what is left.

        Returns:
            ``leaks``: lines such as ``fd 7 -> socket:[99]``, ``thread Thread-3``;
            ``zombies``: how many ended children the server had not reaped.

        Garbage is collected before a descriptor counts (PyPy closes no earlier), but not before a
        thread that has ended has had time to leave the system's list.
        """
        deadline, wait_s = events.clock() + settle_s, FIRST_LOOK_S
        zombies = 0
        while True:
            reaped, running = _reap()
            zombies += reaped
            leaks = self.tasks.left() + self._descriptors() + running + self._others()
            if not leaks or events.clock() > deadline:
                return {"leaks": leaks, "zombies": zombies}
            if wait_s >= LOOK_EVERY_S:
                gc.collect()
            select.select([], [], [], wait_s)  # a green runtime's hub closes some meanwhile
            wait_s = min(2 * wait_s, LOOK_EVERY_S)

    def _descriptors(self):
        now = open_descriptors()
        left = [fd for fd in sorted(now) if self.descriptors.get(fd) != now[fd]]
        return ["fd %d -> %s" % (fd, name) for fd, name in _named(left)]

    def _others(self):
        """What outlives its owner unseen: processes that got away, timers, shared memory."""
        away = ["process still running that got away" for _ in outlived.strays()]
        armed = ["timer %s is armed" % name for name in _armed_timers() if name not in self.timers]
        now, new = _segments(), []
        if now != self.segments:
            own = [_segments_of(_getpid(), told) for told in (self.segments, now)]
            new = [one for one in own[1] if one not in own[0]]
        return away + armed + ["%s %s" % (SEGMENT, number) for number in new]


def _armed_timers():
    return [name for name in TIMERS if _getitimer(getattr(signal, name))[0]]


def segments_of(pid):
    # type: (int) -> list[str]
    """The ids of the System V segments that a process has made; none where nobody tells."""
    return _segments_of(pid, _segments())


def _segments():
    """What the system tells of all segments; nothing where it does not."""
    try:
        return system_files.octets_of(SEGMENTS)
    except EnvironmentError:
        return b""


def _segments_of(pid, told):
    # type: (int, bytes) -> list[str]
    rows = [line.split() for line in told.decode("ascii").splitlines()[1:]]
    return [row[1] for row in rows if row[4] == str(pid)]


def held_ports(listeners):
    """A line for each listener that is still open, here or in a process that came of this one.

    ``listeners``: pairs of the address in words and what :func:`target` said of its descriptor.
    """
    held = set(name for _, name in _named(_descriptor_numbers()))
    for pid in _children() + outlived.strays():
        held.update(_descriptors_of(pid))
    return ["port %s" % address for address, opened in listeners if opened in held]


def _children():
    """The children that run now, where the system tells (Linux with CONFIG_PROC_CHILDREN)."""
    found = []
    for path in glob.glob("/proc/self/task/*/children"):
        try:
            with open(path) as lines:
                found.extend(lines.read().split())
        except EnvironmentError:  # the thread has ended meanwhile
            pass
    return found


def _descriptors_of(pid):
    for path in glob.glob("/proc/%s/fd/*" % pid):
        try:
            yield _readlink(path)
        except OSError:  # closed meanwhile
            pass


def _reap():
    """Reap every ended child: (how many there were, a line if others are still running).

    Only after the server is closed: before, the children are the server's to reap.
    """
    reaped = 0
    while True:
        try:
            pid = _waitpid(-1, os.WNOHANG)[0]
        except OSError as error:
            if error.errno == errno.ECHILD:
                return reaped, []
            raise
        if pid == 0:
            return reaped, ["child process still running"]
        reaped += 1
