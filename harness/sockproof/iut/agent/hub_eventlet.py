"""What control asks of eventlet's hub. Runs inside the process under test; Python 2.7 and 3.x."""

from __future__ import absolute_import

import errno
import fcntl
import os
import sys

_read, _write, _pipe, _getpid = os.read, os.write, os.pipe, os.getpid


class EventletHub(object):
    """The hub of the thread that makes it. ``wake()`` is for any thread.

    The hub listens for ever at a pipe. A child that is forked off has the hub's epoll in common
    with us, and would take the pipe out of it if it stopped to listen: so it goes on, and reads
    nothing.
    """

    def __init__(self, woken):
        """``woken`` is called in the hub each time that it was woken, which it must not hold."""
        from eventlet import event, hubs

        self._event = event.Event
        self._woken = woken
        self._home = _getpid()
        self._readable, self._writable = _pipe()
        for fd in (self._readable, self._writable):
            fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
        hub = hubs.get_hub()
        hub.add(hub.READ, self._readable, self._listen, self._listen, None)

    def _listen(self, _):
        if _getpid() == self._home:
            _unless_it_would_block(_read, self._readable, 65536)
            self._woken()

    def wake(self):
        _unless_it_would_block(_write, self._writable, b"w")  # a full pipe wakes as well

    def pause(self):
        """How one green thread is held, and how the hub lets it go on.

        Who has called select() may be woken for it once more later: the hub has then both to read
        and to write, and tells of each.
        """
        event = self._event()

        def wait():
            while not event.ready():
                event.wait()

        return wait, event.send

    def pooled(self):
        """How many native threads there are in its pool."""
        return len(getattr(sys.modules.get("eventlet.tpool"), "_threads", ()))


def _unless_it_would_block(act, *arguments):
    try:
        act(*arguments)
    except EnvironmentError as error:
        if error.errno not in (errno.EAGAIN, errno.EINTR):
            raise
