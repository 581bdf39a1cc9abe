"""Paths that the system does not let a server have, whose constructor then says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fixtures import (
    CaseProcess,
    Construct,
    Observe,
    Peer,
    Serve,
    ServerSpec,
    Unprivileged,
    requirement,
    same,
)
from fixtures.steps import Echo, ReadLine
from suites.unix.at_paths import content_at, names_in

READ_ONLY = 0o555
CLOSED_TO_ALL = 0o600

# Longer than any address of a socket, and each shorter than a file's name may be.
DEEP = ("d" * 100, "e" * 100)
ASK = """
def ask(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    try:
        client.connect(path)
        client.sendall(b"near\\n")
        return client.recv(100).decode("ascii")
    finally:
        client.close()
"""

FOLDERS = {"not-writable": READ_ONLY, "not-searchable": CLOSED_TO_ALL}
NO_ADDRESSES: Mapping[str, Callable[[str], Any]] = {
    "number": lambda _: 8000,
    "a-pair": lambda path: (path, 0),
    "a-list": lambda path: [path],
}

_WITH_FSPATH = """
class Path(object):
    def __fspath__(self):
        return {path!r}

server.server_address = Path()
"""


@requirement("unix/directory-without-permission", variants=FOLDERS)
def test_folder_without_permission_is_refused(
    construct: Construct,
    process: CaseProcess,
    spec: ServerSpec,
    unprivileged: Unprivileged,
    variant: int,
    observe: Observe,
) -> None:
    """An ordinary user cannot have a path where it may make no file, or may not even look.

    The path is relative where only writing is forbidden: the folders above are the harness's own.
    """
    folder = construct.new_address()
    path = f"{folder}/socket"
    process.do("execute", source=f"os.mkdir({folder!r})\nos.chmod({folder!r}, {variant:#o})")
    if variant == READ_ONLY:
        process.do("execute", source=f"os.chdir({folder!r})")
        path = "socket"

    with unprivileged.refused_by_the_kernel(path, spec):
        error = construct.refused(address=path)

    observe("exception", error.type_name)
    error.expect_errno("EACCES")


@requirement("unix/path-below-a-file")
def test_path_below_a_file_is_refused(
    construct: Construct, process: CaseProcess, observe: Observe
) -> None:
    """A path whose folder turns out to be a file is refused as such, and the file stays."""
    file = Path(construct.new_address())
    file.write_bytes(b"no folder")

    error = construct.refused(address=str(file / "socket"))

    observe("exception", error.type_name)
    error.expect_errno("ENOTDIR")
    same("no folder", content_at(process, str(file)), "what is in the file")


@requirement("unix/relative-path")
def test_relative_path_is_below_the_working_folder(
    construct: Construct,
    process: CaseProcess,
    serve: Serve,
    spec: ServerSpec,
    peer: Peer,
    observe: Observe,
) -> None:
    """The socket file is made in the working folder of the process, and clients reach it there."""
    folder = Path(construct.new_address())
    here = repr(str(folder))
    process.do("execute", source=f"os.mkdir({here})\nos.chdir({here})")

    server = serve([ReadLine(), Echo()], address="by-name")

    observe("server_address", server.address)
    same(["by-name"], names_in(process, str(folder)), "files in the working folder")
    if spec.is_stream:  # a datagram's sender would be a relative path too, of another folder
        server.address = str(folder / "by-name")
        peer.connect(server).send(b"near\n").expect(b"near\n").expect_end()


@requirement("unix/short-path-in-a-deep-folder")
def test_short_path_in_a_deep_folder(
    construct: Construct, process: CaseProcess, serve: Serve
) -> None:
    """Only who is in the folder, too, can connect: the client is in the process of the server."""
    folder = repr(str(Path(construct.new_address(), *DEEP)))
    process.do("execute", source=f"os.makedirs({folder})\nos.chdir({folder})")

    server = serve([ReadLine(), Echo()], address="near")

    server.execute(ASK)
    same("near\n", server.evaluate("ask('near')"), "what a client in the folder is answered")


@requirement("unix/wrong-address", variants=NO_ADDRESSES)
def test_wrong_address_is_refused(
    construct: Construct, variant: Callable[[str], Any], observe: Observe
) -> None:
    """What has no form of a path is refused by an exception, which is told."""
    error = construct.refused(address=variant(construct.new_address()))

    observe("exception", error.type_name)
    observe("message", error.text)


@requirement("unix/path-as-an-object")
def test_path_as_an_object_is_recorded(construct: Construct, observe: Observe) -> None:
    """Whether server_bind() takes an object with __fspath__(), as functions on files do."""
    server = construct(bind_and_activate=False)
    server.execute(_WITH_FSPATH.format(path=construct.new_address()))

    error = server.attempt("server_bind").error

    observe("outcome", error.type_name if error else "bound")
    observe("message", error.text if error else "")
