"""A console that makes visible whatever is printed on it, and then adds our colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from sockproof.standard_streams import as_it_is
from sockproof.visible_text import visible

__all__ = ["VisibleConsole"]


class VisibleConsole(Console):
    """Text is text: no path and no message is taken for markup or emoji, or obeyed by a terminal.

    Of what is rendered only styles and the moves of a progress bar are no text.
    """

    def __init__(self, stream: TextIO, *, soft_wrap: bool, width: int | None) -> None:
        super().__init__(
            file=as_it_is(stream),
            soft_wrap=soft_wrap,
            width=width,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The parts of what is printed, each of them visible."""
        for part in super().render(renderable, options):
            yield part if part.control else Segment(visible(part.text), part.style)
