"""Where a watch stands, and between whom: what ``--listen`` and ``--to`` mean, and whether the
server is there."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from sockproof.check.listener import Address, parse_address
from sockproof.check.sockets import is_bound, is_gone
from sockproof.errors import HarnessError, UsageError
from sockproof.system_errors import shortage
from sockproof.timing import hang_bound_s

__all__ = ["kind_of", "listening", "parse_listen", "parse_to", "refuse_nobody"]

_BACKLOG = 512
# Nobody connects to there, and whoever listens there is reached from everywhere.
_EVERYWHERE = ("0.0.0.0", "::")
_START = "start the server first; it is named by --to"


def parse_to(given: str, allowed: Sequence[str] = ()) -> Address:
    """The server.

    Raises:
        UsageError: it is no address, or one that is not watched.
    """
    found = parse_address(given, allowed)
    if found.spec.is_unix and not found.is_stream:
        told = f"--to {given}: datagrams at a path are not watched"
        raise UsageError(told, "give a server of TCP, UDP or unix:PATH")
    return found


def parse_listen(given: str, server: Address, allowed: Sequence[str] = ()) -> Address:
    """Where clients come: an address of the server's kind, or a port alone, where 0 is any.

    Raises:
        UsageError: it is none, or of another kind.
    """
    if given.isdecimal():
        host = "[::1]" if server.spec.family == "inet6" else "127.0.0.1"
        given = f"{'' if server.is_stream else 'udp:'}{host}:{given}"
    is_any = given.endswith(":0") and not given.startswith("unix")
    host = given.removeprefix("udp:").rpartition(":")[0].strip("[]")
    if host in _EVERYWHERE and host not in allowed:
        hint = f"give a port alone, such as 0, or, if others may come, add --allow-remote {host}"
        raise UsageError(f"--listen {given}: {host} is not this machine's loopback", hint)
    found = parse_address(f"{given[:-1]}1" if is_any else given, allowed)
    if found.is_stream != server.is_stream or (found.spec.is_unix and not found.is_stream):
        told = f"--listen {given} is not of the kind of {server.words}"
        raise UsageError(told, "give a port alone, such as 0, or an address of that kind")
    return found.with_port(0) if is_any else found


def kind_of(address: Address) -> socket.SocketKind:
    """That of its sockets."""
    return socket.SOCK_STREAM if address.is_stream else socket.SOCK_DGRAM


def refuse_nobody(server: Address) -> None:
    """Unless the server is there. It is seen in the tables of the system where that can be: a
    server that serves one client alone is not to serve us.

    Raises:
        HarnessError: it is not.
    """
    if is_bound(server):
        return
    if not server.is_stream:
        if is_gone(server):
            raise HarnessError(f"nobody has bound {server.words}", _START)
        return
    with socket.socket(server.spec.address_family, kind_of(server)) as one:
        one.settimeout(hang_bound_s())
        try:
            one.connect(server.at)
        except OSError as error:
            why = "it accepts nobody" if isinstance(error, TimeoutError) else _words(error)
            raise HarnessError(f"nobody can be reached at {server.words}: {why}", _START) from None


def _words(error: OSError) -> str:
    return str(error.strerror or error).lower()


@contextlib.contextmanager
def listening(address: Address) -> Iterator[tuple[socket.socket, Address]]:
    """A socket that clients come to, for the length of the block, and where it is.

    Raises:
        HarnessError: it cannot be had.
    """
    with socket.socket(address.spec.address_family, kind_of(address)) as own:
        _bind(own, address)
        own.setblocking(False)
        try:
            at = address if address.spec.is_unix else address.with_port(own.getsockname()[1])
            yield own, at
        finally:
            if address.spec.family == "path":
                with contextlib.suppress(OSError):
                    Path(address.at).unlink()


def _bind(own: socket.socket, address: Address) -> None:
    if address.is_stream and not address.spec.is_unix:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        own.bind(address.at)
        if address.is_stream:
            own.listen(_BACKLOG)
    except OSError as error:
        if shortage(error):
            raise
        hint = "name another with --listen; 0 is any port that is free"
        raise HarnessError(f"cannot listen at {address.words}: {_words(error)}", hint) from None
