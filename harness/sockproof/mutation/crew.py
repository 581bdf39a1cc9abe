"""The workers of a proof: processes that have the suites collected, each handed one job at a time.

A worker that dies or falls silent costs the job it was at, which another one tries once more.
"""

from __future__ import annotations

import multiprocessing
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path

from sockproof.errors import HarnessError
from sockproof.mutation.jobs import Job, JobEnding, Seen
from sockproof.mutation.player import READY
from sockproof.run.lifetime import heed_interrupt, interrupt_workers, start_deaf
from sockproof.timing import case_deadline_s

__all__ = ["Crew", "PlayedJob"]

_START_S = 120.0
_SILENCE = 6
"""How many deadlines of a case a worker may be silent: generated plans take several."""


@dataclass
class PlayedJob:
    """A job and what came of it, in the order played."""

    job: Job
    seen: list[Seen] = field(default_factory=list)
    ending: JobEnding = field(default_factory=lambda: JobEnding(""))


class _Worker:
    """One process. Raises EOFError, OSError or TimeoutError when it is of no use any more."""

    def __init__(self, run: Callable[[Path, Connection], None], plan_path: Path) -> None:
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
        played = PlayedJob(job)
        self._connection.send(job)
        while not isinstance(said := self._receive(_SILENCE * case_deadline_s()), JobEnding):
            assert isinstance(said, Seen)
            played.seen.append(said)
        played.ending = said
        return played

    def _receive(self, bound_s: float) -> object:
        if not self._connection.poll(bound_s):
            raise TimeoutError
        return self._connection.recv()

    def end(self) -> None:
        self._connection.close()
        self._process.join(5)
        self._process.kill()


class Crew:
    """``size`` workers that ``run`` each starts; a context manager, which ends them: at once
    when its block is left by an exception.

    ``run`` is called in the process with the plan's path and the connection to take jobs from.
    """

    def __init__(self, run: Callable[[Path, Connection], None], plan_path: Path, size: int) -> None:
        self._run = run
        self._plan_path = plan_path
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[PlayedJob | Exception] = queue.SimpleQueue()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run_worker, daemon=True) for _ in range(size)
        ]

    def __enter__(self) -> Crew:
        resource_tracker.ensure_running()  # in a thread of ours it would end start_deaf()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._over.set()
            interrupt_workers(self._plan_path)
        for _thread in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(10)

    def play(self, jobs: Sequence[Job]) -> Iterator[PlayedJob]:
        """Each job's outcome as it comes.

        Raises:
            HarnessError: no worker starts.
            Exception: whatever else a thread of ours met: it must not end in silence.
        """
        for job in jobs:
            self._jobs.put(job)
        for _ in jobs:
            played = self._done.get()
            heed_interrupt()
            if isinstance(played, Exception):
                raise played
            yield played

    def _run_worker(self) -> None:
        start_deaf()
        try:
            self._serve()
        except Exception as error:
            self._done.put(error)

    def _serve(self) -> None:
        worker: _Worker | None = None
        while (job := self._jobs.get()) is not None and not self._over.is_set():
            try:
                worker = worker or _Worker(self._run, self._plan_path)
                self._done.put(worker.play(job))
            except (EOFError, OSError):  # a TimeoutError is one
                if worker:
                    worker.end()
                worker = self._once_more(job)
        if worker:
            worker.end()

    def _once_more(self, job: Job) -> _Worker | None:
        if self._over.is_set():
            return None
        worker: _Worker | None = None
        try:
            worker = _Worker(self._run, self._plan_path)
            self._done.put(worker.play(job))
        except (EOFError, OSError, HarnessError) as error:
            if worker:
                worker.end()
            lost = JobEnding(job.subject, lost=f"its worker died twice ({type(error).__name__})")
            self._done.put(PlayedJob(job, [], lost))
            return None
        return worker
