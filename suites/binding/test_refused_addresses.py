"""Addresses that a server cannot have, and how its constructor says so."""

from __future__ import annotations

import errno
import socket
from typing import Any

from fixtures import Construct, Inconclusive, Observe, ServerSpec, check, requirement, same

# Of the ranges set aside for documentation: no machine should have them.
FOREIGN_HOSTS = {"inet": "192.0.2.77", "inet6": "2001:db8::77"}

# Names that no resolver takes: refused here, without a question to anybody.
UNRESOLVABLE_HOSTS = {"a-space": "a b", "an-empty-label": "a..b", "a-long-label": "a" * 64}

OTHERS = {"TCP": ("UDPServer", socket.SOCK_DGRAM), "UDP": ("TCPServer", socket.SOCK_STREAM)}

PORTS_OUT_OF_RANGE = {"below": -1, "above": 65536}


@requirement("binding/address-in-use")
def test_address_in_use_is_refused(construct: Construct, observe: Observe) -> None:
    """A second server cannot have the address of the first one, and says that it is in use."""
    first = construct()

    error = construct.refused(address=first.address)

    observe("exception", error.type_name)
    error.expect_errno("EADDRINUSE")


@requirement("binding/port-of-another-protocol")
def test_port_of_another_protocol(construct: Construct, spec: ServerSpec) -> None:
    """A server of the other protocol gets the address of the first one, if the kernel gives it."""
    first = construct()
    name, kind = OTHERS[spec.kind]
    with socket.socket(socket.AF_INET, kind) as probe:
        _refuse_taken(probe, first.address)

    second = construct(
        address=first.address, class_source=f"class Server(find({name!r})):\n    pass"
    )

    same(first.address, second.address, "server_address of the second server")


def _refuse_taken(probe: socket.socket, address: Any) -> None:
    """Ask the kernel for the address.

    Raises:
        Inconclusive: somebody else on this machine has the port.
    """
    try:
        probe.bind(tuple(address))
    except OSError as error:
        raise Inconclusive(f"the port is not free: {error}") from None


@requirement("binding/address-not-local")
def test_foreign_address_is_refused(
    construct: Construct, spec: ServerSpec, observe: Observe
) -> None:
    """An address of no interface of this machine is refused as not available."""
    host = FOREIGN_HOSTS[spec.family]
    _refuse_machine_with(host, spec)

    error = construct.refused(address=(host, 0))

    observe("exception", error.type_name)
    error.expect_errno("EADDRNOTAVAIL")


@requirement("binding/host-unresolvable", variants=UNRESOLVABLE_HOSTS)
def test_unresolvable_host_is_refused(construct: Construct, variant: str, observe: Observe) -> None:
    """A host that is no name is refused as such.

    Python 2.7 encodes text first, by a codec that refuses what has no name's form.
    """
    error = construct.refused(address=(variant, 0))

    observe("exception", error.type_name)
    is_about_the_name = error.is_a("gaierror", "UnicodeError")
    check(is_about_the_name, expected="gaierror or UnicodeError", actual=str(error))


@requirement("binding/port-out-of-range", variants=PORTS_OUT_OF_RANGE)
def test_port_out_of_range_is_refused(construct: Construct, variant: int, observe: Observe) -> None:
    """A number that is no port is refused as out of range."""
    host = construct.new_address()[0]

    error = construct.refused(address=(host, variant))

    observe("exception", error.type_name)
    observe("message", error.text)
    check(error.is_a("OverflowError"), expected="OverflowError", actual=str(error))


def _refuse_machine_with(host: str, spec: ServerSpec) -> None:
    """Ask the kernel itself, which may have the address, or allow foreign ones.

    Raises:
        Inconclusive: it does.
    """
    with socket.socket(spec.address_family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return
            raise Inconclusive(f"the kernel refuses {host} with {error}") from None
    raise Inconclusive(f"this machine can bind {host}")
