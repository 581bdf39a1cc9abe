"""What a script has as literals: addresses, the words of a program, octets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sockproof.check.listener import Address, Listener

__all__ = ["at_code", "garbage_code", "octets_code", "words_code"]

_WIDTH = 99
_PIECE = 60
# What a client sends that has no protocol, as code; {large} is how much is too much.
_GARBAGE: Mapping[str, str] = {
    "octets": r'random.Random(1).getrandbits(8 * 4096).to_bytes(4096, "big") + b"\r\n\r\n"',
    "NUL": "bytes(1024)",
    "nothing": 'b""',
    "an endless line": 'b"x" * {endless}',
    "too much": r'(b"y" * 62 + b"\r\n") * {lines}',
}
_TLS_WAYS = re.compile(" (within|past) TLS$")
_DATAGRAM_OCTETS = {"endless": 60000, "lines": 1023}


def at_code(subject: Listener, values: Mapping[str, Any]) -> str:
    """Where the server is: what the user says, the program's own address, or one that is free."""
    address = subject.address
    if not subject.argv:
        return _given_code(address)
    if values["apart"]:
        return f"AT = {(address.at[0], 8000)!r}  # in a network of its own"
    if address.spec.family == "path" and not address.at:
        return "AT = tempfile.mktemp()"
    if address.spec.is_unix or address.at[1]:
        return f"AT = {address.at!r}"
    place, family = (address.at[0], 0), values["family"]
    if address.is_stream:
        return f"AT = socket.create_server({place!r}, family={family}).getsockname()[:2]  # is free"
    lines = (
        f"with socket.socket({family}, socket.SOCK_DGRAM) as one:  # a port that is free",
        f"    one.bind({place!r})",
        "    AT = one.getsockname()[:2]",
    )
    return "\n".join(lines)


def _given_code(address: Address) -> str:
    """What the user of the script says, or the user of the check has said."""
    given = f"(sys.argv[1:] or [{address.words!r}])[0]"
    if address.spec.family == "path":
        return f'AT = {given}.replace("{_unix_kind(address)}:", "", 1)'
    if address.spec.is_unix:
        return f'AT = {given}.replace("{_unix_kind(address)}:@", "\\0", 1)'
    parts = f'HOST, PORT = {given}.replace("udp:", "").rsplit(":", 1)'
    return f'{parts}\nAT = HOST.strip("[]"), int(PORT)'


def _unix_kind(address: Address) -> str:
    return "unix" if address.is_stream else "unixgram"


def words_code(name: str, words: Sequence[str], address: Address) -> str:
    """The words of a command, with the place where the program is to listen."""
    told = [_word_code(word, address) for word in words]
    line = f"{name} = [{', '.join(told)}]"
    return line if len(line) <= _WIDTH else "\n".join([f"{name} = [", *_lines(told), "]"])


def _lines(told: Sequence[str]) -> list[str]:
    return [f"    {one}," for one in told]


def _word_code(word: str, address: Address) -> str:
    family, at = address.spec.family, address.at
    host = f"[{at[0]}]" if family == "inet6" else at and at[0]
    address_code = f"{_unix_kind(address)}:{{AT}}" if address.spec.is_unix else f"{host}:{{AT[1]}}"
    places = {
        "{path}": "AT",
        "{port}": "str(AT[1])",
        "{address}": f'f"{address_code}"',
    }
    if word in places:
        return places[word]
    replaced = (f'.replace("{one}", {code})' for one, code in places.items() if one in word)
    return f"{word!r}{''.join(replaced)}"


def octets_code(octets: bytes) -> str:
    """Octets, in lines that can be read."""
    if len(octets) <= _PIECE:
        return repr(octets)
    pieces = [octets[at : at + _PIECE] for at in range(0, len(octets), _PIECE)]
    return "\n".join(["(", *(f"    {piece!r}" for piece in pieces), ")"])


def garbage_code(kind: str, address: Address, large_octets: int) -> str:
    """What a client sends that has no protocol; empty where the kind is none of garbage."""
    large = {"endless": large_octets // 8, "lines": large_octets // 64}
    told = large if address.is_stream else _DATAGRAM_OCTETS
    return _GARBAGE.get(_TLS_WAYS.sub("", kind), "").format(**told)
