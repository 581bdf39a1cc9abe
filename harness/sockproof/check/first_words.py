"""What the user says that a server answers to, and how it is learned what it does answer to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sockproof.check.agreement import agree
from sockproof.check.language import Language, learn
from sockproof.check.listener import Address
from sockproof.check.service.exchanges import NONE, Exchanges
from sockproof.check.service.meeting import meet
from sockproof.iut.case_log import CaseLog

__all__ = ["FirstWords"]


@dataclass(frozen=True)
class FirstWords:
    """``say`` is answered with ``expect``; ``exchanges`` are examples."""

    say: bytes = b""
    expect: bytes = b""
    exchanges: Exchanges = NONE

    def learned(self, address: Address, folder: Path, log: CaseLog) -> Language:
        """What the server at an address speaks: by the user's examples, or words, or as it shows.

        Raises:
            HarnessError: nobody is there, or it does not answer what is said that it answers to.
        """
        if address.tls:
            agree(address, log)
        met = meet(self.exchanges, address, folder, log) if self.exchanges else None
        if met and not (self.say or self.expect):
            return met
        return learn(address, log, self.say, self.expect)
