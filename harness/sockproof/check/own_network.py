"""Networks of a check's own, on Linux: each life of a program has one, in which there is loopback
and nobody else. The thread that plays on the life is in it, and whatever it starts.

So the port that a program is told is always the same, nobody on the machine can take it, and what
an earlier life has left to the kernel is in another network.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from sockproof.iut.started import side_by_side
from sockproof.run.namespaces import (
    NEWNET,
    NamespaceRefused,
    call_system,
    enter_users,
    raise_loopback,
)

__all__ = [
    "FIRST_PORT",
    "OwnNetworkRefused",
    "allow_networks",
    "enter_network",
    "in_own_network",
    "unheard",
]

FIRST_PORT = 20500
"""What a program is told in a network of its own; who lives beside it is told the next one. IANA
has given it to nobody, and the kernel gives it to no client."""

_Found = TypeVar("_Found")
OwnNetworkRefused = NamespaceRefused
# Which counters of the kernel's tell that somebody was not there: connections that were refused,
# datagrams to nobody, and what is sent to where no way leads.
_UNHEARD = ("Tcp AttemptFails", "Udp NoPorts", "Ip OutNoRoutes", "Udp6NoPorts", "Ip6OutNoRoutes")


def allow_networks() -> None:
    """See that the threads of this process may make networks: as its user has no right to that,
    it goes into a namespace of users, and it must have one thread alone.

    Raises:
        OwnNetworkRefused: the system does not allow it.
    """
    if not sys.platform.startswith("linux"):
        raise OwnNetworkRefused("a network of its own: it needs Linux")
    if _may_make_networks():
        return
    try:
        enter_users()
    except OSError as error:
        raise OwnNetworkRefused(f"a namespace of users: {error.strerror}") from None


def _may_make_networks() -> bool:
    """Whether this process has the right to administer (CAP_SYS_ADMIN)."""
    told = re.search(r"^CapEff:\s*(\w+)$", Path("/proc/self/status").read_text("utf-8"), re.M)
    return bool(told and int(told[1], 16) >> 21 & 1)


def enter_network() -> None:
    """Go, in this thread, to a network that nobody else has seen. What the thread starts from now
    on, and its sockets, are in there; it does not come back.

    Raises:
        OwnNetworkRefused: the system does not allow it.
    """
    call_system("unshare", NEWNET, told="a namespace of networks")
    try:
        raise_loopback()
    except OSError as error:
        raise OwnNetworkRefused(f"loopback in a network of its own: {error.strerror}") from None


def in_own_network(ask: Callable[[], _Found]) -> _Found:
    """What is found in a network of its own, by a thread that then ends.

    Raises:
        OwnNetworkRefused: the system does not allow it.
    """

    def found(_: None) -> _Found:
        enter_network()
        return ask()

    return side_by_side(found, [None], 1)[0]


def unheard() -> int:
    """How often somebody in this thread's network has asked for one who is not there."""
    return sum(value for name, value in _counters() if name in _UNHEARD)


def _counters() -> Iterator[tuple[str, int]]:
    """All that the kernel counts in this thread's network: a table of two lines each for the older
    protocols, and lines of name and number for IPv6."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/thread-self/net/snmp").read_text("ascii").splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            kind = names.partition(":")[0]
            numbers = map(int, values.split()[1:])
            yield from zip((f"{kind} {name}" for name in names.split()[1:]), numbers, strict=True)
        for line in Path("/proc/thread-self/net/snmp6").read_text("ascii").splitlines():
            name, number = line.split()
            yield name, int(number)
