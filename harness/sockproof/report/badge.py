"""The badge: how the run went in two words, in the form that shields.io takes from a URL.

https://shields.io/badges/endpoint-badge
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from sockproof.judge.verdict import Conformance
from sockproof.record.reader import Record
from sockproof.record.scope import scope_of
from sockproof.report.tally import subject_word, tally
from sockproof.spec.levels import Level

__all__ = ["badge_json"]

INCOMPLETE = "incomplete"
PARTIAL = "partial"
# Worst first: the badge has the colour of the worst implementation.
_COLOURS = {
    INCOMPLETE: "lightgrey",
    Conformance.NONCONFORMANT.value: "red",
    PARTIAL: "lightgrey",
    Conformance.UNJUDGED.value: "lightgrey",
    Conformance.CONFORMANT.value: "yellowgreen",
    Conformance.STRICT.value: "brightgreen",
}
_ERRORS = (INCOMPLETE, Conformance.NONCONFORMANT.value, Conformance.UNJUDGED.value)


def _standing(record: Record) -> str:
    """Part of the suite shows that promises are broken, not that all are kept."""
    found = tally(record).conformance
    if not record.complete:
        return INCOMPLETE
    told = (Conformance.NONCONFORMANT, Conformance.UNJUDGED)
    partial = scope_of(record).partial and found not in told
    return PARTIAL if partial else found.value


def badge_json(records: Sequence[Record]) -> str:
    """The endpoint's object: how implementations stand, several by number, and the counts at MUST
    of all of them.

    There is no percentage: ``conformant, MUST 1028/1028`` or ``3 strict, 1 partial, MUST 88/90``.
    """
    standings = Counter(map(_standing, records))
    there = [word for word in reversed(_COLOURS) if standings[word]]
    message = ", ".join(f"{standings[word]} {word}" for word in there)
    worst = there[-1] if there else INCOMPLETE
    if len(records) == 1:
        message = worst
    must = [tally(record).levels[Level.MUST] for record in records]
    numbers = f"MUST {sum(one.passed for one in must)}/{sum(one.total for one in must)}"
    badge = {
        "schemaVersion": 1,
        "label": "server" if subject_word(records) == "server" else "socketserver",
        "message": f"{message}, {numbers}" if records else "nothing was played",
        "color": _COLOURS[worst],
        "isError": worst in _ERRORS,
    }
    return json.dumps(badge) + "\n"
