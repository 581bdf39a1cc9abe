"""Unix servers with an abstract name: one without a file, which Linux keeps."""

from __future__ import annotations

from pathlib import Path

from fixtures import CaseProcess, Construct, Peer, Serve, requirement, same
from fixtures.steps import Echo, ReadLine


@requirement("unix/abstract-name-does-not-create-a-file")
def test_abstract_name_makes_no_file(
    construct: Construct, process: CaseProcess, serve: Serve, peer: Peer, tmp_path: Path
) -> None:
    """A server with an abstract name serves, and its working folder stays empty."""
    process.do("execute", source=f"os.chdir({str(tmp_path)!r})")
    given = construct.new_address()

    server = serve([ReadLine(), Echo()], address=given)

    same([], [path.name for path in tmp_path.iterdir()], "files made")
    name = server.evaluate("server.socket.getsockname()")
    same(_octets(given), _octets(name), "the name of the socket")
    peer.connect(server).send(b"nowhere\n").expect(b"nowhere\n").expect_end()


@requirement("unix/abstract-name-is-free-after-close")
def test_abstract_name_is_free_after_close(construct: Construct, serve: Serve, peer: Peer) -> None:
    """Once a server is closed, another one can have its abstract name and serve there."""
    given = construct.new_address()
    construct(address=given).call("server_close")

    server = serve([ReadLine(), Echo()], address=given)

    peer.connect(server).send(b"again\n").expect(b"again\n").expect_end()


def _octets(name: str | bytes) -> bytes:
    """An abstract name is octets from Python 3 on, text before."""
    return name.encode("latin-1") if isinstance(name, str) else name
