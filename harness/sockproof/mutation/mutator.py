"""Generic mutants: every small change that the operators can make in a socketserver's source.

Left out by rule, because nobody could tell: docstrings, ``__version__``, imports at the top of the
module, and what a test for the platform (``hasattr(os, "fork")``) switches off here.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sockproof.errors import IutUnavailable
from sockproof.iut.implementation import Implementation
from sockproof.mutation.operators import OPERATORS
from sockproof.mutation.site import THE_NODE, Change, Site, is_presence_test
from sockproof.mutation.source_text import SourceText
from sockproof.timing import start_bound_s

__all__ = ["GenericMutant", "generic_mutants", "present_in"]

MODULE = "<module>"
_LEFT_OUT_NAMES = ("__version__", "__author__")
_LONGEST = 90

Present = Callable[[str], bool]
"""Whether an expression such as ``hasattr(os, "fork")`` holds where the module is to run."""


@dataclass(frozen=True)
class GenericMutant:
    """One small change of the module.

    ``key`` names it whatever else changes in the source: qualified name, operator, what becomes of
    which text. ``number`` and ``line`` are of this source; ``text`` is the whole module.
    """

    number: int
    key: str
    operator: str
    qualified_name: str
    line: int
    words: str
    text: str

    @property
    def id(self) -> str:
        return f"generic-{self.number:04}"

    @property
    def title(self) -> str:
        return f"{self.qualified_name} line {self.line}: {self.words}"


def generic_mutants(text: str, present: Present) -> tuple[GenericMutant, ...]:
    """All of them, in the order of the source, and always in the same; none twice, none that does
    not compile."""
    source = SourceText(text)
    seen = {text}
    keys: Counter[str] = Counter()
    found: list[GenericMutant] = []
    for site in _sites(source, present):
        for mutant in _of_site(site):
            if mutant.text not in seen and _compiles(mutant.text, site):
                seen.add(mutant.text)
                keys[mutant.key] += 1
                again = f" #{keys[mutant.key]}" if keys[mutant.key] > 1 else ""
                found.append(
                    dataclasses.replace(mutant, number=len(found) + 1, key=mutant.key + again)
                )
    return tuple(found)


def present_in(implementation: Implementation, text: str) -> Present:
    """Asks the interpreter once for every presence test that the source has.

    Raises:
        IutUnavailable: it does not answer.
    """
    source = SourceText(text)
    asked = sorted({source.of(node) for node in ast.walk(source.tree) if is_presence_test(node)})
    program = "import json, os, socket, selectors, sys, threading; print(json.dumps([%s]))"
    command = [*implementation.argv, "-c", program % ", ".join(asked)]
    try:
        answer = subprocess.run(
            command,
            env=implementation.environment(),
            capture_output=True,
            check=True,
            timeout=start_bound_s(),
        )
        answers = dict(zip(asked, json.loads(answer.stdout), strict=True))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise IutUnavailable(
            f"{implementation.given}: cannot be asked what it has: {error}"
        ) from None
    return lambda expression: bool(answers.get(expression, True))


def _compiles(text: str, site: Site) -> bool:
    """Whether the statement of the module that was changed does, which stands where it stood."""
    lines = text.split("\n")[site.top_level_lines()]
    try:
        compile("\n".join(lines), "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _sites(source: SourceText, present: Present) -> Iterator[Site]:
    """Every node that may be changed, as it stands in the source."""

    def below(node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[Site]:
        if parents:
            yield Site(node, parents, source)
        if is_presence_test(node):
            return
        absent = set(map(id, _absent_here(node)))
        for child in ast.iter_child_nodes(node):
            if id(child) not in absent and not _is_left_out(child, node):
                yield from below(child, (*parents, node))

    def _absent_here(node: ast.AST) -> list[ast.stmt]:
        if not isinstance(node, ast.If) or not is_presence_test(node.test):
            return []
        return node.orelse if present(source.of(node.test)) else node.body

    sites = [site for site in below(source.tree, ()) if hasattr(site.node, "lineno")]
    yield from sorted(sites, key=lambda site: source.start(site.node))


def _is_left_out(node: ast.AST, parent: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom():
            return isinstance(parent, ast.Module)
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in _LEFT_OUT_NAMES
        case ast.Expr(value=ast.Constant()):
            return True
    return False


def _of_site(site: Site) -> Iterator[GenericMutant]:
    name = _qualified_name(site)
    for operator, changes in OPERATORS.items():
        for change in changes(site):
            yield _mutant(site, name, operator, change)


def _mutant(site: Site, name: str, operator: str, change: Change) -> GenericMutant:
    words, splices = change
    source = site.source
    start, end = min(one.start for one in splices), max(one.end for one in splices)
    shown = _shown(site.node, source.of(site.node))
    if operator == "condition":
        shown, new = _line(source.between(start, end)), splices[0].text
    else:
        new = _shown(site.node, _result(site, change))
    told = (
        words.replace(THE_NODE, f"`{_cut(shown)}`") if words else f"`{_cut(shown)}` → `{_cut(new)}`"
    )
    return GenericMutant(
        number=0,
        key=f"{name} | {operator} | {words.replace(THE_NODE, shown) or f'{shown} → {new}'}",
        operator=operator,
        qualified_name=name,
        line=source.line(start),
        words=told,
        text=source.spliced(splices),
    )


def _shown(node: ast.AST, text: str) -> str:
    """A node's text in one line: what has a body by its first line, a long list by its ends."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Try | ast.ExceptHandler):
        return text.partition("\n")[0].strip()
    return "[…]" if isinstance(node, ast.List) else _line(text)


def _result(site: Site, change: Change) -> str:
    """What the node is after the change."""
    start, end = site.source.start(site.node), site.source.end(site.node)
    whole = site.source.spliced(change[1]).encode("utf-8")
    grown = len(whole) - len(site.source.octets)
    return whole[start : end + grown].decode("utf-8")


def _qualified_name(site: Site) -> str:
    scopes = [*site.parents, site.node]
    named = [one.name for one in scopes if isinstance(one, ast.ClassDef | ast.FunctionDef)]
    return ".".join(named) or MODULE


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
