"""The records of TLS, as they pass: their type, their length, and what an alert says.

https://www.rfc-editor.org/rfc/rfc8446#section-5.1 and #section-6
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["RecordSplitter", "in_words"]

_HEADER_OCTETS = 5
_ALERT = 21
_TYPES: Mapping[int, str] = {
    20: "change cipher spec",
    _ALERT: "alert",
    22: "handshake",
    23: "application data",
}
_PLAIN_ALERT_OCTETS = 2
_ALERTS: Mapping[int, str] = {
    0: "close notify",
    10: "unexpected message",
    20: "bad record mac",
    22: "record overflow",
    40: "handshake failure",
    42: "bad certificate",
    45: "certificate expired",
    46: "certificate unknown",
    47: "illegal parameter",
    48: "unknown ca",
    50: "decode error",
    51: "decrypt error",
    70: "protocol version",
    71: "insufficient security",
    80: "internal error",
    112: "unrecognized name",
    116: "certificate required",
    120: "no application protocol",
}


@dataclass
class RecordSplitter:
    """Splits what passes in one direction into records. What is no TLS is told as such, and nothing
    after it is split."""

    _rest: bytes = field(default=b"", init=False)
    _is_foreign: bool = field(default=False, init=False)

    def take(self, data: bytes) -> Iterator[str]:
        """The records that these octets complete, in words."""
        self._rest += data
        while self._rest and not self._is_foreign:
            if self._rest[0] not in _TYPES:
                self._is_foreign = True
                yield f"no record: {self._rest[:20]!r}"
                return
            end = _HEADER_OCTETS + int.from_bytes(self._rest[3:_HEADER_OCTETS], "big")
            if len(self._rest) < max(end, _HEADER_OCTETS):
                return
            record, self._rest = self._rest[:end], self._rest[end:]
            yield in_words(record)

    @property
    def left(self) -> str:
        """What came of a record whose end has not, in words."""
        return "" if self._is_foreign or not self._rest else f"{len(self._rest)} of a record"


def in_words(record: bytes) -> str:
    """``handshake 122``: the type and the length of what is in it, in octets; an alert that is not
    encrypted says what it is about."""
    body = record[_HEADER_OCTETS:]
    if record[0] == _ALERT and len(body) == _PLAIN_ALERT_OCTETS:
        return f"alert {_ALERTS.get(body[1], str(body[1]))}"
    return f"{_TYPES[record[0]]} {len(body)}"
