"""The end of a script: what is expected, what is observed, and the statements that find it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sockproof.iut.case_log import Operation
from sockproof.repro.behaviour import Behaviour
from sockproof.repro.fates import GOES_ON, fatal_exception
from sockproof.repro.ground_code import ground_lines
from sockproof.repro.notes import Notes
from sockproof.repro.plain import Names, peer_name, server_name, thread_name
from sockproof.repro.step_code import StepWriter

__all__ = ["LEFT", "Decision"]

# By what is left behind: how many there are.
LEFT = {
    "fd": "descriptors()",
    "thread": "threading.active_count()",
    "child": "own_children()",
}

Lines = list[str]

_VERDICT = 'end(0 if {gone} else 1, "expected: %r\\nobserved: %r" % (expected, observed))'
# Of values that fill a screen, which are shown from a little before they first differ.
_LONG_VERDICT = "end(0 if {gone} else 1, about_where_they_differ(repr(expected), repr(observed)))"
_LONG_CHARACTERS = 500
# Operations of peers that find out at once how things stand.
_LOOKS = ("connect", "connect at once", "knock", "send", "offer", "half-close", "is answered")


@dataclass(frozen=True)
class Decision:
    """Writes what decides about ``behaviour``: its ``operation``, if it is that of one.

    ``steps`` are the statements before it, and ``before`` the operations that they carry out.
    """

    behaviour: Behaviour
    operation: Operation | None
    before: Sequence[Operation]
    names: Names
    notes: Notes

    def lines(self, writer: StepWriter, steps: Lines) -> Lines:
        """The statements: what has to be done first, the two values, and the end."""
        aspect = self.behaviour.aspect
        if aspect == "fate" and fatal_exception(self.behaviour.observed):
            alone = "threading.Event().wait()  # without a timer: is it left alone?"
            return ['os.write(pulse[1], b"x")', alone]
        *lines, value = self._left(writer, steps) if aspect == "left" else self._of(writer)
        lines = lines[1:] if lines[:1] == steps[-1:] else lines
        words, failing = self.behaviour.words, self.names.code(self.behaviour.observed)
        expected = repr(words) if words else self.names.code(self.behaviour.expected)
        lines += [f"failing = {failing}"] if words else []
        told = ["os.dup2(out, 1)"] if aspect == "printed" else []
        compared = (self.behaviour.expected, self.behaviour.observed)
        is_long = max(len(repr(one)) for one in compared) > _LONG_CHARACTERS and not words
        verdict = _LONG_VERDICT if is_long else _VERDICT
        told.append(verdict.format(gone=self.behaviour.comparison))
        return [*lines, f"expected = {expected}", f"observed = {value}", *told]

    def _of(self, writer: StepWriter) -> Lines:
        return _DECISIONS[self.behaviour.aspect](self, writer)

    def outcome(self, writer: StepWriter) -> Lines:
        """The value of one operation. What finds out how things stand does so when all that can
        happen has: a wrong server may be slow to go wrong."""
        one = self.operation
        assert one is not None
        is_look = one.name in _LOOKS or one.arguments.get("op") == "evaluate"
        first = ["let_others_run()"] if is_look and writer.threads else []
        return [*first, *self._value(one, writer)]

    def _value(self, one: Operation, writer: StepWriter) -> Lines:
        if one.name == "do" and one.arguments["op"] == "make":
            made = f"attempt(lambda: bool({writer.making(one.arguments)}))"
            return [*ground_lines(one.arguments, writer.addresses, self.names), made]
        if one.name == "do" and one.arguments["op"] == "execute":
            body = [f"    {line}" for line in writer.source_of(one.arguments)]
            return ["def decisive():", *body, "", "attempt(decisive)"]
        if one.name == "until true":
            return [writer.becomes_true(one)]
        if one.name == "arrived":
            return self._arrived(writer.value(one))
        if one.name in ("connect at once", "knock"):
            return [*writer.peers.lines(one), writer.value(one)]
        if one.name == "stop":
            calls = [line for line in writer.stop(one) if line.startswith("stop(")]
            return [f"bounded(lambda: [{', '.join(calls)}] and None)"]
        return [writer.value(one)]

    def words(self, writer: StepWriter) -> Lines:
        """What an exception says."""
        assert self.operation is not None
        *before, told = self.outcome(writer)
        return [*before, f"words({told.partition('(')[2]}"]

    def _arrived(self, now: str) -> Lines:
        """The datagrams that have come, once there are so many as there are where it is more."""
        most = max(len(self.behaviour.expected), len(self.behaviour.observed))
        enough = f"wait_until(lambda: found.extend({now}) or len(found) >= {most})"
        return ["found = []", enough, "found"]

    def address(self, _: StepWriter) -> Lines:
        """Where a server says that it is."""
        assert self.operation is not None
        return [f"{server_name(self.operation.arguments['handle'])}.server_address"]

    def _label(self) -> str:
        label = self.behaviour.labels[0]
        self.notes.wanted.add(label)
        return label

    def _thread(self) -> str:
        """The variable of the thread whose end it is about, if it is about that."""
        for one in self.before:
            told = one.arguments.get("serve") or one.arguments
            label = told.get("label", "")
            if label and self.behaviour.labels == (f"{label} ended",):
                return thread_name(label)
        return ""

    def happens(self, _: StepWriter) -> Lines:
        """Whether something happens, so often."""
        if thread := self._thread():
            return [f"ends({thread})"]
        count = self.behaviour.count
        return [f'wait_for("{self._label()}"{f", {count}" if count != 1 else ""})']

    def details(self, writer: StepWriter) -> Lines:
        """What is told of something, each time that it happens."""
        *before, waiting = self.happens(writer)
        told = f'details("{self._label()}", {self.behaviour.count})'
        by_identity = "'object 1'" in repr(self.behaviour.expected)
        return [
            *before,
            f'{waiting} or end(2, "none")',
            f"by_identity({told}, {{}})" if by_identity else told,
        ]

    def times(self, _: StepWriter) -> Lines:
        """How often something has happened, once it is so often as it is where it is more."""
        if thread := self._thread():
            return [f"int(ends({thread}))"]
        most = max(self.behaviour.expected or 0, self.behaviour.observed)
        return [f'wait_for("{self._label()}", {most})', f'times("{self._label()}")']

    def sequence(self, _: StepWriter) -> Lines:
        """What of these has happened, in which order."""
        labels = self.behaviour.labels
        self.notes.wanted.update(labels)
        most = max(len(self.behaviour.expected), len(self.behaviour.observed))
        told = f"[entry[0] for entry in log if entry[0] in {labels!r}]"
        return [f"wait_until(lambda: len({told}) >= {most})", told]

    def gathered(self, writer: StepWriter) -> Lines:
        """What of these has happened, in no order."""
        *lines, told = self.sequence(writer)
        return [*lines, f"sorted({told})"]

    def order(self, _: StepWriter) -> Lines:
        """Which of two comes first."""
        first, second = self.behaviour.labels
        self.notes.wanted.update((first, second))
        both = f'wait_for("{first}") and wait_for("{second}") or end(2, "not both")'
        at = "[entry[0] for entry in log].index"
        return [both, f"sorted({[first, second]!r}, key={at})"]

    def _left(self, writer: StepWriter, steps: Lines) -> Lines:
        """How many there are more than at first, once all is closed."""
        lanes = dict.fromkeys(one.actor for one in self.before if one.actor)
        made = [name for lane in lanes if any(_makes(name := peer_name(lane), s) for s in steps)]
        now = LEFT[self.behaviour.labels[0]]
        return [
            *(f"{name}.close()" for name in made),
            *writer.stop(Operation("stop", "", {})),
            f"wait_until(lambda: {now} <= before)",
            f"max(0, {now} - before)  # what is left",
        ]

    def fate(self, _: StepWriter) -> Lines:
        """Whether all goes on, to the end of the script and beyond."""
        return ["let_others_run()", repr(GOES_ON)]

    def printed(self, _: StepWriter) -> Lines:
        """How often something is printed; without a mark, whether anything is."""
        stream, mark = self.behaviour.labels
        fd = {"stdout": 1, "stderr": 2}[stream]
        return [
            "def printed():",
            f"    sys.{stream}.flush()",
            f'    text = open("/proc/self/fd/{fd}", "rb").read()  # from its beginning',
            f"    return text.count(b{mark!r})" if mark else "    return int(bool(text))",
            "",
            f"wait_until(lambda: printed() >= {max(1, self.behaviour.expected)})",
            "printed()",
        ]


def _makes(name: str, statement: str) -> bool:
    return statement.startswith(f"{name} = ")


# By aspect: the statements before the value, and then the value.
_DECISIONS: Mapping[str, Callable[[Decision, StepWriter], Lines]] = {
    "outcome": Decision.outcome,
    "words": Decision.words,
    "address": Decision.address,
    "happens": Decision.happens,
    "detail": Decision.details,
    "place": Decision.details,
    "times": Decision.times,
    "sequence": Decision.sequence,
    "gathered": Decision.gathered,
    "order": Decision.order,
    "printed": Decision.printed,
    "fate": Decision.fate,
}
