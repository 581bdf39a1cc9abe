"""Unix servers at a path: the file they make, and the paths they cannot have."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from fixtures import (
    CaseProcess,
    Construct,
    Observe,
    Peer,
    Serve,
    ServerSpec,
    check,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine
from suites.unix.at_paths import expect_as_before, is_there, kind_at, look_at, names_in

# More than sun_path has anywhere; the file's name alone still is a legal one.
TOO_LONG_OCTETS = 200


def _make_file(path: Path, _: Construct) -> None:
    path.write_bytes(b"somebody's work")


def _make_folder(path: Path, _: Construct) -> None:
    path.mkdir()


def _make_dangling_link(path: Path, _: Construct) -> None:
    path.symlink_to(path.with_name(path.name + "-nowhere"))


def _make_server(path: Path, construct: Construct) -> None:
    construct(address=str(path))


MAKE_SOMETHING: Mapping[str, Callable[[Path, Construct], None]] = {
    "a-file": _make_file,
    "a-folder": _make_folder,
    "a-dangling-link": _make_dangling_link,
    "a-server": _make_server,
}


@requirement("unix/path-exists-in-use", variants=MAKE_SOMETHING)
def test_existing_path_is_in_use(
    construct: Construct,
    process: CaseProcess,
    variant: Callable[[Path, Construct], None],
    observe: Observe,
) -> None:
    """A path where something is already is refused as in use, and what is there stays as it is."""
    path = Path(construct.new_address())
    variant(path, construct)
    before = look_at(process, str(path))

    error = construct.refused(address=str(path))

    observe("exception", error.type_name)
    error.expect_errno("EADDRINUSE")
    expect_as_before(process, str(path), before)


@requirement(
    "unix/stale-socket-is-in-use",
    variants={"plain": {}, "reuse-address": {"allow_reuse_address": True}},
)
def test_stale_socket_is_in_use(
    construct: Construct, process: CaseProcess, spec: ServerSpec, variant: Mapping[str, bool]
) -> None:
    """A socket file without a server is in use like any file, whatever allow_reuse_address says."""
    path = Path(construct.new_address())
    _leave_socket_file(path, spec)
    before = look_at(process, str(path))

    error = construct.refused(address=str(path), attributes=variant)

    error.expect_errno("EADDRINUSE")
    expect_as_before(process, str(path), before)


@requirement("unix/path-too-long")
def test_too_long_path_is_refused(
    construct: Construct, process: CaseProcess, observe: Observe
) -> None:
    """A path that no socket address can hold is refused, not cut to what fits."""
    folder = Path(construct.new_address())
    folder.mkdir()
    path = f"{folder}/".ljust(TOO_LONG_OCTETS, "x")

    error = construct.refused(address=path)

    observe("errno", error.errno_name)
    observe("message", error.text)
    check(error.is_a("OSError", "error"), expected="socket.error", actual=str(error))
    same([], names_in(process, str(folder)), "the files in the folder")


@requirement("unix/path-in-missing-directory")
def test_path_in_missing_folder_is_refused(
    construct: Construct, process: CaseProcess, observe: Observe
) -> None:
    """A path in a folder that is not there is refused as no such file, and no folder is made."""
    folder = Path(construct.new_address())

    error = construct.refused(address=str(folder / "socket"))

    observe("exception", error.type_name)
    error.expect_errno("ENOENT")
    is_made = is_there(process, str(folder))
    check(not is_made, expected="no folder is made", actual="the folder is there now")


@requirement("unix/socket-file-is-made")
def test_socket_file_is_made(
    construct: Construct, process: CaseProcess, serve: Serve, peer: Peer
) -> None:
    """At the path that was given is a socket file, and clients that connect to it are served."""
    given = construct.new_address()

    server = serve([ReadLine(), Echo()], address=given)

    same("socket", kind_at(process, given), "what is at the path")
    same(given, server.address, "server_address")
    peer.connect(server).send(b"by path\n").expect(b"by path\n").expect_end()


@requirement("unix/socket-file-after-close")
def test_socket_file_after_close_is_recorded(
    construct: Construct, process: CaseProcess, observe: Observe
) -> None:
    """What is at the path of a closed server is recorded."""
    given = construct.new_address()
    server = construct(address=given)

    server.call("server_close")

    observe("at the path after server_close()", kind_at(process, given))


def _leave_socket_file(path: Path, spec: ServerSpec) -> None:
    """What a server leaves that is closed and has not removed its file."""
    kind = socket.SOCK_STREAM if spec.is_stream else socket.SOCK_DGRAM
    with socket.socket(socket.AF_UNIX, kind) as gone:
        gone.bind(str(path))
