"""Servers with TLS as plain Python code: the classes that speak it, and their certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sockproof.iut.case_log import Operation
from sockproof.repro.handler_code import indented

__all__ = ["CLIENT_PEM", "SECURE", "base_in", "client_texts", "secure_classes"]

CLIENT_PEM = "CLIENT_PEM"
SECURE = "Secure"
"""What the names of these classes begin with."""


def secure_classes(name: str, told: Mapping[str, Any]) -> dict[str, list[str]]:
    """Texts by the names of what they define: the server's key and certificate, its class, and the
    handler's class if its shape has one. ``told`` is the order of a server."""
    tls, spec = told["tls"], told["spec"]
    bases = ", ".join(f"socketserver.{one}" for one in (spec["mixin"], spec["class"]) if one)
    pem, server, handler = f"{name.upper()}_PEM", f"{name}Server", f"{name}Handler"
    version, trusted = tls["context"]["version"], f"{name.upper()}_TRUSTED"
    asks = bool(tls["context"]["trusted"])
    given = f'{pem}, "{version}"' if version or asks else pem
    given += f", {trusted}" if asks else ""
    methods = tls["server"].strip().splitlines()
    body = [f"context = server_context({given})", *([""] if methods else []), *methods]
    found = {
        pem: text(pem, tls["context"]["pem"]),
        **({trusted: text(trusted, tls["context"]["trusted"])} if asks else {}),
        server: [f"class {server}({bases}):", *indented(body)],
    }
    if own := tls["handler"].strip().splitlines():
        base = f"socketserver.{told['handler']['base']}"
        found[handler] = [f"class {handler}({base}):", *indented(own)]
    return found


def client_texts(operations: Iterable[Operation | None]) -> dict[str, list[str]]:
    """The key and certificate of clients that have one, by the name of that text."""
    pems = [one.arguments["pem"] for one in operations if one and one.arguments.get("pem")]
    return {CLIENT_PEM: text(CLIENT_PEM, pems[0])} if pems else {}


def text(name: str, pem: str) -> list[str]:
    """The statement that gives a name to a text of several lines."""
    return f'{name} = """{pem}"""'.splitlines()


def base_in(secure: Iterable[str], kind: str) -> str:
    """The name of the class of this kind, ``Server`` or ``Handler``; empty if there is none."""
    return next((name for name in secure if name.endswith(kind)), "")
