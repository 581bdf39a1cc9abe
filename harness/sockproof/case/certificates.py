"""Certificates of servers with TLS: an authority that each process makes when it first needs one.

Nothing of it is written to a file or a record: what a case hands to its process is text.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

__all__ = ["CLIENT_NAME", "OTHER_NAME", "SERVER_NAME", "Authority", "authority", "expiring_pem"]

SERVER_NAME = "localhost"
"""What the server's certificate is for."""
OTHER_NAME = "other.example"
"""What another certificate of the server is for."""
CLIENT_NAME = "somebody"
"""Whom the client's certificate names."""
_ANOTHER_NAME = "anyone"

_MAKING = threading.Lock()  # two threads would have made two, which do not trust each other
_LONG_AGO = datetime(2001, 1, 1), datetime(2002, 1, 1)


@dataclass(frozen=True)
class Authority:
    """An authority: its own certificate, and keys with their certificates, as PEM: of a server and
    of a client, and ``others`` by their names: ``other`` is for OTHER_NAME, ``expired`` is for
    SERVER_NAME and no longer holds, ``another`` names
    another client, and ``stranger`` names CLIENT_NAME and is of another authority."""

    trusted_pem: str
    server_pem: str
    client_pem: str
    others: Mapping[str, str] = field(hash=False)

    def pem(self, name: str) -> str:
        """The key and certificate of ``server``, of ``client``, or of one of the others."""
        return {"server": self.server_pem, "client": self.client_pem, **self.others}[name]


def authority() -> Authority:
    """That of this process. Its certificates hold for longer than any script is kept."""
    with _MAKING:
        return _made()


def expiring_pem(valid_s: float) -> tuple[str, datetime]:
    """A key and certificate for SERVER_NAME that hold so long from now, to a second; and the time,
    in UTC, from which they hold no longer."""
    now = datetime.now(timezone.utc)
    end = (now + timedelta(seconds=valid_s)).replace(microsecond=0)
    naive = [moment.replace(tzinfo=None) for moment in (now - timedelta(days=1), end)]
    with _MAKING:
        made = _ca().issue_cert(SERVER_NAME, not_before=naive[0], not_after=naive[1])
    return _text(made), end + timedelta(seconds=1)


@functools.cache
def _ca() -> Any:
    import trustme  # takes a tenth of a second, and most runs of a few cases need none

    return trustme.CA()


@functools.cache
def _made() -> Authority:
    import trustme

    made = _ca()
    begin, end = _LONG_AGO
    others = {
        "other": made.issue_cert(OTHER_NAME),
        "expired": made.issue_cert(SERVER_NAME, not_before=begin, not_after=end),
        "another": made.issue_cert(common_name=_ANOTHER_NAME),
        "stranger": trustme.CA().issue_cert(common_name=CLIENT_NAME),
    }
    server, client = made.issue_cert(SERVER_NAME), made.issue_cert(common_name=CLIENT_NAME)
    return Authority(
        made.cert_pem.bytes().decode("ascii"),
        _text(server),
        _text(client),
        {name: _text(one) for name, one in others.items()},
    )


def _text(made: Any) -> str:
    return str(made.private_key_and_cert_chain_pem.bytes().decode("ascii"))
