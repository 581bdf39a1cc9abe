"""What goes through a client that is there already, and is noted as that client's."""

from __future__ import annotations

from sockproof.case.client import StreamPeer
from sockproof.iut.case_log import CaseLog

__all__ = ["ThroughClient"]


class ThroughClient:
    """Has the log and the lane of its ``client``, as operations need them."""

    def __init__(self, client: StreamPeer) -> None:
        self.client = client

    @property
    def log(self) -> CaseLog:
        return self.client.log

    @property
    def lane(self) -> str:
        return self.client.lane
