"""Where a change of the socket module is likely to show: by what it is made in."""

from __future__ import annotations

from fnmatch import fnmatchcase

from sockproof.mutation.jobs import Aim
from sockproof.spec.area_names import SOCKETS

__all__ = ["aim_at_socket"]

# Globs of names of requirements, best first, by the function or the class and method.
_NAMES = {
    "*sendfile*": "sendfile-*",
    "_GiveupOnSendfile": "sendfile-*",
    "socket.makefile": "makefile-* *file*",
    "SocketIO*": "makefile-* *file*",
    "socket._decref_socketios": "*files-keep* *file* close-* with-*",
    "socket.close": "close-* *files-keep* *file* with-*",
    "socket._real_close": "close-* with-*",
    "socket.__e*it__": "with-*",
    "socket.__enter__": "with-*",
    "socket.__init__": "default-* family-* socket-of-* pair-* accept-*",
    "socket.__repr__": "text-of-* *text*",
    "socket.__getstate__": "*pickle*",
    "socket.accept": "accept* ",
    "socket.dup": "dup-*",
    "socket.detach": "detach-*",
    "socket.family": "family-* default-*",
    "socket.type": "family-* default-*",
    "socket.*inheritable": "*inherit*",
    "_intenum_converter": "family-* getaddrinfo-* unknown-family-*",
    "fromfd": "fromfd-*",
    "send_fds": "descriptors-*",
    "recv_fds": "descriptors-*",
    "socketpair": "pair-*",
    "getfqdn": "*fqdn* gethost*",
    "getaddrinfo": "getaddrinfo-*",
    "create_connection": "create-connection-*",
    "create_server": "create-server-*",
    "has_dualstack_ipv6": "create-server-takes-both-* *dualstack*",
    "<module>": "*names* *constants* default-* file-without-*",
}


def aim_at_socket(qualified_name: str) -> Aim:
    """Where a change in this function, or class and method, is likely to show."""
    of_name = (names for glob, names in _NAMES.items() if fnmatchcase(qualified_name, glob))
    liked = next(of_name, "").split()
    return Aim(requirements=tuple(f"{SOCKETS}/{name}" for name in liked))
