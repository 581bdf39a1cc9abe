"""Standard input, output and error of the command, whatever has become of them.

A reader that has gone (``sockproof run | head``) is no error, nor is a stream that was closed
before (``>&-``): the rest is dropped. A full disk is one, which is told at the end. A slow reader
is waited for, on a descriptor that somebody has made non-blocking as well; and whatever the locale
cannot encode is written as an escape.

Nothing that a terminal would obey is written: whatever is printed is made visible first. A console
that has done so itself, and puts colours of ours between, writes to :func:`as_it_is`.
"""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
from typing import Any, TextIO, cast

from sockproof.visible_text import visible

__all__ = [
    "Sink",
    "VisibleStream",
    "as_it_is",
    "hurry",
    "make_errors_visible",
    "output_fault",
    "take_over",
]

_PIECE_OCTETS = select.PIPE_BUF
"""What a descriptor that is ready takes without blocking."""
_HURRIED_S = 1.0


class Sink(io.RawIOBase):
    """The end of a text stream: writes to ``fd`` as long as somebody takes it, and never raises
    but for an interrupt. ``fault`` is why it stopped, other than a reader that has gone."""

    hurried = False

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        self._is_over = False
        self._is_device = stat.S_ISCHR(os.fstat(fd).st_mode)
        self.fault: OSError | None = None

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._fd)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: object) -> int:
        """Write all of it, or drop what nobody takes; the number of octets given."""
        octets = memoryview(data).cast("B")  # type: ignore[arg-type]  # any buffer, as of RawIOBase
        sent = 0
        while sent < len(octets) and not self._is_over:
            sent += self._put(octets[sent : sent + _PIECE_OCTETS])
        return len(octets)

    def _put(self, piece: memoryview) -> int:
        try:
            if Sink.hurried and not select.select([], [self._fd], [], _HURRIED_S)[1]:
                self._is_over = True
                return 0
            return os.write(self._fd, piece)
        except BlockingIOError:  # a terminal, or a pipe, that is shared with who wants it so
            select.select([], [self._fd], [])
        except (BrokenPipeError, ConnectionResetError):
            self._is_over = True
        except OSError as error:
            self._is_over = True
            if not (error.errno == errno.EIO and self._is_device):  # a terminal that was hung up
                self.fault = error
        return 0


class VisibleStream(io.TextIOWrapper):
    """A text stream that makes visible what is written to it."""

    def write(self, text: str, /) -> int:
        """Write the text, but nothing that a terminal would obey; the number of characters."""
        super().write(visible(text))
        return len(text)

    def write_as_it_is(self, text: str) -> int:
        """Write what is visible but for what we put into it ourselves."""
        return super().write(text)


class _AsItIs:
    """The same stream, for who knows what is in the text."""

    def __init__(self, stream: VisibleStream) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write_as_it_is(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def as_it_is(stream: TextIO) -> TextIO:
    """The stream for a console, which makes visible what others say before it adds colours."""
    return cast(TextIO, _AsItIs(stream)) if isinstance(stream, VisibleStream) else stream


def hurry() -> None:
    """Wait for no reader any more, but a moment: who interrupts us wants an end."""
    Sink.hurried = True


def take_over() -> None:
    """Put :class:`Sink` below ``sys.stdout`` and ``sys.stderr``, once, before anything is opened.

    A descriptor of 0 to 2 that was closed becomes the null device: otherwise a socket or a record
    would be opened in its place, and be printed to.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest that is free
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _text(sys.stdout, 1)
    sys.stderr = _text(sys.stderr, 2)
    # Libraries go on with these where they replace the others.
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, f"__{name}__") is None:
            setattr(sys, f"__{name}__", getattr(sys, name))
    if not os.environ.get("COLUMNS", "0").strip("0"):  # a width in which nothing can be told
        os.environ.pop("COLUMNS", None)


def _text(stream: TextIO | None, fd: int) -> TextIO:
    return VisibleStream(
        io.BufferedWriter(Sink(fd)),
        encoding=stream.encoding if stream else "utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )


def make_errors_visible() -> None:
    """In a worker, whose standard error is that of the command."""
    sys.stderr = _text(sys.stderr, 2)


def output_fault() -> OSError | None:
    """Why standard output did not take all that was printed so far; none where its reader has gone
    by itself, or where all was taken."""
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    sink = getattr(buffer, "raw", None)
    return sink.fault if isinstance(sink, Sink) else None
