"""Which cases run which functions: told by a copy of a module that tells."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from sockproof.mutation.tracing import RanFile, reached, tracing

SOURCE = """
def f():
    "Doc."
    return [g for g in (1,)]
class A:
    @property
    def p(self): return f()
    def q(self):
        def inner(): return 1
        return inner()
"""


def test_module_tells_each_function_that_runs(tmp_path: Path) -> None:
    """Once for each time that it is asked, and does what it did."""
    path = tmp_path / "told.py"
    path.write_text(tracing(SOURCE), "utf-8")
    spec = importlib.util.spec_from_file_location("told", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    file = RanFile(path)
    nothing = file.names()

    values = module.A().p, module.A().p, module.A().q()

    assert (nothing, values) == ((), ([1], [1], 1))
    assert file.names() == ("A.p", "f", "A.q", "A.q.inner")
    assert file.names() == ()


def test_cases_are_those_that_run_the_function() -> None:
    """Of what is no function, all might tell: nothing is said of them."""
    ran = {"one": ("f",), "two": ("A.p", "f")}

    assert reached("f", ran, SOURCE) == ("one", "two")
    assert reached("A.p", ran, SOURCE) == ("two",)
    assert reached("A.q", ran, SOURCE) == ()
    assert reached("A", ran, SOURCE) is None
    assert reached("<module>", ran, SOURCE) is None
