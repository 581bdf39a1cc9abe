"""The same seed gives the same plans, whatever else is loaded.

Hypothesis looks for integers in the source of the modules that are loaded, and now and then draws
one of those. Which modules are loaded depends on what was selected, on the worker, and on whether
sockproof is installed or a checkout.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_constants_of_modules"]

_PROVIDERS = "hypothesis.internal.conjecture.providers"
_FOUND = "_get_local_constants"


@contextmanager
def without_constants_of_modules() -> Iterator[None]:
    """Have Hypothesis find none, in the versions that look for them; there is no setting for it."""
    try:
        providers = importlib.import_module(_PROVIDERS)
        found, none = getattr(providers, _FOUND), providers.Constants()
        drawn_from = providers.CONSTANTS_CACHE.cache
    except (ImportError, AttributeError):
        yield
        return
    drawn_from.clear()
    setattr(providers, _FOUND, lambda: none)
    try:
        yield
    finally:
        drawn_from.clear()
        setattr(providers, _FOUND, found)
