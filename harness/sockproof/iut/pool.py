"""The warm agents of one worker: one per implementation, restarted when one has died."""

from __future__ import annotations

from sockproof.iut.channel import Channel
from sockproof.iut.implementation import Implementation

__all__ = ["AgentPool"]

# Cases come one implementation after the other: no more agents than these need to wait.
_ALIVE = 2


class AgentPool:
    """Gives the channel to an implementation's agent; ends the ones used longest ago."""

    def __init__(self) -> None:
        self._channels: dict[tuple[str, tuple[str, ...]], Channel] = {}

    def channel(self, implementation: Implementation) -> Channel:
        """A channel to a living agent.

        Raises:
            IutUnavailable: it does not start.
        """
        key = (implementation.given, implementation.restored)
        channel = self._channels.pop(key, None)
        if channel is not None and channel.ended:
            channel.close()
            channel = None
        self._channels[key] = channel or Channel(implementation)
        while len(self._channels) > _ALIVE:
            self._channels.pop(next(iter(self._channels))).close()
        return self._channels[key]

    def forget(self) -> None:
        """In a copy of this process: every agent is the other one's, who alone ends it."""
        while self._channels:
            self._channels.popitem()[1].forget()

    def close(self) -> None:
        """End every agent."""
        while self._channels:
            self._channels.popitem()[1].close()
