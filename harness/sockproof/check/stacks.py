"""Where the threads of a process stand: by a tool that looks from outside, or by Python itself,
when the process is ours to end."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Frame", "dumped_stacks", "held_at", "outside_stacks", "shakes_hands_at"]

_LOOKS_WITHIN_S = 10.0
# `handle (chat.py:31)` of the tool; `File "chat.py", line 31 in handle` of faulthandler.
_OUTSIDE = re.compile(r"^\s+(?P<name>\S+) \((?P<file>[^()]+):(?P<line>\d+)\)")
_DUMPED = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>\S+)')
_THREAD = re.compile(r"^(Thread|Current thread) ")
# Where a thread waits for its next work, or where Python begins: of no user's interest.
_STARTER = "sockproof/check/starter.py"
_INNER = ("socket.py", "selectors.py", "ssl.py", "threading.py", "socketserver.py", "queue.py")


@dataclass(frozen=True)
class Frame:
    """A line of a stack."""

    name: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.name}() at {os.path.basename(self.file)}:{self.line}"  # noqa: PTH119

    @property
    def is_inner(self) -> bool:
        """Whether it is of the standard library's own, below or above what a user wrote."""
        name = os.path.basename(self.file)  # noqa: PTH119
        return name in _INNER or self.file.startswith("<frozen") or self.file.endswith(_STARTER)


def outside_stacks(pids: Sequence[int]) -> str:
    """What py-spy shows of these processes; empty where it is not installed, or may not look."""
    beside = Path(sys.executable).with_name("py-spy")
    tool = str(beside) if beside.exists() else shutil.which("py-spy")
    if not tool:
        return ""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            looked = subprocess.run(
                [tool, "dump", "--pid", str(pid), "--nonblocking"],
                capture_output=True,
                text=True,
                timeout=_LOOKS_WITHIN_S,
            )
            found.append(looked.stdout if looked.returncode == 0 else "")
    return "\n".join(filter(None, found))


def dumped_stacks(text: str) -> str:
    """The stacks among what a Python printed when it was ended by SIGABRT."""
    begins = text.find("Fatal Python error: Aborted")
    return text[begins:] if begins >= 0 else ""


def held_at(stacks: str) -> list[str]:
    """Where most threads stand, in the words of their own code: ``18 in recv() at chat.py:31``."""
    places = Counter(filter(None, map(_place, _threads(stacks))))
    return [f"{number} in {place}" for place, number in places.most_common(3)]


def shakes_hands_at(stacks: str) -> str:
    """Who waits for a client in its handshake: ``get_request() at chat.py:31``; empty if nobody."""
    for frames in _threads(stacks):
        names = [frame.name for frame in frames]
        if "do_handshake" in names:
            rest = frames[names.index("do_handshake") :]
            return next((str(frame) for frame in rest if not _is_of_sockets(frame)), "")
    return ""


def _is_of_sockets(frame: Frame) -> bool:
    return frame.file.endswith(("/ssl.py", "/socket.py"))


def _threads(stacks: str) -> Iterator[list[Frame]]:
    frames: list[Frame] | None = None
    for line in stacks.splitlines():
        if _THREAD.match(line):
            if frames:
                yield frames
            frames = []
        elif frames is not None and (found := _OUTSIDE.match(line) or _DUMPED.match(line)):
            frames.append(Frame(found["name"], found["file"], int(found["line"])))
    if frames:
        yield frames


def _place(frames: Sequence[Frame]) -> str:
    """The innermost frame of code that is not the standard library's, if there is one."""
    own = next((frame for frame in frames if not frame.is_inner), None)
    return str(own or frames[0]) if frames else ""
