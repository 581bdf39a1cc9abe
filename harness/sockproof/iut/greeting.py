"""What an agent says of itself at first, checked: whatever a command has started may say it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from sockproof.errors import IutUnavailable
from sockproof.iut.incoming import Message

__all__ = ["checked_greeting"]

_Word = Annotated[str, msgspec.Meta(max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=10_000)]
_Numbers = Annotated[list[int], msgspec.Meta(min_length=2, max_length=3)]


class _Greeting(msgspec.Struct):
    """What others ask it for; it may say more."""

    clock: float
    pid: int
    version: _Numbers
    implementation: _Word
    implementation_version: _Numbers
    executable: _Text | None
    os_file: _Text
    module_file: _Text | None
    names: Annotated[list[_Word], msgspec.Meta(max_length=10_000)]
    runtime: _Word
    reaches_pipes: bool


def checked_greeting(given: str, said: Message) -> Message:
    """The same, once everything in it is what it should be.

    Raises:
        IutUnavailable: something is not.
    """
    try:
        msgspec.convert(said, _Greeting)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        problem = f"{given}: what the agent says of itself is in no order: {error}"
        raise IutUnavailable(problem, "give a command that runs a Python") from None
    told: dict[str, Any] = dict(said)
    return told
