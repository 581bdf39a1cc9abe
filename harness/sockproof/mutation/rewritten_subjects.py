"""Re-implementations as what a proof is about: where each is played, and how far."""

from __future__ import annotations

from collections.abc import Sequence

from sockproof.mutation.jobs import Aim
from sockproof.mutation.rewriting import Rewrite, rewritten
from sockproof.mutation.subjects import MutantKind, Subject, cases_at, with_texts
from sockproof.spec.catalogue import Catalogue
from sockproof.spec.levels import PythonLevel

__all__ = ["rewritten_subjects"]

# By family: the areas where one of it is likely to show.
_AREAS = {
    "design": "handlers construction settings",
    "ends": "serving threading forking construction",
    "errors": "errors dispatch",
    "growth": "resources threading forking",
    "kernel": "surroundings binding streams backlog",
    "limits": "handlers streams datagrams threading",
    "program": "surroundings forking threading",
    "queue": "serving backlog dispatch",
    "settings": "settings binding",
    "sockets": "settings construction handlers",
    "time": "serving",
    "two": "settings serving surroundings",
}


def rewritten_subjects(
    rewrites: Sequence[Rewrite], source: str, level: PythonLevel, catalogue: Catalogue
) -> tuple[list[Subject], list[str]]:
    """Those of this Python level; and the ids of those that its source has no place for."""
    fitting, unfit = with_texts(rewrites, source, level, rewritten)
    return [_subject(one, text, _aim(one, catalogue)) for one, text in fitting], unfit


def _subject(one: Rewrite, text: str, aim: Aim) -> Subject:
    kind, code = MutantKind.REWRITTEN, one.code.strip()
    told = one.id, kind, one.family, one.title
    return Subject(*told, text, 1, "", code, aim, is_right=one.is_right)


def _aim(one: Rewrite, catalogue: Catalogue) -> Aim:
    """Every requirement once, and on a broken one all that is of its server spec, too."""
    cases = cases_at(one.spec, one.detected_by, catalogue)
    areas = tuple(_AREAS.get(one.family, "").split())
    reach = () if one.is_right else (one.spec,)
    return Aim(cases, areas, (one.spec, "TCP/inet", "UDP/inet"), reach)
