"""The workers of a proof: processes that have the suites collected, each handed one job at a time.

A worker that dies or falls silent costs the job it was at, which another one tries once more. No
pool of the standard library outlives the death of a process, so threads of one keep our own.
"""

from __future__ import annotations

import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from sockproof.errors import HarnessError
from sockproof.mutation.jobs import Job, PlayedJob
from sockproof.mutation.player import READY
from sockproof.run.lifetime import (
    heed_interrupt,
    interrupt_workers,
    interrupted_later,
    start_deaf,
)
from sockproof.timing import case_deadline_s

__all__ = ["Crew"]

_START_S = 120.0
# What a worker has for coming to its end, before it is killed.
_LAST_S = 5.0
# How many deadlines of a case a worker may be silent: generated plans take several.
_SILENCE = 6

# So many first jobs without one that was played, and none will be.
_LOST = 3

# Called in the process with the plan's path and the connection to take jobs from.
Run = Callable[[Path, Connection], None]


class _Worker:
    """One process. Raises EOFError, OSError or TimeoutError when it is of no use any more."""

    def __init__(self, run: Run, plan_path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(plan_path, theirs), daemon=True)
        try:
            self._process.start()
        except OSError:  # of a machine that is full; another one may be tried
            raise
        except Exception as error:
            cause = " ".join(f"{type(error).__name__}: {error}".split())
            raise HarnessError(f"a worker cannot be started: {cause}") from error
        theirs.close()
        said = self._receive(_START_S)
        if said != READY:
            raise HarnessError(f"a worker does not start: {said}")

    def play(self, job: Job) -> PlayedJob:
        """What came of it; until then the worker names each case that it has played."""
        self._connection.send(job)
        while isinstance(said := self._receive(_SILENCE * case_deadline_s()), str):
            pass
        assert isinstance(said, PlayedJob)
        return said

    def _receive(self, bound_s: float) -> object:
        if not self._connection.poll(bound_s):
            raise TimeoutError
        return self._connection.recv()

    def end(self) -> None:
        self._connection.close()
        self._process.join(_LAST_S)
        self._process.kill()


class Crew:
    """``size`` workers that ``run`` each starts; a context manager, which ends them: at once
    when its block is left by an exception."""

    def __init__(self, run: Run, plan_path: Path, size: int) -> None:
        self._run = run
        self._plan_path = plan_path
        self._threads = ThreadPoolExecutor(size, "sockproof crew", start_deaf)
        self._over = threading.Event()
        self._any_played = False
        # A place for each thread: a worker that is idle, or None where one is still to be started.
        self._places: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        for _ in range(size):
            self._places.put(None)

    def __enter__(self) -> Crew:
        resource_tracker.ensure_running()  # in a thread of ours it would end start_deaf()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._over.set()
            interrupt_workers(self._plan_path)
            self._threads.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.join(_LAST_S)
                process.kill()
        self._threads.shutdown()
        while not self._places.empty():
            if worker := self._places.get():
                worker.end()

    def play(self, jobs: Sequence[Job]) -> Iterator[PlayedJob]:
        """Each job's outcome as it comes.

        Raises:
            HarnessError: no worker starts, or none plays anything.
            Exception: whatever else a thread of ours met: it must not end in silence.
        """
        with interrupted_later():  # in submit(), it leaves a thread that shutdown() does not know
            futures = [self._threads.submit(self._play, job) for job in jobs]
        heed_interrupt()
        for number, future in enumerate(as_completed(futures), 1):
            heed_interrupt()
            played = future.result()
            self._any_played |= not played.lost
            if not self._any_played and number >= min(_LOST, len(jobs)):
                raise HarnessError(f"the workers play nothing: {played.lost}")
            yield played

    def _play(self, job: Job) -> PlayedJob:
        try:
            return self._play_once(job)
        except (EOFError, OSError):  # a TimeoutError is one
            if self._over.is_set():
                raise
        try:
            return self._play_once(job)
        except (EOFError, OSError, HarnessError) as error:
            return PlayedJob(job, lost=f"its worker died twice ({type(error).__name__})")

    def _play_once(self, job: Job) -> PlayedJob:
        worker = self._places.get()
        try:
            worker = worker or _Worker(self._run, self._plan_path)
            return worker.play(job)
        except BaseException:
            if worker:
                worker.end()
                worker = None
            raise
        finally:
            self._places.put(worker)
