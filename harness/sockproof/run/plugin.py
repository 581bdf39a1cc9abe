"""The plugin of pytest that a run goes through: pytest's options, the plan, and who watches.

The command imports this module before it starts pytest, which is in order: PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import Protocol

import click
import pytest

from sockproof.errors import UsageError
from sockproof.run.monitor import RunMonitor
from sockproof.run.plan import RunPlan, make_plan, planned
from sockproof.run.run_options import RunOptions, run_options
from sockproof.spec.catalogue import load_modules

__all__ = ["has_plan", "plan_of", "plan_path"]

pytest_plugins = [
    "sockproof.run.heeding",
    "sockproof.run.scheduling",
    "sockproof.run.starting_workers",
    "sockproof.run.collecting",
    "sockproof.run.case_item",
    "sockproof.run.background",
]

_PLAN = pytest.StashKey[RunPlan]()


class _WorkerNode(Protocol):
    """A worker as xdist, which has no types, tells of it."""

    config: pytest.Config
    workerinput: dict[str, object]


# What pytest takes of a run in a checkout; it has others of its own.
@click.command()
@run_options("iuts", "areas", "specs", "expectations", "keep", "seed", "examples", "report_dir")
def _in_checkout(options: RunOptions) -> RunOptions:
    return options


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sockproof", "conformance of socketserver implementations")
    for option in _in_checkout.params:
        assert isinstance(option, click.Option)
        action = "append" if option.multiple else "store"
        told = {"metavar": option.metavar, "help": option.help}
        group.addoption(*option.opts, dest=option.name, action=action, **told)
    group.addoption("--sockproof-plan", default="", help="a plan made before (internal)")
    group.addoption(
        "--sockproof-rows-only", action="store_true", help="no report but rows (internal)"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(id, variants={}): what a case checks")
    wanted = config.option.report_dir and not hasattr(config, "workerinput")
    if wanted and not config.pluginmanager.has_plugin(RunMonitor.NAME):
        folder = Path(config.option.report_dir)
        monitor = RunMonitor(plan_of(config), load_modules(), folder, selects_alone=False)
        config.pluginmanager.register(monitor, RunMonitor.NAME)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is collected lives as long as the run: nobody need look for garbage in it."""
    if session.config.option.sockproof_rows_only:
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: _WorkerNode) -> None:
    """Before a worker of xdist starts: its options are a copy of ours, so make the plan now."""
    plan_of(node.config)
    node.workerinput["sockproof_plan"] = node.config.option.sockproof_plan


def has_plan(config: pytest.Config) -> bool:
    """Whether anybody has asked for the plan of this run."""
    return _PLAN in config.stash


def plan_of(config: pytest.Config) -> RunPlan:
    """The plan of this run: made once by whoever comes first, read by everybody else."""
    if not has_plan(config):
        config.option.sockproof_plan = config.option.sockproof_plan or _write_plan(config)
        config.stash[_PLAN] = RunPlan.read(plan_path(config))
    return config.stash[_PLAN]


def plan_path(config: pytest.Config) -> Path:
    """The file of the plan, alone in a folder where a run puts what it needs."""
    return Path(config.option.sockproof_plan)


def _write_plan(config: pytest.Config) -> str:
    try:
        plan = make_plan(_asked(config))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if plan.unavailable:
        raise pytest.UsageError("; ".join(plan.unavailable))
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    return str(stack.enter_context(planned(plan)))


def _asked(config: pytest.Config) -> RunOptions:
    """As if they were given to a command: click knows what each of them may be."""
    words = []
    for option in _in_checkout.params:
        given = getattr(config.option, str(option.name)) or []
        for value in given if isinstance(given, list) else [given]:
            words += [option.opts[0], str(value)]
    try:
        asked = _in_checkout.main(words, standalone_mode=False)
    except click.ClickException as error:
        raise pytest.UsageError(error.format_message()) from None
    assert isinstance(asked, RunOptions)
    return asked
