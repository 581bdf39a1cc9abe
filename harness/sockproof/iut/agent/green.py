"""Control under a green runtime: a native thread beside the hub. Runs in the process under test.

All that its green threads do stands still while one of them waits natively, and their hub is theirs
alone. So commands and gates are read by a thread that the runtime does not know, made by what the
interpreter had before it was patched. It wakes the hub, and never runs what is tested: of a hub
that does not run, it still tells where the green threads stand. A forked child has no such thread.
"""

from __future__ import absolute_import

import collections
import gc
import json
import os
import re
import signal
import traceback

from . import events, gates, hub_eventlet, hub_gevent
from .lines import Lines

try:
    import _thread
except ImportError:  # Python 2.7
    import thread as _thread  # type: ignore[import-not-found, no-redef]

HUBS = {"gevent": hub_gevent.GeventHub, "eventlet": hub_eventlet.EventletHub}
# Where making the hub imports more than the preload has.
WARM = {"gevent": hub_gevent.warm}

# Bound before any preload can patch them.
_read, _write, _pipe = os.read, os.write, os.pipe
_getpid, _exit = os.getpid, os._exit
_start_thread, _get_ident = _thread.start_new_thread, _thread.get_ident
_mask = getattr(signal, "pthread_sigmask", None)
_SIGNALS = [getattr(signal, name) for name in dir(signal) if re.match("SIG[A-Z]", name)]


def is_known(runtime):
    """Whether there is control for a runtime, by its package's name; and whether it has threads."""
    return runtime in HUBS and _thread.start_new_thread is not _start_thread


def warm(runtime):
    """In the warm agent: have ready what each case needs. Whether there is control for it."""
    known = is_known(runtime)
    if known and runtime in WARM:
        WARM[runtime]()
    return known


def _hub_of(runtime, woken):
    return HUBS[runtime](woken)


class Control(object):
    """Commands and gates for the green threads of one process and one hub, which makes it."""

    def __init__(self, runtime, commands, gate_fds):
        """``commands`` and each of ``gate_fds`` are descriptors to read from."""
        self.home = (_getpid(), _get_ident())
        self.lines = collections.deque()  # type: ignore[var-annotated]
        self.takers = collections.deque()  # type: ignore[var-annotated]
        self.held = dict((fd, collections.deque()) for fd in gate_fds)
        self.passed = collections.deque()  # type: ignore[var-annotated]
        self.readable, self.writable = _pipe()
        self.hub = _hub_of(runtime, self._in_the_hub)
        _without_signals(_start_thread, self._control, (Lines(commands),))

    def next(self):
        """The next command; others run meanwhile. For a forked child none comes."""
        while not self.is_here() or not self.lines:
            self._pause_among(self.takers, lambda: None)
        return self.lines.popleft()

    def pooled(self):
        """How many native threads the runtime keeps for what would block its hub."""
        return self.hub.pooled()

    def is_here(self):
        """Whether the caller runs where the hub does that is woken."""
        return self.home == (_getpid(), _get_ident())

    def pass_gate(self, fd):
        """Hold one green thread until the harness lets it through."""
        self._pause_among(self.held[fd], lambda: _write(self.writable, b"w"))

    def _pause_among(self, others, announce):
        wait, go_on = self.hub.pause()
        others.append(go_on)
        announce()
        try:
            wait()
        except BaseException:  # an exit that was thrown into it
            if go_on in others:
                others.remove(go_on)
            raise

    def _in_the_hub(self):
        """Whoever may go on does."""
        if self.home[0] != _getpid():
            return
        while self.passed:
            self.passed.popleft()()
        if self.lines and self.takers:
            self.takers.popleft()()

    def _control(self, lines):
        """In the native thread, to the end of the process."""
        while True:
            awaited = [fd for fd, pauses in self.held.items() if pauses]
            ready = gates.readable_of([lines.fd, self.readable] + awaited)
            if self.readable in ready:
                _read(self.readable, 65536)
            for fd in awaited:
                while fd in ready and self.held[fd] and gates.take(fd):
                    self.passed.append(self.held[fd].popleft())
            if lines.fd in ready:
                if not lines.receive():
                    _exit(0)
                for line in lines.whole():
                    self._hear(line)
            if self.lines or self.passed:
                self.hub.wake()

    def _hear(self, line):
        """Answer what needs no hub: so a signal after a fence finds no green thread of ours."""
        order = json.loads(line.decode("ascii"))
        if order["op"] == "green_stacks":
            _write(2, green_stacks().encode("utf-8", "replace"))
            events.reply(order["seq"], "done", None)
        elif order["op"] == "fence":
            events.flush()
            events.reply(order["seq"], "done", None)
        else:
            self.lines.append(line)


def _without_signals(act, *arguments):
    """A thread that begins in here gets none: all are for the main thread, which handles them."""
    if _mask is None:  # Python 2.7; Linux gives the main thread those that it does not block
        return act(*arguments)
    before = _mask(signal.SIG_BLOCK, _SIGNALS)
    try:
        return act(*arguments)
    finally:
        _mask(signal.SIG_SETMASK, before)


def green_stacks():
    """Where each green thread stands that is not running just now."""
    told = []
    for thing in gc.get_objects():
        frame = getattr(thing, "gr_frame", None) if _is_green(thing) else None
        if frame is not None:
            stack = "".join(traceback.format_stack(frame))
            told.append("Green thread %s:\n%s" % (type(thing).__name__, stack))
    return "".join(told)


def _is_green(thing):
    return any(base.__name__ == "greenlet" for base in type(thing).__mro__)
