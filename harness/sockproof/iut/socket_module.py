"""A module that is judged as a ``socket``: what the documentation has, and one exchange that every
such module can make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sockproof.errors import IutUnavailable
from sockproof.iut.channel import Channel
from sockproof.iut.implementation import Implementation
from sockproof.iut.outcomes import Outcome
from sockproof.iut.process import CaseProcess
from sockproof.iut.values import Constant, Kept, encode
from sockproof.judge.checks import Mismatch
from sockproof.spec.area_names import SERVERS, SOCKETS
from sockproof.spec.levels import PythonLevel

__all__ = ["documented", "refuse_other_sockets", "refuse_sockets"]

# https://docs.python.org/3/library/socket.html: what every platform has, by the first Python.
_NAMES: Mapping[PythonLevel, str] = {
    (2, 7): "socket create_connection fromfd getaddrinfo getnameinfo gethostbyname socketpair "
    "gethostname ntohl htonl ntohs htons inet_aton inet_ntoa inet_pton inet_ntop getservbyname "
    "getdefaulttimeout setdefaulttimeout error timeout gaierror herror has_ipv6 SOMAXCONN "
    "AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM SOL_SOCKET SO_REUSEADDR SHUT_RD SHUT_WR SHUT_RDWR",
    (3, 6): "if_nameindex if_nametoindex if_indextoname AddressFamily SocketKind SocketType "
    "CMSG_LEN CMSG_SPACE",
    (3, 7): "close",
    (3, 8): "create_server has_dualstack_ipv6",
    (3, 9): "send_fds recv_fds",
}
_OLDEST = 3
_LINE = b"sockproof\n"
# Types of what is to be awaited.
_AWAITED = ("coroutine", "Future", "async_generator")
# One line from one socket of the module to another: step by step, what is kept under which name.
_EXCHANGE: tuple[tuple[str, str, tuple[Any, ...], Any], ...] = (
    ("", "socket", (Constant("AF_INET"), Constant("SOCK_STREAM")), "listener"),
    ("listener", "bind", (("127.0.0.1", 0),), None),
    ("listener", "listen", (1,), None),
    ("listener", "getsockname", (), "address"),
    ("", "socket", (Constant("AF_INET"), Constant("SOCK_STREAM")), "client"),
    ("client", "connect", (Kept("address"),), None),
    ("listener", "accept", (), ["connection", "peer"]),
    ("client", "sendall", (_LINE,), None),
    ("connection", "recv", (len(_LINE),), "data"),
)


def documented(level: PythonLevel) -> tuple[str, ...]:
    """The names that the documentation of a Python level has on every platform."""
    return tuple(name for since, text in _NAMES.items() if since <= level for name in text.split())


def refuse_sockets(implementation: Implementation, hello: Mapping[str, Any]) -> None:
    """A module of sockets is not judged as one of server classes.

    Raises:
        IutUnavailable: it has sockets, and no server class.
    """
    if implementation.judged == SERVERS and hello["has_sockets"] and not hello["names"]:
        raise IutUnavailable(
            f"{implementation.given}: the module has a socket class, and none of socketserver's",
            f"judge it as a socket module: sockproof run --area {SOCKETS} --iut "
            f"{implementation.given}",
        )


def refuse_other_sockets(channel: Channel) -> None:
    """Have it send one line from one socket to another.

    Raises:
        IutUnavailable: it has no class of sockets, one whose calls are to be awaited, or none that
            comes to an echo.
    """
    given = channel.implementation.given
    _refuse_what_it_is(given, channel.hello)
    process = CaseProcess(channel)
    try:
        for step in _EXCHANGE:
            said = _carried_out(process, given, step)
            if getattr(said.value, "type_name", "") in _AWAITED:
                _refuse_awaited(given, f"{step[1]}()")
        if said.value != _LINE:
            raise Mismatch(repr(_LINE), repr(said.value))
    except Mismatch as error:
        raise IutUnavailable(
            f"{given}: the smoke exchange failed: {error}",
            "sockets that cannot exchange one line cannot be judged",
        ) from None
    finally:
        process.end()


def _refuse_what_it_is(given: str, hello: Mapping[str, Any]) -> None:
    """What can be told without a call.

    Raises:
        IutUnavailable: it is none that is judged.
    """
    if hello["version"][0] < _OLDEST:
        raise IutUnavailable(
            f"{given}: a socket of Python 2 gives text where octets are promised",
            f"--area {SOCKETS} judges Python 3",
        )
    if hello["awaited"]:
        _refuse_awaited(given, f"{hello['awaited'][0]}()")
    if not hello["has_sockets"]:
        raise IutUnavailable(
            f"{given}: the module has no class 'socket'",
            f"--area {SOCKETS} judges modules such as socket; server classes are judged without it",
        )


def _carried_out(
    process: CaseProcess, given: str, step: tuple[str, str, tuple[Any, ...], Any]
) -> Outcome:
    on, name, arguments, keep = step
    told = encode(list(arguments))
    said = process.do("step", on=on, do="call", name=name, arguments=told, keywords={}, keep=keep)
    if said.error and said.error.asks_for((name,)):
        raise IutUnavailable(
            f"{given}: its {'sockets have' if on else 'module has'} no {name}()",
            "judge the module that stands on it and has that, as socket stands on _socket",
        )
    if said.error is not None:
        raise Mismatch(f"{on or 'socket'}.{name}()", f"it raised {said.error}")
    return said


def _refuse_awaited(given: str, call: str) -> None:
    raise IutUnavailable(
        f"{given}: what {call} returns has to be awaited",
        f"--area {SOCKETS} judges modules whose calls return what they are asked for; judge what "
        "runs on it by sockproof check",
    )
