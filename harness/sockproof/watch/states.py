"""From what was asked on many connections to what may be asked when.

A connection is in a state: that of a new one, or the one into which an example has led it. All that
was seen in a state are examples that come after the one that has led there. An example leads into
no state of its own where it was seen to be repeated, answered alike, and followed by nothing but
what had been seen before it as well. One that is repeated in its own state stays there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sockproof.watch.answer_shape import are_alike
from sockproof.watch.rounds import Round

__all__ = ["Sample", "examples_of"]

_Key = tuple[bytes, bool]
_Run = tuple[Round, ...]


@dataclass(eq=False)
class Sample:
    """An example: ``seen`` is each time that its request was answered in one of its states, which
    are those that the examples in ``after`` lead to, or that of a new connection."""

    seen: list[Round]
    after: list[Sample] = field(default_factory=list)
    keeps: bool = False
    leads: bool = False

    @property
    def key(self) -> _Key:
        return self.seen[0].key


def examples_of(runs: Sequence[_Run]) -> list[Sample]:
    """The examples that follow from what was asked, connection by connection; in the order in
    which one leads to another."""
    found: list[Sample] = []
    states: list[tuple[Sample | None, list[_Run]]] = [(None, [run for run in runs if run])]
    while states:
        led_by, here = states.pop(0)
        by_key, loops = _by_request(here, led_by)
        for key, own in by_key.items():
            seen, rest = [run[0] for run in own], [run[1:] for run in own if run[1:]]
            if led_by and key == led_by.key and key in loops and led_by.after:
                led_by.seen += seen
                led_by.after = [*led_by.after, led_by]
                continue
            example = Sample(seen, [led_by] if led_by else [], bool(rest))
            found.append(example)
            if rest and key not in loops:
                example.leads = True
                states.append((example, rest))
    return _merged(found)


def _by_request(
    runs: Sequence[_Run], led_by: Sample | None
) -> tuple[dict[_Key, list[_Run]], set[_Key]]:
    """What was asked in a state, by the request; and which requests leave it as it is: what comes
    behind these is asked in the same state. What has led there is one if it is answered alike."""
    here = _grouped(runs)
    loops = set(here)
    again = {led_by.key} if led_by and _is_again(led_by, here) else set()
    while True:
        by_key = _grouped(_unrolled(runs, loops))
        wrong = {key for key in loops - again if not _is_loop(key, by_key, here)}
        if not wrong:
            return by_key, loops
        loops -= wrong


def _is_again(led_by: Sample, here: Mapping[_Key, Sequence[_Run]]) -> bool:
    runs = here.get(led_by.key, ())
    return all(are_alike(run[0].answer, led_by.seen[0].answer) for run in runs)


def _grouped(runs: Sequence[_Run]) -> dict[_Key, list[_Run]]:
    found: dict[_Key, list[_Run]] = {}
    for run in runs:
        found.setdefault(run[0].key, []).append(run)
    return found


def _unrolled(runs: Sequence[_Run], loops: set[_Key]) -> list[_Run]:
    """Each run, and what is left of it behind every request that is a loop."""
    found: list[_Run] = []
    for run in runs:
        found.append(run)
        while run[0].key in loops and run[1:]:
            run = run[1:]
            found.append(run)
    return found


def _is_loop(
    key: _Key, by_key: Mapping[_Key, Sequence[_Run]], here: Mapping[_Key, Sequence[_Run]]
) -> bool:
    """Whether what was seen behind it is it again, and nothing that was not seen ``here`` as well,
    where nothing had been asked yet."""
    nexts = [run[1] for run in by_key[key] if run[1:]]
    return any(step.key == key for step in nexts) and all(
        step.key in here and are_alike(step.answer, here[step.key][0][0].answer) for step in nexts
    )


def _merged(examples: Sequence[Sample]) -> list[Sample]:
    """Those that are the same and lead nowhere, in whatever states, are one."""
    kept: list[Sample] = []
    ends: dict[_Key, list[Sample]] = {}
    for one in examples:
        if one.keeps or not one.after:
            kept.append(one)
            continue
        like = [other for other in ends.get(one.key, []) if _is_same(one, other)]
        if like:
            like[0].seen += one.seen
            like[0].after = [*like[0].after, *one.after]
            kept.remove(like[0])
            kept.append(like[0])  # behind all that it comes after
        else:
            ends.setdefault(one.key, []).append(one)
            kept.append(one)
    return kept


def _is_same(one: Sample, other: Sample) -> bool:
    a, b = one.seen[0], other.seen[0]
    return a.to_end == b.to_end and are_alike(a.answer, b.answer)
