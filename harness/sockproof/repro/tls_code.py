"""Servers with TLS as plain Python code: the classes that speak it, and their certificate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.repro.handler_code import indented

__all__ = ["SECURE", "base_in", "client_pem", "client_texts", "secure_classes"]

# As wide as a line of a script may be; OpenSSL takes lines of more than twice as much.
_WIDE = 96
_BASE64 = re.compile(r"^(?:[A-Za-z0-9+/]+=*\n)+", re.MULTILINE)
SECURE = "Secure"
"""What the names of these classes begin with."""


def secure_classes(name: str, told: Mapping[str, Any]) -> dict[str, list[str]]:
    """Texts by the names of what they define: the server's key and certificate, its class, and the
    handler's class if its shape has one. ``told`` is the order of a server."""
    tls, spec = told["tls"], told["spec"]
    own = [f"socketserver.{one}" for one in (spec["mixin"], spec["class"]) if one]
    bases = ", ".join([*([tls["base"]] if tls["base"] else []), *own])
    pem, server, handler = f"{name.upper()}_PEM", f"{name}Server", f"{name}Handler"
    version, trusted = tls["context"]["version"], f"{name.upper()}_TRUSTED"
    asks = bool(tls["context"]["trusted"])
    given = f'{pem}, "{version}"' if version or asks else pem
    given += f", {trusted}" if asks else ""
    methods = [one for key in ("body", "server") for one in _parts(tls[key])]
    body = [f"context = server_context({given})", *methods]
    found = {
        pem: text(pem, tls["context"]["pem"]),
        **({trusted: text(trusted, tls["context"]["trusted"])} if asks else {}),
        **{name: text(name, own) for name, own in tls["texts"].items()},
        server: [f"class {server}({bases}):", *indented(body)],
    }
    if own := tls["handler"].strip().splitlines():
        base = f"socketserver.{told['handler']['base']}"
        found[handler] = [f"class {handler}({base}):", *indented(own)]
    return found


def _parts(source: str) -> list[str]:
    """Its lines; what does not go on from the line before it stands apart."""
    lines = source.strip().splitlines()
    return ["", *lines] if lines[:1] and lines[0].startswith("def ") else lines


def client_texts(operations: Iterable[Operation | None]) -> dict[str, list[str]]:
    """The keys and certificates of clients that have one, by the names of these texts."""
    told = [one.arguments for one in operations if one and one.arguments.get("pem")]
    return {name: text(name, one["pem"]) for one in told for name in [client_pem(one)]}


def client_pem(told: Mapping[str, Any]) -> str:
    """The name of the text that is a client's key and certificate."""
    return f"{told['certificate'].upper()}_PEM"


def text(name: str, pem: str) -> list[str]:
    """The statement that gives a name to keys and certificates, in fewer and longer lines."""
    parts = _BASE64.sub(lambda found: _wide(found[0].replace("\n", "")), pem)
    return f'{name} = """{parts}"""'.splitlines()


def _wide(base64: str) -> str:
    starts = range(0, len(base64), _WIDE)
    return "".join(f"{base64[start : start + _WIDE]}\n" for start in starts)


def base_in(secure: Iterable[str], kind: str) -> str:
    """The name of the class of this kind, ``Server`` or ``Handler``; empty if there is none."""
    return next((name for name in secure if name.endswith(kind)), "")
