"""Where the suites are, in a clone or inside an installed wheel, and where the user's home is."""

from __future__ import annotations

from pathlib import Path

from sockproof.errors import HarnessError

__all__ = ["REFERENCE", "expanded", "kit_dir", "reference_dir"]

# Where below :func:`kit_dir` the shipped records are: of socketserver, and below that of others.
REFERENCE = Path("reports", "reference")
_IN_FRONT = "socketserver"


def kit_dir() -> Path:
    """The folder that holds ``pyproject.toml``, ``conftest.py``, ``suites``, ``fixtures``, and
    ``reports/reference``.

    A clone (or an editable install of one) is preferred over an installed copy.
    """
    package = Path(__file__).resolve().parent
    for place in (package.parent.parent, package / "kit"):
        if (place / "suites").is_dir() and (place / "conftest.py").is_file():
            return place
    raise HarnessError("the suites are missing from this installation", "install sockproof again")


def reference_dir(module: str = _IN_FRONT) -> Path:
    """The folder of the shipped records of a module of the standard library."""
    place = kit_dir() / REFERENCE
    return place if module == _IN_FRONT else place / module


def expanded(path: Path | str) -> Path:
    """A path with its ``~`` as a shell reads it.

    It stays as it is where nobody knows the home: without HOME, as a user that no passwd lists,
    which is what a container makes of ``--user 1234``.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
