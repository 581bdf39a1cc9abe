"""What a check judges: an address where somebody listens, a program that is started to listen, or a
server of a class that a program of ours makes.

An address is ``HOST:PORT``, ``udp:HOST:PORT``, ``unix:PATH`` (``unix:@NAME`` has no file), or, for
datagrams, ``unixgram:PATH``. It stands on a row of the matrix of server specs, so that records,
reports and captures take it as they take a server of a module.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sockproof.check.near_misses import HOW, no_address, not_loopback
from sockproof.check.served_class import ServedClass
from sockproof.errors import UsageError
from sockproof.file_names import file_name
from sockproof.iut.tls_terms import TlsTerms
from sockproof.spec.matrix import ServerSpec, spec_by_id

__all__ = [
    "HOST",
    "OWN",
    "PLACES",
    "Address",
    "Listener",
    "parse_address",
    "program_of",
    "server_of",
]

PLACES = ("{port}", "{address}", "{path}")
"""What is replaced in the words of a program: its port, its host and port, its Unix path."""
OWN, HOST = "own", "host"
"""A network in which there is nobody else, and that of the machine."""
_LONGEST_PATH_OCTETS = 107
# Of Unix sockets: how an address begins, and the kind of server that is there.
_UNIX_KINDS = {"unix": "UnixStream", "unixgram": "UnixDatagram"}


@dataclass(frozen=True)
class Address:
    """Where a server is reached: the row of the matrix, and what ``connect()`` takes.

    ``named_by_user``: it may be on another machine, since the user has said so in this call.
    ``tls``: how its clients speak TLS; None if they speak none.
    """

    spec: ServerSpec
    at: Any
    named_by_user: bool = False
    tls: TlsTerms | None = None

    @property
    def address(self) -> Any:
        """As peers ask for it."""
        return self.at

    @property
    def is_stream(self) -> bool:
        return self.spec.is_stream

    @property
    def words(self) -> str:
        """As the user spells it."""
        if self.spec.is_unix:
            path = str(self.at)
            kind = "unix" if self.is_stream else "unixgram"
            return f"{kind}:@{path[1:]}" if path.startswith("\0") else f"{kind}:{path}"
        host = f"[{self.at[0]}]" if self.spec.family == "inet6" else self.at[0]
        return f"{'' if self.is_stream else 'udp:'}{host}:{self.at[1]}"

    def with_port(self, port: int) -> Address:
        """The same at another port."""
        return dataclasses.replace(self, at=(self.at[0], port))


@dataclass(frozen=True)
class Listener:
    """An address, or a program: ``argv`` starts it, ``stop`` is the command that ends it, or empty.

    ``address`` is where it is reached; of a program that is told its port, port 0 stands for it.
    ``given`` is how the user wrote it. ``served`` is the class that the program makes a server of,
    if it is ours. ``network`` is where a program lives, :data:`OWN` or :data:`HOST`, and
    ``network_reason`` why it is the machine's.
    """

    given: str
    address: Address
    argv: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    served: ServedClass | None = None
    network: str = ""
    network_reason: str = ""

    @property
    def kind(self) -> str:
        if self.served:
            return "server"
        return "program" if self.argv else "address"

    @property
    def id(self) -> str:
        """The name of its record."""
        if self.served:
            return file_name(self.served.record_name)
        if not self.argv:
            return file_name(self.given.replace(":", "-").strip("-"))
        names = [os.path.basename(word) for word in self.argv if not word.startswith("-")]  # noqa: PTH119
        told = [name for name in names if name and "{" not in name and not name.isdigit()]
        return file_name("-".join(told[:3]) or "program")

    @property
    def is_told_its_place(self) -> bool:
        """Whether the program's words have a place for its port or path."""
        return any(place in word for word in (*self.argv, *self.stop) for place in PLACES)

    @property
    def is_apart(self) -> bool:
        """Whether each life has a network of its own."""
        return self.network == OWN

    def to_json(self) -> dict[str, Any]:
        """What a record tells of it."""
        told: dict[str, Any] = {"kind": self.kind, "address": self.address.words}
        if self.address.tls:
            told["tls"] = self.address.tls.to_json()
        where = {"network": self.network, "network_reason": self.network_reason}
        lives = {name: text for name, text in where.items() if text}
        if self.served:
            return {**told, **self.served.to_json(), "stop": list(self.stop), **lives}
        words = {"argv": list(self.argv), "stop": list(self.stop)} if self.argv else {}
        return {**told, **words, **lives}


def parse_address(given: str, allowed: Sequence[str] = ()) -> Address:
    """What the text of an address means; hosts beyond loopback have to be ``allowed`` by name.

    Raises:
        UsageError: it is none, or one of another machine that was not named.
    """
    kind, colon, rest = given.partition(":")
    if kind in _UNIX_KINDS and colon:
        return Address(*_unix(given, _UNIX_KINDS[kind], rest))
    is_datagram = kind == "udp" and ":" in rest
    text = rest if is_datagram or kind == "tcp" else given
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise no_address(given)
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    family = _family(given, "127.0.0.1" if host == "localhost" else host, port, allowed)
    at = ("127.0.0.1" if host == "localhost" else host, int(port))
    spec = spec_by_id(f"{'UDP' if is_datagram else 'TCP'}/{family}")
    return Address(spec, at, named_by_user=host in allowed)


def _unix(given: str, kind: str, path: str) -> tuple[ServerSpec, str]:
    if not path:
        raise no_address(given)
    if len(os.fsencode(path)) > _LONGEST_PATH_OCTETS:
        raise UsageError(f"{given!r}: a path has at most {_LONGEST_PATH_OCTETS} octets", HOW)
    if path.startswith("@"):
        return spec_by_id(f"{kind}/abstract"), f"\0{path[1:]}"
    return spec_by_id(f"{kind}/path"), path


def _family(given: str, host: str, port: str, allowed: Sequence[str]) -> str:
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        if host in allowed:
            return "inet"
        raise _no_ip_address(given, host) from None
    if not found.is_loopback and host not in allowed:
        raise not_loopback(host, port)
    return "inet" if found.version == 4 else "inet6"


def _no_ip_address(given: str, host: str) -> UsageError:
    """Either the text is none at all, or it names a host that would have to be looked up."""
    if host == "*":
        return not_loopback(host, given.rpartition(":")[2])
    if not re.fullmatch(r"[\w.-]+", host) or host == "udp":
        return no_address(given)
    hint = f"give its address; if it is another machine that you may test, --allow-remote {host}"
    return UsageError(f"{given!r}: {host!r} is no IP address", hint)


def program_of(
    argv: Sequence[str], listens: str = "", stop: str = "", allowed: Sequence[str] = ()
) -> Listener:
    """A program by its words; ``listens`` is where, with port 0 or ``{port}`` for a chosen one, and
    by default TCP at 127.0.0.1.

    Raises:
        UsageError: nothing says where it listens.
    """
    given = shlex.join(argv)
    where = listens or ("unix:{path}" if any("{path}" in word for word in argv) else "")
    address = _listening(where or "127.0.0.1:{port}", allowed)
    subject = Listener(given, address, tuple(argv), _words(stop))
    if not subject.is_told_its_place and (not listens or _is_chosen(address)):
        hint = "put {port} where it takes its port, or add --listens 127.0.0.1:8000"
        raise UsageError("nothing says at which port the program listens", hint)
    return subject


def server_of(
    served: ServedClass, listens: str = "", stop: str = "", allowed: Sequence[str] = ()
) -> Listener:
    """A server of the user's class, by default at a free port of 127.0.0.1, or where its class has
    its place.

    Raises:
        UsageError: nothing says where it listens, or it is not there. HarnessError: it cannot be
            imported.
    """
    address = _listening(listens or served.listens, allowed)
    subject = Listener(served.words, address, served.argv(), _words(stop), served)
    if not served.is_told_its_place and (not listens or _is_chosen(address)):
        hint = "put {address} among its arguments, or add --listens 127.0.0.1:8000"
        raise UsageError(f"nothing says at which port {served.given} listens", hint)
    return subject


def _is_chosen(address: Address) -> bool:
    return not address.at if address.spec.is_unix else int(address.at[1]) == 0


def _listening(where: str, allowed: Sequence[str]) -> Address:
    kind, _, place = where.partition(":")
    if kind in _UNIX_KINDS and place in ("", "{path}"):
        return Address(spec_by_id(f"{_UNIX_KINDS[kind]}/path"), "")
    if where.endswith((":{port}", ":0")):
        return parse_address(f"{where.rpartition(':')[0]}:1", allowed).with_port(0)
    return parse_address(where, allowed)


def _words(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"--stop {command!r}: {str(error).lower()}", "quote as a shell") from None
