"""The address of a server, and how its clients speak TLS, as code of a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sockproof.check.listener import Address
from sockproof.iut.tls_terms import TLS_VERSIONS, TlsTerms

__all__ = ["context_code", "values_of_address"]


def context_code(terms: TlsTerms | None) -> str:
    """``CONTEXT``, as that of the check; files are named by their whole paths."""
    return "\n".join(_context_lines(terms)) if terms else ""


def _context_lines(terms: TlsTerms) -> Iterator[str]:
    yield "CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)"
    if terms.ca:
        yield f"CONTEXT.load_verify_locations({_path_code(terms.ca)})"
    else:
        yield "CONTEXT.check_hostname, CONTEXT.verify_mode = False, ssl.CERT_NONE"
    if terms.cert:
        key = f", {_path_code(terms.key)}" if terms.key else ""
        yield f"CONTEXT.load_cert_chain({_path_code(terms.cert)}{key})"
    if terms.version:
        only = f"ssl.TLSVersion.{TLS_VERSIONS[terms.version].name}"
        yield f"CONTEXT.minimum_version = CONTEXT.maximum_version = {only}"


def _path_code(path: str) -> str:
    return repr(str(Path(path).absolute()))


def values_of_address(address: Address) -> dict[str, Any]:
    """What the fixed texts can name of an address, and of who connects to it."""
    families = {"inet": "socket.AF_INET", "inet6": "socket.AF_INET6"}
    tls = address.tls
    is_own = address.spec.is_unix or tls
    return {
        "connect": "connect()" if is_own else "socket.create_connection(AT, PATIENCE_S)",
        "tls": bool(tls),
        "tls_name": repr(tls.name_at(address.at)) if tls else "",
        "stream": address.is_stream,
        "unix": address.spec.is_unix,
        "path": address.spec.family == "path",
        "family": families.get(address.spec.family, "socket.AF_UNIX"),
        "kind": "socket.SOCK_STREAM" if address.is_stream else "socket.SOCK_DGRAM",
        "table": "tcp" if address.is_stream else "udp",
        "state": "0A" if address.is_stream else "07",
        "inode": 6 if address.spec.is_unix else 9,
    }
