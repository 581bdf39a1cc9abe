"""Chooses where a program is told to listen, and puts it among its words."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sockproof.check.listener import Address, Listener
from sockproof.check.own_network import FIRST_PORT

__all__ = ["chosen_address", "placed"]

_NUMBERS = itertools.count(1)


def chosen_address(subject: Listener, folder: Path) -> Address:
    """The address that the program is told: its own, or one that is free now; in a network of its
    own that is always the same, but for who lives beside it."""
    address = subject.address
    if address.spec.family == "path" and not address.at:
        return replace(address, at=str(folder / f"socket-{next(_NUMBERS)}"))
    if address.spec.is_unix or address.at[1]:
        return address
    ports = itertools.count(FIRST_PORT) if subject.is_apart else itertools.repeat(0)
    return address.with_port(next(filter(None, (_free_port(address, port) for port in ports))))


def _free_port(address: Address, port: int) -> int:
    """This port, if nobody has it, or any for 0; else 0."""
    kind = socket.SOCK_STREAM if address.is_stream else socket.SOCK_DGRAM
    with socket.socket(address.spec.address_family, kind) as one:
        try:
            one.bind((address.at[0], port))
        except OSError:
            if not port:
                raise
            return 0
        return int(one.getsockname()[1])


def placed(words: Sequence[str], address: Address) -> list[str]:
    """A program's words with the place where it is to listen."""
    at = {"{path}": str(address.at)} if address.spec.is_unix else {"{port}": str(address.at[1])}
    at["{address}"] = address.words.removeprefix("udp:")
    return [_replaced(word, at) for word in words]


def _replaced(word: str, places: dict[str, str]) -> str:
    for place, value in places.items():
        word = word.replace(place, value)
    return word
