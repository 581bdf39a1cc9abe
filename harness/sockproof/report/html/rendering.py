"""Makes a page of its template: everything is escaped, and a name that is none is an error.

A page holds what an implementation said. Its policy names the style and the script that it was
written with, so that others that got in some other way are not heeded
(https://www.w3.org/TR/CSP3/#grammardef-hash-source).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sockproof.report.text import counted, one_line, seconds, visible

__all__ = ["assets", "rendered", "rendered_parts"]


def assets(names: Iterable[str]) -> str:
    """The texts of these files of ``assets/``, one after the other."""
    folder = resources.files("sockproof.report.html").joinpath("assets")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def rendered(template: str, *, style: str, script: str = "", **values: object) -> str:
    """The page of a file of ``templates/``; ``values`` is what it can name."""
    return "".join(rendered_parts(template, style=style, script=script, **values))


def rendered_parts(
    template: str, *, style: str, script: str = "", **values: object
) -> Iterator[str]:
    """The same page in parts."""
    environment = Environment(
        loader=PackageLoader("sockproof.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"counted": counted}
    environment.filters |= {"visible": visible, "one_line": one_line, "seconds": seconds}
    environment.filters |= {"anchor": _anchor, "breakable": _breakable}
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        environment.globals |= {kind: Markup(text), f"{kind}_digest": digest}
    return environment.get_template(template).generate(values)


def _breakable(text: str) -> Markup:
    """A name that may be broken into lines after underscores, too."""
    return escape(text).replace("_", Markup("_<wbr>"))


def _anchor(text: str) -> str:
    """A name that links lead to, the same whatever is escaped where."""
    return re.sub(r"[^A-Za-z0-9/_.+-]", "-", text)
