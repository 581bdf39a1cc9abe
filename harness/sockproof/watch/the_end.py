"""A Ctrl-C, or a signal like it, as an event beside others: nothing is left half done by it."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from types import FrameType

from sockproof.run.lifetime import Interrupt

__all__ = ["TheEnd", "awaited_end"]

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# timeout(1) sends its signal to a process and then to its whole group: that is one.
_ONE_WITHIN_S = 1.0


class TheEnd:
    """Has come, or not yet; whoever polls :meth:`fileno` for reading learns of it."""

    def __init__(self) -> None:
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)
        self._came_s = 0.0
        self.is_all_over = False

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        return self._reading.fileno()

    @property
    def has_come(self) -> bool:
        return bool(self._came_s)

    def come(self, _number: int, _frame: FrameType | None) -> None:
        """It has come.

        Raises:
            Interrupt: once more, a while later. Then no further one is heeded.
        """
        if self._came_s and time.monotonic() - self._came_s > _ONE_WITHIN_S:
            self.is_all_over = True
            for number in _ENDINGS:
                signal.signal(number, signal.SIG_IGN)
            raise Interrupt
        self._came_s = self._came_s or time.monotonic()
        with contextlib.suppress(BlockingIOError):
            self._writing.send(b"x")

    def close(self) -> None:
        """Nobody waits for it any more."""
        self._reading.close()
        self._writing.close()


@contextlib.contextmanager
def awaited_end() -> Iterator[TheEnd]:
    """What ends the block when the user says so; what is ignored (``nohup``, ``run &``) stays."""
    end = TheEnd()
    heeded = [one for one in _ENDINGS if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, end.come) for number in heeded}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if end.is_all_over else handler)
        end.close()
