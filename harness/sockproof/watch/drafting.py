"""Makes a file of examples of what was seen, with comments for whoever goes on with it."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sockproof.check.service.example_text import Example, comment, table
from sockproof.watch.answer_shape import are_alike, has_date, pattern_of
from sockproof.watch.masking import MaskedOctets, Masks
from sockproof.watch.rounds import NOTHING, Round, rounds_of
from sockproof.watch.states import Sample, examples_of
from sockproof.watch.talk import Witnessed

__all__ = ["ExampleDraft", "Limits", "draft"]

_LONGEST_NAME = 24
# So many different answers show what changes.
_MOST_ANSWERS = 20
_WORD = re.compile(rb"[A-Za-z0-9]+")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
DIFFER = "what is answered otherwise each time, so that nothing tells where an answer ends"


@dataclass(frozen=True)
class Limits:
    """How much a file has: octets of an example, request and answer together, and examples."""

    octets: int
    examples: int


@dataclass(frozen=True)
class ExampleDraft:
    """The examples, and how often something was left out for which reason."""

    examples: tuple[Example, ...]
    left_out: Counter[str] = field(default_factory=Counter)
    masked: int = 0

    def text(self, server: str, seen: Witnessed) -> str:
        """The whole file, of a server at an address."""
        head = "".join(comment(line) for line in self._head(server, seen))
        return "\n".join(
            [head, table("server", {"address": server}), *(e.text for e in self.examples)]
        )

    def _head(self, server: str, seen: Witnessed) -> Iterator[str]:
        number = len(seen.talks)
        yield f"What clients said to {server}, and what it answered: seen by sockproof watch."
        yield f"Connections: {number}. docs/own-server.md tells what each key means."
        if self.masked:
            yield (
                f"MASKED: {self.masked} of these examples have an x for each octet of a password, "
                "a token or the like. The server may refuse them: put in what it takes, or take "
                "them out."
            )
        for reason, times in self.left_out.items():
            yield f"Left out, {times} times: {reason}."


def draft(seen: Witnessed, masks: Masks, limits: Limits) -> ExampleDraft:
    """What was seen as examples; nothing in it is what the masks find."""
    left_out: Counter[str] = Counter()
    if seen.unkept:
        left_out["what came when there was no more room"] = seen.unkept
    runs: list[tuple[Round, ...]] = []
    masked = masks.masked(seen.talks)
    for talk, turns in zip(seen.talks, masked, strict=True):
        steps = rounds_of(talk, turns)
        run, reason = _usable(steps.all, limits)
        if reason or steps.left_out:
            left_out[reason or steps.left_out] += 1
        runs.append(run)
    if seen.talks and not seen.talks[0].is_stream:
        runs = _each_alone(runs)
    return _written(examples_of(runs), limits, left_out)


def _each_alone(runs: Sequence[tuple[Round, ...]]) -> list[tuple[Round, ...]]:
    """Of datagrams: a server mostly remembers nothing of who has sent one before. Where it answers
    the same otherwise, it does, and they stay together."""
    first: dict[tuple[bytes, bool], Round] = {}
    steps = [step for run in runs for step in run]
    if all(are_alike(first.setdefault(one.key, one).answer, one.answer) for one in steps):
        return [(one,) for one in steps]
    return list(runs)


def _usable(steps: Sequence[Round], limits: Limits) -> tuple[tuple[Round, ...], str]:
    """What stands before the first that is none, and why that is none."""
    for number, step in enumerate(steps):
        if step.size > limits.octets:
            return tuple(steps[:number]), f"more than {limits.octets} octets (--limit-octets)"
        if not step.answer.data and not step.to_end:
            return tuple(steps[:number]), "what was answered by nothing"
    return tuple(steps), ""


def _written(samples: Sequence[Sample], limits: Limits, left_out: Counter[str]) -> ExampleDraft:
    """The samples, but for those that cannot be written, and what comes after these."""
    names: dict[Sample, str] = {}
    written: list[Example] = []
    for one in samples:
        after = [names[before] for before in one.after if before in names]
        if one.after and not after:
            continue
        if len(written) >= limits.examples:
            left_out[f"more than {limits.examples} examples (--limit-exchanges)"] += 1
            continue
        name = _free_name(_name_of(one.seen[0].request), names.values())
        after += [name] if one in one.after else []
        if example := _example(one, name, after):
            written.append(example)
            names[one] = name
        else:
            left_out[DIFFER] += 1
    ends = _dead_ends(names, written)
    kept = [dataclasses.replace(one, keeps=one.keeps and one.name not in ends) for one in written]
    return ExampleDraft(tuple(kept), left_out, sum(map(_is_masked, names)))


def _dead_ends(names: Mapping[Sample, str], written: Sequence[Example]) -> set[str]:
    """Those that led to others, of which none is written: what may follow them is not known."""
    leading = {before for one in written for before in one.after}
    return {name for one, name in names.items() if one.leads and name not in leading}


def _example(one: Sample, name: str, after: Sequence[str]) -> Example | None:
    answers = list(dict.fromkeys(step.answer for step in one.seen))[:_MOST_ANSWERS]
    to_end = any(step.to_end for step in one.seen) and not one.keeps
    is_plain = len(answers) == 1 and not answers[0].spans
    pattern = None if is_plain else pattern_of(answers, to_end=to_end)
    if not is_plain and pattern is None:
        return None
    return Example(
        name,
        one.seen[0].request.data,
        answers[0].data if is_plain else None,
        pattern,
        after,
        one.keeps,
        one.seen[0].half_closes,
        to_end,
        list(_remarks(one)),
    )


def _is_masked(one: Sample) -> bool:
    return any(step.request.spans or step.answer.spans for step in one.seen)


def _remarks(one: Sample) -> Iterator[str]:
    step = one.seen[0]
    if len(one.seen) > 1:
        yield f"Seen {len(one.seen)} times."
    if step.request.spans:
        yield f"Masked in what it sends: {_places(step.request)}. The server may refuse it so."
    if any(each.answer.spans for each in one.seen):
        yield "Masked in the answer: whatever is as long will do there."
    if len(one.seen) == 1 and has_date(step.answer):
        yield "The answer has what looks like a date, and was seen once: the next may differ."
    if any(each.was_reset for each in one.seen):
        yield "The server resets the connection behind this answer."


def _places(octets: MaskedOctets) -> str:
    told = [f"octets {start + 1} to {end}" for start, end in octets.spans[:5]]
    return ", ".join(told) + (" and more" if octets.spans[5:] else "")


def _name_of(request: MaskedOctets) -> str:
    """The first words of a request, but for what is masked in it."""
    if request == NOTHING:
        return "greeting"
    data = request.data.split(b"\n", 1)[0][: request.spans[0][0] if request.spans else None]
    if _NO_TEXT.search(data):
        return "exchange"
    words = [word.decode("ascii").lower() for word in _WORD.findall(data[:200])[:2]]
    return "-".join(words)[:_LONGEST_NAME].strip("-") or "exchange"


def _free_name(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    return next(
        one
        for n in range(1, len(known) + 2)
        if (one := f"{name}-{n}" if n > 1 else name) not in known
    )
