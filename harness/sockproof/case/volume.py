"""Megabytes through a client: past the transcript, which would take more time than all the rest."""

from __future__ import annotations

import contextlib
import hashlib
import struct

from sockproof.case.through_client import ThroughClient
from sockproof.iut.case_log import operation
from sockproof.judge.checks import Hang, Mismatch

__all__ = ["BLOCK_OCTETS", "Volume"]

BLOCK_OCTETS = 1 << 16
_READ_OCTETS = 1 << 20


class Volume(ThroughClient):
    """What goes through ``client`` in numbered blocks of 64 KiB: any that is lost, repeated or
    exchanged changes the digest."""

    @operation("pour")
    def pour(self, filling: bytes, blocks: int) -> None:
        """Send so many blocks, of one octet behind their numbers, and then no more.

        Whether all of it was taken shows in what comes back.
        """
        rest = filling * (BLOCK_OCTETS - 8)
        with contextlib.suppress(OSError, Mismatch):
            for number in range(blocks):
                self.client.socket.sendall(struct.pack(">Q", number) + rest)
            self.client.half_close()

    @operation("drain")
    def drain(self) -> tuple[int, str]:
        """How many octets come before the stream ends, and their digest.

        Raises:
            Hang: nothing came. Mismatch: the stream ended otherwise.
        """
        digest, total = hashlib.sha256(), 0
        try:
            while data := self.client.socket.recv(_READ_OCTETS):
                digest.update(data)
                total += len(data)
        except TimeoutError:
            raise Hang("the reply goes on", f"nothing after {total} octets") from None
        except OSError as error:
            raise Mismatch("an end of stream", f"after {total} octets: {error}") from None
        return total, digest.hexdigest()
