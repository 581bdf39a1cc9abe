"""What the system tells in files. In the agent and in a case's process; Python 2.7 and 3.x.

By system calls alone: in a process that was just forked, each object that is touched costs a page,
and a file object touches many.
"""

from __future__ import absolute_import

import os

# The children of a thread, and of a process that has one alone.
CHILDREN = "/proc/%d/task/%s/children"

# Bound before any preload can patch them.
_open, _read, _close = os.open, os.read, os.close


def text_of(path):
    """What is in it: no more than what any one process or thread has to tell.

    Raises:
        EnvironmentError: nobody may read it, or it is not there.
    """
    fd = _open(path, os.O_RDONLY)
    try:
        return _read(fd, 4096).decode("ascii", "replace")
    finally:
        _close(fd)


def octets_of(path):
    # type: (str) -> bytes
    """All that is in it.

    Raises:
        EnvironmentError: nobody may read it, or it is not there.
    """
    fd = _open(path, os.O_RDONLY)
    try:
        got = octets = _read(fd, 65536)
        while got:
            got = _read(fd, 65536)
            octets += got
    finally:
        _close(fd)
    return octets
