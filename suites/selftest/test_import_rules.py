"""Our own source keeps to its rules, and each rule finds fault with a bad tree made for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from suites.selftest.source_rules import (
    AGENT,
    FUNCTION_LINES_MAX,
    MODULE_LINES_MAX,
    RULES,
    SLEEPS_ALLOWED,
    TABLE_LINES_MAX,
    Module,
    no_cycles,
    read_clone,
    read_ourselves,
    sleeps,
)

PACKAGE = "harness/sockproof/"
REPORT = PACKAGE + "report/html/"
DOC = '"""What it is."""\n'

# Trees of one bad file: the rule, what it must say, the file's path, its text.
BAD_FILES: list[tuple[str, str, str, str]] = [
    (
        "harness base",
        ":2: imports fixtures.a",
        PACKAGE + "commands/cli.py",
        "if x:\n  from fixtures import a",
    ),
    ("harness base", ":1: imports suites.x", PACKAGE + "a.py", "import suites.x"),
    ("fixtures base", ":1: imports suites.tls.x", "fixtures/a.py", "from suites.tls import x"),
    ("import names", ":1: imports conftest", "suites/a.py", "import conftest"),
    ("import names", ":1: imports harness.x", PACKAGE + "a.py", "from harness import x"),
    ("agent alone", ":1: imports yaml", AGENT + "a.py", "import yaml"),
    ("agent alone", ".agent.x", AGENT + "a.py", "from sockproof.iut.agent import x"),
    ("agent alone", ":1: imports sockproof.iut.x", AGENT + "a.py", "from .. import x"),
    (
        "records only",
        ":1: imports sockproof.spec.x",
        REPORT + "a.py",
        "from sockproof.spec import x",
    ),
    ("records only", ":1: imports sockproof.iut.a.X", REPORT + "a.py", "from ...iut.a import X"),
    (
        "records alone",
        ": imports sockproof.run.x",
        PACKAGE + "record/a.py",
        "import sockproof.run.x",
    ),
    (
        "one pytest",
        "cli.py:1: imports pytest.skip",
        PACKAGE + "commands/cli.py",
        "from pytest import skip",
    ),
    (
        "few imports",
        "from fixtures and fixtures.steps, sockproof.timing, suites.a.x",
        "suites/a/test_b.py",
        "import fixtures\nfrom fixtures.steps import Echo\nfrom sockproof.timing import bound_s\n"
        "if x:\n    from .x import y, z",
    ),
    ("no vague names", "'_helpers' does not say", "suites/streams/_helpers.py", DOC),
    ("no vague names", "'common' does not say", PACKAGE + "common/x.py", DOC),
    ("no Test classes", "a.py:2: class TestX", "suites/a.py", "if x:\n    class TestX: ..."),
    (
        "unique names",
        "a.py:3: class A is also in",
        PACKAGE + "a.py",
        "class A: ...\n\nclass A: ...",
    ),
    ("docstring first", "suites/a.py:1: no docstring", "suites/a.py", "import os\n" + DOC),
    ("docstring first", "fixtures/a.py:1: no docstring", "fixtures/a.py", '"""  """'),
    ("docstring first", "conftest.py:1: no docstring", "conftest.py", ""),
    ("no sleep", "a.py:2: time.sleep", "suites/a.py", "import time\ntime.sleep(1)"),
    ("no sleep", "a.py:2: time.sleep", "suites/a.py", "import time as t\nnap = t.sleep"),
    ("no sleep", "a.py:1: time.sleep", "fixtures/a.py", "from time import sleep as nap"),
    ("no asserts", "a.py:2: asserts", "suites/area/a.py", "def test():\n    assert 1 == 1"),
    ("short modules", "a.py:1: 251 lines", "harness/a.py", "\n" * (MODULE_LINES_MAX + 1)),
    ("short modules", "a.py:1: 401 lines", "suites/a.py", "\n" * (TABLE_LINES_MAX + 1)),
    (
        "short functions",
        "f() has 41",
        "conftest.py",
        "async def f():\n" + " x\n" * FUNCTION_LINES_MAX,
    ),
]

CYCLES = [
    {
        PACKAGE + "case/a.py": "from sockproof.judge import x",
        PACKAGE + "judge/b.py": "from ..spec.levels import Level",
        PACKAGE + "spec/c.py": "if TYPE_CHECKING:\n    import sockproof.case.a",
    },
    {
        PACKAGE + "case/__init__.py": "from .. import errors",
        PACKAGE + "errors.py": "from . import case",
    },
]

GOOD_TREE = {
    "conftest.py": DOC + "from fixtures import servers",
    PACKAGE + "__init__.py": DOC + "from .errors import HarnessError",
    PACKAGE + "errors.py": DOC,
    PACKAGE + "run/plugin.py": DOC + "import pytest, xdist\nfrom sockproof.judge import checks",
    AGENT + "control.py": DOC + "import os.path, SocketServer\nfrom . import events\n",
    AGENT + "events.py": DOC + "from .gates import Gate",
    PACKAGE + "judge/checks.py": DOC + "from sockproof.spec.levels import Level\nfrom . import x",
    PACKAGE + "report/html/page.py": DOC
    + "import jinja2\nfrom sockproof import __version__\nfrom ...spec import levels\n"
    + "from .. import record\nfrom sockproof.judge.verdict import Verdict",
    "fixtures/servers.py": DOC + "import pytest, sockproof.run.plugin",
    "suites/a/test_uncommon.py": DOC
    + "import time\nfrom fixtures.servers import x\ntime.monotonic()\nscript.sleep(1)\n"
    + "from fixtures import a, b\nfrom suites.a.x import c\n"
    + "\n" * (MODULE_LINES_MAX - 7),
    "suites/b.py": DOC + "def f():\n" + "    x\n" * (FUNCTION_LINES_MAX - 1),
}


def write_tree(root: Path, files: Mapping[str, str]) -> list[Module]:
    """Lay ``files`` out below ``root`` and read them back as modules."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return read_clone(root)


def test_our_source_keeps_every_rule() -> None:
    """In one test, for all that is ours is parsed for it."""
    found = {name: list(rule(read_ourselves())) for name, rule in RULES.items()}

    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(("rule", "finding", "path", "text"), BAD_FILES)
def test_rule_bites(rule: str, finding: str, path: str, text: str, tmp_path: Path) -> None:
    """The rule finds the one fault of a bad file, and says where it is."""
    (found,) = RULES[rule](write_tree(tmp_path, {path: text}))

    assert found.startswith(path)
    assert finding in found


@pytest.mark.parametrize("files", CYCLES)
def test_cycles_are_found(files: dict[str, str], tmp_path: Path) -> None:
    """A circle of packages and single modules is found, and every import that closes it named."""
    (found,) = no_cycles(write_tree(tmp_path, files))

    assert found.count(": imports sockproof.") == len(files)
    assert [path for path in files if path not in found] == []


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_silent_on_good_tree(rule: str, tmp_path: Path) -> None:
    """What comes close to a fault and is none is left alone."""
    assert list(RULES[rule](write_tree(tmp_path, GOOD_TREE))) == []


def test_every_rule_is_shown_to_bite() -> None:
    """No rule is without a bad example, and no example without its rule."""
    assert {rule for rule, *_ in BAD_FILES} | {"no cycles"} == set(RULES)


def test_our_source_is_read() -> None:
    """The real tree is found: the rules do not hold for want of anything to look at."""
    paths = {module.path for module in read_ourselves()}

    assert {"harness/sockproof/errors.py", AGENT + "control.py"} < paths
    assert "suites/selftest/" + Path(__file__).name in paths


def test_exceptions_are_needed() -> None:
    """A module that is let off still does what it is let off for."""
    by_path = {module.path: module for module in read_ourselves()}

    assert [path for path in SLEEPS_ALLOWED if not list(sleeps(by_path[path]))] == []
