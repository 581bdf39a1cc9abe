"""Forms that the address of a Unix server may have: octets, text that is none, the longest."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from fixtures import (
    Construct,
    NotApplicable,
    Observe,
    Peer,
    RaisedError,
    Serve,
    Server,
    ServerSpec,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine

NO_TEXT = b"\xff\xfe\x80"
# What sun_path has room for on Linux; a path there ends with a NUL, an abstract name begins so.
LONGEST_OCTETS = {"path": 107, "abstract": 108}


@requirement("unix/address-as-bytes")
def test_address_may_be_octets(
    construct: Construct, serve: Serve, peer: Peer, observe: Observe
) -> None:
    """A server whose address is given as octets has the same one as if it were text."""
    given = construct.new_address()

    server = serve([ReadLine(), Echo()], address=given.encode())

    observe("type of server_address", server.evaluate("type(server.server_address).__name__"))
    same(given.encode(), _octets(server.address), "server_address")
    peer.connect(server).send(b"octets\n").expect(b"octets\n").expect_end()


@requirement("unix/path-of-undecodable-bytes")
def test_path_that_is_no_text_is_escaped(construct: Construct) -> None:
    """server_address is text, from which os.fsencode() makes the octets that were given."""
    given = construct.new_address().encode() + NO_TEXT

    server = construct(address=given)

    same("str", server.evaluate("type(server.server_address).__name__"), "type of server_address")
    same(given, server.evaluate("os.fsencode(server.server_address)"), "server_address in octets")
    check(os.path.lexists(given), expected="a socket file of that name", actual="there is none")


@requirement("unix/longest-name")
def test_longest_name_serves(
    construct: Construct, serve: Serve, spec: ServerSpec, peer: Peer, observe: Observe
) -> None:
    """A name that fills the room there is can be had, and clients reach the server by it."""
    name = construct.new_address().ljust(LONGEST_OCTETS[spec.family], "x")
    _refuse_shorter_platform(name, spec)

    server = serve([ReadLine(), Echo()], address=name)

    same(name.encode(), _octets(server.address), "server_address")
    made = construct.attempt(address=name + "y")
    observe("one octet more", str(made) if isinstance(made, RaisedError) else "made")
    peer.connect(server).send(b"long\n").expect(b"long\n").expect_end()


@requirement("unix/name-one-too-long")
def test_too_long_abstract_name_is_refused(construct: Construct, observe: Observe) -> None:
    """An abstract name that no socket address can hold is refused, not cut to what fits."""
    error = construct.refused(address=construct.new_address().ljust(109, "x"))

    observe("errno", error.errno_name)
    observe("message", error.text)
    check(error.is_a("OSError", "error"), expected="socket.error", actual=str(error))


@requirement("unix/abstract-name-of-any-octets")
def test_abstract_name_may_be_any_octets(
    construct: Construct, serve: Serve, peer: Peer, observe: Observe
) -> None:
    """The socket has just the name that was given, and a client that knows it is served."""
    name = construct.new_address().encode() + b"\0" + NO_TEXT + b"\n\0"

    server = serve([ReadLine(), Echo()], address=name)

    same(name, _octets(server.address), "server_address")
    observe("type of server_address", server.evaluate("type(server.server_address).__name__"))
    server.address = name
    peer.connect(server).send(b"any\n").expect(b"any\n").expect_end()


@requirement("unix/empty-address")
def test_empty_address_is_recorded(construct: Construct, observe: Observe) -> None:
    """Whether there is a server then, and of what form its address is."""
    made = construct.attempt(address="")

    if isinstance(made, RaisedError):
        observe("outcome", f"{made.type_name} {made.errno_name}")
        return
    observe("outcome", made.evaluate("type(server.server_address).__name__"))
    name = _octets(made.address)
    observe("octets of server_address", len(name))
    observe("is abstract", name.startswith(b"\0"))


@requirement("unix/nul-inside-a-path")
def test_nul_inside_a_path_is_recorded(construct: Construct, observe: Observe) -> None:
    """Whether the path is refused, and if not, what is made at the part before the NUL."""
    path = construct.new_address()

    made = construct.attempt(address=f"{path}\0more")

    if isinstance(made, RaisedError):
        observe("outcome", f"{made.type_name}: {made.text}")
        return
    observe("is the part before the NUL made", Path(path).exists())
    observe("is server_address the part before the NUL", _is_text(made, path))


def _is_text(server: Server, text: str) -> bool:
    return _octets(server.address) == text.encode()


def _octets(name: str | bytes) -> bytes:
    """A name as the agent tells it: text where the interpreter has it so, Latin-1 from 2.7."""
    return name.encode("latin-1") if isinstance(name, str) else name


def _refuse_shorter_platform(name: str, spec: ServerSpec) -> None:
    """Ask the kernel by a socket of our own, which makes and removes the file.

    Raises:
        NotApplicable: it has no room for the name.
    """
    kind = socket.SOCK_STREAM if spec.is_stream else socket.SOCK_DGRAM
    with socket.socket(socket.AF_UNIX, kind) as probe:
        try:
            probe.bind(name)
        except OSError as error:
            raise NotApplicable(f"no room for {len(name)} octets: {error}") from None
    if spec.family == "path":
        Path(name).unlink()
