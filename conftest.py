"""The plugins of the suites: how cases are made of requirements, and the fixtures they use."""

from __future__ import annotations

pytest_plugins = ["sockproof.plugin", "fixtures.servers", "fixtures.generated"]
