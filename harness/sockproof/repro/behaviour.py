"""What tells two playings of a case apart: operations whose outcome differs, events out of order.

A :class:`Behaviour` is one such difference, in the values that a script can ask for itself.
"""

from __future__ import annotations

import difflib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.iut.outcomes import Event, Leftovers
from sockproof.iut.values import decode
from sockproof.repro.notes import awaited, event_label
from sockproof.repro.plain import Names
from sockproof.repro.telling import Told, by_identity, detail, either_end, outcome, place, words

__all__ = ["Behaviour", "differences", "of_teardown"]

# What may be printed, by the most telling; the last is anything at all.
_MARKS = ("Traceback", "Exception", "Error", "")
_SENDING = ("send", "offer", "half-close", "send within TLS")
_TELLING = ("receive", "receive datagram", "receive within TLS", "until true")
_MOST_PAIRS = 12
_MOST_AHEAD = 8


@dataclass(frozen=True)
class Behaviour:
    """What is expected, and what is observed instead, of one aspect.

    ``number`` is the operation that shows it, of the playing that went right; None stands for the
    end of them all. ``labels`` are the events that it is about, ``count`` how many.
    """

    aspect: str
    number: int | None
    expected: Any
    observed: Any
    labels: tuple[str, ...] = ()
    count: int | None = None
    # What is expected, where no value is known but the one that is observed.
    words: str = ""

    @property
    def comparison(self) -> str:
        """The expression that is true once the behaviour is gone."""
        if self.words:
            return "observed != failing"
        if self.observed == self.expected:  # though it is of another kind, as 1 is no True
            return "repr(observed) == repr(expected)"
        return "observed == expected"


def differences(wrong: Told, right: Told, again: Told) -> Iterator[Behaviour]:
    """The behaviours, the earliest first. ``again`` is the right one played once more: what is not
    the same there tells nothing."""
    unstable = {(one.number, one.aspect) for one in _of_operations(right, again)}
    lucky: list[Behaviour] = []
    for one in itertools.chain(_of_operations(wrong, right), _ahead(wrong, right)):
        if one.words or (one.number, one.aspect) not in unstable:
            if one.aspect == "words" or _is_sending(right, one):
                lucky.append(one)
            else:
                yield one
    yield from of_teardown(wrong, right)
    yield from _of_output(wrong, right)
    if wrong.row.generated is None:  # the clients of a plan have no order among themselves
        yield from _of_order(wrong, right)
    yield from lucky
    yield from _of_totals(wrong, right)


def _is_sending(right: Told, one: Behaviour) -> bool:
    """Whether a wrong server is told by what happens to who sends to it: the first octets that
    come too late are taken without a word."""
    assert one.number is not None
    return right.log.operations[one.number].name in _SENDING


def _of_operations(wrong: Told, right: Told) -> Iterator[Behaviour]:
    keys = [[_key(one, told.names) for one in told.log.operations] for told in (wrong, right)]
    matcher = difflib.SequenceMatcher(None, keys[0], keys[1], autojunk=False)
    for start, other, size in matcher.get_matching_blocks():
        for offset in range(size):
            number = other + offset
            pair = wrong.log.operations[start + offset], right.log.operations[number]
            yield from _of_pair(wrong, right, *pair, number)


def _ahead(wrong: Told, right: Told) -> Iterator[Behaviour]:
    """What comes after the operation at which the wrong one gave up, such as a send into a closed
    connection: it may tell more reliably. What would be observed is not known."""
    number = len(wrong.log.operations)
    if not number or not wrong.log.operations[-1].ending:
        return
    rest = list(enumerate(right.log.operations))[number : number + _MOST_AHEAD]
    for n, good in rest:
        if good.name == "wait" and not good.ending:
            label = awaited(good)
            values = [detail(event, right) for event in good.outcome]
            if label and any(value is not None for value in values):
                yield Behaviour("detail", n, values, None, (label,), len(values))
            elif label:
                yield Behaviour("happens", n, True, False, (label,), good.arguments["count"])
        elif good.name in _TELLING and not good.ending:
            yield Behaviour("outcome", n, outcome(good, right.names), None)


def _key(one: Operation, names: Names) -> str:
    """What is done, without what came of it."""
    told = one.arguments
    if one.name == "do" and told["op"] == "step":
        given = names.normal(decode([told["arguments"], told["keywords"]]))
        return f"{told['on']}.{told['name']} {given!r} {told['keep']}"
    if one.name == "do":
        what = told.get("expression") or told.get("source") or told.get("label")
        label = names.in_source(str(what or told.get("method")))
        return f"{told['op']} {told.get('handle')} {label}"
    carried = _CARRIED if one.name in ("wait", "matching", "ends before") else (*_CARRIED, "wanted")
    kept = {k: v for k, v in told.items() if k not in carried}
    return f"{one.actor} {one.name} {names.normal(kept)!r} {str(told.get('data'))[:80]}"


# Arguments that may name a port, or are long.
_CARRIED = ("address", "data")


def _of_pair(
    wrong: Told, right: Told, bad: Operation, good: Operation, number: int
) -> Iterator[Behaviour]:
    if good.name in ("wait", "matching"):
        yield from _of_events(wrong, right, bad, good, number)
        return
    if good.name == "do" and good.arguments["op"] == "make":
        yield from _of_addresses(wrong, right, bad, good, number)
    observed, expected = outcome(bad, wrong.names), outcome(good, right.names)
    if repr(observed) != repr(expected):  # True is not 1 here
        either = either_end(expected, observed) if wrong.row.generated is not None else ""
        yield Behaviour("outcome", number, expected, observed, words=either)
        return
    texts = words(bad, wrong.names), words(good, right.names)
    if None not in texts and texts[0] != texts[1]:
        yield Behaviour("words", number, texts[1], texts[0])


def _of_addresses(
    wrong: Told, right: Told, bad: Operation, good: Operation, number: int
) -> Iterator[Behaviour]:
    """Where a new server says that it is."""
    if any(one.ending or one.outcome.error for one in (bad, good)):
        return
    observed = wrong.names.normal(bad.outcome.value["address"])
    expected = right.names.normal(good.outcome.value["address"])
    if observed != expected or _shape(bad) != _shape(good):
        yield Behaviour("address", number, expected, observed)


def _shape(made: Operation) -> list[str]:
    """The kinds of its parts: an address that is known by its name may lack some."""
    address = made.outcome.value["address"]
    return [type(part).__name__ for part in address] if isinstance(address, tuple) else []


def _of_events(
    wrong: Told, right: Told, bad: Operation, good: Operation, number: int
) -> Iterator[Behaviour]:
    label = awaited(good)
    found: list[list[Event]] = [[] if one.ending else one.outcome for one in (bad, good)]
    count = good.arguments.get("count")
    if not label:
        yield from _of_sequences(found, number)
        return
    if len(found[0]) != len(found[1]):
        if count is None:
            yield Behaviour("times", number, len(found[1]), len(found[0]), (label,))
        else:
            yield Behaviour("happens", number, not good.ending, not bad.ending, (label,), count)
        return
    for aspect, told in (("detail", detail), ("place", place)):
        values = [
            by_identity([told(event, one) for event in events], {})
            for one, events in zip((wrong, right), found, strict=True)
        ]
        if repr(values[0]) != repr(values[1]):
            yield Behaviour(aspect, number, values[1], values[0], (label,), len(found[1]))


def _of_sequences(found: list[list[Event]], number: int) -> Iterator[Behaviour]:
    """Which of several things have happened; in which order, where one thread tells them all."""
    is_one = len({(event.pid, event.thread) for event in found[1]}) < 2
    labels = [[event_label(event) for event in events] for events in found]
    wrong, right = labels if is_one else map(sorted, labels)
    if wrong != right:
        known = tuple(dict.fromkeys(filter(None, right + wrong)))
        yield Behaviour("sequence" if is_one else "gathered", number, right, wrong, known)


def of_teardown(wrong: Told, right: Told | None) -> Iterator[Behaviour]:
    """What is left behind, and is not where it is right."""
    if right and (right.row.teardown.unclean or _kinds_left(right)):
        return
    for kind in _kinds_left(wrong):
        yield Behaviour("left", None, 0, 1, (kind,))


def _kinds_left(told: Told) -> list[str]:
    """What is left at the end of the case, or of a plan."""
    leaks = [*told.row.teardown.leaks]
    for one in told.log.operations:
        if isinstance(one.outcome, Leftovers):
            leaks += one.outcome.leaks
    return sorted({line.split()[0] for line in leaks} & {"fd", "thread", "child"})


def _of_output(wrong: Told, right: Told) -> Iterator[Behaviour]:
    for stream, mark in itertools.product(("stderr", "stdout"), _MARKS):
        texts = [getattr(told.row, stream) for told in (wrong, right)]
        found = [text.count(mark) if mark else int(bool(text)) for text in texts]
        if found[0] != found[1]:
            yield Behaviour("printed", None, found[1], found[0], (stream, mark))


def _labels(told: Told) -> list[str]:
    return [label for event in told.log.events if (label := event_label(event))]


def _of_order(wrong: Told, right: Told) -> Iterator[Behaviour]:
    """Pairs of events that come the other way round."""
    orders = [list(dict.fromkeys(_labels(told))) for told in (wrong, right)]
    both = [label for label in orders[1] if label in orders[0]]
    turned = (
        (a, b)
        for a, b in itertools.combinations(both, 2)
        if orders[0].index(a) > orders[0].index(b)
    )
    for pair in itertools.islice(turned, _MOST_PAIRS):
        yield Behaviour("order", None, list(pair), list(reversed(pair)), pair)


def _of_totals(wrong: Told, right: Told) -> Iterator[Behaviour]:
    counts = [Counter(_labels(told)) for told in (wrong, right)]
    for label in dict.fromkeys(_labels(right) + _labels(wrong)):
        if counts[0][label] != counts[1][label]:
            yield Behaviour("times", None, counts[1][label], counts[0][label], (label,))
