"""How clients of a check speak TLS: whom they trust, what they call the server, who they are."""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sockproof.errors import UsageError

__all__ = ["TLS_VERSIONS", "TlsTerms"]

TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
"""The versions that a file can name."""
_HINT = "--tls-ca, --tls-cert and --tls-key take files in PEM"


@dataclass(frozen=True)
class TlsTerms:
    """``ca`` is a file of the authorities that are trusted; without it nobody looks at the server's
    certificate. ``name`` is what the server is called, by default its host. ``cert`` and ``key``
    are files of the client's own certificate and key, which may be one file. ``version`` is the
    only one that is spoken. ``close_notify``: whether an answer that goes to the end ends with one.
    """

    ca: str = ""
    name: str = ""
    cert: str = ""
    key: str = ""
    version: str = ""
    close_notify: bool = True

    @property
    def words(self) -> str:
        """For the reader of a report: what it speaks, and what was looked at."""
        if self.ca:
            return f"speaks TLS, with a certificate of {self.ca}"
        return "speaks TLS, with a certificate that nobody looks at (--tls-ca says whom to trust)"

    def name_at(self, at: Any) -> str:
        """What they call the server at this address: its host, unless it is said otherwise."""
        host = str(at[0]).partition("%")[0] if isinstance(at, tuple) else ""
        return self.name or host or "localhost"

    def to_json(self) -> dict[str, Any]:
        """What a record tells of it."""
        told = {"name": self.name, "version": self.version}
        return {"trusted": bool(self.ca), **{key: text for key, text in told.items() if text}}

    @functools.cached_property
    def context(self) -> ssl.SSLContext:
        """That of the clients.

        Raises:
            UsageError: a file is not there, or is not what it should be.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca:
            _load_trusted(context, self.ca)
        else:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self.cert or self.key:
            _load_own(context, self.cert, self.key)
        if self.version:
            context.minimum_version = context.maximum_version = TLS_VERSIONS[self.version]
        return context


def _load_trusted(context: ssl.SSLContext, path: str) -> None:
    _see_readable(path)
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        raise UsageError(f"{path}: it has no certificate in PEM", _HINT) from None


def _load_own(context: ssl.SSLContext, cert: str, key: str) -> None:
    if not cert:
        raise UsageError(f"{key} is a key without a certificate", "add --tls-cert FILE")
    for path in filter(None, (cert, key)):
        _see_readable(path)
    try:
        context.load_cert_chain(cert, key or None, password=_refuse_password)
    except ssl.SSLError as error:
        raise _not_its_own(cert, key, error) from None


def _not_its_own(cert: str, key: str, error: ssl.SSLError) -> UsageError:
    if "MISMATCH" in (error.reason or ""):
        return UsageError(f"{key or cert}: the key does not belong to {cert}", _HINT)
    if "-----BEGIN CERTIFICATE-----" not in Path(cert).read_text("ascii", "replace"):
        return UsageError(f"{cert}: it has no certificate in PEM", _HINT)
    return UsageError(f"{key or cert}: it has no key in PEM", _HINT)


def _see_readable(path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", _HINT) from None


def _refuse_password() -> NoReturn:
    raise UsageError("the key of --tls-cert is encrypted", "give one that needs no password")
