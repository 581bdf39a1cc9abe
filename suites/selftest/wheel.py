"""The wheel that is built of this checkout, and installed where a test wants it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sockproof._paths import kit_dir

__all__ = ["install_wheel"]


def install_wheel(target: Path) -> None:
    """Into a folder from which it is imported; what it depends on is there already."""
    sources = kit_dir()
    if not (sources / "README.md").exists():
        pytest.skip("no sources to build a wheel of")
    wheels = target.with_name("wheels")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=sources, check=True, capture_output=True)
    (wheel,) = wheels.iterdir()
    words = ["install", "--no-deps", "--no-index", "--no-compile", "--target", str(target)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
