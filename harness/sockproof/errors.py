"""The errors of the harness: whose fault it was, at which step, and what to do about it.

A verdict is never an exception of this tree: these say that *we* could not do our work.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AgentDied",
    "AgentHeld",
    "CatalogueError",
    "ChangedRecord",
    "ChannelError",
    "HarnessError",
    "IutUnavailable",
    "RecordError",
    "UsageError",
]


# Characters of what is kept of a message, at its beginning and at its end.
_BEGINNING, _END = 1200, 300


class HarnessError(Exception):
    """Something on the harness's side went wrong.

    ``message`` says what, in one line, from which the middle is left out where it quotes what has
    no end; ``hint`` says what to do, and may be empty.
    """

    exit_status: ClassVar[int] = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        is_long = len(message) > _BEGINNING + _END
        self.message = f"{message[:_BEGINNING]} ... {message[-_END:]}" if is_long else message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(HarnessError):
    """A wrong option, an unknown id, a settings file that cannot be read, nothing selected."""

    exit_status = 4


class CatalogueError(HarnessError):
    """The requirements contradict themselves: a duplicate, an unknown key, a dangling reference."""


class IutUnavailable(HarnessError):
    """An implementation could not be started, or is not what it says it is."""


class ChannelError(HarnessError):
    """The control channel carried something that is not the protocol."""


class AgentDied(HarnessError):
    """The agent ended or stopped answering while it was needed."""


class AgentHeld(AgentDied):
    """The agent was there and did not do its work, so that we have killed it."""


class RecordError(HarnessError):
    """A record file is unreadable, truncated, or of another schema."""


class ChangedRecord(RecordError):
    """A record is not as it was written: something in it was edited, taken out or put in."""
