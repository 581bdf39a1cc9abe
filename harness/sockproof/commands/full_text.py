"""Full-text search over a few hundred texts, in memory: SQLite's FTS5 has the index, Porter's stems
of English words, and the rank (``bm25``)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

from sockproof.errors import HarnessError

__all__ = ["best", "has_words"]

# Letters and digits of any script: whatever else there is parts words, for FTS5 as well.
_TOKEN = re.compile(r"[^\W_]+")
# English words that tell nothing: they are left out, unless nothing else is asked.
_FILLER = re.compile(
    "a|an|and|are|as|at|be|by|for|from|had|has|have|i|if|in|into|is|it|its|me|my|of|on|or|so|that"
    "|the|their|then|there|this|to|was|were|what|when|which|while|with|you|your",
    re.IGNORECASE,
)
_TABLE = "CREATE VIRTUAL TABLE text USING fts5(name UNINDEXED, body, tokenize = 'porter unicode61')"
_BEST = "SELECT name FROM text WHERE text MATCH ? ORDER BY rank, rowid LIMIT ?"


def has_words(asked: str) -> bool:
    """Whether there is anything to look for."""
    return bool(_TOKEN.search(asked))


def best(texts: Mapping[str, str], asked: str, limit: int) -> list[str]:
    """The names of at most ``limit`` texts that have a word of what is asked, best first.

    Raises:
        HarnessError: the SQLite of this Python has no FTS5.
    """
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute(_TABLE)
        except sqlite3.OperationalError as error:
            problem = f"the SQLite of this Python cannot search texts: {error}"
            raise HarnessError(problem, "use another Python, or see 'sockproof list'") from None
        database.executemany("INSERT INTO text VALUES (?, ?)", texts.items())
        return [name for (name,) in database.execute(_BEST, (_expression(asked), limit))]


def _expression(asked: str) -> str:
    """What FTS5 is given: any of the words will do. Each is quoted, so that none is an operator."""
    terms = dict.fromkeys(_terms(asked))
    telling = [term for term in terms if not _FILLER.fullmatch(term)]
    return " OR ".join(f'"{term}"' for term in telling or terms)


def _terms(asked: str) -> Iterator[str]:
    """Each word; of one such as ``serve_forever()`` its parts together, and each by itself.

    Of ``1,000`` or ``Ctrl-C`` a part of one character says nothing by itself.
    """
    for word in asked.split():
        parts = _TOKEN.findall(word)
        if parts:
            yield " ".join(parts)
        yield from (part for part in parts if len(part) > 1)
