"""The promises in the order of the documentation: chapters, entries, and which source is of which.

The tables follow the documentation's pages from top to bottom, that of socketserver before that of
socket. What has its source elsewhere comes after them: bug trackers by number, then other
documents by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sockproof.report.html.documented import DOCUMENTED, DocumentedModule
from sockproof.report.text import one_line

__all__ = ["ANCHORS", "ChapterEntry", "Place", "chapters_of", "place_of"]

BUGS = "Bug trackers"
OTHERS = "Other documents"
# Their places in the order, after those of all pages.
_BUGS, _OTHERS, _REST = range(len(DOCUMENTED), len(DOCUMENTED) + 3)


@dataclass(frozen=True, order=True)
class Place:
    """Where a promise stands: the page's, the chapter's and the entry's order, then its anchor's in
    the entry.

    ``link`` is the address of the entry, empty where there is none.
    """

    order: tuple[int, int, int, int, str]
    chapter: str = field(compare=False)
    entry: str = field(compare=False)
    link: str = field(compare=False, default="")


def _read_table(page: int, module: DocumentedModule) -> dict[str, Place]:
    """The place of every anchor of a page."""
    places: dict[str, Place] = {}
    for c, (chapter, lines) in enumerate(module.table.items()):
        for e, line in enumerate(lines.strip().splitlines()):
            names, _, label = (part.strip() for part in line.partition("="))
            anchors = [module.anchor(name) for name in names.split()]
            entry = label or module.label(names.split()[0])
            for a, anchor in enumerate(anchors):
                order = (page, c, e, a, "")
                places[anchor] = Place(order, chapter, entry, f"{module.page}#{anchors[0]}")
    return places


# By module: the place of every anchor of its page that the table knows.
ANCHORS = {module.name: _read_table(number, module) for number, module in enumerate(DOCUMENTED)}
_DOCUMENTATION = re.compile(
    rf"https://docs\.python\.org/[\w.]+/library/({'|'.join(ANCHORS)})\.html(?:#(.*))?"
)
_TRACKERS = (
    (re.compile(r"https://bugs\.python\.org/issue(\d+)"), "bpo-"),
    (re.compile(r"https://github\.com/python/cpython/(?:issues|pull)/(\d+)"), "gh-"),
)
_NAMED = (
    (re.compile(r"https://docs\.python\.org/[\w.]+/(?:[\w-]+/)?([\w.-]+)\.html"), "Python: {}"),
    (re.compile(r"https://github\.com/python/cpython/blob/[^/]+/([^#]+)"), "CPython: {}"),
    (re.compile(r"https://peps\.python\.org/pep-0*(\d+)"), "PEP {}"),
    (re.compile(r"https://pubs\.opengroup\.org/.*?/([\w]+)\.html"), "POSIX: {}"),
    (re.compile(r"https://man7\.org/.*/([\w.-]+)\.html"), "man: {}"),
    (re.compile(r"https?://([\w.-]+)"), "{}"),
)


def place_of(source: str) -> Place:
    """Where the promise with this source stands."""
    if match := _DOCUMENTATION.match(source):
        return _documented(match[1], match[2] or "")
    for number, (pattern, prefix) in enumerate(_TRACKERS):
        if match := pattern.match(source):
            order = (_BUGS, 0, number, int(match[1][:18]), "")
            return Place(order, BUGS, f"{prefix}{match[1][:18]}", match[0])
    for number, (pattern, form) in enumerate(_NAMED):
        if match := pattern.match(source):
            label = form.format(match[1])
            return Place((_OTHERS, 0, number, 0, label), OTHERS, label, match[0])
    return Place((_REST, 0, 0, 0, source), OTHERS, one_line(source or "no source", 60))


def _documented(module: str, anchor: str) -> Place:
    """The place of an anchor; that of its class, or of the module, where the table has none."""
    name = re.sub(r"^SocketServer\.", "socketserver.", anchor)
    while name and name not in ANCHORS[module]:
        name = name.rpartition(".")[0]
    return ANCHORS[module][name or f"module-{module}"]


@dataclass(frozen=True)
class ChapterEntry:
    """One entry of the documentation, with the numbers of the requirements promised there."""

    title: str
    link: str
    numbers: list[int]


def chapters_of(sources: Iterable[str]) -> dict[str, list[ChapterEntry]]:
    """The entries that these requirements' sources are of, by the title of their chapter.

    A requirement's number is its position.
    """
    chapters: dict[str, dict[str, ChapterEntry]] = {}
    placed = sorted((place_of(source), number) for number, source in enumerate(sources))
    for place, number in placed:
        entries = chapters.setdefault(place.chapter, {})
        entry = entries.setdefault(place.entry, ChapterEntry(place.entry, place.link, []))
        entry.numbers.append(number)
    return {title: list(entries.values()) for title, entries in chapters.items()}
