"""How clients speak TLS with a server that does: whom they trust, what they call the server, who
they are. As options of a check, or the table ``[tls]`` of a definition, say."""

from __future__ import annotations

import functools
import ssl
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sockproof._paths import expanded
from sockproof.errors import UsageError
from sockproof.spec import toml_tables as toml
from sockproof.visible_text import visible

__all__ = ["TLS_TABLE", "TLS_VERSIONS", "TlsTerms", "beside_file", "see_name", "terms_in"]

TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
"""The versions that a file can name."""
_FILES = ("ca", "cert", "key")
TLS_TABLE = toml.table(
    **dict.fromkeys((*_FILES, "name"), toml.FILLED),
    version=toml.one_of(TLS_VERSIONS),
    close_notify=toml.FLAG,
)
"""What a TOML file says of it."""
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

    @property
    def context(self) -> ssl.SSLContext:
        """That of the clients.

        Raises:
            UsageError: a file is not there, or is not what it should be.
        """
        return _context(self)


@functools.cache  # of each process: it is no part of the terms, which go from one to another
def _context(terms: TlsTerms) -> ssl.SSLContext:
    if terms.name:
        see_name(terms.name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if terms.ca:
        _load_trusted(context, terms.ca)
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if terms.cert or terms.key:
        _load_own(context, terms.cert, terms.key)
    if terms.version:
        context.minimum_version = context.maximum_version = TLS_VERSIONS[terms.version]
    return context


def beside_file(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """What a file in this folder says of it: files that it names are beside it."""
    files = {key: str(folder / expanded(table[key])) for key in _FILES if key in table}
    return {**table, **files}


def terms_in(settings: Mapping[str, Any], folder: Path) -> TlsTerms | None:
    """Those of a definition in this folder, if it has any.

    Raises:
        UsageError: a file that it names is not in order.
    """
    if "tls" not in settings:
        return None
    terms = TlsTerms(**beside_file(settings["tls"], folder))
    assert terms.context
    return terms


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
    """A pipe may never tell anything, and tells it once: scripts read their files again."""
    try:
        is_file = stat.S_ISREG(Path(path).stat().st_mode)
        if is_file:
            with Path(path).open("rb"):
                pass
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot read {visible(path)}: {why}", _HINT) from None
    if not is_file:
        raise UsageError(f"cannot read {path}: it is no regular file", _HINT)


def see_name(name: str) -> None:
    """Let pass what clients can ask for as the name of a host.

    Raises:
        UsageError: it is none.
    """
    try:
        is_name = bool(name) and name[0] not in ".-" and b"\0" not in name.encode("idna")
    except UnicodeError:
        is_name = False
    if not is_name:
        hint = "give --tls-name, or name in [tls], as its certificate says: chat.example"
        raise UsageError(f"{visible(name)!r} is no name of a host", hint)


def _refuse_password() -> NoReturn:
    raise UsageError("the key of --tls-cert is encrypted", "give one that needs no password")
