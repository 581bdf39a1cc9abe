"""The table of calls on streams: what each comes to in each state of a socket, in each mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fixtures import (
    SPECS,
    Constant,
    HeldSocket,
    ListeningPeer,
    ModuleUnderTest,
    NotApplicable,
    Observe,
    Outcome,
    Peers,
    Room,
    requirement,
)
from suites.socket.cells import MODES, Cell, cells, expect_cell, in_words
from suites.socket.scenes import connection

RECEIVING = """
fresh=ENOTCONN bound=ENOTCONN listening/bn=ENOTCONN connecting/n=EAGAIN|ENOTCONN
connected/t=timeout connected/n=EAGAIN half-closed/t=timeout half-closed/n=EAGAIN
ended=nothing reset=ECONNRESET closed=EBADF
"""
SENDING = """
fresh=ENOTCONN|EPIPE bound=ENOTCONN|EPIPE listening/bn=ENOTCONN|EPIPE
connecting/n=EAGAIN|ENOTCONN connected=done half-closed=EPIPE ended=done
reset=ECONNRESET|EPIPE closed=EBADF
"""
CONNECTING = """
fresh/bt=done fresh/n=done|EINPROGRESS bound/bt=done bound/n=done|EINPROGRESS
listening=EISCONN|EOPNOTSUPP connecting/n=EALREADY connected=EISCONN half-closed=EISCONN
ended=EISCONN closed=EBADF
"""
TABLE: Mapping[str, str] = {
    "recv": RECEIVING,
    "recv_into": RECEIVING,
    "recvfrom": RECEIVING,
    "send": SENDING,
    "sendall": SENDING,
    "connect": CONNECTING,
    "connect_ex": CONNECTING,
    "accept": """
        fresh=EINVAL bound=EINVAL listening/t=timeout listening/n=EAGAIN connected/bn=EINVAL
        half-closed/bn=EINVAL closed=EBADF
    """,
    "listen": """
        fresh=done bound=done listening=done connected=EINVAL half-closed=EINVAL closed=EBADF
    """,
    "bind": "fresh=done bound=EINVAL listening=EINVAL connected=EINVAL closed=EBADF",
    "shutdown": """
        fresh=ENOTCONN bound=ENOTCONN connected=done half-closed=done ended=done reset=ENOTCONN
        closed=EBADF
    """,
    "getpeername": """
        fresh=ENOTCONN bound=ENOTCONN listening=ENOTCONN connecting/n=ENOTCONN connected=address
        half-closed=address ended=address reset=ENOTCONN|EINVAL closed=EBADF
    """,
    "getsockname": "bound=address listening=address connected=address closed=EBADF",
    "getsockopt": "fresh=done bound=done listening=done connected=done reset=done closed=EBADF",
    "close": """
        fresh=done bound=done listening=done connecting/n=done connected=done half-closed=done
        ended=done reset=done closed=done
    """,
}
# What a socket is asked for that nobody has promised an answer to: recorded, and compared.
UNPROMISED: Mapping[str, str] = {
    "recv": "listening/t",
    "accept": "connected/t",
    "shutdown": "listening",
    "getsockname": "fresh",
    "detach": "closed",
    "settimeout": "closed",
    "gettimeout": "closed",
    "dup": "closed",
    "makefile": "closed",
}


class Scene:
    """Brings a socket, kept as ``sock``, into a state."""

    def __init__(self, tested: ModuleUnderTest, peers: Peers, there: ListeningPeer) -> None:
        self.tested, self._peers, self._there = tested, peers, there

    def in_state(self, cell: Cell) -> HeldSocket:
        """The socket in the state and mode of a cell."""
        sock = _STATES[cell.state](self)
        if cell.state != "closed":
            sock.do("settimeout", MODES[cell.mode][1])
        return sock

    def connected(self) -> HeldSocket:
        return connection(self.tested, self._peers)[0]

    def half_closed(self) -> HeldSocket:
        sock = self.connected()
        sock.do("shutdown", Constant("SHUT_WR"))
        return sock

    def ended(self) -> HeldSocket:
        sock, peer = connection(self.tested, self._peers)
        peer.half_close()
        return sock

    def reset(self) -> HeldSocket:
        sock, peer = connection(self.tested, self._peers)
        peer.reset()
        self.tested.wait_until_over(sock)
        return sock

    def connecting(self) -> HeldSocket:
        """Where the queue of a listener is full, the system lets others wait."""
        self._there.listen(SPECS["inet"], self.tested.address(), backlog=0)
        self.tested.stream("first").do("connect", self._there.address)
        sock = self.tested.stream()
        sock.do("setblocking", False)
        sock.attempt("connect", self._there.address)
        if sock.attempt("getpeername").error is None:
            raise NotApplicable("this system lets nobody wait for a connection")
        return sock

    def closed(self) -> HeldSocket:
        sock = self.tested.stream()
        sock.do("close")
        return sock

    def elsewhere(self) -> Any:
        """The address of somebody who listens."""
        if self._there._socket is None:
            self._there.listen(SPECS["inet"], self.tested.address())
        return self._there.address

    def nowhere(self) -> Any:
        """An address that nobody has."""
        return self.tested.address()


_STATES: Mapping[str, Callable[[Scene], HeldSocket]] = {
    "fresh": lambda scene: scene.tested.stream(),
    "bound": lambda scene: scene.tested.bound("sock"),
    "listening": lambda scene: scene.tested.listening("sock"),
    "connecting": Scene.connecting,
    "connected": Scene.connected,
    "half-closed": Scene.half_closed,
    "ended": Scene.ended,
    "reset": Scene.reset,
    "closed": Scene.closed,
}
# By call: what it is given.
_ARGUMENTS: Mapping[str, Callable[[Scene], tuple[Any, ...]]] = {
    "recv": lambda _: (8,),
    "recv_into": lambda _: (Room(8),),
    "recvfrom": lambda _: (8,),
    "send": lambda _: (b"x",),
    "sendall": lambda _: (b"x",),
    "connect": lambda scene: (scene.elsewhere(),),
    "connect_ex": lambda scene: (scene.elsewhere(),),
    "listen": lambda _: (1,),
    "bind": lambda scene: (scene.nowhere(),),
    "shutdown": lambda _: (Constant("SHUT_RDWR"),),
    "getsockopt": lambda _: (Constant("SOL_SOCKET"), Constant("SO_TYPE")),
    "settimeout": lambda _: (1.0,),
}


def _called(scene: Scene, call: str, cell: Cell) -> Outcome:
    arguments = _ARGUMENTS.get(call, _none)
    if cell.state == "connecting":  # to where nobody is let in, which listens from then on
        sock = scene.in_state(cell)
        return sock.attempt(call, *arguments(scene))
    given = arguments(scene)
    return scene.in_state(cell).attempt(call, *given)


def _none(_scene: Scene) -> tuple[Any, ...]:
    return ()


def _expect(scene: Scene, call: str, cell: Cell) -> None:
    expect_cell(cell, call, _called(scene, call, cell))


@requirement("socket/recv-in-each-state", variants=cells(TABLE["recv"]))
def test_recv_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """recv() of eight octets."""
    _expect(Scene(tested, peers, listening_peer), "recv", variant)


@requirement("socket/recv-into-in-each-state", variants=cells(TABLE["recv_into"]))
def test_recv_into_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """recv_into() a buffer of eight octets."""
    _expect(Scene(tested, peers, listening_peer), "recv_into", variant)


@requirement("socket/recvfrom-in-each-state", variants=cells(TABLE["recvfrom"]))
def test_recvfrom_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """recvfrom() of eight octets."""
    _expect(Scene(tested, peers, listening_peer), "recvfrom", variant)


@requirement("socket/send-in-each-state", variants=cells(TABLE["send"]))
def test_send_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """send() of one octet."""
    _expect(Scene(tested, peers, listening_peer), "send", variant)


@requirement("socket/sendall-in-each-state", variants=cells(TABLE["sendall"]))
def test_sendall_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """sendall() of one octet."""
    _expect(Scene(tested, peers, listening_peer), "sendall", variant)


@requirement("socket/connect-in-each-state", variants=cells(TABLE["connect"]))
def test_connect_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """connect() to somebody who listens."""
    _expect(Scene(tested, peers, listening_peer), "connect", variant)


@requirement("socket/connect-ex-in-each-state", variants=cells(TABLE["connect_ex"]))
def test_connect_ex_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """connect_ex() returns what connect() raises."""
    _expect(Scene(tested, peers, listening_peer), "connect_ex", variant)


@requirement("socket/accept-in-each-state", variants=cells(TABLE["accept"]))
def test_accept_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """accept(), while no client waits."""
    _expect(Scene(tested, peers, listening_peer), "accept", variant)


@requirement("socket/listen-in-each-state", variants=cells(TABLE["listen"]))
def test_listen_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """listen(), the first time or again."""
    _expect(Scene(tested, peers, listening_peer), "listen", variant)


@requirement("socket/bind-in-each-state", variants=cells(TABLE["bind"]))
def test_bind_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """bind() to an address that is free."""
    _expect(Scene(tested, peers, listening_peer), "bind", variant)


@requirement("socket/shutdown-in-each-state", variants=cells(TABLE["shutdown"]))
def test_shutdown_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """shutdown() in both directions."""
    _expect(Scene(tested, peers, listening_peer), "shutdown", variant)


@requirement("socket/getpeername-in-each-state", variants=cells(TABLE["getpeername"]))
def test_getpeername_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """getpeername(), which only a connection has."""
    _expect(Scene(tested, peers, listening_peer), "getpeername", variant)


@requirement("socket/getsockname-in-each-state", variants=cells(TABLE["getsockname"]))
def test_getsockname_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """getsockname(), which whoever is bound has."""
    _expect(Scene(tested, peers, listening_peer), "getsockname", variant)


@requirement("socket/getsockopt-in-each-state", variants=cells(TABLE["getsockopt"]))
def test_getsockopt_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """getsockopt() of the type."""
    _expect(Scene(tested, peers, listening_peer), "getsockopt", variant)


@requirement("socket/close-in-each-state", variants=cells(TABLE["close"]))
def test_close_in_each_state(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, variant: Cell
) -> None:
    """close(), of one that is closed as well."""
    _expect(Scene(tested, peers, listening_peer), "close", variant)


@requirement("socket/what-nobody-promises")
def test_what_nobody_promises_is_recorded(
    tested: ModuleUnderTest, peers: Peers, listening_peer: ListeningPeer, observe: Observe
) -> None:
    """The cells of which no document speaks."""
    for call, text in UNPROMISED.items():
        for name, cell in cells(text).items():
            ended = _called(Scene(tested, peers, listening_peer), call, cell)
            value = ended.error.name if ended.error else in_words(call, ended)
            observe(f"{call} {name}", value)
