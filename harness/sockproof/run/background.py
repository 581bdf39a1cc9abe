"""Plays the cases that wait for long in the background of a run. PYTEST_DONT_REWRITE

Each is played in a copy of the worker's process, which goes on with the next case at once, and
makes known what has come of them when nothing else is left to play: so they wait side by side.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pytest

from sockproof.run.case_item import agent_pool, is_played_again, told_reports
from sockproof.run.collecting import parameter_of
from sockproof.run.lifetime import end_with_run
from sockproof.run.plugin import plan_path
from sockproof.timing import PATIENCE_S, case_deadline_s, start_bound_s

__all__ = ["Background"]

# So many of a worker wait side by side: each has an agent of its own.
_MOST = 16
_LOST = "the process that played the case ended without a word"


@dataclass
class _Copy:
    """A process that plays a case, and tells of it through a pipe."""

    item: pytest.Item
    pid: int
    told: int
    deadline: float
    text: bytes | None = None

    def wait(self) -> None:
        """Until it has told all, and has ended; one that stands still is ended, and is lost."""
        if self.text is None:
            self.text = _read(self.told, self.deadline)
            os.close(self.told)
            if self.text is None:
                self.text = b""
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def end(self) -> None:
        """It has no more to tell."""
        if self.text is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            self.wait()

    def reports(self) -> list[pytest.TestReport]:
        """What it has told; of one that was lost what xdist tells of a case that it has lost."""
        item = self.item
        try:
            told = json.loads(self.text or b"")
        except ValueError:
            told = _LOST
        if isinstance(told, str):
            return [pytest.TestReport(item.nodeid, item.location, {}, "failed", told, "???")]  # type: ignore[arg-type]
        read = item.config.hook.pytest_report_from_serializable
        return [read(config=item.config, data=one) for one in told]


def _read(descriptor: int, deadline: float) -> bytes | None:
    """All that is told there; None where its end has not come by then."""
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    text = b""
    while ready.poll(1000 * max(0.0, deadline - time.monotonic())):
        more = os.read(descriptor, 1 << 16)
        if not more:
            return text
        text += more
    return None


class Background:
    """The cases that were begun; a context manager, which ends those that are still played."""

    def __init__(self) -> None:
        self._copies: list[_Copy] = []

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._copies:
            one.end()

    def begin(self, item: pytest.Item) -> None:
        """Begin a case: once another has ended, where there are many.

        Raises:
            OSError: no process can be had for it.
        """
        if len(self._copies) >= _MOST:
            self._copies[-_MOST].wait()
        self._copies.append(_begun(item))

    def ended(self) -> Iterator[tuple[pytest.Item, list[pytest.TestReport]]]:
        """Each that was begun, once it has ended, with the reports that are to be made known."""
        for one in self._copies:
            one.wait()
            yield one.item, one.reports()


def _begun(item: pytest.Item) -> _Copy:
    told, telling = os.pipe()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads: the copy needs none of them
            pid = os.fork()
    except OSError:
        os.close(told)
        raise
    else:
        if not pid:
            _play(item, telling)
    finally:
        os.close(telling)
    # It has bounds of its own: this one is for a copy that stands still before or behind them.
    bound_s = PATIENCE_S + start_bound_s() + 2 * case_deadline_s()
    return _Copy(item, pid, told, time.monotonic() + bound_s)


def _play(item: pytest.Item, telling: int) -> NoReturn:
    """In the copy: it never returns to what the worker is at."""
    try:
        end_with_run(plan_path(item.config))
        pool = agent_pool(item.config)
        pool.forget()
        told = _serialized(item.config, told_reports(item, item.session))
        pool.close()
    except BaseException as fault:  # whoever waits for the copy is told
        told = json.dumps(f"the process that played the case failed: {fault!r}").encode("ascii")
    with contextlib.suppress(OSError), open(telling, "wb") as pipe:  # of a run that has ended
        pipe.write(told)
    os._exit(0)


def _serialized(config: pytest.Config, reports: Sequence[pytest.TestReport]) -> bytes:
    told: list[Any] = [
        config.hook.pytest_report_to_serializable(config=config, report=one) for one in reports
    ]
    return json.dumps(told).encode("ascii")


_OF_SESSION = pytest.StashKey[Background]()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """When all others are played, make known what has come of those that were begun."""
    with Background() as background:
        session.config.stash[_OF_SESSION] = background
        played = yield
        for item, reports in background.ended():
            _make_known(item, reports)
        return played


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Begin a case that waits for long, unless somebody waits for its end."""
    parameter = parameter_of(item)
    if not parameter or not parameter.requirement.is_patient or is_played_again(item):
        return None
    try:
        item.config.stash[_OF_SESSION].begin(item)
    except OSError:  # of a machine that is full: it is played like any other
        return None
    item.session._setupstate.teardown_exact(nextitem)
    return True


def _make_known(item: pytest.Item, reports: Sequence[pytest.TestReport]) -> None:
    """To everybody who watches; a worker of xdist looks at the position for whose report it is."""
    for plugin in item.config.pluginmanager.get_plugins():
        if hasattr(plugin, "item_index"):
            plugin.item_index = item.session.items.index(item)
    whole = not item.config.option.sockproof_rows_only
    if whole:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    if whole:
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
