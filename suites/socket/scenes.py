"""Sockets of the module under test in the states that cases begin with."""

from __future__ import annotations

import sys
from typing import Any

from fixtures import (
    Capable,
    Fill,
    HeldSocket,
    ModuleUnderTest,
    NotApplicable,
    Peers,
    StreamPeer,
    check,
)

# What a family of addresses needs of the machine.
NEEDS = {"inet6": "IPv6", "path": "AF_UNIX"}
FAMILIES = {"inet": "inet", "inet6": "inet6", "path": "path"}


def needs(capable: Capable, family: str) -> None:
    """Refuse a family that is not there.

    Raises:
        NotApplicable: it is not.
    """
    feature = NEEDS.get(family, "")
    if feature and not capable(feature):
        raise NotApplicable(f"no {feature} here", feature)


def connection(
    tested: ModuleUnderTest, peers: Peers, family: str = "inet"
) -> tuple[HeldSocket, StreamPeer]:
    """A connection that the module has accepted, kept as ``sock``, and its other end."""
    listener = tested.listening(family=family)
    peer = peers.stream().connect(listener)
    return listener.accepted("sock"), peer


def file_with(tested: ModuleUnderTest, data: bytes | Fill) -> HeldSocket:
    """A file of the process under test that has just this in it, at its beginning."""
    tested.library("tempfile").do("TemporaryFile", keep="file")
    file = tested.held("file")
    file.do("write", data)
    file.do("flush")
    file.do("seek", 0)
    return file


def memory_with(tested: ModuleUnderTest, data: bytes | Fill) -> HeldSocket:
    """A file that has no descriptor."""
    tested.library("io").do("BytesIO", data, keep="file")
    return tested.held("file")


def told_by(tested: ModuleUnderTest, text: str, fd: int | None = None) -> str:
    """What repr() says of a socket, but for the number of its descriptor and the module's name:
    a copy of a module, under another name, says the same."""
    name = tested.value_of("tested.socket.__module__")
    return text.replace(f"fd={fd}", "fd=N").replace(f"<{name}.", "<socket.")


def addresses_of(tested: ModuleUnderTest, *given: Any, **named: Any) -> list[Any]:
    """What getaddrinfo() finds: one address at least, each of five things.

    Raises:
        Mismatch: it raised, or is no such list.
    """
    __tracebackhide__ = True
    return entries_of(tested.do("getaddrinfo", *given, **named))


def entries_of(found: Any) -> list[Any]:
    """The same of what getaddrinfo() has given."""
    __tracebackhide__ = True
    is_one = isinstance(found, list) and bool(found) and all(map(_is_entry, found))
    check(is_one, expected="a list of addresses, of five things each", actual=found)
    return list(found)


def names_of_host(found: Any) -> list[str]:
    """The name and the further names that gethostbyaddr() has given.

    Raises:
        Mismatch: it gave no name and two lists.
    """
    __tracebackhide__ = True
    is_one = _types(found) == (str, list, list) and {*map(type, found[1])} <= {str}
    check(is_one, expected="a name, a list of names, a list of addresses", actual=found)
    return [found[0], *found[1]]


def interfaces_of(tested: ModuleUnderTest) -> list[tuple[int, str]]:
    """Number and name of each interface: one at least.

    Raises:
        Mismatch: if_nameindex() raised, or gives no such list.
    """
    __tracebackhide__ = True
    found = tested.do("if_nameindex")
    pairs = found if isinstance(found, list) else []
    is_one = bool(pairs) and all(_types(pair) == (int, str) for pair in pairs)
    check(is_one, expected="a list of numbers and names", actual=found)
    return pairs


def _types(found: Any) -> tuple[type, ...]:
    """Of the members of a tuple; of nothing else there are any."""
    return tuple(map(type, found)) if isinstance(found, tuple) else ()


def _is_entry(entry: Any) -> bool:
    has_address = isinstance(entry, tuple) and len(entry) == 5 and isinstance(entry[4], tuple)
    return has_address and len(entry[4]) > 1 and isinstance(entry[4][0], str)


def some_are_sent(sent: Any, most: int = sys.maxsize) -> None:
    """What a call tells of a part that it sends is how many octets: some, and fewer than ``most``.

    Raises:
        Mismatch: it is no such number.
    """
    __tracebackhide__ = True
    is_part = isinstance(sent, int) and 0 < sent < most
    of_them = "" if most == sys.maxsize else f"of {most} "
    check(is_part, expected=f"some {of_them}octets are sent", actual=sent)


def message_of(on: ModuleUnderTest | HeldSocket, name: str, *given: Any, **more: Any) -> Any:
    """What recvmsg(), recvmsg_into() or recv_fds() gives, which is of four things.

    Raises:
        Mismatch: it raised, or gives no such four.
    """
    __tracebackhide__ = True
    told = on.do(name, *given, **more)
    is_one = isinstance(told, tuple) and len(told) == 4 and isinstance(told[0], (bytes, int))
    right = is_one and isinstance(told[1], list) and isinstance(told[2], int)
    check(right, expected="octets or how many, a list, flags and an address", actual=told)
    return told
