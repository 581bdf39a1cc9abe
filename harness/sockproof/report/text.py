"""Text that an implementation or the network gave, made safe and short; and other words to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow
from sockproof.spec.levels import PythonLevel, parse_python_level
from sockproof.visible_text import visible

__all__ = [
    "column_names",
    "counted",
    "generating_options",
    "one_line",
    "seconds",
    "version_numbers",
    "visible",
]


def one_line(text: str, limit: int = 200) -> str:
    """The text in one visible line of at most ``limit`` characters; a cut is marked."""
    start = text[: limit + 1]
    line = visible(start).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(text) <= limit and len(line) <= limit else line[: limit - 1] + "…"


def counted(number: int, word: str) -> str:
    """``1 case``, ``1,486 cases``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def seconds(duration_s: float | None) -> str:
    """``0.42 s``, ``41 s``, ``12 min 5 s``; empty when it is not known."""
    if duration_s is None:
        return ""
    if duration_s < 10:
        return f"{duration_s:.2g} s" if duration_s < 1 else f"{duration_s:.1f} s"
    minutes, rest = divmod(round(duration_s), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def version_numbers(text: str) -> PythonLevel:
    """``(3, 13, 0)`` of ``3.13.0``; empty for what is no version."""
    try:
        return parse_python_level(text)
    except ValueError:
        return ()


def generating_options(record: Record, case: CaseRow) -> str:
    """The options without which the case would play other generated plans, or too few, each after a
    space; empty of a case that generates none."""
    seed = case.generated and case.generated.get("seed")
    options = {"--seed": seed, "--examples": record.settings.get("examples")}
    numbers = {name: value for name, value in options.items() if isinstance(value, int)}
    return "".join(f" {name} {value}" for name, value in numbers.items()) if case.generated else ""


def column_names(records: Sequence[Record]) -> list[str]:
    """A name for every record: the implementation's id, numbered where two runs have the same."""
    seen: Counter[str] = Counter()
    names = []
    for record in records:
        name = visible(record.iut_id)
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return names
