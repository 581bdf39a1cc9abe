"""What a check prints: a line for each invariant, with its figures before, during and after."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from sockproof.check.invariants.table import Invariant, Play
from sockproof.check.listener import Listener
from sockproof.check.scene import Manners
from sockproof.check.scripts.confirming import SCRIPT
from sockproof.judge.verdict import Verdict
from sockproof.record.rows import CaseRow
from sockproof.report.findings import cause_of
from sockproof.report.text import one_line

__all__ = ["CheckProgress", "done_by", "print_table"]

# Worst first: of an invariant that is played in several variants, that is shown.
_WORST = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
_STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.NOT_APPLICABLE: "dim"}
_MOMENTS = ("before", "during", "after")
# A path is told among the findings, where no line of it is broken.
_TOLD_ELSEWHERE = (*_MOMENTS, SCRIPT)
_COUNTED = ("threads", "children", "descriptors")
# Characters of a cell; what a failure says is told whole among the findings.
_LONGEST, _SHORT = 200, 70


class CheckProgress:
    """Where there is a terminal: a bar, and below it what has been found so far, each cause once.
    At the end it is gone, for all that is told in the summary."""

    def __init__(self, console: Console, total: int) -> None:
        self._bar = Progress(
            TextColumn("  checking"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
        )
        self._at: dict[str, None] = {}
        self._task = self._bar.add_task("", total=total)
        self._found: dict[str, Text] = {}
        self._lock = threading.RLock()  # cases are played side by side
        self._live = Live(self._bar, console=console, transient=True)
        if console.is_terminal:
            self._live.start()

    def begin(self, play: Play) -> None:
        """One case is about to be played."""
        with self._lock:
            self._at[str(play.case)] = None
            self._tell()
        if self._live.is_started:
            self._live.refresh()

    def _tell(self) -> None:
        """What is played now: of several side by side, that which has taken longest."""
        first = next(iter(self._at), "")
        self._bar.update(self._task, description=one_line(first.partition("/")[2], 60))

    def see(self, row: CaseRow) -> None:
        """One case has been played, and its failure is not yet confirmed."""
        if row.verdict is Verdict.FAIL:
            told = f"  found  {one_line(row.actual, _LONGEST)}"
            with self._lock:
                self._found.setdefault(cause_of(row), Text(told, "red"))
                self._live.update(Group(self._bar, *self._found.values()))

    def take(self, row: CaseRow) -> None:
        """One case has ended."""
        with self._lock:
            self._at.pop(row.id, None)
            self._bar.update(self._task, advance=1)
            self._tell()

    def stop(self) -> None:
        """No more comes."""
        self._live.stop()


def done_by(invariant: Invariant, manners: Manners) -> str:
    """What a check does for an invariant, in words, when it has these manners."""
    return invariant.does.format(
        clients=manners.clients, crowd=manners.crowd, large=f"{manners.large_octets:,}"
    )


def print_table(
    console: Console,
    rows: Sequence[CaseRow],
    requirements: Sequence[str],
    subject: Listener,
    language: str,
) -> None:
    """A line for each of the requirements that was played, and first who was checked."""
    tls = subject.address.tls
    speaks = f"  it {language}" if language else ""
    if speaks and tls:
        speaks = f"  it {tls.words}; within it {language}"
    versions = subject.served.versions if subject.served else {}
    known = ", ".join(f"{name} {version}" for name, version in versions.items())
    told = f" ({known})" if known else ""
    console.print(f"  {subject.given}{told}{speaks}\n", markup=False, soft_wrap=True)
    table = Table.grid(padding=(0, 2), pad_edge=True)
    for is_name in (True, True, False):
        table.add_column(no_wrap=is_name, overflow="ellipsis" if is_name else "fold")
    if any(_moments(row) for row in rows):
        table.add_row(*(Text(head, "dim") for head in ("", "", "before → during → after")))
    for requirement in requirements:
        if of_it := [row for row in rows if row.requirement == requirement]:
            table.add_row(*_cells(sorted(of_it, key=lambda row: _WORST.index(row.verdict))))
    console.print(table)
    console.print()


def _cells(rows: Sequence[CaseRow]) -> list[Text]:
    """A line: the worst of its variants, and how many have ended so."""
    worst = rows[0]
    alike = [row for row in rows if row.verdict is worst.verdict]
    style = _STYLES.get(worst.verdict, "yellow")
    name = worst.requirement.partition("/")[2]
    return [Text(name), Text(_ended(rows, alike), style), Text(_seen(alike))]


def _ended(rows: Sequence[CaseRow], alike: Sequence[CaseRow]) -> str:
    """``PASS``, ``FAIL 1/4``, ``PASS 4/4, 5 n/a``: what is not applicable has not been looked at,
    and is none of so many."""
    silent = sum(row.verdict is Verdict.NOT_APPLICABLE for row in rows)
    if silent == len(rows):
        return "n/a"
    verdict = "known" if all(row.as_known for row in alike) else alike[0].verdict.value
    count = f" {len(alike)}/{len(rows) - silent}" if len(rows) > 1 else ""
    return f"{verdict}{count}{f', {silent} n/a' if silent else ''}"


def _seen(alike: Sequence[CaseRow]) -> str:
    """The figures of the first of them, and the most that was seen of each value."""
    if alike[0].verdict is Verdict.NOT_APPLICABLE:
        return one_line(alike[0].reason, _LONGEST)
    told = ", ".join((*_grown(alike[0]), *_values(alike)))
    return one_line(told, _LONGEST) if told else one_line(alike[0].actual, _SHORT)


def _moments(row: CaseRow) -> list[Mapping[str, Any]]:
    """What was counted before, during and after."""
    seen = row.observations
    found = [seen[name] for name in _MOMENTS if isinstance(seen.get(name), Mapping)]
    return found if len(found) > 1 else []


def _grown(row: CaseRow) -> Iterator[str]:
    """``threads 3 → 23 → 3``."""
    moments = _moments(row)
    for name in _COUNTED:
        if any(moment.get(name) for moment in moments):
            yield f"{name} {' → '.join(str(moment.get(name, 0)) for moment in moments)}"


def _values(alike: Sequence[CaseRow]) -> Iterator[str]:
    """The other values by name: of numbers the greatest."""
    found: dict[str, list[Any]] = {}
    for row in alike:
        for name, value in row.observations.items():
            if name not in _TOLD_ELSEWHERE and value is not None:
                found.setdefault(name, []).append(value)
    for name, values in found.items():
        numbers = all(isinstance(one, int | float) for one in values)
        value = max(values) if numbers else values[0]
        if value not in ({}, [], ""):
            yield f"{_named(name)} {_worded(name, value)}"


def _named(name: str) -> str:
    for unit in ("_s", "_octets", "_share"):
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def _worded(name: str, value: Any) -> str:
    """A value with its unit."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_named(key)} {_worded(key, one)}" for key, one in value.items() if one)
    if isinstance(value, list | tuple):
        return " → ".join(dict.fromkeys(_worded(name, one) for one in value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value) if value not in (True, False) else "yes" if value else "no"
    if name.endswith("_s"):
        return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
    if "octets" in name.split("_"):
        return _octets(value)
    return f"{value:.0%}" if name.endswith("_share") else f"{value:,g}"


def _octets(number: float) -> str:
    """``512 B``, ``4.0 KiB``, ``13.2 MiB``."""
    for unit in ("B", "KiB", "MiB"):
        if number < 1024 or unit == "MiB":
            break
        number /= 1024
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
