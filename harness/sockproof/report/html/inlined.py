"""Styles and scripts as they stand inside a page, with the digests that let these in and no other.

A page holds what an implementation said. Its policy names what it was written with, so that a
style or a script that got in some other way is not heeded
(https://www.w3.org/TR/CSP3/#grammardef-hash-source).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources

from markupsafe import Markup

__all__ = ["assets", "inlined"]


def assets(names: Sequence[str]) -> str:
    """The texts of these files of ``assets/``, one after the other."""
    folder = resources.files("sockproof.report.html").joinpath("assets")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def inlined(kind: str, text: str) -> dict[str, Markup | str]:
    """What a template puts into its element and its policy: ``style`` and ``style_digest``."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {kind: Markup(text), f"{kind}_digest": digest}
