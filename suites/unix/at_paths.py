"""What is at a path, whatever a server has made of it: nothing is never an error of the case.

The server's own process looks, so that a script can look in the same way.
"""

from __future__ import annotations

from typing import Any

from fixtures import CaseProcess, check
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
_IF_THERE = f"({{what}}) if {_IS_THERE} else {NOTHING!r}"
_KIND = "__import__('stat').S_ISSOCK(os.lstat({path!r}).st_mode) and 'socket' or 'something else'"
_LOOK = "[getattr(os.lstat({path!r}), 'st_' + one) for one in ('ino', 'mode', 'size', 'mtime')]"
_MODE = "'%03o' % (os.lstat({path!r}).st_mode & 4095)"
_CONTENT = "open({path!r}).read() if os.path.isfile({path!r}) else 'no file'"
_NAMES = "sorted(os.listdir({path!r})) if os.path.isdir({path!r}) else 'no folder'"


def is_there(process: CaseProcess, path: str) -> bool:
    """Whether anything is there, also a link to nothing."""
    return bool(_ask(process, _IS_THERE, path))


def look_at(process: CaseProcess, path: str) -> Any:
    """What changes whenever something else comes to the path, or what is there is written to."""
    return _ask_if_there(process, _LOOK, path)


def expect_as_before(process: CaseProcess, path: str, before: Any) -> None:
    """What is at the path is what :func:`look_at` told before."""
    stays = "what is at the path stays as it is"
    check(is_there(process, path), expected=stays, actual="nothing is there")
    is_same = look_at(process, path) == before
    check(is_same, expected=stays, actual="something else is there, or it was written to")


def kind_at(process: CaseProcess, path: str) -> str:
    """``nothing``, ``socket``, or ``something else``."""
    return str(_ask_if_there(process, _KIND, path))


def mode_at(process: CaseProcess, path: str) -> str:
    """The permissions, as ``ls`` would have them in octal: ``755``."""
    return str(_ask_if_there(process, _MODE, path))


def content_at(process: CaseProcess, path: str) -> str:
    """What is in the file."""
    return str(_ask(process, _CONTENT, path))


def names_in(process: CaseProcess, folder: str) -> Any:
    """The names in a folder, in their order."""
    return _ask(process, _NAMES, folder)


def _ask_if_there(process: CaseProcess, expression: str, path: str) -> Any:
    """``nothing`` where nothing is."""
    return _ask(process, _IF_THERE.replace("{what}", expression), path)


def _ask(process: CaseProcess, expression: str, path: str) -> Any:
    source = expression.format(path=path)
    return value_of(source, process.do("evaluate", expression=source))
