"""The pages of the documentation as data: their commands with samples, files, links, anchors.

A command is a line of a ``console`` block that begins with ``$``. The lines below it, up to the
next one, are a sample of what it prints, where ``...`` stands for any number of lines. A block of
another language whose first line is ``# NAME.EXTENSION`` is a file that the page gives its reader.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sockproof._paths import kit_dir

__all__ = ["ROOT", "Block", "Command", "Page", "agrees", "in_general", "pages"]

ROOT = kit_dir()
_SEPARATORS = frozenset({"|", "||", "&&", ";", "&"})
_FENCE = "```"
_FILE_NAME = re.compile(r"# ([\w./-]+\.(?:py|toml))")
_PROGRESS = re.compile(r"\s*[\d,]+ of [\d,]+ cases\b.*")
_HOW_LONG = re.compile(r"(, (\d+ min )?[\d.]+ m?s)?(, [\d.]+ cases/s)?(?=;|$)")
_FIGURE = re.compile(r"\d+([.,:]\d+)*")


@dataclass(frozen=True)
class Command:
    """A command that a page shows, and the sample of its output; empty if there is none."""

    page: str
    line: int
    text: str
    sample: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"

    def simple(self) -> Iterator[list[str]]:
        """The words of each simple command in it, without the variables that are set for it."""
        words: list[str] = []
        for word in [*self._words(), ";"]:
            if word not in _SEPARATORS:
                words.append(word)
                continue
            while words and re.match(r"[A-Z_]+=", words[0]):
                del words[0]
            if words:
                yield words
            words = []

    def _words(self) -> list[str]:
        lexer = shlex.shlex(self.text, posix=True, punctuation_chars=";&|>")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        return list(lexer)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, where its first line is, and its lines."""

    language: str
    line: int
    lines: Sequence[str]

    @property
    def file(self) -> str:
        """The name of the file that it gives to its reader; empty if it is none."""
        found = _FILE_NAME.fullmatch(self.lines[0]) if self.lines else None
        return found[1] if found else ""


@dataclass(frozen=True)
class Page:
    """A page: its path below the checkout, its fenced blocks, and the lines outside of them."""

    path: str
    blocks: list[Block] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)

    def commands(self) -> Iterator[Command]:
        """The commands of its console blocks, in their order."""
        for block in self.blocks:
            if block.language == "console":
                yield from _commands(self.path, block)

    def steps(self) -> Iterator[str]:
        """The commands of its steps of CI, of which each is one line."""
        for block in self.blocks:
            if block.language == "yaml":
                for line in block.lines:
                    yield from re.findall(r"^- run: (.*)", line)

    def links(self) -> Iterator[tuple[str, str]]:
        """What it links to in the checkout: a path, empty for the page itself, and an anchor."""
        for target in re.findall(r"\]\(([^)]+)\)", "\n".join(self.prose)):
            if "://" not in target:
                path, _, anchor = target.partition("#")
                yield path, anchor

    def anchors(self) -> set[str]:
        """What a link may name of it: its headings, as GitHub makes anchors of them."""
        found = re.findall(r"^#+ (.*)$", "\n".join(self.prose), re.MULTILINE)
        plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in found]
        return {heading.replace(" ", "-") for heading in plain}


@cache
def pages() -> dict[str, Page]:
    """All pages by their paths; none where sockproof is installed."""
    if not (ROOT / "README.md").is_file():
        return {}
    names = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]
    paths = [*(ROOT / name for name in names), *sorted((ROOT / "docs").glob("*.md"))]
    return {page.path: page for page in map(_read, paths)}


def _read(path: Path) -> Page:
    page = Page(path.relative_to(ROOT).as_posix())
    block: Block | None = None
    kept: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        fence = line.strip().startswith(_FENCE)
        if block is None and not fence:
            page.prose.append(line)
        elif block is None:
            kept = []
            block = Block(line.strip().removeprefix(_FENCE), number + 1, kept)
            page.blocks.append(block)
        elif fence:
            block = None
        else:
            kept.append(line)
    assert block is None, f"{path}: a block has no end"
    return page


def _commands(page: str, block: Block) -> Iterator[Command]:
    command, line, sample = "", 0, list[str]()
    for number, text in enumerate(block.lines, block.line):
        if text.strip().startswith("$ "):
            if command:
                yield Command(page, line, command, sample)
            command, line, sample = text.strip().removeprefix("$ "), number, []
        else:
            assert command, f"{page}:{number}: a sample without its command"
            sample.append(text)
    if command:
        yield Command(page, line, command, sample)


def in_general(lines: Sequence[str]) -> list[str]:
    """What is the same whenever a command prints it: no figures, no times, no progress, and blanks
    one at a time."""
    kept = [line for line in lines if line.strip() and not _PROGRESS.fullmatch(line)]
    timeless = [_HOW_LONG.sub("", line) for line in kept]
    return [" ".join(_FIGURE.sub("0", line).split()) for line in timeless]


def _shows(wanted: str, line: str) -> bool:
    if wanted.endswith(" ..."):
        return line.startswith(wanted.removesuffix(" ..."))
    return wanted == line


def agrees(sample: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether what was printed is what the sample shows; ``...`` stands for any lines, and at the
    end of a line for the rest of it."""
    wanted, there = in_general(sample), in_general(printed)
    gap = wanted.index("...") if "..." in wanted else len(wanted)
    head, rest = wanted[:gap], wanted[gap + 1 :]
    if len(there) < gap or not all(map(_shows, head, there[:gap])):
        return False
    if gap == len(wanted):
        return len(there) == gap
    after = there[gap:]
    return not rest or any(agrees(rest, after[n:]) for n in range(len(after) + 1))
