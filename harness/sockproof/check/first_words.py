"""What the user says that a server answers to, and how it is learned what it does answer to."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from sockproof.check.agreement import agree
from sockproof.check.language import TRY_TLS, Language, learn, looks_like_tls
from sockproof.check.listener import Address
from sockproof.check.service.exchanges import NONE, Exchanges
from sockproof.check.service.meeting import meet
from sockproof.errors import HarnessError
from sockproof.iut.case_log import CaseLog

__all__ = ["FirstWords", "speaks_tls"]


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
        try:
            return self._as_told(address, folder, log)
        except HarnessError as error:
            if speaks_tls(address, log):
                raise HarnessError(error.message, TRY_TLS) from None
            raise

    def _as_told(self, address: Address, folder: Path, log: CaseLog) -> Language:
        met = meet(self.exchanges, address, folder, log) if self.exchanges else None
        if met and not (self.say or self.expect):
            return met
        return learn(address, log, self.say, self.expect)


def speaks_tls(address: Address, log: CaseLog) -> bool:
    """Whether a server that was taken for one without TLS has it, as far as that can be seen."""
    with contextlib.suppress(HarnessError):
        return address.is_stream and not address.tls and looks_like_tls(address, log)
    return False
