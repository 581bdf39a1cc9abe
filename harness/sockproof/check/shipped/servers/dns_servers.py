"""dnslib's servers, which know one address for every name (runs in the server's own
interpreter)."""

from typing import Any

from dnslib import QTYPE, RR, A
from dnslib.server import DNSLogger, DNSServer


class OneAddressResolver:
    """Names that begin with "no" have no address."""

    def resolve(self, request: Any, _handler: Any) -> Any:
        reply = request.reply()
        if not str(request.q.qname).startswith("no"):
            reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A("127.0.0.9"), ttl=60))
        return reply


def datagrams(host: str, port: int, tcp: bool = False) -> Any:
    quiet = DNSLogger(logf=lambda _line: None)
    return DNSServer(OneAddressResolver(), host, port, tcp, quiet).server


def streams(host: str, port: int) -> Any:
    return datagrams(host, port, tcp=True)
