"""Generic mutants: small changes that compile, none twice, always the same; and equivalents."""

from __future__ import annotations

import ast
import socket
import socketserver
import sys
from functools import cache
from pathlib import Path

import pytest

from sockproof.iut.implementation import parse_iut
from sockproof.mutation.equivalents import MOST, Equivalent, fitting_reasons, read_equivalents
from sockproof.mutation.mutator import OPERATORS, generic_mutants
from sockproof.mutation.named import MutationError
from sockproof.mutation.platform_tests import Platform, platform_of
from sockproof.mutation.subjects import Subject

SOURCE = Path(socketserver.__file__).read_text("utf-8")


@cache
def own_mutants() -> tuple[Subject, ...]:
    return generic_mutants(SOURCE, platform_of(parse_iut(sys.executable), SOURCE))


def words_of(source: str, operator: str = "", lacks: str = "") -> list[str]:
    """What is done by the mutants of a small source that an operator makes, or all of them, where
    a presence test does not hold."""
    found = generic_mutants(source, Platform({lacks: False}))
    return [one.title.partition(": ")[2] for one in found if operator in ("", operator_of(one))]


def operator_of(mutant: Subject) -> str:
    return mutant.key.split(" | ")[1]


@pytest.mark.by_turns(6)
def test_every_mutant_compiles_and_differs() -> None:
    """No two are the same module, none is the source, and line numbers stay."""
    trees = set()
    for mutant in own_mutants():
        tree = ast.parse(mutant.text)
        trees.add(ast.dump(tree))
        compile(tree, mutant.id, "exec", dont_inherit=True)

    assert len(trees) == len(own_mutants()) >= 300
    assert ast.dump(ast.parse(SOURCE)) not in trees
    assert {mutant.text.count("\n") for mutant in own_mutants()} == {SOURCE.count("\n")}


@pytest.mark.by_turns(5)
def test_mutants_are_always_the_same() -> None:
    """The same source gives the same mutants, numbers and keys; keys are of one mutant each."""
    again = generic_mutants(SOURCE, platform_of(parse_iut(sys.executable), SOURCE))

    assert again == own_mutants()
    assert len({mutant.key for mutant in again}) == len(again)
    assert [mutant.id for mutant in again[:2]] == ["generic-0001", "generic-0002"]


def test_every_operator_has_work() -> None:
    """Each operator changes something in the module, or in a small source that it is made for."""
    used = set(map(operator_of, own_mutants()))
    used |= set(map(operator_of, generic_mutants("x = a or b\n", Platform())))

    assert used == set(OPERATORS)


@pytest.mark.parametrize(
    ("operator", "source", "words"),
    [
        ("delete", "def f():\n    g(\n        1)\n", ["`g( 1)` deleted"]),
        ("delete", "class A:\n    def f(self): pass\nx = A\n", ["`def f(self): pass` deleted",
                                                                  "`x = A` deleted"]),
        ("return", "def f():\n    return x\n", ["`return x` → `return None`"]),
        ("return", "def f():\n    if x: return y\n    g()\n", ["`return y` → `return None`",
                                                               "`return y` → `y`"]),
        ("condition", "if not a: b\n", ["`not a` → `True`", "`not a` → `False`", "`not a` → `a`"]),
        ("condition", "while a: b\n", ["`a` → `True`", "`a` → `False`", "`a` → `not (a)`"]),
        ("comparison", "x = a is not b\n", ["`a is not b` → `a is b`"]),
        ("comparison", "x = a < b\n", ["`a < b` → `a <= b`", "`a < b` → `a >= b`"]),
        ("boolean", "x = a and b\n", ["`a and b` → `a or b`", "`a` left out of `a and b`",
                                      "`b` left out of `a and b`"]),
        ("arithmetic", "x = a - b\n", ["`a - b` → `a + b`"]),
        ("constant", "x = 5\n", ["`5` → `6`", "`5` → `0`"]),
        ("constant", "x = -1\n", ["`-1` → `0`", "`-1` → `1`"]),
        ("constant", "x = None\n", ["`None` → `0`"]),
        ("constant", "x = 'rb'\n", ["`'rb'` → `''`"]),
        ("swap", "f(a, b)\n", ["`a` and `b` swapped in `f(a, b)`"]),
        ("swap", "min(a, b)\n", []),
        ("swap", "try: a\nexcept (B, C): b\n", []),
        ("swap", "x = a in (b, c)\n", []),
        ("constant", "x = getattr(errno, 'EBADF', 9)\n", []),
        ("swap", "class A(B, C): pass\n", ["`B` and `C` swapped in `class A(B, C): pass`"]),
        ("leave out", "f(a, b, c=d)\n", ["`b` left out of `f(a, b, c=d)`",
                                         "`c=d` left out of `f(a, b, c=d)`"]),
        ("leave out", "x = ['a', 'b']\n", ["`'a'` left out of `[…]`", "`'b'` left out of `[…]`"]),
        ("leave out", "class A(B): pass\n", ["`class A(B): pass` → `class A(object): pass`"]),
        ("except", "try: a\nexcept: b\n", ["`except: b` → `except (): b`",
                                           "`except: b` → `except Exception: b`"]),
        ("except", "try: a\nexcept LookupError: b\n", ["`except LookupError: b` → `except (): b`"]),
        ("loop", "for a in b: break\n", ["`break` → `continue`"]),
        ("sibling", "x = socket.AF_UNIX\n", ["`socket.AF_UNIX` → `socket.AF_INET`"]),
        ("sibling", "x = AF_INET6\n", ["`AF_INET6` → `AF_INET`"]),
    ],
)  # fmt: skip
def test_an_operator(operator: str, source: str, words: list[str]) -> None:
    """What it makes of a line."""
    assert words_of(source, operator) == words


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("try:\n    a\nfinally:\n    b\n", "if True:\n    a\nif True:\n    b\n"),
        ("try: a\nexcept E: b\nfinally: c\n", "try: a\nexcept E: b\nelse: c\n"),
    ],
)
def test_finally_only_when_nothing_was_raised(source: str, changed: str) -> None:
    """The clean-up is still there, and no longer for errors."""
    found = generic_mutants(source, Platform())

    assert changed in [mutant.text for mutant in found if operator_of(mutant) == "finally"]


@pytest.mark.parametrize(
    ("operator", "body", "changed"),
    [
        ("order", ["a()", "b = c()"], [["b = c()", "a()"]]),
        ("order", ["a = b()", "c(a)"], []),
        ("order", ["a = b", "c = d"], []),
        ("order", ["a()", "return b"], []),
        ("order", ["if a: b()", "c()"], [["c()", "if a: b()"]]),
        ("rounds", ["while a: b()"], [["for _ in (0,): b()"]]),
        ("rounds", ["for a in b: c"], [["for a in list(b)[1:]: c"], ["for a in list(b)[:1]: c"]]),
        ("context", ["with a: b"], [["if True: b"]]),
        ("context", ["with a() as b: c"], [["for b in (a(),): c"]]),
        ("sharing", ["self.a = b"], [["type(self).a = b"]]),
        ("sharing", ["a = self.b"], []),
        ("sharing", ["a = self.kept"], [["a = type(self).kept"]]),
        ("sharing", ["self.kept()"], [["type(self).kept()"]]),
        ("impatience", ["a.wait()"], [["a.wait(0.05)"]]),
        ("impatience", ["a.wait(b)"], []),
    ],
)
def test_an_operator_on_a_method(operator: str, body: list[str], changed: list[list[str]]) -> None:
    """What it makes of the steps of a method, of a class with one setting."""

    def source(steps: list[str]) -> str:
        return "class A:\n    kept = 1\n    def f(self):\n" + "".join(
            f"        {step}\n" for step in steps
        )

    found = generic_mutants(source(body), Platform())

    assert [one.text for one in found if operator_of(one) == operator] == [*map(source, changed)]


def test_what_a_class_says_has_no_timeout_gets_one() -> None:
    """A long one: only who waits for longer can tell."""
    assert words_of("class A:\n    timeout = None\n", "impatience") == [
        "`timeout = None` → `timeout = 10`"
    ]


def test_what_nobody_could_tell_is_left_out() -> None:
    """Docstrings, the version, imports at the top, and what a presence test asks for, stay."""
    source = '"""Doc."""\nimport os\n__version__ = "1"\nif hasattr(os, "fork"): f()\n'

    assert words_of(source) == ['`hasattr(os, "fork")` → `False`', "`f()` deleted"]


def test_what_the_platform_does_not_have_is_left_out() -> None:
    """Below a presence test that is false here, only the other branch is changed."""
    source = 'if hasattr(os, "fork"): f()\nelse: g()\n'

    words = words_of(source, lacks='hasattr(os, "fork")')

    assert "`g()` deleted" in words
    assert "`f()` deleted" not in words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('if a and hasattr(os, "fork"): f()\n', []),
        ('if a and not hasattr(os, "fork"): f()\n', ["`f()` deleted"]),
        ('if hasattr(os, "x") and not hasattr(os, "fork"): f()\n', ["`f()` deleted"]),
        ('if hasattr(a, "fork"): f()\n', ["`f()` deleted"]),
        ('if os.name == "nt" or has_ipv6: f()\nelse: g()\n', ["`f()` deleted"]),
        ("try: f()\nexcept ImportError: g()\n", ["`f()` deleted"]),
        ("def _f():\n    g(_X)\n_X = 1\n", []),
        ("def _f():\n    g()\n_f()\n", ["`g()` deleted", "`_f()` deleted"]),
        ("def f():\n    assert x\n", []),
        ("f.__doc__ = 'Doc.'\n", []),
    ],
)
def test_what_only_other_platforms_run_is_left_out(source: str, words: list[str]) -> None:
    """Whatever a test is made of, what it comes to here decides; so does what nothing speaks of."""
    assert words_of(source, "delete", 'hasattr(os, "fork")') == words


def test_a_test_for_the_platform_is_only_switched_off() -> None:
    """It is true here whatever it is negated to; with something beside it, it depends on that."""
    alone, beside = 'if hasattr(os, "fork"): f()\n', 'if hasattr(os, "fork") and a: f()\n'

    assert words_of(alone, "condition") == ['`hasattr(os, "fork")` → `False`']
    assert len(words_of(beside, "condition")) == 3
    assert words_of(alone, "condition", 'hasattr(os, "fork")') == []


def test_a_key_outlives_the_numbers() -> None:
    """A line that is put before a change moves its number and line, not its key."""
    source = "def f():\n    g()\n"
    (before,) = generic_mutants(source, Platform())
    (_, after) = generic_mutants("x()\n" + source, Platform())

    assert after.key == before.key == "f | delete | g() deleted"
    assert (before.id, after.id) == ("generic-0001", "generic-0002")
    assert after.line == before.line + 1


def test_the_second_of_two_like_changes_has_a_key_of_its_own() -> None:
    """Where the same text stands twice in a function, the second one's key says so."""
    keys = [m.key for m in generic_mutants("def f():\n    g()\n    g()\n", Platform())]

    assert keys == ["f | delete | g() deleted", "f | delete | g() deleted #2"]


def test_the_listed_equivalents_fit() -> None:
    """Each entry is of a mutant of the running Python, and they are few."""
    reasons = fitting_reasons(
        read_equivalents(), {mutant.key for mutant in own_mutants()}, sys.version_info[:2]
    )

    assert len(reasons) <= MOST * len(own_mutants())
    assert all(reason.endswith(".") for reason in reasons.values())


@pytest.mark.by_turns(12)
def test_the_listed_equivalents_of_sockets_fit() -> None:
    """As those of socketserver; they are of one Python's source so far."""
    text = Path(socket.__file__).read_text("utf-8")
    keys = {one.key for one in generic_mutants(text, platform_of(parse_iut(sys.executable), text))}

    reasons = fitting_reasons(
        read_equivalents("socket_equivalents.toml"), keys, sys.version_info[:2]
    )

    assert bool(reasons) == (sys.version_info[:2] == (3, 13))
    assert all(reason.endswith(".") for reason in reasons.values())


KEYS = {f"key-{n}" for n in range(40)}


def test_an_equivalent_that_fits_no_mutant_is_refused() -> None:
    """Its key is no mutant's; outside its levels nobody asks for it."""
    entry = Equivalent("gone", "Nobody sees it.", since=(3, 11))

    with pytest.raises(MutationError, match="no generic mutant 'gone'; take the entry out"):
        fitting_reasons([entry], KEYS, (3, 12))
    assert fitting_reasons([entry], KEYS, (3, 10)) == {}


def test_too_many_equivalents_are_refused() -> None:
    """More than one in twenty explains survivors away."""
    entries = [Equivalent(f"key-{n}", "Nobody sees it.") for n in range(3)]

    assert len(fitting_reasons(entries[:2], KEYS, (3, 12))) == 2
    with pytest.raises(MutationError, match="3 of 40 mutants are listed; at most 5% may be"):
        fitting_reasons(entries, KEYS, (3, 12))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[equivalent]]\nkey = "a"\n', "the key 'reason' is missing"),
        ('[[equivalent]]\nkey = "a"\nreason = " "\n', r"equivalent 1 \(a\): 'reason' is empty"),
        (
            '[[equivalent]]\nkey = "a"\nreason = "b"\nwhy = "c"\n',
            "unknown key 'why'; the keys are",
        ),
        ('[[equivalent]]\nkey = "a"\nreason = "b"\nsince = "3"\n', "'3' is not a Python level"),
        ("[[equivalent]", "correct the file"),
    ],
)
def test_a_wrong_entry_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    """Unknown and missing keys, empty reasons and levels that are none."""
    path = tmp_path / "equivalents.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(MutationError, match=problem):
        read_equivalents(path)
