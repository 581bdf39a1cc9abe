"""The texts that every script has, made of their templates, and the functions that one calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["functions_for", "modules_for", "written"]

# What every script has.
_ALWAYS = ("end", "cannot_tell")
_MODULES = (
    *("array", "ast", "builtins", "contextlib", "errno", "gc", "glob", "hashlib"),
    *("http.server", "importlib", "io", "json", "operator", "os", "pickle", "select", "shutil"),
    *("signal", "socket", "ssl", "struct", "subprocess", "sys", "tempfile", "threading", "time"),
    *("traceback", "types", "weakref"),
)

_DEFINED = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)

# What a script is that has nothing special.
_PLAIN = {"forking": False, "preload": "", "fate": "", "fatal": "", "hang_bounds": 0}
_PLAIN |= {"server": ""}

_ENVIRONMENT = Environment(
    loader=PackageLoader("sockproof.repro", "templates"),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def written(template: str, **values: Any) -> str:
    """The text of a file of ``templates/``; ``values`` is what it can name."""
    return _ENVIRONMENT.get_template(f"{template}.py.j2").render(values).strip("\n")


def functions_for(text: str, **values: Any) -> list[str]:
    """The functions that a text calls, and those that these call, each before its callers;
    ``values`` is what they can name besides."""
    known = _written(text, {**_PLAIN, **values})
    wanted = set(_ALWAYS)
    pending = [text]
    while pending:
        told = pending.pop()
        called = {name for name in known if re.search(rf"(?<![\w.]){name}\(", told)} - wanted
        wanted |= called
        pending += [known[name] for name in called]
    return [f"{source}\n" for name, source in known.items() if name in wanted]


def _written(text: str, values: Mapping[str, Any]) -> dict[str, str]:
    """All functions and classes by name, as this text needs them."""
    sources = written(
        "functions",
        **values,
        names_children="children()" in text,
        removes_folder=bool(re.search(r"\bfolder\b", text)),
        lacks_descriptors="RLIMIT_NOFILE" in text,
        is_another="seteuid(" in text,
        counts=bool(re.search(r"\btimes\(", text)),
        in_pieces=bool(re.search(r"\.shake\(\d", text)),
        cuts=bool(re.search(r"\.say\(.*, \[", text)),
        has=lambda *parts: any(part in text for part in parts),
    )
    blocks = sources.split("\n\n\n")
    return {_DEFINED.findall(source)[0]: source for source in blocks}


def modules_for(texts: Iterable[str]) -> list[str]:
    """The modules of the standard library that the texts use."""
    text = "\n".join(texts)
    used = r"(?<![\w.\"']){0}\.|\( *{0} *[,)]"  # a part of it, or all of it as an argument
    return [name for name in _MODULES if re.search(used.format(name), text)]
