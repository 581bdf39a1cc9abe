"""What ``--server``, ``--handler`` and ``--exchanges`` say: a server of the user's class, and what
it is asked and answers."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sockproof.check.listener import Listener, program_of, server_of
from sockproof.check.served_class import served_class
from sockproof.check.service.exchange_file import ExchangeFile, read_exchanges
from sockproof.check.shipped.definitions import is_shipped, shipped_name
from sockproof.check.shipped.shipped_server import shipped_server
from sockproof.commands.asked_tls import tls_options, tls_words
from sockproof.commands.output import warn
from sockproof.errors import UsageError
from sockproof.spec.toml_tables import as_tuple

__all__ = [
    "asked_exchanges",
    "asked_server",
    "class_options",
    "example_words",
    "prepared",
    "subject_and_examples",
    "subject_options",
]

# What a server that is known by its name has already.
_MADE_WITH = ("handler", "arguments", "keywords")
_OPTIONS = ("server", "handler", "exchanges")


_SERVER = click.option(
    "--server",
    default="",
    metavar="SERVER",
    help="A server class or factory, which is made and served: mypkg.servers:ChatServer, "
    "./chat.py:ChatServer, mypkg:make_server@python3.12. Or one that is known by its name: "
    "http.server, werkzeug@3.1, werkzeug@3.1@python3.12; see 'sockproof list --servers'.",
)
_HANDLER = click.option(
    "--handler", default="", metavar="CLASS", help="The handler class that it is given."
)
_EXCHANGES = click.option(
    "--exchanges",
    default=None,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="In TOML, what a client sends and gets; the area service follows from it.",
)
_LISTENS = click.option(
    "--listens",
    default="",
    metavar="ADDRESS",
    help="Where the program listens, if it is not told {port}: 127.0.0.1:8000, udp:127.0.0.1:53, "
    "unix:/run/app.sock, unixgram:{path}. With port 0 or {port}, a free one is chosen.",
)
_STOP = click.option(
    "--stop", default="", metavar="COMMAND", help="Ends the program. [default: SIGINT]"
)
_REMOTE = click.option(
    "--allow-remote",
    multiple=True,
    metavar="HOST",
    help="A host beyond loopback that you may test.",
)
_Command = Callable[..., Any]


def _with(command: _Command, *options: Callable[[_Command], _Command]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def class_options(command: _Command) -> _Command:
    """The options that name a class and examples, and say how TLS is spoken, of a command that is
    about a check."""
    return _with(command, _SERVER, _HANDLER, _EXCHANGES, tls_options)


def subject_options(command: _Command) -> _Command:
    """The options that say, beside its words, whom a command is about."""
    return _with(command, _LISTENS, _SERVER, _HANDLER, _STOP, _REMOTE, tls_options)


def subject_and_examples(command: _Command) -> _Command:
    """The same, with examples."""
    return _with(command, _LISTENS, _SERVER, _HANDLER, _EXCHANGES, _STOP, _REMOTE, tls_options)


def example_words(given: Mapping[str, Any]) -> Iterator[str]:
    """The options as they were given, as words."""
    for name in _OPTIONS:
        if given.get(name):
            yield f"--{name}={given[name]}"
    yield from tls_words(given)


@functools.cache
def _read(path: Path) -> ExchangeFile:
    return read_exchanges(path)


def asked_exchanges(given: Mapping[str, Any]) -> ExchangeFile:
    """The file of examples, or those of a server that is known by its name; nothing is in it if
    none is given.

    Raises:
        UsageError: it is not in order.
    """
    if given["exchanges"]:
        return _read(given["exchanges"])
    if is_shipped(given["server"]):
        return _read(shipped_name(given["server"]).definition.examples)
    return ExchangeFile()


def asked_server(words: Sequence[str], given: Mapping[str, Any]) -> Listener | Sequence[str]:
    """The server of a class, or the program, that options or file name; else the words, or the
    address of the file.

    Raises:
        UsageError: words name another one, or nothing says where it listens. HarnessError: the
            class cannot be imported.
    """
    table = asked_exchanges(given).server
    named = given["server"] or ("" if words else table.get("class", ""))
    if given["handler"] and not named:
        raise UsageError("--handler is for --server", "add --server CLASS")
    if named:
        if words:
            raise UsageError("--server is a server by itself", f"leave out {shlex.join(words)}")
        return _server(named, given, table)
    listens, stop = _places(given, table)
    if not words and table.get("command"):
        return program_of(_command(table["command"]), listens, stop, given["allow_remote"])
    return words or [table["address"]] if table.get("address") else words


def _server(named: str, given: Mapping[str, Any], table: Mapping[str, Any]) -> Listener:
    listens, stop = _places(given, table)
    is_of_file = named == table.get("class")
    interpreter = table.get("interpreter", "") if is_of_file else ""
    if is_shipped(named):
        told = [name for name in _MADE_WITH if table.get(name)] if is_of_file else []
        if given["handler"] or told:
            what = told[0] if told else "--handler"
            raise UsageError(f"--server {named} is made with what is its own", f"leave out {what}")
        shipped = shipped_server(f"{named}@{interpreter}" if interpreter else named)
        return server_of(shipped, listens, stop, given["allow_remote"])
    served = served_class(
        f"{named}@{interpreter}" if interpreter and "@" not in named else named,
        given["handler"] or (table.get("handler", "") if is_of_file or not given["server"] else ""),
        table.get("arguments"),
        table.get("keywords"),
    )
    return server_of(served, listens, stop, given["allow_remote"])


def prepared(subject: Listener) -> Listener:
    """The subject, when what it needs is there.

    Raises:
        HarnessError: it cannot be made.
    """
    if subject.served:
        subject.served.prepare(warn)
    return subject


def _places(given: Mapping[str, Any], table: Mapping[str, Any]) -> tuple[str, str]:
    """Where it listens, and what stops it: by an option, or by the file."""
    return given["listens"] or table.get("address", ""), given["stop"] or table.get("stop", "")


def _command(told: str | Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(told)) if isinstance(told, str) else as_tuple(told)
    except ValueError as error:
        raise UsageError(f"command {told!r}: {error}", "quote as a shell") from None
