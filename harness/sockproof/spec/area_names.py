"""Areas, the part of an id before the slash: whose promises they have, and which of them wait."""

from __future__ import annotations

__all__ = ["PATIENT", "SERVERS", "SOCKETS", "module_of"]

# The modules of the standard library whose promises are in the catalogue.
SERVERS, SOCKETS = "socketserver", "socket"
# The area whose cases wait for long, and so are played beside all others.
PATIENT = "patience"


def module_of(area: str) -> str:
    """The module that the promises of an area are made by: one of SERVERS and SOCKETS."""
    return SOCKETS if area == SOCKETS else SERVERS
