"""Where pytest, and what it starts, heeds an interrupt: between two steps. PYTEST_DONT_REWRITE"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from sockproof.run.lifetime import (
    end_with_run,
    heed_interrupt,
    interrupt_workers,
    interrupted_later,
)
from sockproof.run.plugin import has_plan, plan_path


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> Generator[None]:
    """A worker listens to the run from here on, and here is where a run starts its workers."""
    workerinput = getattr(session.config, "workerinput", {})
    if "sockproof_plan" in workerinput:
        session.config.option.sockproof_plan = workerinput["sockproof_plan"]
        end_with_run(Path(workerinput["sockproof_plan"]))
        yield
    else:
        with interrupted_later():
            yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """From here on pytest ends the session of whoever raises, and xdist its workers."""
    heed_interrupt()


def pytest_collectreport() -> None:
    """Of one file, collected here."""
    heed_interrupt()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    """Of all files, collected by a worker."""
    heed_interrupt()


@pytest.hookimpl(trylast=True)  # after the record is written
def pytest_runtest_logreport() -> None:
    """Of one step of a case, here or in a worker."""
    heed_interrupt()


@pytest.hookimpl(tryfirst=True)  # before xdist waits for its workers
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """An interrupt here is one of the workers."""
    is_run = has_plan(session.config) and not hasattr(session.config, "workerinput")
    if is_run and exitstatus == pytest.ExitCode.INTERRUPTED:
        interrupt_workers(plan_path(session.config))
