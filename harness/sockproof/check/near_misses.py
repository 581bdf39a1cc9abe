"""What is almost an address, as people write them elsewhere: what is wrong with it, and what to
type instead."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from sockproof.errors import UsageError

__all__ = ["HOW", "near_miss", "no_address", "not_loopback"]

HOW = "such as 127.0.0.1:9000, [::1]:9000, udp:127.0.0.1:9000 or unix:/run/app.sock"
_MOST = 65535
# Of services that are known by name everywhere; others are asked for.
_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_OVER_TLS = {"https", "wss", "tls", "ssl", "ldaps", "imaps", "pop3s", "ftps", "mqtts", "amqps"}
"""Services of a URL whose clients speak TLS from the first octet."""
# Where a server listens that is reached by every address; nobody connects to there.
_HERE = {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
_KIND, _HOST = r"(?P<kind>udp:|tcp:|)", r"(?P<host>\[[^\]]*\]|[\w.*-]*)"
_PLACE = "{kind}{place}"
# What people write, what is wrong with it, and what is meant; the first that fits is told.
_MISSES: Mapping[str, tuple[str, str]] = {
    rf"(?P<service>\w+)://(?:[^@/]*@)?{_HOST}(?::(?P<port>\d+))?(?:[/?#].*)?": (
        "it is a URL",
        "{place}",
    ),
    rf"{_KIND}(?P<ip>.+)": ("it has no port", _PLACE),
    rf"{_KIND}(?P<port>\d+)": ("it has no host", _PLACE),
    rf"{_KIND}{_HOST} (?P<port>\d+)": ("host and port are one word", _PLACE),
    rf"{_KIND}{_HOST}:(?P<port>\d+)/.*": ("nothing stands behind the port", _PLACE),
    r"(?:udp:|tcp:|)[^/ ]*:\d+": (f"a port is a number from 1 to {_MOST}", ""),
    rf"{_KIND}{_HOST}:(?P<service>[A-Za-z][\w-]*)": ("its port is no number", _PLACE),
    r"(?P<kind>unix|unixgram):": ("it has no path", "{kind}:/run/app.sock"),
    r"(?P<path>/.*|[^:]*\.sock(?:et)?)": ("it is a path", "unix:{path}"),
    rf"{_KIND}{_HOST}:": ("it has no port", _PLACE),
}


def no_address(given: str) -> UsageError:
    """The error for a text that is none: what is wrong with it, and what to type."""
    told, typed = _told(given)
    return UsageError(f"{given!r} is no address{told and f': {told}'}", typed or HOW)


def not_loopback(host: str, port: str) -> UsageError:
    """The error for a host that is not this machine's loopback."""
    if host in _HERE:
        told = f"nobody is reached at {host}, where a server listens at every address"
        return UsageError(told, f"type {_place(host, port)}")
    hint = f"if you may test it, add --allow-remote {host}"
    return UsageError(f"{host} is not this machine's loopback", hint)


def near_miss(given: str) -> UsageError | None:
    """The same for words that may be a program's, if they look like an address all the same."""
    host = given.partition(" ")[0]
    if not re.fullmatch(r"\S+( \d+)?", given):
        return None
    is_path = given.endswith((".sock", ".socket")) or Path(given).is_socket()
    is_like = given.isdecimal() or _is_host(host) or is_path
    return no_address(given) if is_like else None


def _told(given: str) -> tuple[str, str]:
    for pattern, (told, typed) in _MISSES.items():
        found = re.fullmatch(pattern, given)
        if found and _is_host(found.groupdict().get("ip", "localhost")):
            one = found.groupdict("")
            port = one.get("port") or _port_of(one.get("service", ""))
            place = _place(one.get("ip") or one.get("host", ""), port)
            over_tls = one.get("service", "").lower() in _OVER_TLS
            why = f"{told} of a service over TLS (check and init: --tls)" if over_tls else told
            return why, f"type {typed.format(**one, place=place)}" if typed else ""
    return "", ""


def _is_host(text: str) -> bool:
    """Whether it cannot be the name of a program as well."""
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return text == "localhost"
    return True


def _place(host: str, port: str) -> str:
    """Host and port, as an address has them; where a server listens at all, this machine's."""
    bare = host.removeprefix("[").removesuffix("]")
    told = _HERE.get(bare, bare)
    return f"[{told}]:{port}" if ":" in told else f"{told}:{port}"


def _port_of(service: str) -> str:
    """The port of a service by its name."""
    try:
        return _PORTS.get(service) or str(socket.getservbyname(service))
    except OSError:
        return "PORT"
