"""A case's commands, line by line. Runs inside the process under test; Python 2.7 and 3.x."""

from __future__ import absolute_import

import errno
import os
import select

_read = os.read
_getpid = os.getpid


class Lines(object):
    """Lines read from a descriptor without reading ahead of what is needed, or buffering."""

    def __init__(self, fd, cooperative=False):
        """``cooperative``: a runtime that is not known may have a hub, which is let run."""
        self.fd = fd
        self.cooperative = cooperative
        self.rest = b""
        self.home = _getpid()

    def next(self):
        """The next line, or None at the end."""
        while b"\n" not in self.rest:
            if self.cooperative:
                select.select([self.fd], [], [])
            while _getpid() != self.home:  # such a runtime may run us on in a forked child
                select.select([], [], [], 60)
            if not self.receive():
                return None
        line, self.rest = self.rest.split(b"\n", 1)
        return line

    def receive(self):
        """Wait for more of them; whether anything came before the end."""
        while True:
            try:
                got = _read(self.fd, 65536)
            except OSError as error:
                if error.errno != errno.EINTR:
                    raise
            else:
                self.rest += got
                return bool(got)

    def whole(self):
        """Those that are here in whole."""
        lines = self.rest.split(b"\n")
        self.rest = lines.pop()
        return lines
