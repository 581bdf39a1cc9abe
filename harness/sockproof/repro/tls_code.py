"""Servers with TLS as plain Python code: the classes that speak it, and their certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sockproof.repro.handler_code import indented

__all__ = ["SECURE", "base_in", "secure_classes"]

SECURE = "Secure"
"""What the names of these classes begin with."""


def secure_classes(name: str, told: Mapping[str, Any]) -> dict[str, list[str]]:
    """Texts by the names of what they define: the server's key and certificate, its class, and the
    handler's class if its shape has one. ``told`` is the order of a server."""
    tls, spec = told["tls"], told["spec"]
    bases = ", ".join(f"socketserver.{one}" for one in (spec["mixin"], spec["class"]) if one)
    pem, server, handler = f"{name.upper()}_PEM", f"{name}Server", f"{name}Handler"
    version = tls["context"]["version"]
    given = f'{pem}, "{version}"' if version else pem
    methods = tls["server"].strip().splitlines()
    body = [f"context = server_context({given})", *([""] if methods else []), *methods]
    found = {
        pem: f'{pem} = """{tls["context"]["pem"]}"""'.splitlines(),
        server: [f"class {server}({bases}):", *indented(body)],
    }
    if own := tls["handler"].strip().splitlines():
        base = f"socketserver.{told['handler']['base']}"
        found[handler] = [f"class {handler}({base}):", *indented(own)]
    return found


def base_in(secure: Iterable[str], kind: str) -> str:
    """The name of the class of this kind, ``Server`` or ``Handler``; empty if there is none."""
    return next((name for name in secure if name.endswith(kind)), "")
