"""Starts another worker for one that dies while it starts: xdist itself ends the run then.

A worker that has started may die as it likes, xdist replaces it. PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable
from typing import Any

import pytest

from sockproof.errors import HarnessError

# What kills so many, one after the other, kills them all.
_TRIES = 5


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Before the first worker starts; those that replace others are started in the same way."""
    manager: Any = config.pluginmanager.getplugin("dsession").nodemanager
    manager.setup_node = functools.partial(_started, manager.group, manager.setup_node)


def _started(group: Any, start: Callable[[Any, Any], Any], spec: Any, putevent: Any) -> Any:
    """The worker that ``start`` starts; each try has a name of its own.

    Raises:
        HarnessError: all of them died. OSError: there can be none.
    """
    for _ in range(_TRIES):
        try:
            return start(spec, putevent)
        except (OSError, EOFError) as error:
            if not _is_of_a_death(error):
                raise
            problem = error
        spec.id = None
        group.allocate_id(spec)
    raise HarnessError(f"{_TRIES} workers died while they started: {problem}", "see what ends them")


def _is_of_a_death(error: OSError | EOFError) -> bool:
    """Whether nobody reads or writes at the other end; execnet gives that no number."""
    return getattr(error, "errno", None) in (None, errno.EPIPE)
