"""Why a case failed, as far as its process has told: what ended, what raised, what stands where.

A peer sees that nothing comes. The cause may be a loop that ended by an exception long before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sockproof.iut.event_words import called
from sockproof.iut.outcomes import Event, RaisedError
from sockproof.judge.checks import Crash, Mismatch

__all__ = ["Evidence", "cause_of"]

_FRAME = re.compile(r'File "([^"]+)", line (\d+),? in (\S+)')
_TRACEBACK = re.compile(
    r"^Traceback \(most recent call last\):\n((?:[ \t].*\n)*)(\S.*)", re.MULTILINE
)
# Sources of ours in a process: what is raised there was asked for.
_OURS = ("<sockproof agent>", "<handler", "<case source>", "<server source>", "<string>")
# A thread that these are called in waits for what the case does next, or is none of the server's.
_LOOKING = ("select", "poll")
_IDLE = "is idle"
_METHODS = ("serve_forever", "handle_request", "shutdown", "server_close")


@dataclass(frozen=True)
class Evidence:
    """What there is to find a cause in: the events of the case, what its process printed, where its
    threads stood, and the file of the module under test."""

    events: Sequence[Event] = ()
    stderr: str = ""
    stacks: str = ""
    module_file: str = ""


def cause_of(problem: BaseException | None, found: Evidence) -> str:
    """One sentence, or nothing where nothing tells more than the failure itself."""
    if not isinstance(problem, Mismatch) or isinstance(problem, Crash):
        return ""
    for cause, told in _causes(found):
        if told not in problem.actual:
            return cause
    return ""


def _causes(found: Evidence) -> Iterator[tuple[str, str]]:
    """Sentences, the surest first, each with what it is about: where the failure says that already,
    it is no news."""
    for event in found.events:
        if event.name == "ended" and {"error", "label"} <= event.fields.keys():
            error = RaisedError.of(event.fields["error"])
            place = _innermost(error.traceback, found)
            told = f"{error}, raised {place}" if place else str(error)
            yield f"{called(event.fields['label'])}() ended by {told}", str(error)
    standing = list(_standing(found))
    yield from ((told, told) for told in standing if _IDLE not in told)
    for told, place in _raised(found):
        yield f"{told}, raised {place}", told
    yield from ((told, told) for told in standing if _IDLE in told)


def _innermost(traceback: str, found: Evidence) -> str:
    """Where in the module it was raised; empty where a case's own source raises it, and where no
    frame is known."""
    frames = [frame for frame in _FRAME.findall(traceback) if _is_told(frame[0], found)]
    is_known = bool(frames) and not frames[-1][0].startswith(_OURS)
    return _place(frames[-1]) if is_known else ""


def _raised(found: Evidence) -> Iterator[tuple[str, str]]:
    """Exceptions that were printed, and where in the module: not those that came of our own
    source, which raises what it is told to."""
    for frames, error in _TRACEBACK.findall(found.stderr):
        place = _innermost(frames, found)
        if place:
            yield error.strip(), place


def _is_told(file: str, found: Evidence) -> bool:
    return file.startswith(_OURS) or _is_of_module(file, found)


def _is_of_module(file: str, found: Evidence) -> bool:
    return bool(found.module_file) and PurePath(file).name == PurePath(found.module_file).name


def _standing(found: Evidence) -> Iterator[str]:
    """Methods of servers that are under way, and where in the module each of them is."""
    for block in re.split(r"\n\s*\n", found.stacks):
        frames = _FRAME.findall(block)
        own = [frame for frame in frames if _is_of_module(frame[0], found)]
        inner = frames[: frames.index(own[0])] if own else []
        if any(file.startswith(_OURS) for file, _, _ in inner):
            continue  # a handler stands where the case wants it
        for method in _under_way(own):
            if inner and inner[0][2] in _LOOKING and own[0][2].endswith(method):
                at = f"{PurePath(own[0][0]).name}:{own[0][1]}"
                yield f"{method}() {_IDLE}: it waits for the next request in {inner[0][2]}() ({at})"
            else:
                yield f"{method}() stands {_place(own[0], inner[0] if inner else None)}"


def _under_way(frames: Iterable[tuple[str, str, str]]) -> list[str]:
    names = [name.rpartition(".")[2] for _, _, name in frames]
    return [method for method in _METHODS if method in names][:1]


def _place(frame: tuple[str, str, str], inner: tuple[str, str, str] | None = None) -> str:
    """``in serve_forever() (my.py:57), in a call of select()``."""
    file, line, name = frame
    below = f", in a call of {inner[2].rpartition('.')[2]}()" if inner else ""
    return f"in {name.rpartition('.')[2]}() ({PurePath(file).name}:{line}){below}"
