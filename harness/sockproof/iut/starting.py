"""The order for a server: everything the agent needs to construct it and start its loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sockproof.iut.values import encode
from sockproof.spec.matrix import ServerSpec

__all__ = ["POLL_INTERVAL_S", "ServerOrder"]

# How often the loop looks whether it shall stop: a poll cannot wait less than a millisecond, and
# the default of half a second would be paid by every case.
POLL_INTERVAL_S = 0.001


@dataclass(frozen=True)
class ServerOrder:
    """A server as it is asked for.

    ``script`` and ``hooks`` are in the agent's form, which :mod:`sockproof.case.handler_script`
    makes; ``attributes`` and ``handler_attributes`` are set on subclasses; ``bind_and_activate`` is
    passed to the constructor unless it is None. ``class_source`` is source text that defines
    ``Server``, to be taken instead of the spec's class; in it ``find(name)`` gives a class of
    socketserver, and ``emit``, ``socket`` and ``threading`` are known. ``tls``, if not empty, is
    what the agent's ``securing`` takes.
    """

    spec: ServerSpec
    address: Any
    handler_base: str = "StreamRequestHandler"
    script: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    handler_attributes: Mapping[str, Any] = field(default_factory=dict)
    hooks: Mapping[str, Any] = field(default_factory=dict)
    bind_and_activate: bool | None = None
    class_source: str = ""
    tls: Mapping[str, Any] = field(default_factory=dict)

    def describe(self, handle: int) -> dict[str, Any]:
        """The arguments of the agent's ``make``; ``handle`` names the server from then on."""
        return {
            "handle": handle,
            "spec": {
                "class": self.spec.class_name,
                "mixin": self.spec.mixin_name,
                "family": self.spec.family,
            },
            "address": encode(self.address),
            "attributes": encode(dict(self.attributes)),
            "hooks": dict(self.hooks),
            "handler": {
                "base": self.handler_base,
                "script": dict(self.script),
                "attributes": encode(dict(self.handler_attributes)),
                "source": self.source,
            },
            "bind_and_activate": self.bind_and_activate,
            "class_source": self.class_source,
            **({"tls": dict(self.tls)} if self.tls else {}),
        }

    def loop(self, handle: int, poll_interval_s: float = POLL_INTERVAL_S) -> dict[str, Any]:
        """The arguments that also start ``serve_forever()`` in a thread of its own."""
        return {
            "handle": handle,
            "method": "serve_forever",
            "label": f"serve_forever-{handle}",
            "arguments": [poll_interval_s],
        }
