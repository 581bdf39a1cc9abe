"""A bug report in Markdown, ready to be filed: promise, what happens, the script and its output."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from pathlib import Path

from sockproof.iut.implementation import Implementation
from sockproof.repro.layout import About
from sockproof.repro.trial import Bench, ScriptEnd, run_script

__all__ = ["bug_report"]

_ENDS = {0: "It is gone", 1: "It is there", 2: "The script cannot tell"}


def bug_report(script: str, name: str, about: About, bench: Bench) -> str:
    """The text of a report about what ``script`` shows, which is called ``name``.

    It runs once more on what shows the behaviour, and on what does not if that is known: what it
    prints is what it printed then.
    """
    return "\n".join(_lines(script, name, about, bench)).rstrip() + "\n"


def _lines(script: str, name: str, about: About, bench: Bench) -> Iterator[str]:
    system = f"{platform.system()} {platform.release()} on {platform.machine()}"
    yield from (f"# {about.title.rstrip('.')}: not so with {about.seen}", "")
    yield from (f"Seen with {about.seen}, {system}.", "")
    yield from ("## What is promised", "")
    yield from (f"> {line}" for line in about.source.splitlines())
    yield from ("", f"{about.level}: {about.title} (`{about.case}`)", "")
    yield from ("## What happens", "")
    told = {"expected": about.expected, "actual": about.actual, "cause": about.cause}
    yield from _fenced("\n".join(f"{key:10}{text}" for key, text in told.items() if text))
    yield from ("## How to see it", "", _usage(name, bench.wrong), "")
    yield from _printed(run_script(script, bench.wrong))
    yield from _elsewhere(script, about, bench)
    yield from (f"`{name}` needs the standard library alone:", "", *_fenced(script, "python"))


def _usage(name: str, implementation: Implementation) -> str:
    module = implementation.module_path or implementation.module
    words = [*map(_base, implementation.argv), name, *([_base(module)] if module else [])]
    return f"Save the script below as `{name}`, and run `{' '.join(words)}`."


def _base(word: str) -> str:
    return Path(word).name if "/" in word else word


def _printed(ended: ScriptEnd) -> Iterator[str]:
    kind = _ENDS.get(ended.status, "The script fails")
    yield from (f"{kind}: it ends with {ended.status}, and prints", "")
    yield from _fenced(ended.printed)


def _elsewhere(script: str, about: About, bench: Bench) -> Iterator[str]:
    if bench.right is None or not about.unseen:
        yield from ("No version was found here that does otherwise.", "")
        return
    yield from (f"With {about.unseen}:", "")
    yield from _printed(bench.on_the_right(script))


def _fenced(text: str, language: str = "") -> list[str]:
    """A block of code; its fence is longer than any in the text."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *text.rstrip().splitlines(), fence, ""]
