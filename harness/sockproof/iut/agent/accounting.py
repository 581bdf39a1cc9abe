"""What is left behind: descriptors, threads and children. Runs inside the process under test."""

from __future__ import absolute_import

import errno
import gc
import glob
import os
import select
import threading

from . import events

LOOK_EVERY_S = 0.002
_waitpid = os.waitpid


def open_descriptors():
    """The open descriptors of this process: ``{fd: device and inode that it is open on}``."""
    found = {}
    for fd in _descriptor_numbers():
        try:
            status = os.fstat(fd)
        except OSError:  # closed meanwhile, or the descriptor of the listing itself
            continue
        found[fd] = (status.st_dev, status.st_ino)
    return found


def _descriptor_numbers():
    try:
        return [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return range(1024)


def target(fd):
    """What a descriptor is open on, such as ``socket:[4711]``: the same for each copy of it."""
    try:
        return os.readlink("/proc/self/fd/%d" % fd)
    except OSError as error:
        if error.errno != errno.ENOENT or os.path.isdir("/proc/self/fd"):
            raise
        status = os.fstat(fd)
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

    def __init__(self):
        self.descriptors = open_descriptors()
        self.threads = set(threading.enumerate())

    def leftovers(self, settle_s):
        """Wait until nothing is left, at most ``settle_s``; then what is left.

        Returns:
            ``leaks``: lines such as ``fd 7 -> socket:[99]``, ``thread Thread-3``, ``child 4711``;
            ``zombies``: how many ended children the server had not reaped.

        A thread is first out of threading.enumerate() and only then out of /proc, so the former
        is asked; garbage is collected before a descriptor counts (PyPy closes no earlier).
        """
        deadline = events.clock() + settle_s
        zombies = 0
        while True:
            reaped, running = _reap()
            zombies += reaped
            leaks = self._threads() + self._descriptors() + running
            if not leaks or events.clock() > deadline:
                return {"leaks": leaks, "zombies": zombies}
            gc.collect()
            select.select([], [], [], LOOK_EVERY_S)  # a green runtime's hub closes some meanwhile

    def _threads(self):
        alive = set(threading.enumerate()) - self.threads
        return sorted("thread %s" % thread.name for thread in alive)

    def _descriptors(self):
        now = open_descriptors()
        left = [fd for fd in sorted(now) if self.descriptors.get(fd) != now[fd]]
        return ["fd %d -> %s" % (fd, name) for fd, name in _named(left)]


def held_ports(listeners):
    """A line for each listener that is still open, here or in a child that was forked off.

    ``listeners``: pairs of the address in words and what :func:`target` said of its descriptor.
    """
    held = set(name for _, name in _named(_descriptor_numbers()))
    for pid in _children():
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
            yield os.readlink(path)
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
