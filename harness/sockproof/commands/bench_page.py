"""The figures of the benchmark as a page with a plot: one file, without script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sockproof import __version__
from sockproof.commands.costs import Figures
from sockproof.report.html.rendering import assets, rendered

__all__ = ["bench_html"]

STYLES = ("page.css", "changes.css", "kill_matrix.css", "bench.css")
# The plot in units of its view box: where bars begin, how long the longest is, how high each row.
_LEFT, _LONGEST, _ROW = 190, 560, 26


@dataclass(frozen=True)
class Bar:
    """One row of the plot: a name, and parts that stand side by side, ``(class, x, width)``."""

    name: str
    y: int
    parts: Sequence[tuple[str, float, float]]
    told: str


def bench_html(figures: Sequence[Figures], machine: Mapping[str, Any], day: str) -> str:
    """The page; ``day`` is when it was measured."""
    longest_s = max(cost.processor_s for one in figures for cost in one.costs.values())
    plots = {one.iut: list(_bars(one, longest_s)) for one in figures}
    return rendered(
        "bench.html.j2",
        style=assets(STYLES),
        named=[],
        version=__version__,
        figures=figures,
        machine=machine,
        day=day,
        plots=plots,
        row=_ROW,
        left=_LEFT,
        width=_LEFT + _LONGEST + 90,
    )


def _bars(figures: Figures, longest_s: float) -> Iterator[Bar]:
    """Processor time of a server by hand, and of a warm case on each spec, to one scale."""
    rows: list[tuple[str, Mapping[str, float]]] = [
        (f"by hand, {name}", {"by hand": processor_s})
        for name, (_, processor_s) in figures.by_hand.items()
    ]
    rows += [(spec, cost.parts) for spec, cost in figures.costs.items()]
    for number, (name, parts) in enumerate(rows):
        placed, x = [], float(_LEFT)
        for part, seconds in parts.items():
            width = seconds / longest_s * _LONGEST
            placed.append((part.replace(" ", "-"), round(x, 1), round(width, 1)))
            x += width
        yield Bar(name, number * _ROW, placed, f"{sum(parts.values()) * 1e3:.2f} ms")
