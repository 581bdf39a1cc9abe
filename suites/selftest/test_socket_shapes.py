"""What a socket module gives in another shape is its FAIL, and no fault of the case that asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof.judge.verdict import Verdict
from sockproof.spec.area_names import SOCKETS
from suites.selftest.runs import play, records_in

METHODS = (
    "connect_ex dup getblocking getpeername getsockopt gettimeout get_inheritable makefile"
    " recv_into recvfrom recvfrom_into recvmsg recvmsg_into sendfile sendmsg sendto"
)
FUNCTIONS = (
    "getaddrinfo getnameinfo gethostbyname gethostbyname_ex gethostbyaddr gethostname getfqdn"
    " getservbyname getservbyport getprotobyname inet_aton inet_ntoa inet_pton inet_ntop htons"
    " htonl ntohs ntohl if_nameindex if_nametoindex if_indextoname getdefaulttimeout CMSG_LEN"
    " CMSG_SPACE recv_fds send_fds"
)
# Each does what it is for, and gives something else. The exchange that a run begins with needs
# what is not among them.
SHAPELESS = """
import functools
import socket as _socket
from socket import *
from socket import __all__

def _shapeless(function):
    @functools.wraps(function)
    def call(*arguments, **keywords):
        function(*arguments, **keywords)
        return {value}
    return call

class socket(_socket.socket):
    pass

for _name in {methods!r}.split():
    setattr(socket, _name, _shapeless(getattr(_socket.socket, _name)))
for _name in {functions!r}.split():
    if hasattr(_socket, _name):
        globals()[_name] = _shapeless(getattr(_socket, _name))
"""


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("value", ["None", "()", "'x'", "[None]"])
@pytest.mark.parametrize(("methods", "functions"), [(METHODS, ""), ("", FUNCTIONS)])
def test_another_shape_is_a_failure(
    tmp_path: Path, value: str, methods: str, functions: str
) -> None:
    """Of all cases not one ends in ERROR, and many FAIL."""
    source = SHAPELESS.format(value=value, methods=methods, functions=functions)
    (tmp_path / "shapeless.py").write_text(source, "utf-8")

    play(tmp_path, ["./shapeless.py"], "socket", options=("--area", SOCKETS, "-n", "2"))

    (record,) = records_in(tmp_path).values()
    ends = {verdict: [c.id for c in record.cases if c.verdict is verdict] for verdict in Verdict}
    assert (ends[Verdict.ERROR], ends[Verdict.INCONCLUSIVE]) == ([], [])
    assert len(ends[Verdict.FAIL]) > len((methods or functions).split())
