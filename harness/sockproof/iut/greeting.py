"""The first exchange with an agent: what it must say of itself, and what else comes instead."""

from __future__ import annotations

import signal
from typing import Annotated, Any, TypedDict

import msgspec

from sockproof.errors import IutUnavailable
from sockproof.iut.message_lines import Message

__all__ = ["BANNER_LINES", "PROTOCOL", "ending_in_words", "is_banner", "read_hello"]

# Version of what is spoken; the agent says its own in the first exchange.
PROTOCOL = 2
# How many lines a wrapper may print before the agent's first word.
BANNER_LINES = 1000
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
_Word = Annotated[str, msgspec.Meta(max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=10_000)]
_Versions = Annotated[list[int], msgspec.Meta(min_length=2, max_length=5)]


class _Overridden(TypedDict):
    name: _Word
    of: _Word
    value: _Text
    instead: _Text
    place: _Text


class _OwnServer(TypedDict):
    """Of a user's server class, see ``iut/agent/own_server.py``."""

    stands_for: _Word
    family: _Word
    below: _Word
    names: Annotated[list[_Word], msgspec.Meta(max_length=10)]
    overridden: Annotated[list[_Overridden], msgspec.Meta(max_length=1000)]
    optional: bool


class _Said(TypedDict):
    """What an agent says of itself, see ``iut/agent/loading.py``."""

    protocol: int
    clock: _Seconds
    pid: int
    version: _Versions
    implementation: _Word
    implementation_version: _Versions
    full_version: _Text
    executable: _Text | None
    prefix: _Text
    os_file: _Text
    module_file: _Text | None
    names: Annotated[list[_Word], msgspec.Meta(max_length=10_000)]
    platform: _Text
    runtime: _Word
    green_stacks: bool
    reaches_pipes: bool
    defines: bool


class _Hello(_Said, total=False):
    """The same of a user's server class."""

    server: _OwnServer


def is_banner(message: Message) -> bool:
    """Whether it is no word of an agent, and so may be what a wrapper prints before the first."""
    return bool(message["r"] == "garbage")


def read_hello(given: str, said: Message) -> dict[str, Any]:
    """What it says of itself.

    Raises:
        IutUnavailable: it could not load the module, or is no agent of ours.
    """
    match said:
        case {"r": "hello", "value": {"protocol": version} as hello} if version == PROTOCOL:
            try:
                msgspec.convert(hello, _Hello)
                return dict(hello)
            except (msgspec.ValidationError, UnicodeEncodeError) as error:
                problem = str(error).replace("`", "'")
            raise IutUnavailable(
                f"{given}: what the agent says of itself is in no order: {problem}",
                "give a command that runs a Python",
            )
        case {"r": "refused", "value": {"type": "NoServerClass", "text": str(text)}}:
            raise IutUnavailable(f"{given}: {text}", "name a server class: MODULE:CLASS")
        case {"r": "refused", "value": {"type": name, "text": str(text)}}:
            raise IutUnavailable(
                f"{given}: loading the module under test failed: {name}: {' '.join(text.split())}",
                "run it by hand: the module must import",
            )
        case {"r": "unstarted", "text": str(text)}:
            raise IutUnavailable(
                f"{given}: no process can be started for its agent: {text}",
                "raise its limit on processes (ulimit -u), or end others of its user",
            )
        case _:
            raise IutUnavailable(
                f"{given}: the agent answered {str(said)[:200]}",
                f"protocol {PROTOCOL} was expected",
            )


def ending_in_words(status: int) -> str:
    """``was killed by SIGKILL``, ``ended with status 3``; as :mod:`subprocess` tells it."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:  # those of real time have no names
        return f"was killed by signal {-status}"
