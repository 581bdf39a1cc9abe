"""Named mutants as modules that selftests play cases on."""

from __future__ import annotations

from pathlib import Path

from sockproof.mutation.named import Mutant, apply

__all__ = ["module_name", "write_mutant"]


def module_name(mutant: Mutant) -> str:
    """What the file of a mutant is called, so that it can be imported."""
    return mutant.id.replace("-", "_")


def write_mutant(mutant: Mutant, source_path: Path, folder: Path) -> Path:
    """Write the mutant of the socketserver.py at ``source_path`` to ``folder``; returns the file.

    Raises:
        MutationError: it does not fit.
    """
    written = folder / f"{module_name(mutant)}.py"
    written.write_text(apply(mutant, source_path.read_text("utf-8")), "utf-8")
    return written
