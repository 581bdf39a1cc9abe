"""Makes a page of its template: everything is escaped, and a name that is none is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sockproof.report.text import one_line, visible

__all__ = ["rendered"]


def rendered(template: str, values: Mapping[str, object]) -> str:
    """The page of a file of ``templates/``; ``values`` is what it can name."""
    environment = Environment(
        loader=PackageLoader("sockproof.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "one_line": one_line}
    environment.filters |= {"anchor": _anchor, "breakable": _breakable}
    return environment.get_template(template).render(values)


def _breakable(text: str) -> Markup:
    """A name that may be broken into lines after underscores, too."""
    return escape(text).replace("_", Markup("_<wbr>"))


def _anchor(text: str) -> str:
    """A name that links lead to, the same whatever is escaped where."""
    return re.sub(r"[^A-Za-z0-9/_.+-]", "-", text)
