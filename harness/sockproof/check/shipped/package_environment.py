"""Makes the environment in which a package is: by ``python -m venv`` and pip, as its user has set
pip up, in this user's cache. It is made elsewhere and moved, so that half of one is never there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sockproof._paths import expanded
from sockproof.errors import HarnessError, UsageError
from sockproof.file_names import file_name
from sockproof.iut.asked_program import said_by
from sockproof.output_folder import OutputFolder
from sockproof.own_folder import own_folder
from sockproof.timing import scale

__all__ = ["PackageEnvironment", "cache_folder"]

_WITHIN_S = 600.0
_VERSIONS = "versions.json"
_ONLY_NUMBERS = re.compile(r"\d+(\.\d+)*")
# What pip says when it finds none that fits: all that there are, the newest last.
_THERE_ARE = re.compile(r"from versions: ([^)]*)\)")
_SHOWN = 3


def cache_folder() -> Path:
    """Where this user's environments are: below ``$XDG_CACHE_HOME``, if that is an absolute path,
    else below ``~/.cache``.

    Raises:
        HarnessError: nobody knows the user's home.
    """
    told = os.environ.get("XDG_CACHE_HOME", "")
    parent = Path(told) if Path(told).is_absolute() else expanded("~/.cache")
    if not parent.is_absolute():
        raise HarnessError("this user has no home, so no cache", "set XDG_CACHE_HOME to a folder")
    return parent / "sockproof" / "servers"


@dataclass(frozen=True)
class PackageEnvironment:
    """Where what pip calls ``requires`` is or will be, in a ``version`` (empty: the newest when it
    is made), for the Python at the path ``base``, which is of the version ``python``."""

    requires: str
    version: str
    base: Path
    python: str

    @property
    def requirement(self) -> str:
        """What pip is asked for: 3.1 is the newest of those that begin so."""
        if not self.version:
            return self.requires
        wanted = f"{self.version}.*" if _ONLY_NUMBERS.fullmatch(self.version) else self.version
        return f"{self.requires}{',' * (self._package != self.requires)}=={wanted}"

    @property
    def _package(self) -> str:
        return re.split(r"[^\w.-]", self.requires)[0]

    @property
    def folder(self) -> Path:
        """Its own: of another version or Python it is another one."""
        known = [self.requirement, str(self.base.resolve()), self.python]
        digest = hashlib.sha256("\n".join(known).encode("utf-8", "surrogatepass")).hexdigest()
        words = (self._package, self.version or "newest", f"python{self.python}", digest[:12])
        return cache_folder() / file_name("-".join(words))

    @property
    def interpreter(self) -> Path:
        """The Python that has the package."""
        return self.folder / "bin" / "python"

    @property
    def is_made(self) -> bool:
        """Whether it is there, as a whole."""
        return (self.folder / _VERSIONS).is_file()

    @property
    def versions(self) -> Mapping[str, str]:
        """Of the package that was asked for, which version is there; nothing if it is not made."""
        try:
            told = json.loads((self.folder / _VERSIONS).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(name): str(version) for name, version in told.items()}

    def make(self, tell: Callable[[str], None]) -> None:
        """Have it there. Whoever makes the same at the same time harms nobody.

        Raises:
            UsageError: there is no such version. HarnessError: it cannot be made; why.
        """
        if self.is_made:
            return
        where = self.folder
        tell(f"makes an environment with {self.requirement} for Python {self.python}: {where}")
        try:
            where.parent.mkdir(parents=True, exist_ok=True)
            with own_folder(str(where.parent)) as temporary:
                self._make_in(temporary)
        except OSError as error:
            told = f"cannot make {where}: {(error.strerror or str(error)).lower()}"
            raise HarnessError(told, "set XDG_CACHE_HOME to a folder that you may write") from None

    def _make_in(self, temporary: Path) -> None:
        new = temporary / "made"
        self._run([str(self.base), "-I", "-m", "venv", "--without-pip", str(new)], "its venv")
        pip = [*self._pip(str(new / "bin" / "python")), "--disable-pip-version-check"]
        self._run([*pip, "install", "--no-input", self.requirement], "pip")
        listed = json.loads(self._run([*pip, "list", "--format=json"], "pip"))
        found = {_plain(one["name"]): one["version"] for one in listed}
        known = {self._package: found.get(_plain(self._package), "")}
        OutputFolder(new).write(_VERSIONS, json.dumps(known))
        try:
            new.rename(self.folder)
        except OSError:
            if not self.is_made:  # somebody was quicker
                raise

    def _pip(self, python: str) -> list[str]:
        """The pip of that Python, if it can install elsewhere (22.3 and newer), for that takes no
        time to have; else the one that Python brings."""
        found = [str(self.base), "-I", "-m", "pip", "--python", python]
        try:
            self._run([*found, "--version"], "pip")
        except HarnessError:
            self._run([python, "-I", "-m", "ensurepip"], "its ensurepip")
            return [python, "-I", "-m", "pip"]
        return found

    def _run(self, words: Sequence[str], who: str) -> str:
        """What it prints, when it ends well."""
        within_s = _WITHIN_S * scale()
        said = said_by(words, within_s)
        if said.status is None:
            raise self._failure(who, f"it did not end within {within_s:g} s")
        if said.status:
            raise self._failure(who, said.stderr or said.stdout)
        return said.stdout

    def _failure(self, who: str, told: str) -> HarnessError:
        """Why there is none, in a line."""
        there = _THERE_ARE.search(told)
        versions = [one for one in there[1].split(", ") if one and one != "none"] if there else []
        if versions:
            newest = ", ".join(reversed(versions[-_SHOWN:]))
            what = f"pip finds no {self.requirement} for Python {self.python}"
            return UsageError(what, f"name one that is there, such as {newest}")
        if there:
            what = f"pip finds no {self._package} at all: where it looks, it reaches nobody"
            return HarnessError(what, "see 'pip config list', and whether there is a network")
        lines = [line.strip() for line in told.splitlines() if line.strip()]
        last = next((line for line in reversed(lines) if line.startswith("ERROR:")), "")
        why = last.removeprefix("ERROR:").strip() or (lines[-1] if lines else "it said nothing")
        hint = f"see that pip installs {self.requirement} by hand"
        return HarnessError(f"no environment for {self._package}: {who} failed: {why}", hint)


def _plain(name: str) -> str:
    """The name of a package as all ways to spell it have it."""
    return re.sub(r"[-_.]+", "-", name).lower()
