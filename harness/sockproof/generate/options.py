"""How plans are generated: from which seed, how many, and where those that failed are kept.

Apart from what uses it, so that nothing loads Hypothesis that generates nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockproof.errors import UsageError

__all__ = ["CACHE", "EXAMPLES", "MIXES", "SEED", "WALKS", "Generating"]

# The seed of every run that is not told another: its plans are always the same.
SEED = 1
# Plans a case, so that all of them together take some seconds.
EXAMPLES = 15
# The same, of clients that are interleaved before a server that is checked.
MIXES = 40
# The requirement of the socket module whose cases play walks.
WALKS = "socket/walks-go-as-modelled"
# The folder, below where the command is run, that keeps plans that failed.
CACHE = ".sockproof_cache"


@dataclass(frozen=True)
class Generating:
    """What a run says of generated plans; ``examples`` is how many each case plays. With a
    ``plan`` (as its ``to_json()`` gave it) that one is played, and nothing is generated.

    Raises:
        UsageError: there would be none.
    """

    seed: int = SEED
    examples: int = EXAMPLES
    cache: Path = field(default_factory=lambda: Path(CACHE).absolute())
    plan: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.examples < 1:
            raise UsageError(f"--examples {self.examples} is below 1", "give how many a case plays")
