"""Generic mutants: every small change that the operators can make in a socketserver's source.

Left out by rule, because nobody could tell: docstrings, ``__version__``, imports at the top of the
module, and what a test for the platform (``hasattr(os, "fork")``) switches off here.
"""

from __future__ import annotations

import ast
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator

from sockproof.errors import IutUnavailable
from sockproof.iut.implementation import Implementation
from sockproof.mutation import expression_changes as expressions
from sockproof.mutation import statement_changes as statements
from sockproof.mutation import structural_changes as structure
from sockproof.mutation.order import aim_at
from sockproof.mutation.site import (
    THE_NODE,
    Change,
    Changes,
    Site,
    SourceText,
    in_one_line,
    is_presence_test,
)
from sockproof.mutation.subjects import MutantKind, Subject, first_difference
from sockproof.timing import start_bound_s

__all__ = ["OPERATORS", "generic_mutants", "present_in"]

MODULE = "<module>"
_LEFT_OUT_NAMES = ("__version__", "__author__")
_LONGEST = 90
_WITH_A_BODY = (
    *(ast.ClassDef, ast.FunctionDef, ast.Try, ast.ExceptHandler),
    *(ast.If, ast.While, ast.For, ast.With),
)

# Whether an expression such as ``hasattr(os, "fork")`` holds where the module is to run.
Present = Callable[[str], bool]

# Each makes one small change of a node, wherever it stands; mutants are numbered in this order.
OPERATORS: dict[str, Callable[[Site], Changes]] = {
    "delete": statements.deleted,
    "return": statements.not_returned,
    "condition": statements.condition,
    "comparison": expressions.comparison,
    "boolean": expressions.boolean,
    "arithmetic": expressions.arithmetic,
    "constant": expressions.constant,
    "swap": expressions.swapped,
    "leave out": expressions.left_out,
    "except": statements.caught,
    "finally": statements.cleanup,
    "loop": statements.loop_control,
    "sibling": expressions.sibling,
    "order": structure.order,
    "rounds": structure.rounds,
    "context": structure.context,
    "sharing": structure.sharing,
    "impatience": structure.impatience,
}


def generic_mutants(text: str, present: Present) -> tuple[Subject, ...]:
    """All of them, in the order of the source, and always in the same; none twice, none that does
    not compile."""
    source = SourceText(text)
    seen = {text}
    keys: Counter[str] = Counter()
    found: list[Subject] = []
    for site in _sites(source, present):
        for operator, changes in OPERATORS.items():
            for change in changes(site):
                mutated = source.spliced(change[1])
                if mutated not in seen and _compiles(mutated, site):
                    seen.add(mutated)
                    number = len(found) + 1
                    found.append(_mutant(site, operator, change, mutated, number, keys))
    return tuple(found)


def _mutant(
    site: Site, operator: str, change: Change, text: str, number: int, keys: Counter[str]
) -> Subject:
    """``keys`` counts those that are given: of like changes in a function each has its own."""
    name = site.qualified_name() or MODULE
    line = site.source.line(min(splice.start for splice in change[1]))
    key = f"{name} | {operator} | {_words(site, operator, change, str)}"
    keys[key] += 1
    return Subject(
        f"generic-{number:04}",
        MutantKind.GENERIC,
        name,
        f"{name} line {line}: {_words(site, operator, change, _quoted)}",
        text,
        *first_difference(site.source.text, text),
        aim_at(name),
        key + (f" #{keys[key]}" if keys[key] > 1 else ""),
    )


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


def _words(site: Site, operator: str, change: Change, quoted: Callable[[str], str]) -> str:
    """What is done, in words that have the nodes' texts as ``quoted`` gives them."""
    words, splices = change
    old = _shown(site.node, site.source.of(site.node))
    new = _shown(site.node, _result(site, change))
    if operator == "condition":
        (test,) = splices
        old, new = in_one_line(site.source.between(test.start, test.end)), test.text
    return words.replace(THE_NODE, quoted(old)) if words else f"{quoted(old)} → {quoted(new)}"


def _shown(node: ast.AST, text: str) -> str:
    """A node's text in one line: what has a body by its first line, a long list by its ends."""
    if isinstance(node, _WITH_A_BODY):
        return text.partition("\n")[0].strip()
    return "[…]" if isinstance(node, ast.List) else in_one_line(text)


def _result(site: Site, change: Change) -> str:
    """What the node is after the change."""
    start, end = site.source.start(site.node), site.source.end(site.node)
    whole = site.source.spliced(change[1]).encode("utf-8")
    grown = len(whole) - len(site.source.octets)
    return whole[start : end + grown].decode("utf-8")


def _quoted(text: str) -> str:
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[: _LONGEST - 1]}…`"
