"""Gates: where handlers and hooks are held. Runs inside the process under test; Python 2.7 and 3.x.

A gate is a pipe that was made before the fork, so it holds threads and children alike; each octet
lets one through. Its read end does not block: who waits may be woken for one octet with others.
"""

from __future__ import absolute_import

import errno
import os
import select

# Bound before any preload can patch them.
_read = os.read
_poll = getattr(select, "poll", None)

# Longest sleep without another look at the gate.
SLEEP_MS = 60000

GATES = []  # type: ignore[var-annotated]
# What holds the threads of a green runtime here, see green.py; at most one.
CONTROL = []  # type: ignore[var-annotated]


def use_gates(fds, control=None):
    """These read ends are the gates of this process and of those it forks."""
    GATES[:] = fds
    CONTROL[:] = [control] if control else []


def pass_gate(index):
    """Wait until the harness lets one more through gate ``index``."""
    if not GATES:
        raise RuntimeError("this process has no gates")
    fd = GATES[index]
    for control in CONTROL:
        if control.is_here():
            return control.pass_gate(fd)
    wait = wait_natively if CONTROL else _wait
    while not take(fd):
        wait(fd)
    return None


def take(fd):
    """Whether a gate's pipe had an octet, which nobody else took; or nobody writes more."""
    try:
        _read(fd, 1)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EINTR):
            raise
        return False
    return True


def close_gates():
    """Gates hold whoever comes to them."""
    for fd in GATES:
        try:
            while _read(fd, 65536):
                pass
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EINTR):
                raise


def _wait(fd):
    """By the runtime's own select(), should it be one that is not known."""
    select.select([fd], [], [], SLEEP_MS / 1000.0)


def wait_natively(fd):
    """Until a descriptor can be read, or for a while."""
    readable_of([fd])


def readable_of(fds):
    """Which of them can be read, or are at an end, once any can or is; none after a while."""
    poll = _poll()  # type: ignore[misc]
    for fd in fds:
        poll.register(fd, select.POLLIN)
    try:
        return [fd for fd, _ in poll.poll(SLEEP_MS)]
    except (OSError, select.error) as error:
        if error.args[0] != errno.EINTR:  # Python 2 does not retry (PEP 475)
            raise
        return []
