"""What is at a path, whatever a server has made of it: nothing is never an error of the case.

The server's own process looks, so that a script can look in the same way.
"""

from __future__ import annotations

from typing import Any

from fixtures import CaseProcess, check, same
from sockproof.iut.calls import value_of

__all__ = [
    "content_at",
    "expect_as_before",
    "is_there",
    "kind_at",
    "look_at",
    "mode_at",
    "names_in",
]

NOTHING = "nothing"
_IS_THERE = "os.path.lexists({path!r})"
_KIND = "oct(os.lstat({path!r}).st_mode >> 12)[-2:] if os.path.lexists({path!r}) else 'nothing'"
_LOOK = (
    "[getattr(os.lstat({path!r}), 'st_' + one) for one in ('ino', 'mode', 'size', 'mtime')]"
    " if os.path.lexists({path!r}) else 'nothing'"
)
_MODE = "'%03o' % (os.lstat({path!r}).st_mode & 4095) if os.path.lexists({path!r}) else 'nothing'"
_CONTENT = "open({path!r}).read() if os.path.isfile({path!r}) else 'no file'"
_NAMES = "sorted(os.listdir({path!r})) if os.path.isdir({path!r}) else 'no folder'"
_KINDS = {"14": "socket"}


def is_there(process: CaseProcess, path: str) -> bool:
    """Whether anything is there, also a link to nothing."""
    return bool(_ask(process, _IS_THERE, path))


def look_at(process: CaseProcess, path: str) -> Any:
    """What changes whenever something else comes to the path, or what is there is written to."""
    return _ask(process, _LOOK, path)


def expect_as_before(process: CaseProcess, path: str, before: Any) -> None:
    """What is at the path is what :func:`look_at` told before."""
    found = "what was there before" if is_there(process, path) else NOTHING
    same("what was there before", found, "what is at the path")
    check(
        look_at(process, path) == before,
        expected="what is at the path stays as it is",
        actual="something else is there, or it was written to",
    )


def kind_at(process: CaseProcess, path: str) -> str:
    """``nothing``, ``socket``, or ``something else``."""
    told = _ask(process, _KIND, path)
    return NOTHING if told == NOTHING else _KINDS.get(told, "something else")


def mode_at(process: CaseProcess, path: str) -> str:
    """The permissions, as ``ls`` would have them in octal: ``755``."""
    return str(_ask(process, _MODE, path))


def content_at(process: CaseProcess, path: str) -> str:
    """What is in the file."""
    return str(_ask(process, _CONTENT, path))


def names_in(process: CaseProcess, folder: str) -> Any:
    """The names in a folder, in their order."""
    return _ask(process, _NAMES, folder)


def _ask(process: CaseProcess, expression: str, path: str) -> Any:
    source = expression.format(path=path)
    return value_of(source, process.do("evaluate", expression=source))
