"""The socket file of a Unix server: its permissions, and what its removal does."""

from __future__ import annotations

from pathlib import Path

from fixtures import (
    CaseProcess,
    Construct,
    Mismatch,
    Observe,
    Peers,
    RaisedError,
    Serve,
    Server,
    ServerSpec,
    requirement,
)
from fixtures.steps import Reply
from suites.unix.at_paths import is_there, mode_at

UMASKS = (0o000, 0o022, 0o077, 0o777)


@requirement("unix/mode-of-the-socket-file")
def test_mode_of_the_socket_file_is_recorded(
    construct: Construct, process: CaseProcess, observe: Observe
) -> None:
    """The permissions of the file, for each of some umasks of the process."""
    server = construct(bind_and_activate=False)
    for umask in UMASKS:
        server.execute(f"umask_before = os.umask({umask})")
        path = construct.new_address()
        made = construct.attempt(address=path)
        server.execute("os.umask(umask_before)")

        is_made = not isinstance(made, RaisedError)
        mode = mode_at(process, path) if is_made else str(made)
        observe(f"umask {umask:03o}", mode)


@requirement("unix/removed-while-open")
def test_removal_of_the_file_is_recorded(
    serve: Serve,
    construct: Construct,
    process: CaseProcess,
    peers: Peers,
    spec: ServerSpec,
    observe: Observe,
) -> None:
    """A client then, a second server at the path, and what closing the first leaves of its file."""
    path = construct.new_address()
    first = serve([Reply(b"first")], address=path)

    Path(path).unlink(missing_ok=True)  # a server without a file has other cases that tell so
    observe("a client", _reach(peers, first, spec))
    second = construct.attempt([Reply(b"second")], address=path)

    if not isinstance(second, RaisedError):
        second.spawn("serve_forever", 0.001)
        observe("a client with a second server", _reach(peers, second, spec))
    first.call("shutdown")
    first.call("server_close")
    observe("the second server's file is there after the first closed", is_there(process, path))


def _reach(peers: Peers, server: Server, spec: ServerSpec) -> str:
    """What a client is answered, or why it comes to nobody."""
    try:
        if spec.is_stream:
            return peers.stream().connect(server).receive_to_end()[0].decode()
        return peers.datagram().connect(server).send(b"x").receive()[0].decode()
    except Mismatch as error:
        return error.actual
