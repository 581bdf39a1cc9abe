"""Generic mutants: every small change that the operators can make in a module's source.

Left out by rule, because nobody could tell: docstrings, assertions, ``__version__``, imports at the
top of the module, and what a test for the platform (``hasattr(os, "fork")``) switches off here.
"""

from __future__ import annotations

import ast
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator

from sockproof.mutation import expression_changes as expressions
from sockproof.mutation import statement_changes as statements
from sockproof.mutation import structural_changes as structure
from sockproof.mutation.jobs import Aim
from sockproof.mutation.order import aim_at
from sockproof.mutation.platform_tests import Platform
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

__all__ = ["OPERATORS", "generic_mutants"]

MODULE = "<module>"
_LEFT_OUT_NAMES = ("__version__", "__author__")
_LONGEST = 90
_WITH_A_BODY = (
    *(ast.ClassDef, ast.FunctionDef, ast.Try, ast.ExceptHandler),
    *(ast.If, ast.While, ast.For, ast.With),
)

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


def generic_mutants(
    text: str, platform: Platform, aim: Callable[[str], Aim] = aim_at
) -> tuple[Subject, ...]:
    """All of them, in the order of the source, and always in the same; none twice, none that does
    not compile. ``aim`` says where a change in a class and method is likely to show."""
    source = SourceText(text)
    seen = {text}
    keys: Counter[str] = Counter()
    found: list[Subject] = []
    for site in _sites(source, platform):
        for operator, changes in OPERATORS.items():
            for change in changes(site):
                mutated = source.spliced(change[1])
                if mutated not in seen and _compiles(mutated, site):
                    seen.add(mutated)
                    number = len(found) + 1
                    one = _mutant(site, operator, change, mutated, number, keys)
                    found.append(dataclasses.replace(one, aim=aim(one.group)))
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
        Aim(),
        key + (f" #{keys[key]}" if keys[key] > 1 else ""),
    )


def _compiles(text: str, site: Site) -> bool:
    """Whether the statement of the module that was changed does, which stands where it stood."""
    lines = text.split("\n")[site.top_level_lines()]
    try:
        compile("\n".join(lines), "<mutant>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _sites(source: SourceText, platform: Platform) -> Iterator[Site]:
    """Every node that may be changed, as it stands in the source."""
    absent = platform.absent(source)

    def settled(test: ast.AST) -> bool | None:
        return platform.settled(test, source)

    def below(node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[Site]:
        if parents:
            yield Site(node, parents, source, settled)
        if is_presence_test(node):
            return
        for child in ast.iter_child_nodes(node):
            if id(child) not in absent and not _is_left_out(child, node):
                yield from below(child, (*parents, node))

    sites = [site for site in below(source.tree, ()) if hasattr(site.node, "lineno")]
    yield from sorted(sites, key=lambda site: source.start(site.node))


def _is_left_out(node: ast.AST, parent: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom():
            return isinstance(parent, ast.Module)
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in _LEFT_OUT_NAMES
        case ast.Expr(value=ast.Constant()) | ast.Assert():
            return True
        case ast.Assign(targets=[ast.Attribute(attr="__doc__")]):
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
