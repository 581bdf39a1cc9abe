"""Certificates of servers with TLS: an authority that each process makes when it first needs one.

Nothing of it is written to a file or a record: what a case hands to its process is text.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass

__all__ = ["CLIENT_NAME", "SERVER_NAME", "Authority", "authority"]

SERVER_NAME = "localhost"
"""What the server's certificate is for."""
CLIENT_NAME = "somebody"
"""Whom the client's certificate names."""

_MAKING = threading.Lock()  # two threads would have made two, which do not trust each other


@dataclass(frozen=True)
class Authority:
    """An authority: its own certificate, and the keys and certificates of a server and of a client,
    as PEM."""

    trusted_pem: str
    server_pem: str
    client_pem: str


def authority() -> Authority:
    """That of this process. Its certificates hold for longer than any script is kept."""
    with _MAKING:
        return _made()


@functools.cache
def _made() -> Authority:
    import trustme  # takes a tenth of a second, and most runs of a few cases need none

    made = trustme.CA()
    server, client = made.issue_cert(SERVER_NAME), made.issue_cert(common_name=CLIENT_NAME)
    chains = [
        one.private_key_and_cert_chain_pem.bytes().decode("ascii") for one in (server, client)
    ]
    return Authority(made.cert_pem.bytes().decode("ascii"), *chains)
