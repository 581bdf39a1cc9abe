"""Reads the file of examples: TOML, with ``[[exchange]]`` tables, and a ``[server]`` if it likes,
and ``[tls]`` if that is spoken.

::

    [server]
    class = "./chat.py:ChatServer"
    handler = "./chat.py:ChatHandler"

    [[exchange]]
    send = "hello\\n"
    expect = "HELLO\\n"
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockproof._paths import expanded
from sockproof.check.service.exchanges import NONE, Exchange, Exchanges
from sockproof.check.service.wanted_answer import WantedAnswer
from sockproof.errors import UsageError
from sockproof.iut.tls_terms import TLS_TABLE, beside_file
from sockproof.spec import toml_tables as toml

__all__ = ["ExchangeFile", "read_exchanges"]

_HINT = "see docs/own-server.md"
_NAME = toml.shaped(r"[\w.+-]+", "a name without blanks")
_ANY: toml.Schema = {}
_SENDS = ("send", "send_hex", "send_base64", "send_file")
_EXPECTS = ("expect", "expect_hex", "expect_base64", "expect_file", "expect_regex")
_EXCHANGE = toml.table(
    **dict.fromkeys((*_SENDS, *_EXPECTS), toml.TEXT),
    name=_NAME,
    until=toml.one_of(["end"]),
    keeps=toml.FLAG,
    half_close=toml.FLAG,
    after=toml.FILLED_OR_LIST,
    varies=toml.FILLED,
    timeout_s=toml.SECONDS,
)
_SERVER = toml.table(
    timeout_s=toml.SECONDS,
    **dict.fromkeys(("class", "handler", "interpreter", "address", "stop"), toml.FILLED),
    command=toml.FILLED_OR_LIST,
    arguments=toml.list_of(_ANY),
    keywords={"type": "object"},
)
_FILE = toml.table({"exchange": toml.list_of(_EXCHANGE, least=1)}, server=_SERVER, tls=TLS_TABLE)
FORMAT = toml.Format(_FILE, UsageError, _HINT)


@dataclass(frozen=True)
class ExchangeFile:
    """What a file says: the examples, of the server whatever is told of it, and how it speaks TLS,
    as :class:`TlsTerms` has it; None if it speaks none."""

    exchanges: Exchanges = NONE
    server: Mapping[str, Any] = field(default_factory=dict)
    tls: Mapping[str, Any] | None = None


def read_exchanges(path: Path) -> ExchangeFile:
    """Read a file of examples; files that it names are beside it.

    Raises:
        UsageError: it cannot be read, or is not in order; the message names the exchange.
    """
    told = FORMAT.read(expanded(path))
    folder, tables = expanded(path).parent, told["exchange"]
    names = [str(table.get("name", f"exchange-{n}")) for n, table in enumerate(tables, 1)]
    try:
        _refuse_disorder(tables, names)
        server = {"timeout_s": told.get("server", {}).get("timeout_s")}
        found = [
            _exchange({**server, **table}, name, folder)
            for table, name in zip(tables, names, strict=True)
        ]
    except _Disorder as problem:
        raise UsageError(f"{path}: {problem}", _HINT) from None
    tls = beside_file(told["tls"], folder) if "tls" in told else None
    return ExchangeFile(Exchanges(tuple(found)), _server(told.get("server", {}), folder), tls)


class _Disorder(Exception):
    """What is wrong with an exchange."""


def _server(table: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Its table, in which files of classes are beside this one."""
    found = dict(table)
    for key in ("class", "handler"):
        path, _, name = str(found.get(key, "")).rpartition(":")
        if path.endswith(".py") and not Path(path).is_absolute():
            found[key] = f"{folder / path}:{name}"
    return found


def _exchange(table: Mapping[str, Any], name: str, folder: Path) -> Exchange:
    try:
        request = next((_octets(key, table[key], folder) for key in _SENDS if key in table), b"")
        answer = _answer(table, folder)
    except _Disorder as problem:
        raise _Disorder(f"exchange {name!r}: {problem}") from None
    varies = str(table.get("varies", "")).encode("utf-8")
    if varies not in request:
        raise _Disorder(f"exchange {name!r}: what varies, {varies!r}, is not in what it sends")
    return Exchange(
        name,
        request,
        answer,
        table.get("keeps"),
        toml.as_tuple(table.get("after", ())),
        table.get("half_close", False),
        varies,
        table["timeout_s"],
    )


def _answer(table: Mapping[str, Any], folder: Path) -> WantedAnswer:
    to_end = "until" in table
    if "expect_regex" in table:
        return WantedAnswer(None, _pattern(table["expect_regex"]), to_end)
    key = next((key for key in _EXPECTS if key in table), "")
    return WantedAnswer(_octets(key, table[key], folder) if key else None, None, to_end)


def _pattern(text: str) -> re.Pattern[bytes]:
    try:
        return re.compile(text.encode("utf-8"), re.DOTALL)
    except re.error as error:
        raise _Disorder(f"'expect_regex' is no regular expression: {error}") from None


def _octets(key: str, text: str, folder: Path) -> bytes:
    """What a key stands for.

    Raises:
        _Disorder: it is not spelled so, or the file cannot be read.
    """
    kind = key.partition("_")[2]
    try:
        return _KINDS[kind](text, folder)
    except OSError as error:
        raise _Disorder(f"{key!r}: cannot read {text}: {error.strerror}") from None
    except (ValueError, binascii.Error):
        raise _Disorder(f"{key!r}: {text[:60]!r} is not {kind}") from None


_KINDS: Mapping[str, Callable[[str, Path], bytes]] = {
    "": lambda text, _folder: text.encode("utf-8"),
    "hex": lambda text, _folder: bytes.fromhex(text),
    "base64": lambda text, _folder: base64.b64decode("".join(text.split()), validate=True),
    "file": lambda text, folder: (folder / expanded(text)).read_bytes(),
}


def _refuse_disorder(tables: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """What tables must be to each other.

    Raises:
        _Disorder: they are not.
    """
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        raise _Disorder(f"two exchanges are called {twice[0]!r}")
    by_name = dict(zip(names, tables, strict=True))
    for name, table in by_name.items():
        for problem in (*_problems(table), *_problems_of_order(name, table, by_name)):
            raise _Disorder(f"exchange {name!r}: {problem}")


def _problems(table: Mapping[str, Any]) -> Iterator[str]:
    for keys in (_SENDS, _EXPECTS):
        given = [key for key in keys if key in table]
        if len(given) > 1:
            yield f"it has both {given[0]!r} and {given[1]!r}"
        if "until" not in table and any(table[key] == "" for key in given if key in _EXPECTS):
            yield f"{given[0]!r} is empty"
    if "until" not in table and not any(key in table for key in _EXPECTS):
        yield "nothing says what it gets: add 'expect', 'expect_regex' or until = \"end\""
    if table.get("keeps") and ("until" in table or table.get("half_close")):
        yield "it keeps a connection that has ended"


def _problems_of_order(
    name: str, table: Mapping[str, Any], by_name: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Of what it comes after: that is there, keeps the connection, and does not come after it."""
    seen, first = {name}, toml.as_tuple(table.get("after", ()))
    for one in first:
        if one not in by_name:
            yield f"it comes after {one!r}, which is not there"
        elif not by_name[one].get("keeps"):
            yield f"it comes after {one!r}, which lacks keeps = true"
    while first and first[0] in by_name:
        if first[0] in seen:
            yield "it comes after itself"
            return
        seen.add(first[0])
        first = toml.as_tuple(by_name[first[0]].get("after", ()))
