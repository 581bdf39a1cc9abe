"""Records, definitions and implementations that are meant to do harm, and where they lie."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sockproof.generate.options import CACHE

__all__ = ["CASE", "OBEYED", "Ground", "record_text"]

CASE = "dispatch/refused-request-is-closed[TCP/inet]"
OBEYED = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eneerg\u2066\r\b"
"""What a terminal would obey: a title, a cleared screen, a colour, text that runs backwards."""
PASSES = {"verdict": "PASS", "teardown": {"verdict": "clean", "leaks": []}}


def record_text(implementation: Mapping[str, Any], **case: Any) -> str:
    """A record of one case, as somebody else may have written it."""
    requirement = CASE.partition("[")[0]
    row = {"id": CASE, "requirement": requirement, "spec": "TCP/inet", **PASSES, **case}
    told = {"id": "theirs", "given": "", "level": "3.13", "name": "CPython", "version": "3.13.0"}
    title = case.get("expected", "A promise.")
    lines = (
        {
            "kind": "header",
            "schema": 3,
            "suite": "sockproof",
            "suite_version": "0.1.0",
            "implementation": {**told, **implementation},
            "settings": {"keep": "all", "select": "", "specs": []},
        },
        {
            "kind": "requirement",
            "id": requirement,
            "area": "dispatch",
            "title": title,
            "level": "SHOULD",
            "source": title,
        },
        {"kind": "case", **row},
        {"kind": "footer", "complete": True, "counts": {row["verdict"]: 1}, "stale": []},
    )
    return "".join(f"{json.dumps(line)}\n" for line in lines)


class Ground:
    """A folder where a command is called, in it what others have put there, and what must not be
    touched beside it. ``ran`` is there once anything of theirs was run."""

    def __init__(self, folder: Path) -> None:
        self.home, self.elsewhere = folder / "home" / "user", folder / "elsewhere"
        self.ran = folder / "ran"
        self.home.mkdir(parents=True)
        self.elsewhere.mkdir()
        self._put_programs()
        self.before = self.tree()

    def _put_programs(self) -> None:
        harm = f"open({str(self.ran)!r}, 'w').close()\n"
        for name in ("evil.py", "evil-python.py", "evil/__init__.py"):
            self.put(name, harm)
        self.put("evil.toml", f"command = ['sh', '-c', 'touch {self.ran}']\n")
        for name in ("prog", "python3", "python9.9"):
            self.put(name, f"#!/bin/sh\ntouch {self.ran}\n").chmod(0o755)
        (self.elsewhere / "victim").write_text("mine")

    def put(self, name: str, text: str) -> Path:
        """A file where the command is called; ``~`` in its text is not a home."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def interpreter_that_says(self, **told: str) -> str:
        """A command that runs this Python, whose ``sys.implementation`` says something else."""
        lies = "".join(f"sys.implementation.{name} = {value}\n" for name, value in told.items())
        text = f"import sys\n{lies}sys.argv.pop(0)\nexec(sys.argv[sys.argv.index('-c') + 1])\n"
        return f"{sys.executable} {self.put('lies.py', text)}"

    def tree(self) -> dict[str, str]:
        """Every file and link below the folder, with what it holds, but for ``home/user/out``, what
        an interpreter keeps of a module, and plans that failed."""
        root = self.ran.parent
        return {
            str(path.relative_to(root)): "link" if path.is_symlink() else path.read_text("utf-8")
            for path in root.rglob("*")
            if (path.is_symlink() or path.is_file())
            and not {self.home / "out", self.home / CACHE} & {*path.parents}
            and path.parent.name != "__pycache__"
        }
