"""Processes looked at while they end: only the superuser sees all of one that has no memory left.

Bites where the tests are an ordinary user's.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

from sockproof.check.listener import parse_address
from sockproof.check.processes import Processes
from sockproof.iut.agent.looking import look

ENDING = 200
WITH_ZOMBIES = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", 0))
for _ in range(3):
    if not (pid := os.fork()):
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.mark.by_turns(6)
def test_thread_that_just_ends_is_looked_at() -> None:
    """It is at something, or it has ended: what it shows nobody is no fault of the system's."""
    for _ in range(ENDING):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        seen: list[int] | None = [-1, 0, 0]
        watched = os.pidfd_open(pid)
        try:
            while seen is not None and not select.select([watched], [], [], 0)[0]:
                seen = look(pid, pid)
        finally:
            os.close(watched)
            os.waitpid(pid, 0)


def test_zombies_hold_nothing_but_their_places() -> None:
    """They are counted, and hide nothing of their parent."""
    with subprocess.Popen(
        [sys.executable, "-c", WITH_ZOMBIES], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        address = parse_address(f"127.0.0.1:{int(parent.stdout.readline())}")

        standing = Processes(address, parent.pid).standing()

        assert (standing.children, standing.threads) == (3, 1)
        assert standing.descriptors > 0
        parent.kill()
