"""The plugins of the suites: how cases are made of requirements, their fixtures, and turns."""

from __future__ import annotations

pytest_plugins = [
    "sockproof.run.plugin",
    "fixtures.servers",
    "fixtures.secured",
    "fixtures.generated",
    "fixtures.turns",
]
