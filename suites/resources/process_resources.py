"""Descriptors, threads and children of the implementation's process: counted, and limited.

The process is forked for the one case, so that nobody else is limited with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from fixtures import CaseProcess, Mismatch, NotApplicable, Peers, Server, same

__all__ = [
    "LINE",
    "LOWEST_HIGH",
    "count_at_rest",
    "expect_as_before",
    "high_descriptors",
    "no_descriptor_left",
    "no_fork_possible",
    "no_thread_possible",
    "play_one_by_one",
]

LINE = b"x\n"

_COUNT = """
import gc
import glob


def read(path):
    try:
        with open(path) as opened:
            return opened.read()
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
# The first descriptor that select() has no room for.
LOWEST_HIGH = 1024

_LIMIT_DESCRIPTORS = """
import resource
free = os.dup(0)
os.close(free)
descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (free, descriptors[1]))
try:
    os.close(os.dup(0))
    refused = False
except OSError:
    refused = True
"""
_FREE_DESCRIPTORS = "resource.setrlimit(resource.RLIMIT_NOFILE, descriptors)"

# The limit counts the processes of a real user other than root: one that nobody else is.
_LIMIT_PROCESSES = """
import resource
users = os.getresuid()
if 0 in users:
    os.setresuid(54321, 54321, 0)
processes = resource.getrlimit(resource.RLIMIT_NPROC)
resource.setrlimit(resource.RLIMIT_NPROC, (1, processes[1]))
"""
_FREE_PROCESSES = """
resource.setrlimit(resource.RLIMIT_NPROC, processes)
if 0 in users:
    os.setresuid(*users)
"""
_TRY_FORK = """
try:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    refused = False
except OSError:
    refused = True
"""
_TRY_THREAD = """
tasks = []
tried = threading.Thread(target=lambda: tasks.append(os.readlink("/proc/thread-self")))
try:
    tried.start()
    tried.join()
    refused = False
except Exception:  # thread.error on Python 2.7, RuntimeError on 3.x
    refused = True
"""
_IS_GREEN = "tasks == [os.readlink('/proc/thread-self')]"
_FILL_DESCRIPTORS = """
import resource
descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (max({room}, descriptors[0]), descriptors[1]))
fillers = [os.dup(0)]
while fillers[-1] < {lowest} - 1:
    fillers.append(os.dup(0))
"""
_EMPTY_DESCRIPTORS = """
for filler in fillers:
    os.close(filler)
"""


def count_at_rest(server: Server) -> None:
    """Descriptors, threads and running children of the process, while no request is at work and
    its loop waits, which may have descriptors of its own. They are kept there, as ``before``.

    Garbage is collected first. What the agent keeps alive is none: handlers, and the arguments of
    hooks, so that a connection is not closed because nobody knows it any more.
    """
    server.execute(_COUNT)
    server.let_others_run()
    server.execute("before = count()")


def expect_as_before(server: Server) -> None:
    """Until the process has as many descriptors, threads and children again as were counted.

    Clients are closed by then: those of a stand-alone script live in the same process.

    Raises:
        Mismatch: it still had others at the hang bound.
    """
    try:
        server.expect_true("count() == before")
    except Mismatch:
        before, found = server.evaluate("before"), server.evaluate("count()")
        same(before, found, "descriptors, threads and running children")
        raise


def play_one_by_one(server: Server, peers: Peers, requests: int) -> None:
    """So many clients, one after the other, each ask for an echo of LINE, and leave."""
    for _ in range(requests):
        peer = peers().connect(server)
        peer.send(LINE).expect(LINE).expect_end()
        peer.close()


@contextlib.contextmanager
def no_descriptor_left(process: CaseProcess) -> Iterator[None]:
    """The process gets no further descriptor: accept() and the like fail with EMFILE.

    Nothing may close a descriptor meanwhile, so nothing may be at work before.

    Raises:
        Inconclusive: it gets one all the same.
    """
    _order(process, _LIMIT_DESCRIPTORS)
    try:
        _check_refused(process, "descriptor")
        yield
    finally:
        _order(process, _FREE_DESCRIPTORS)


@contextlib.contextmanager
def no_fork_possible(process: CaseProcess) -> Iterator[None]:
    """fork() fails with EAGAIN in the process, as when its user has too many processes.

    Raises:
        Inconclusive: it does not fail.
    """
    with _no_process(process, _TRY_FORK, "process"):
        yield


@contextlib.contextmanager
def no_thread_possible(process: CaseProcess) -> Iterator[None]:
    """No thread can be started in the process: to the system it is one process more.

    Raises:
        Inconclusive: one can. NotApplicable: what runs in a thread is none to the system.
    """
    _order(process, _TRY_THREAD)
    if process.do("evaluate", expression=_IS_GREEN).value:
        raise NotApplicable("its threads are green: no limit of the system is for them")
    with _no_process(process, _TRY_THREAD, "thread"):
        yield


@contextlib.contextmanager
def _no_process(process: CaseProcess, attempt: str, what: str) -> Iterator[None]:
    _order(process, _LIMIT_PROCESSES)
    try:
        _order(process, attempt)
        _check_refused(process, what)
        yield
    finally:
        _order(process, _FREE_PROCESSES)


@contextlib.contextmanager
def high_descriptors(process: CaseProcess) -> Iterator[None]:
    """What the process opens gets a descriptor that select() has no room for.

    Raises:
        Inconclusive: the process may not have so many.
    """
    _order(process, _FILL_DESCRIPTORS.format(room=LOWEST_HIGH + 100, lowest=LOWEST_HIGH))
    try:
        yield
    finally:
        _order(process, _EMPTY_DESCRIPTORS)


def _order(process: CaseProcess, source: str) -> None:
    error = process.do("execute", source=source).error
    if error is not None:
        raise NotApplicable(f"the process cannot be limited here: {error}")


def _check_refused(process: CaseProcess, what: str) -> None:
    if not process.do("evaluate", expression="refused").value:
        raise NotApplicable(f"the process gets one {what} more in spite of its limit")
