"""What the benchmark has measured: of one implementation, of cases on one server spec."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cost", "Figures", "machine"]


@dataclass(frozen=True)
class Cost:
    """Of cases played one after the other: wall time of each, processor time of all a case, by who
    spends it, and how often the worker waits for an answer."""

    walls_s: list[float]
    round_trips: float
    worker_s: float
    agent_s: float
    process_s: float

    @property
    def wall_s(self) -> float:
        """The median."""
        return statistics.median(self.walls_s)

    @property
    def processor_s(self) -> float:
        return self.worker_s + self.agent_s + self.process_s

    @property
    def parts(self) -> Mapping[str, float]:
        """Processor time by who spends it, in seconds."""
        return {"worker": self.worker_s, "agent": self.agent_s, "its process": self.process_s}


@dataclass(frozen=True)
class Figures:
    """Of one implementation. ``by_hand`` are wall time and processor time of a server that is made,
    asked once and stopped, ``plain`` and ``forked`` for it; ``costs`` are by server spec."""

    iut: str
    cases: int
    floor_s: float
    by_hand: Mapping[str, tuple[float, float]]
    costs: Mapping[str, Cost]
    workers: int
    cases_a_second: float

    def ratio(self, spec: str) -> float:
        """How many servers by hand a warm case takes."""
        return self.costs[spec].wall_s / self.by_hand["plain"][0]

    def to_json(self) -> dict[str, Any]:
        """Times in seconds."""
        costs = {
            spec: {
                "wall_s": cost.wall_s,
                "processor_s": cost.processor_s,
                "parts_s": dict(cost.parts),
                "round_trips": cost.round_trips,
                "by_hand": self.ratio(spec),
            }
            for spec, cost in self.costs.items()
        }
        hand = {k: {"wall_s": w, "processor_s": p} for k, (w, p) in self.by_hand.items()}
        rate = {"workers": self.workers, "cases_a_second": self.cases_a_second}
        about = {"iut": self.iut, "cases": self.cases, "bare_echo_s": self.floor_s}
        return {**about, "by_hand": hand, "costs": costs, **rate}


def machine() -> dict[str, Any]:
    """What it is measured on."""
    return {
        "processor": next(_processors(), platform.machine()),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
    }


def _processors() -> Iterator[str]:
    """The names that Linux has for them."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        if line.startswith("model name"):
            yield line.partition(":")[2].strip()
