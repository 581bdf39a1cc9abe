"""Certificates of servers with TLS: an authority that each process makes when it first needs one.

Nothing of it is written to a file or a record: what a case hands to its process is text.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass

__all__ = ["SERVER_NAME", "Authority", "authority"]

SERVER_NAME = "localhost"
"""What the server's certificate is for."""

_MAKING = threading.Lock()  # two threads would have made two, which do not trust each other


@dataclass(frozen=True)
class Authority:
    """An authority: its own certificate, and the key and certificate of a server, as PEM."""

    trusted_pem: str
    server_pem: str


def authority() -> Authority:
    """That of this process. Its certificates hold for longer than any script is kept."""
    with _MAKING:
        return _made()


@functools.cache
def _made() -> Authority:
    import trustme  # takes a tenth of a second, and most runs of a few cases need none

    made = trustme.CA()
    server = made.issue_cert(SERVER_NAME)
    return Authority(
        made.cert_pem.bytes().decode("ascii"),
        server.private_key_and_cert_chain_pem.bytes().decode("ascii"),
    )
