"""How a case wants its server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sockproof.case.handler_script import GateIndex, HandlerScript, Hook, Step, describe_hooks
from sockproof.case.tls_server import TlsServer
from sockproof.iut.capabilities import ProbedIut
from sockproof.iut.starting import POLL_INTERVAL_S, ServerOrder
from sockproof.judge.checks import NotApplicable
from sockproof.spec.matrix import ServerSpec

__all__ = ["ServerOptions", "refuse_plain_clients"]

_SPEAKS_TLS = (
    "its servers speak TLS by themselves, as its definition says, and clients of cases do not; "
    "'sockproof check --server' does"
)


@dataclass(frozen=True)
class ServerOptions:
    """How a case wants its server. ``handler`` are the steps of ``handle()``, or of each phase.

    ``base`` names the handler class of socketserver to follow the script; empty for the one that
    fits the spec. ``source`` is source text that defines ``Handler`` instead of a script, and
    ``class_source`` one that defines ``Server`` instead of the spec's class (see ServerOrder).
    ``tls`` is None for a plain server.
    """

    handler: Sequence[Step] | HandlerScript = ()
    base: str = ""
    source: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    handler_attributes: Mapping[str, Any] = field(default_factory=dict)
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    bind_and_activate: bool | None = None
    class_source: str = ""
    address: Any = None
    poll_interval_s: float = POLL_INTERVAL_S
    tls: TlsServer | None = None

    def refuse_inapplicable(self, iut: ProbedIut) -> None:
        """Say so where the implementation cannot make such a server.

        Raises:
            NotApplicable: with the reason.
        """
        iut.refuse_keyword(self.bind_and_activate)
        if self.tls and not iut.capabilities.features["TLS"]:
            raise NotApplicable("no TLS here", "TLS")
        if self.tls and iut.implementation.tls:
            raise NotApplicable(_SPEAKS_TLS)

    def order(self, spec: ServerSpec, address: Any, gate: GateIndex) -> ServerOrder:
        """The order for a server of this spec, at ``address`` unless the case names one."""
        script = self.handler
        if not isinstance(script, HandlerScript):
            script = HandlerScript(script)
        base = "StreamRequestHandler" if spec.is_stream else "DatagramRequestHandler"
        return ServerOrder(
            spec,
            address if self.address is None else self.address,
            self.base or base,
            script.describe(gate),
            self.source,
            self.attributes,
            self.handler_attributes,
            describe_hooks(self.hooks, gate),
            self.bind_and_activate,
            self.class_source,
            self.tls.describe() if self.tls else {},
        )


def refuse_plain_clients(iut: ProbedIut) -> None:
    """Clients of cases speak plainly, or make their own TLS with servers that a case makes.

    Raises:
        NotApplicable: the servers of the implementation speak TLS by themselves.
    """
    if iut.implementation.tls:
        raise NotApplicable(_SPEAKS_TLS)
