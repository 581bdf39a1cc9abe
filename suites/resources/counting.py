"""What the implementation's process has open and running, counted before and after requests."""

from __future__ import annotations

from fixtures import Peers, same
from sockproof.iut.server import Server
from sockproof.judge.checks import Mismatch

__all__ = ["count_at_rest", "expect_as_before", "play_one_by_one"]

LINE = b"x\n"

_COUNT = """
import gc
import glob


def read(path):
    try:
        with open(path) as told:
            return told.read()
    except EnvironmentError:  # the thread or process has ended meanwhile
        return ""


def is_running(pid):
    return read("/proc/%s/stat" % pid).rpartition(")")[2].split()[:1] not in ([], ["Z"])


def count():
    gc.collect()
    children = [read(path).split() for path in glob.glob("/proc/self/task/*/children")]
    return [
        len(os.listdir("/dev/fd")),
        len(threading.enumerate()),
        len([pid for pids in children for pid in pids if is_running(pid)]),
    ]
"""


def count_at_rest(server: Server) -> list[int]:
    """Descriptors, threads and running children of the process, while no request is at work.

    Garbage is collected first. What the agent keeps alive is none: handlers, and the arguments of
    hooks, so that a connection is not closed because nobody knows it any more.
    """
    server.execute(_COUNT)
    counted: list[int] = server.evaluate("count()")
    return counted


def expect_as_before(server: Server, before: list[int]) -> None:
    """Until the process has as many descriptors, threads and children again.

    Raises:
        Mismatch: it still had others at the hang bound.
    """
    try:
        server.expect_true(f"count() == {before!r}")
    except Mismatch:
        same(before, server.evaluate("count()"), "descriptors, threads and running children")
        raise


def play_one_by_one(server: Server, peers: Peers, requests: int) -> None:
    """So many clients, one after the other, each ask for an echo of LINE, and leave."""
    for _ in range(requests):
        peer = peers().connect(server)
        peer.send(LINE).expect(LINE).expect_end()
        peer.close()
