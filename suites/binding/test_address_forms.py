"""What is given as an address: not one at all, not quite one, one of another family, a name."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

from fixtures import (
    Construct,
    Inconclusive,
    Observe,
    Peer,
    RaisedError,
    Serve,
    ServerSpec,
    check,
    requirement,
)
from fixtures.steps import Echo, ReadLine

# What makes no address of a host.
WRONG_SHAPES: Mapping[str, Callable[[str], Any]] = {
    "none": lambda _: None,
    "empty": lambda _: (),
    "number": lambda _: 8000,
    "text": lambda host: host,
    "one-of-two": lambda host: (host,),
    "too-many": lambda host: (host, 0, 0, 0, 0),
    "port-as-text": lambda host: (host, "0"),
    "host-as-number": lambda _: (2130706433, 0),
    "exchanged": lambda host: (0, host),
}

_GIVES_NONE = """
class Server(find({name!r})):
    def __init__(self, server_address, *more, **still_more):
        find({name!r}).__init__(self, None, *more, **still_more)
"""

UNUSUAL: Mapping[str, Callable[[str], Any]] = {
    "list": lambda host: [host, 0],
    "host-in-octets": lambda host: (host.encode(), 0),
    "truth-value-as-port": lambda host: (host, False),
    "fraction-as-port": lambda host: (host, 0.5),
    "short-host": lambda _: ("127.1", 0),
    "octal-host": lambda _: ("0177.0.0.1", 0),
    "three-parts": lambda host: (host, 0, 0),
}
FOREIGN = {"inet": ("::1", 0), "inet6": ("127.0.0.1", 0)}


@requirement("binding/address-of-wrong-shape", variants=WRONG_SHAPES)
def test_wrong_shape_is_refused(
    construct: Construct, spec: ServerSpec, variant: Callable[[str], Any], observe: Observe
) -> None:
    """What cannot be an address is refused by an exception, which is told.

    No address at all is the fixture's word for one of its choice: a subclass gives the None.
    """
    address = variant(construct.new_address()[0])

    source = _GIVES_NONE.format(name=spec.class_name) if address is None else ""
    error = construct.refused(address=address, class_source=source)

    observe("exception", error.type_name)
    observe("message", error.text)


@requirement("binding/unusual-address", variants=UNUSUAL)
def test_unusual_address_is_recorded(
    construct: Construct, variant: Callable[[str], Any], observe: Observe
) -> None:
    """Whether a server can be made there, and what its server_address then is made of."""
    made = construct.attempt(address=variant(construct.new_address()[0]))

    if isinstance(made, RaisedError):
        observe("outcome", made.type_name)
    else:
        observe("outcome", [type(part).__name__ for part in made.address])


@requirement("binding/address-of-another-family")
def test_address_of_another_family_is_recorded(
    construct: Construct, spec: ServerSpec, observe: Observe
) -> None:
    """How the constructor refuses the host, or that it does not."""
    made = construct.attempt(address=FOREIGN[spec.family])

    observe("exception", str(made) if isinstance(made, RaisedError) else "none")


@requirement("binding/host-by-name")
def test_host_by_name_is_told_as_a_number(serve: Serve, spec: ServerSpec, peer: Peer) -> None:
    """A server on 'localhost' says which address of that host it has, and is reached by it."""
    known = _addresses_of("localhost", spec)

    server = serve([ReadLine(), Echo()], address=("localhost", 0))

    host, port = server.address
    check(host in known, expected=f"one of the addresses {known} of localhost", actual=host)
    check(port != 0, expected="the port that was chosen", actual="port 0")
    peer.connect(server).send(b"by name\n").expect(b"by name\n").expect_end()


def _addresses_of(name: str, spec: ServerSpec) -> list[str]:
    """The host's addresses of the family, as this machine's own tables tell.

    Raises:
        Inconclusive: they tell of none that is this machine alone.
    """
    try:
        found = socket.getaddrinfo(name, 0, spec.address_family, socket.SOCK_STREAM)
    except OSError as error:
        raise Inconclusive(f"{name} is not known here: {error}") from None
    hosts = sorted({str(entry[4][0]) for entry in found})
    if not all(host.startswith("127.") for host in hosts):
        raise Inconclusive(f"{name} is more than this machine: {hosts}")
    return hosts
