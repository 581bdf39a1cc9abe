"""How much more memory this process takes at most while something is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

__all__ = ["Memory"]


class Memory:
    """``mib`` is how much the most that was resident within the block is above what was before.

    Skips the test where the system does not tell.
    """

    mib = 0.0

    def __enter__(self) -> Memory:
        try:
            Path("/proc/self/clear_refs").write_text("5")  # the peak is what is there now
        except OSError:
            pytest.skip("no /proc/self/clear_refs to be written to")
        self._before = _peak_kib()
        return self

    def __exit__(self, *_: object) -> None:
        self.mib = (_peak_kib() - self._before) / 1024


def _peak_kib() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1])
