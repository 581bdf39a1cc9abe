"""The promises in the order of the documentation: chapters, entries, and which source is of which.

The table follows https://docs.python.org/3/library/socketserver.html from top to bottom. What has
its source elsewhere comes after it: bug trackers by number, then other documents by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sockproof.report.text import one_line

__all__ = ["ANCHORS", "ChapterEntry", "Place", "chapters_of", "place_of"]

PAGE = "https://docs.python.org/3/library/socketserver.html"
BUGS = "Bug trackers"
OTHERS = "Other documents"

# An entry is a line: one or more anchors, without "socketserver." where a class follows it, and
# perhaps "= label"; without one the entry is called as its first anchor is.
_TABLE: Mapping[str, str] = {
    "Server classes": """
        module-socketserver = the module
        TCPServer
        UDPServer
        UnixStreamServer UnixDatagramServer = Unix servers""",
    "Server Creation Notes": """
        server-creation-notes = notes
        ForkingMixIn ThreadingMixIn = mix-ins
        ForkingMixIn.max_children = ForkingMixIn.max_children
        ForkingMixIn.block_on_close ThreadingMixIn.block_on_close = block_on_close
        ThreadingMixIn.daemon_threads = ThreadingMixIn.daemon_threads
        ForkingTCPServer ForkingUDPServer ThreadingTCPServer ThreadingUDPServer \
        ForkingUnixStreamServer ForkingUnixDatagramServer \
        ThreadingUnixStreamServer ThreadingUnixDatagramServer = predefined classes""",
    "Server Objects": """
        server-objects BaseServer = BaseServer
        BaseServer.fileno()
        BaseServer.handle_request()
        BaseServer.serve_forever()
        BaseServer.service_actions()
        BaseServer.shutdown()
        BaseServer.server_close()
        BaseServer.address_family
        BaseServer.RequestHandlerClass
        BaseServer.server_address
        BaseServer.socket
        BaseServer.allow_reuse_address
        BaseServer.allow_reuse_port
        BaseServer.request_queue_size
        BaseServer.socket_type
        BaseServer.timeout
        BaseServer.finish_request()
        BaseServer.get_request()
        BaseServer.handle_error()
        BaseServer.handle_timeout()
        BaseServer.process_request()
        BaseServer.server_activate()
        BaseServer.server_bind()
        BaseServer.verify_request()
        BaseServer.__enter__ BaseServer.__exit__ = context manager""",
    "Request Handler Objects": """
        request-handler-objects BaseRequestHandler = BaseRequestHandler
        BaseRequestHandler.setup()
        BaseRequestHandler.handle()
        BaseRequestHandler.finish()
        BaseRequestHandler.request
        BaseRequestHandler.client_address
        BaseRequestHandler.server
        StreamRequestHandler
        StreamRequestHandler.rfile
        StreamRequestHandler.wfile
        DatagramRequestHandler
        DatagramRequestHandler.rfile
        DatagramRequestHandler.wfile""",
    "Examples": """
        examples
        socketserver-tcpserver-example = socketserver.TCPServer Example
        socketserver-udpserver-example = socketserver.UDPServer Example
        asynchronous-mixins = Asynchronous Mixins""",
}


# Classes whose attributes are named with them: both have rfile and wfile.
_SHARED = {"StreamRequestHandler", "DatagramRequestHandler"}


@dataclass(frozen=True, order=True)
class Place:
    """Where a promise stands: the chapter's and the entry's order, then its anchor's in the entry.

    ``link`` is the address of the entry, empty where there is none.
    """

    order: tuple[int, int, int, str]
    chapter: str = field(compare=False)
    entry: str = field(compare=False)
    link: str = field(compare=False, default="")


def _label(anchor: str) -> str:
    """``handle_request()`` for the anchor of BaseServer's method."""
    words = anchor.split(".")
    return ".".join(words if words[0] in _SHARED else words[-1:])


def _anchor(name: str) -> str:
    return ("socketserver." if name[0].isupper() else "") + name.removesuffix("()")


def _read_table() -> dict[str, Place]:
    """The place of every anchor of the documentation."""
    places: dict[str, Place] = {}
    for c, (chapter, lines) in enumerate(_TABLE.items()):
        for e, line in enumerate(lines.strip().splitlines()):
            names, _, label = (part.strip() for part in line.partition("="))
            anchors = [_anchor(name) for name in names.split()]
            entry = label or _label(names.split()[0])
            for a, anchor in enumerate(anchors):
                places[anchor] = Place((c, e, a, ""), chapter, entry, f"{PAGE}#{anchors[0]}")
    return places


# The place of every anchor of the documentation's page that the table knows.
ANCHORS = _read_table()
_DOCUMENTATION = re.compile(
    r"https://docs\.python\.org/[\w.]+/library/socketserver\.html(?:#(.*))?"
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
        return _documented(match[1] or "")
    for number, (pattern, prefix) in enumerate(_TRACKERS):
        if match := pattern.match(source):
            order = (len(_TABLE), number, int(match[1][:18]), "")
            return Place(order, BUGS, f"{prefix}{match[1][:18]}", match[0])
    for number, (pattern, form) in enumerate(_NAMED):
        if match := pattern.match(source):
            label = form.format(match[1])
            return Place((len(_TABLE) + 1, number, 0, label), OTHERS, label, match[0])
    return Place((len(_TABLE) + 2, 0, 0, source), OTHERS, one_line(source or "no source", 60))


def _documented(anchor: str) -> Place:
    """The place of an anchor; that of its class, or of the module, where the table has none."""
    name = re.sub(r"^SocketServer\.", "socketserver.", anchor)
    while name and name not in ANCHORS:
        name = name.rpartition(".")[0]
    return ANCHORS[name or "module-socketserver"]


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
