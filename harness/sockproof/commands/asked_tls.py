"""What ``--tls`` and its like, and ``[tls]`` in a file of examples, say: how the clients of a check
speak TLS."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from sockproof.check.listener import Listener
from sockproof.errors import UsageError
from sockproof.iut.tls_terms import TlsTerms, see_name

__all__ = ["TLS_OPTIONS", "secured", "tls_options", "tls_words"]

TLS_OPTIONS = ("tls_ca", "tls_name", "tls_cert", "tls_key")
"""Those that have a value; each of them says --tls as well."""

_FILE = click.Path(dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option("--tls", is_flag=True, help="The server speaks TLS, and so do all clients."),
    click.option(
        "--tls-ca",
        type=_FILE,
        metavar="FILE",
        help="Whom to trust, in PEM. [default: nobody looks at its certificate]",
    ),
    click.option(
        "--tls-name", metavar="NAME", help="What it is called. [default: the host of its address]"
    ),
    click.option(
        "--tls-cert", type=_FILE, metavar="FILE", help="The certificate of the clients, in PEM."
    ),
    click.option(
        "--tls-key", type=_FILE, metavar="FILE", help="Its key, if that is in a file of its own."
    ),
)


def tls_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how clients speak TLS."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def tls_words(given: Mapping[str, Any]) -> Iterator[str]:
    """The options as they were given, as words."""
    if given.get("tls"):
        yield "--tls"
    for name in TLS_OPTIONS:
        if given.get(name) is not None:
            yield f"--{name.replace('_', '-')}={given[name]}"


def secured(
    subject: Listener, given: Mapping[str, Any], table: Mapping[str, Any] | None
) -> Listener:
    """The subject with the terms of options, and of the ``table`` of a file of examples, if that
    has one; an option is stronger.

    Raises:
        UsageError: there is no TLS over datagrams, or a file of the terms is not in order.
    """
    told = {name: str(given[name]) for name in TLS_OPTIONS if given.get(name) is not None}
    if not told and not given.get("tls") and table is None:
        return subject
    if not subject.address.is_stream:
        raise UsageError("there is no TLS over datagrams", "leave --tls out")
    if "tls_name" in told:
        see_name(told["tls_name"])
    terms = TlsTerms(
        **{**(table or {}), **{key.removeprefix("tls_"): text for key, text in told.items()}}
    )
    assert terms.context  # what is wrong with its files is told before anything is started
    return dataclasses.replace(subject, address=dataclasses.replace(subject.address, tls=terms))
