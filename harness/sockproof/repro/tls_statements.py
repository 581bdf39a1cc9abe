"""What peers do within TLS, as statements of a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sockproof.iut.case_log import Operation
from sockproof.repro.plain import Names, peer_name
from sockproof.repro.tls_code import client_pem

__all__ = ["TLS_PARTS", "TLS_STATEMENTS"]


def _secured(one: Operation, _names: Names) -> str:
    """A client with TLS; its certificate is a text that stands before it."""
    told = one.arguments
    given = [peer_name(one.actor), *([f'"{told["version"]}"'] if told["version"] else [])]
    given += [] if told["trusting"] else ["trusting=False"]
    given += [f"pem={client_pem(told)}"] if told["pem"] else []
    given += [f"{key}={told[key]!r}" for key in ("name", "protocols") if told[key]]
    given += [f"after=tls_{peer_name(told['after'])}"] if told["after"] else []
    return f"Tls({', '.join(given)})"


def _shaking(one: Operation, _names: Names) -> str:
    """In pieces, and with data behind the last record."""
    pieces, data = one.arguments["piece_octets"], one.arguments["data"]
    return ", ".join([*([str(pieces)] if pieces or data else []), *([repr(data)] * bool(data))])


def _within(one: Operation, names: Names) -> str:
    """What is sent within TLS, and where it is cut."""
    cuts = sorted(one.arguments["cuts"])
    return names.code(one.arguments["data"]) + (f", {cuts}" if cuts else "")


def _of_size(one: Operation, _names: Names) -> str:
    return str(one.arguments.get("size_octets") or "")


# What statements have in braces.
TLS_PARTS: Mapping[str, Callable[[Operation, Names], str]] = {
    "secured": _secured,
    "shaking": _shaking,
    "within": _within,
    "of_size": _of_size,
    "at": lambda one, _: str(one.arguments["at"]),
    "name": lambda one, _: repr(one.arguments["name"].encode("ascii")),
}

# By operation, as in PEER_STATEMENTS.
TLS_STATEMENTS: Mapping[str, tuple[str, str]] = {
    "TLS handshake": (
        "tls_{client} = {secured}\ntls_{client}.shake({shaking})",
        "{secured}.shake({shaking})",
    ),
    "look at TLS": ("", "tls_{client}.tls.{at}"),
    "is certified for": ("", "{name} in (tls_{client}.tls.getpeercert(True) or b'')"),
    "nothing until": ("", ""),  # what is to expire has, when a script runs
    "begin TLS handshake": ("tls_{client} = {secured}\ntls_{client}.begin()", ""),
    "go on with TLS handshake": ("tls_{client}.shake()", "tls_{client}.shake()"),
    "is answered": ("", "bool(select.select([{client}], [], [], 0)[0])"),
    "send within TLS": ("tls_{client}.say({within})", "tls_{client}.say({within})"),
    "hold within TLS": ("tls_{client}.tls.write({data})", ""),
    "release": ("tls_{client}.put(tls_{client}.goes.read({of_size}))", ""),
    "send damaged within TLS": (
        "tls_{client}.tls.write({data})\n"
        "record = bytearray(tls_{client}.goes.read())\n"
        "record[-1] ^= 1\n"
        "tls_{client}.put(record)",
        "",
    ),
    "send close notify": (
        "attempt(tls_{client}.tls.unwrap)\ntls_{client}.put(tls_{client}.goes.read())",
        "",
    ),
    "receive some within TLS": ("tls_{client}.get(1)", ""),
    "receive within TLS": (
        "tls_{client}.get({of_size})",
        "tls_{client}.get({of_size})",
    ),
}
