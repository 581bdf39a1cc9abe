"""Datagram peers that come and go: what is late for one reaches no other."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sockproof.case.datagram import DatagramPeer
from sockproof.iut.case_log import CaseLog
from sockproof.spec.matrix import spec_by_id

SPECS = {"127.0.0.1": "UDP/inet", "::1": "UDP/inet6"}


def server_at(host: str) -> Any:
    """Where a peer sends to: nobody is there."""
    return SimpleNamespace(spec=spec_by_id(SPECS[host]), address=(host, 9))


@pytest.mark.parametrize("host", SPECS)
def test_no_peer_has_the_port_of_another(host: str) -> None:
    """The kernel gives away the port of one that is gone; of the case's peers none has it again."""
    log = CaseLog()
    rest = () if host == "127.0.0.1" else (0, 0)
    log.datagram_addresses |= {(host, port, *rest) for port in range(0, 65536, 2)}

    for number in range(20):
        peer = DatagramPeer(log, f"peer-{number}", (host, 0)).connect(server_at(host))
        assert peer.address[1] % 2 == 1
        assert peer.address in log.datagram_addresses
        peer.close()


def test_an_address_that_a_case_chooses_may_come_again(tmp_path: Path) -> None:
    """A path is bound as often as the case says."""
    server = SimpleNamespace(spec=spec_by_id("UnixDatagram/path"), address=str(tmp_path / "s"))
    log = CaseLog()

    for _ in range(2):
        peer = DatagramPeer(log, "peer", str(tmp_path / "own")).connect(server)
        peer.close()
        (tmp_path / "own").unlink()
