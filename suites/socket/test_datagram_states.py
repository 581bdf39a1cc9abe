"""The table of calls on datagrams: what each comes to in each state of a socket, in each mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fixtures import Capable, Constant, HeldSocket, ModuleUnderTest, requirement
from suites.socket.cells import MODES, Cell, cells, expect_cell
from suites.socket.scenes import needs

# By family, or of both. "refused" is of UDP: a datagram went where nobody is, and was answered so;
# "gone" is of Unix: its peer is closed. "shut" is a connected one that has ended its sending.
_WAITING = """
fresh/t=timeout fresh/n=EAGAIN bound/t=timeout bound/n=EAGAIN connected/t=timeout connected/n=EAGAIN
shut/t=timeout shut/n=EAGAIN closed/b=EBADF
"""
_NOT_OF_DATAGRAMS = "fresh/b=EOPNOTSUPP bound/n=EOPNOTSUPP connected/b=EOPNOTSUPP closed/b=EBADF"
BOTH = "inet path"
TABLE: Mapping[str, Mapping[str, str]] = {
    "recv": {BOTH: _WAITING, "inet": "refused=ECONNREFUSED"},
    "recvfrom": {"inet": _WAITING + "refused/b=ECONNREFUSED"},
    "send": {
        BOTH: "fresh/bn=EDESTADDRREQ|ENOTCONN bound/t=EDESTADDRREQ|ENOTCONN connected=done "
        "shut/bn=EPIPE closed/b=EBADF",
        "inet": "refused/bn=ECONNREFUSED",
        "path": "gone/bn=ECONNREFUSED|ECONNRESET|ENOTCONN",
    },
    "sendto": {BOTH: "fresh=done bound=done connected/b=done|EISCONN shut/bn=EPIPE closed/b=EBADF"},
    "connect": {BOTH: "fresh=done bound/n=done connected=done closed/b=EBADF"},
    "listen": {BOTH: _NOT_OF_DATAGRAMS},
    "accept": {BOTH: _NOT_OF_DATAGRAMS},
    "shutdown": {BOTH: "connected/bn=done closed/b=EBADF", "inet": "fresh/b=ENOTCONN"},
    "getpeername": {BOTH: "fresh/b=ENOTCONN bound/b=ENOTCONN connected/n=address closed/b=EBADF"},
    "getsockname": {BOTH: "bound/b=address closed/b=EBADF", "inet": "connected/n=address"},
    "close": {BOTH: "fresh/b=done bound/b=done connected/n=done shut/b=done closed/b=done"},
}
Place = tuple[str, str, Cell]


def rows(*calls: str) -> dict[str, Place]:
    """The cells of calls on datagrams: which call, of which family, and the cell."""
    return {
        f"{family} {call} {name}" if len(calls) > 1 else f"{family} {name}": (call, family, cell)
        for call in calls
        for families, text in TABLE[call].items()
        for family in families.split()
        for name, cell in cells(text).items()
    }


class DatagramScene:
    """Brings a datagram socket, kept as ``sock``, into a state; ``other`` is its peer."""

    def __init__(self, tested: ModuleUnderTest, family: str) -> None:
        self.tested, self.family = tested, family
        self.other = tested.bound_datagram("other", family)
        self.elsewhere = self.other.address

    def connected(self) -> HeldSocket:
        sock = self.tested.datagram("sock", self.family)
        sock.do("connect", self.elsewhere)
        return sock

    def shut(self) -> HeldSocket:
        sock = self.connected()
        sock.do("shutdown", Constant("SHUT_WR"))
        return sock

    def gone(self) -> HeldSocket:
        sock = self.connected()
        self.other.do("close")
        return sock

    def refused(self) -> HeldSocket:
        sock = self.gone()
        sock.do("send", b"to nobody")
        return sock

    def closed(self) -> HeldSocket:
        sock = self.tested.datagram("sock", self.family)
        sock.do("close")
        return sock


_STATES: Mapping[str, Callable[[DatagramScene], HeldSocket]] = {
    "fresh": lambda scene: scene.tested.datagram("sock", scene.family),
    "bound": lambda scene: scene.tested.bound_datagram("sock", scene.family),
    "connected": DatagramScene.connected,
    "shut": DatagramScene.shut,
    "gone": DatagramScene.gone,
    "refused": DatagramScene.refused,
    "closed": DatagramScene.closed,
}
_ARGUMENTS: Mapping[str, Callable[[DatagramScene], tuple[Any, ...]]] = {
    "recv": lambda _: (8,),
    "recvfrom": lambda _: (8,),
    "send": lambda _: (b"x",),
    "sendto": lambda scene: (b"x", scene.elsewhere),
    "connect": lambda scene: (scene.elsewhere,),
    "listen": lambda _: (1,),
    "shutdown": lambda _: (Constant("SHUT_RDWR"),),
}


def _expect(tested: ModuleUnderTest, capable: Capable, place: Place) -> None:
    call, family, cell = place
    needs(capable, family)
    scene = DatagramScene(tested, family)
    sock = _STATES[cell.state](scene)
    if cell.state != "closed":
        sock.do("settimeout", MODES[cell.mode][1])
    given = _ARGUMENTS[call](scene) if call in _ARGUMENTS else ()

    ended = sock.attempt(call, *given)

    expect_cell(cell, call, ended)


@requirement("socket/datagram-recv-in-each-state", variants=rows("recv", "recvfrom"))
def test_recv_of_datagrams_in_each_state(
    tested: ModuleUnderTest, capable: Capable, variant: Place
) -> None:
    """recv() and recvfrom(), while nothing comes."""
    _expect(tested, capable, variant)


@requirement("socket/datagram-send-in-each-state", variants=rows("send"))
def test_send_of_datagrams_in_each_state(
    tested: ModuleUnderTest, capable: Capable, variant: Place
) -> None:
    """send() of one octet, which only a connected one knows where to."""
    _expect(tested, capable, variant)


@requirement("socket/datagram-sendto-in-each-state", variants=rows("sendto"))
def test_sendto_in_each_state(tested: ModuleUnderTest, capable: Capable, variant: Place) -> None:
    """sendto() to somebody who is there."""
    _expect(tested, capable, variant)


@requirement("socket/datagram-connect-in-each-state", variants=rows("connect"))
def test_connect_of_datagrams_in_each_state(
    tested: ModuleUnderTest, capable: Capable, variant: Place
) -> None:
    """connect(), of one that is connected as well."""
    _expect(tested, capable, variant)


@requirement("socket/datagrams-have-no-clients", variants=rows("listen", "accept"))
def test_datagram_socket_takes_no_clients(
    tested: ModuleUnderTest, capable: Capable, variant: Place
) -> None:
    """listen() and accept()."""
    _expect(tested, capable, variant)


@requirement("socket/datagram-shutdown-in-each-state", variants=rows("shutdown"))
def test_shutdown_of_datagrams_in_each_state(
    tested: ModuleUnderTest, capable: Capable, variant: Place
) -> None:
    """shutdown() in both directions."""
    _expect(tested, capable, variant)


@requirement("socket/datagram-names-in-each-state", variants=rows("getpeername", "getsockname"))
def test_names_of_datagram_sockets_in_each_state(
    tested: ModuleUnderTest, capable: Capable, variant: Place
) -> None:
    """getpeername() and getsockname()."""
    _expect(tested, capable, variant)


@requirement("socket/datagram-close-in-each-state", variants=rows("close"))
def test_close_of_datagrams_in_each_state(
    tested: ModuleUnderTest, capable: Capable, variant: Place
) -> None:
    """close(), of one that is closed as well."""
    _expect(tested, capable, variant)
