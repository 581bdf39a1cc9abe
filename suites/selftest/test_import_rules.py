"""The shape of our own source, read from its syntax trees: who imports whom, names, sizes.

Each rule is a line of a table. Each is run over the real tree, and over small bad trees that it
must find fault with: a rule that cannot fail protects nothing.
"""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

import sockproof
from sockproof._paths import kit_dir

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

# What a module may do all the same: its path, and why.
SLEEPS_ALLOWED: Mapping[str, str] = {}

AGENT = "harness/sockproof/iut/agent/"
PYTHON_2_NAMES = ("SocketServer", "Queue", "thread", "imp")
OURS = ("sockproof", "fixtures", "suites", "conftest", "harness")
ANYTHING = ("",)


# Reading


@dataclass(frozen=True)
class Import:
    """One imported name, absolute and with the name taken from it: ``sockproof.errors.UsageError``.

    ``relative`` tells that the source says it with leading dots.
    """

    name: str
    line: int
    relative: bool = False


@dataclass(frozen=True)
class Module:
    """A source file: its path as in a clone, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def dotted(self) -> str:
        """``sockproof.iut.matrix``; a package's ``__init__.py`` has the package's name."""
        name = self.path.removeprefix("harness/").removesuffix(".py").replace("/", ".")
        return name.removesuffix(".__init__")

    @property
    def package(self) -> str:
        """The package that one leading dot means."""
        is_package = self.path.endswith("/__init__.py")
        return self.dotted if is_package else self.dotted.rpartition(".")[0]

    def imports(self) -> Iterator[Import]:
        """Every import wherever it stands: in functions and below TYPE_CHECKING too."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                for alias in node.names:
                    yield Import(f"{origin}.{alias.name}", node.lineno, node.level > 0)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        base = parts[: len(parts) - node.level + 1]
        return ".".join([*base, *filter(None, [node.module])])


def read_folder(folder: Path, label: str) -> list[Module]:
    """The Python files below ``folder``, in order, their paths as if it were called ``label``."""
    return [
        Module(f"{label}/{path.relative_to(folder).as_posix()}", path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.py"))
        if path.relative_to(folder).parts[0] != "kit"
    ]


def read_clone(root: Path) -> list[Module]:
    """The modules of a folder that is laid out as a clone is."""
    modules = [m for top in ("harness", "fixtures", "suites") for m in read_folder(root / top, top)]
    conftest = root / "conftest.py"
    return modules + [Module("conftest.py", conftest.read_text("utf-8"))] * conftest.is_file()


def read_ourselves() -> list[Module]:
    """Our own modules, whether they lie in a clone or are installed."""
    package = Path(sockproof.__file__).resolve().parent
    others = [module for module in read_clone(kit_dir()) if not module.path.startswith("harness/")]
    return read_folder(package, "harness/sockproof") + others


# Rules: each takes all modules and yields "path:line: what is wrong".

Rule = Callable[[Sequence[Module]], Iterator[str]]


def is_below(name: str, prefixes: Sequence[str]) -> bool:
    """Whether the dotted ``name`` is one of ``prefixes``, or inside one. The empty one holds all."""
    return any(not p or name == p or name.startswith(p + ".") for p in prefixes)


@dataclass(frozen=True)
class ImportRule:
    """Modules whose path begins with ``within`` import nothing ``forbidden`` that is not ``allowed``.

    Relative imports of modules below ``relative_to`` are always allowed.
    """

    within: str
    forbidden: Sequence[str]
    allowed: Sequence[str] = ()
    relative_to: str = "-"
    except_in: Sequence[str] = ()

    def __call__(self, modules: Sequence[Module]) -> Iterator[str]:
        for module in modules:
            if module.path.startswith(self.within) and module.path not in self.except_in:
                for found in module.imports():
                    if self._is_wrong(found):
                        yield f"{module.path}:{found.line}: imports {found.name}"

    def _is_wrong(self, found: Import) -> bool:
        if found.relative and is_below(found.name, [self.relative_to]):
            return False
        return is_below(found.name, self.forbidden) and not is_below(found.name, self.allowed)


def no_cycles(modules: Sequence[Module]) -> Iterator[str]:
    """The packages and single modules right below ``sockproof`` import each other one way only."""
    graph: dict[str, set[str]] = {}
    for module in modules:
        part = _part_of_harness(module.dotted)
        wanted = {_part_of_harness(found.name) for found in module.imports()}
        graph.setdefault(part, set()).update(wanted - {part, ""})
    graph.pop("", None)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield "harness/sockproof: imported in a circle: " + " <- ".join(error.args[1])


def _part_of_harness(dotted: str) -> str:
    return dotted.split(".")[1] if dotted.startswith("sockproof.") else ""


def no_vague_names(modules: Sequence[Module]) -> Iterator[str]:
    """No file or folder is named for holding whatever has no other place."""
    vague = re.compile(r"_*(utils?|helpers?|common|managers?)_*")
    for module in modules:
        for part in PurePosixPath(module.path).with_suffix("").parts:
            if vague.fullmatch(part):
                yield f"{module.path}:1: {part!r} does not say what is in it"


def no_classes_of_tests(modules: Sequence[Module]) -> Iterator[str]:
    """No class has a name that pytest would collect."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                yield f"{module.path}:{node.lineno}: class {node.name}"


def docstring_first(modules: Sequence[Module]) -> Iterator[str]:
    """Every module says what it is, in its first statement."""
    for module in modules:
        if not (ast.get_docstring(module.tree) or "").strip():
            yield f"{module.path}:1: no docstring"


def no_sleep(modules: Sequence[Module]) -> Iterator[str]:
    """Nothing waits by the clock: order is made with gates, and a wait has what it waits for."""
    for module in modules:
        if module.path not in SLEEPS_ALLOWED:
            yield from (f"{module.path}:{line}: time.sleep" for line in _sleeps(module))


def _sleeps(module: Module) -> Iterator[int]:
    yield from (found.line for found in module.imports() if found.name == "time.sleep")
    clocks = {"time"}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            clocks.update(a.asname for a in node.names if a.name == "time" and a.asname)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "sleep":
            if isinstance(node.value, ast.Name) and node.value.id in clocks:
                yield node.lineno


def no_long_modules(modules: Sequence[Module]) -> Iterator[str]:
    """A module is read in one sitting."""
    for module in modules:
        lines = len(module.text.splitlines())
        if lines > MODULE_LINES_MAX:
            yield f"{module.path}:1: {lines} lines, more than {MODULE_LINES_MAX}"


def no_long_functions(modules: Sequence[Module]) -> Iterator[str]:
    """A function fits on a screen, its docstring included."""
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    yield f"{module.path}:{node.lineno}: {node.name}() has {lines} lines"


RULES: dict[str, Rule] = {
    "harness knows no fixtures": ImportRule(
        "harness/", forbidden=("fixtures", "suites", "conftest", "harness")
    ),
    "fixtures know no suites": ImportRule("fixtures/", forbidden=("suites", "conftest", "harness")),
    "nothing imports a conftest": ImportRule("", forbidden=("conftest", "harness")),
    "harness has no cycles": no_cycles,
    "agent stands alone": ImportRule(
        AGENT,
        forbidden=ANYTHING,
        allowed=(*sys.stdlib_module_names, *PYTHON_2_NAMES),
        relative_to="sockproof.iut.agent",
    ),
    "report knows only records": ImportRule(
        "harness/sockproof/report/",
        forbidden=OURS,
        allowed=(
            "sockproof.__version__",
            "sockproof.errors",
            "sockproof.judge.verdict",
            "sockproof.report",
            "sockproof.spec.levels",
        ),
    ),
    "pytest is in the plugin alone": ImportRule(
        "harness/",
        forbidden=("pytest", "_pytest", "xdist"),
        except_in=("harness/sockproof/plugin.py",),
    ),
    "no vague names": no_vague_names,
    "no class called Test": no_classes_of_tests,
    "docstring first": docstring_first,
    "no sleep": no_sleep,
    "no long modules": no_long_modules,
    "no long functions": no_long_functions,
}


# Bad trees: the rule, the files, and what the rule must say of them.

PACKAGE = "harness/sockproof/"
DOC = '"""What it is."""\n'

BAD_TREES: list[tuple[str, dict[str, str], str]] = [
    (
        "harness knows no fixtures",
        {PACKAGE + "cli.py": "def run():\n    from fixtures import servers"},
        "cli.py:2: imports fixtures.servers",
    ),
    ("harness knows no fixtures", {PACKAGE + "a.py": "import suites.x"}, "imports suites.x"),
    ("harness knows no fixtures", {PACKAGE + "a.py": "import harness"}, "imports harness"),
    (
        "fixtures know no suites",
        {"fixtures/servers.py": "from suites.tls import x"},
        "fixtures/servers.py:1: imports suites.tls.x",
    ),
    ("nothing imports a conftest", {"suites/a.py": "import conftest"}, "imports conftest"),
    (
        "harness has no cycles",
        {
            PACKAGE + "peer/a.py": "from sockproof.judge import x",
            PACKAGE + "judge/b.py": "from ..spec.levels import Level",
            PACKAGE + "spec/c.py": "if TYPE_CHECKING:\n    import sockproof.peer.a",
        },
        "in a circle: ",
    ),
    (
        "harness has no cycles",
        {
            PACKAGE + "peer/__init__.py": "from .. import errors",
            PACKAGE + "errors.py": "from . import peer",
        },
        "in a circle: ",
    ),
    ("agent stands alone", {AGENT + "control.py": "import yaml"}, "imports yaml"),
    (
        "agent stands alone",
        {AGENT + "control.py": "from sockproof.iut.agent import events"},
        "control.py:1: imports sockproof.iut.agent.events",
    ),
    (
        "agent stands alone",
        {AGENT + "control.py": "from .. import matrix"},
        "imports sockproof.iut.matrix",
    ),
    (
        "report knows only records",
        {PACKAGE + "report/page.py": "from sockproof.spec import catalogue"},
        "imports sockproof.spec.catalogue",
    ),
    (
        "report knows only records",
        {PACKAGE + "report/html/page.py": "from ...iut.matrix import ALL_SPECS"},
        "imports sockproof.iut.matrix.ALL_SPECS",
    ),
    (
        "pytest is in the plugin alone",
        {PACKAGE + "cli.py": "import pytest"},
        "cli.py:1: imports pytest",
    ),
    ("no vague names", {"suites/streams/_helpers.py": DOC}, "'_helpers' does not say"),
    ("no vague names", {PACKAGE + "common/x.py": DOC}, "'common' does not say"),
    ("no class called Test", {"suites/a.py": "if 1:\n    class TestX: ..."}, "a.py:2: class TestX"),
    ("docstring first", {"suites/a.py": "import os\n" + DOC}, "suites/a.py:1: no docstring"),
    ("docstring first", {"fixtures/a.py": '"""  """'}, "fixtures/a.py:1: no docstring"),
    ("docstring first", {"conftest.py": ""}, "conftest.py:1: no docstring"),
    ("no sleep", {"suites/a.py": "import time\ntime.sleep(1)"}, "a.py:2: time.sleep"),
    ("no sleep", {"suites/a.py": "import time as t\nnap = t.sleep"}, "a.py:2: time.sleep"),
    ("no sleep", {"fixtures/a.py": "from time import sleep as nap"}, "a.py:1: time.sleep"),
    ("no long modules", {"suites/a.py": "\n" * (MODULE_LINES_MAX + 1)}, "401 lines"),
    (
        "no long functions",
        {"suites/a.py": "class A:\n  async def f():\n" + "    x\n" * FUNCTION_LINES_MAX},
        "a.py:2: f() has 51 lines",
    ),
]

GOOD_TREE = {
    "conftest.py": DOC + "from fixtures import servers",
    PACKAGE + "__init__.py": DOC + "from .errors import HarnessError",
    PACKAGE + "errors.py": DOC,
    PACKAGE + "plugin.py": DOC + "import pytest\nfrom sockproof.judge import checks",
    AGENT + "control.py": DOC + "import os.path, SocketServer\nfrom . import events\n",
    AGENT + "events.py": DOC + "from .gates import Gate",
    PACKAGE + "judge/checks.py": DOC + "from sockproof.spec.levels import Level\nfrom . import x",
    PACKAGE + "report/html/page.py": DOC
    + "import jinja2\nfrom sockproof import __version__\nfrom ...spec import levels\n"
    + "from .. import record\nfrom sockproof.judge.verdict import Verdict",
    "fixtures/servers.py": DOC + "import pytest, sockproof.plugin",
    "suites/a/test_uncommon.py": DOC
    + "import time\nfrom fixtures.servers import x\ntime.monotonic()\nscript.sleep(1)\n"
    + "\n" * (MODULE_LINES_MAX - 5),
    "suites/b.py": DOC + "def f():\n" + "    x\n" * (FUNCTION_LINES_MAX - 1),
}


def write_tree(root: Path, files: Mapping[str, str]) -> list[Module]:
    """Lay ``files`` out below ``root`` and read them back as modules."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return read_clone(root)


@pytest.mark.parametrize("rule", RULES)
def test_rule_holds_for_our_source(rule: str) -> None:
    """Our own source keeps the rule."""
    assert list(RULES[rule](read_ourselves())) == []


@pytest.mark.parametrize(("rule", "files", "finding"), BAD_TREES)
def test_rule_bites(rule: str, files: dict[str, str], finding: str, tmp_path: Path) -> None:
    """The rule finds the one fault of a bad tree, and says where it is."""
    findings = list(RULES[rule](write_tree(tmp_path, files)))

    assert len(findings) == 1, findings
    assert finding in findings[0]


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_silent_on_good_tree(rule: str, tmp_path: Path) -> None:
    """What comes close to a fault and is none is left alone."""
    assert list(RULES[rule](write_tree(tmp_path, GOOD_TREE))) == []


def test_every_rule_is_shown_to_bite() -> None:
    """No rule is without a bad tree, and no bad tree without its rule."""
    assert {rule for rule, _, _ in BAD_TREES} == set(RULES)


def test_our_source_is_read() -> None:
    """The real tree is found: the rules do not hold for want of anything to look at."""
    paths = {module.path for module in read_ourselves()}

    assert {"harness/sockproof/errors.py", AGENT + "control.py"} < paths
    assert "suites/selftest/" + Path(__file__).name in paths


def test_exceptions_are_needed() -> None:
    """A module that is let off still does what it is let off for."""
    by_path = {module.path: module for module in read_ourselves()}

    assert [path for path in SLEEPS_ALLOWED if not list(_sleeps(by_path[path]))] == []
