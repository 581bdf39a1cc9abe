"""Where a promise stands in the documentation view, by the address of its source."""

from __future__ import annotations

import pytest

from sockproof.report.html.chapters import ANCHORS, chapters_of, place_of
from sockproof.spec.catalogue import load_modules

DOCS = "https://docs.python.org/3/library/socketserver.html"
SOCKET = "https://docs.python.org/3/library/socket.html"


@pytest.mark.parametrize(
    ("source", "chapter", "entry"),
    [
        (DOCS, "Server classes", "the module"),
        (f"{DOCS}#socketserver.UnixDatagramServer", "Server classes", "Unix servers"),
        (f"{DOCS}#socketserver.ThreadingMixIn", "Server Creation Notes", "mix-ins"),
        (f"{DOCS}#socketserver.BaseServer.get_request", "Server Objects", "get_request()"),
        (
            "https://docs.python.org/2.7/library/socketserver.html#SocketServer.BaseServer.timeout",
            "Server Objects",
            "timeout",
        ),
        (
            f"{DOCS}#socketserver.DatagramRequestHandler.wfile",
            "Request Handler Objects",
            "DatagramRequestHandler.wfile",
        ),
        (f"{DOCS}#socketserver.BaseServer.unheard_of", "Server Objects", "BaseServer"),
        (SOCKET, "Socket families", "the module"),
        (f"{SOCKET}#socket.socket", "Creating sockets", "socket()"),
        (f"{SOCKET}#socket.close", "Other functions", "close()"),
        (f"{SOCKET}#socket.socket.close", "Socket Objects", "close()"),
        (f"{SOCKET}#socket.unheard_of", "Socket families", "the module"),
        ("https://bugs.python.org/issue6267", "Bug trackers", "bpo-6267"),
        ("https://github.com/python/cpython/pull/19147", "Bug trackers", "gh-19147"),
        ("https://docs.python.org/3/library/io.html#overview", "Other documents", "Python: io"),
        ("https://peps.python.org/pep-0475/", "Other documents", "PEP 475"),
        ("https://example.org/x", "Other documents", "example.org"),
        ("javascript:alert(1)", "Other documents", "javascript:alert(1)"),
        ("", "Other documents", "no source"),
    ],
)
def test_place_of_a_source(source: str, chapter: str, entry: str) -> None:
    """An anchor has its heading; one that the table does not know has that of its class."""
    place = place_of(source)

    assert (place.chapter, place.entry) == (chapter, entry)


def test_only_web_addresses_are_linked() -> None:
    """A source of another scheme has no link."""
    assert place_of("javascript:alert(1)").link == ""
    assert place_of("HTTPS://docs.python.org/3/library/io.html").link == ""


def test_chapters_follow_the_documentation() -> None:
    """Entries come in the order of the documentation, that of socketserver before that of socket,
    trackers by number; and nothing is left out."""
    sources = [
        "words",
        f"{SOCKET}#socket.socket.accept",
        f"{SOCKET}#socket.socketpair",
        "https://bugs.python.org/issue6267",
        f"{DOCS}#socketserver.BaseServer.verify_request",
        "https://bugs.python.org/issue471720",
        f"{DOCS}#socketserver.BaseServer.fileno",
        "https://bugs.python.org/issue2302",
    ]
    chapters = chapters_of(sources)

    assert [(title, [one.title for one in entries]) for title, entries in chapters.items()] == [
        ("Server Objects", ["fileno()", "verify_request()"]),
        ("Creating sockets", ["socketpair()"]),
        ("Socket Objects", ["accept()"]),
        ("Bug trackers", ["bpo-2302", "bpo-6267", "bpo-471720"]),
        ("Other documents", ["words"]),
    ]
    numbers = [n for entries in chapters.values() for entry in entries for n in entry.numbers]
    assert sorted(numbers) == list(range(len(sources)))


@pytest.mark.parametrize("module", ANCHORS)
def test_table_knows_every_anchor_of_the_catalogue(module: str) -> None:
    """No promise stands under its class for want of an entry of its own."""
    anchors = {
        requirement.source.partition("#")[2].replace("SocketServer.", "socketserver.")
        for requirement in load_modules().values()
        if f"/library/{module}.html#" in requirement.source
    }

    assert anchors
    assert anchors - set(ANCHORS[module]) == set()
