"""The keys of TLS connections, as Wireshark reads them: they come by a pipe, and no file has them.

https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-02.html
"""

from __future__ import annotations

import contextlib
import os
import ssl
import weakref

__all__ = ["KeyLog"]

_READ_OCTETS = 1 << 16


class KeyLog:
    """What a context tells of its keys, as far as it was not yet taken. Nothing, where the system
    has no paths of open files, or the library tells nobody."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._end, told = os.pipe()
        os.set_blocking(self._end, False)
        weakref.finalize(self, os.close, self._end)
        with contextlib.suppress(OSError):
            context.keylog_filename = f"/dev/fd/{told}"  # opens it for itself
        os.close(told)

    def take(self) -> bytes:
        """Lines of text; what is not read in time would hold up the next handshakes."""
        lines = b""
        with contextlib.suppress(BlockingIOError):
            while some := os.read(self._end, _READ_OCTETS):
                lines += some
        return lines
