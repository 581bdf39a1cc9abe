"""Rules on the shape of our own source, read from its syntax trees: who imports whom, names, sizes.

Nothing is imported to be judged. A rule takes all modules and yields what it finds, as
``path:line: what is wrong``; RULES is the table of them.
"""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path, PurePosixPath

import sockproof

__all__ = [
    "AGENT",
    "FUNCTION_LINES_MAX",
    "MODULE_LINES_MAX",
    "RULES",
    "SLEEPS_ALLOWED",
    "TABLE_LINES_MAX",
    "Module",
    "no_cycles",
    "read_clone",
    "read_ourselves",
    "sleeps",
]

# Of the package; elsewhere a table of tests may be longer.
MODULE_LINES_MAX = 250
TABLE_LINES_MAX = 400
FUNCTION_LINES_MAX = 40
# Of modules of ours beside ``fixtures``, which has what nearly every case needs.
CASE_MODULES_MAX = 2

# What a module may do all the same: its path, and why.
SLEEPS_ALLOWED: Mapping[str, str] = {}

AGENT = "harness/sockproof/iut/agent/"
PYTHON_2_NAMES = ("SocketServer", "Queue", "thread", "imp")
# Imported where they are the implementation under test.
GREEN_RUNTIMES = ("eventlet", "gevent")
OURS = ("sockproof", "fixtures", "suites", "conftest", "harness")
ANYTHING = ("",)
# What a record is read with, on a machine where nothing can be played.
RECORDS = (
    "sockproof.__version__",
    "sockproof.errors",
    "sockproof.file_names",
    "sockproof.json_depth",
    "sockproof.judge.verdict",
    "sockproof.output_folder",
    "sockproof.record",
    "sockproof.spec.area_names",
    "sockproof.spec.case_id",
    "sockproof.spec.keywords",
    "sockproof.spec.levels",
    "sockproof.system_errors",
    "sockproof.visible_text",
    "sockproof.whole_file",
)


# Reading


@dataclass(frozen=True)
class Import:
    """One imported name, absolute and with the name taken from it: ``sockproof.errors.UsageError``.

    ``module`` is what it is taken from; ``relative`` tells that the source says it with leading
    dots.
    """

    name: str
    line: int
    module: str
    relative: bool = False


@dataclass(frozen=True)
class Module:
    """A source file: its path as in a clone, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """All of the tree, wherever it stands."""
        return list(ast.walk(self.tree))

    @property
    def dotted(self) -> str:
        """``sockproof.spec.matrix``; a package's ``__init__.py`` has the package's name."""
        name = self.path.removeprefix("harness/").removesuffix(".py").replace("/", ".")
        return name.removesuffix(".__init__")

    @property
    def package(self) -> str:
        """The package that one leading dot means."""
        is_package = self.path.endswith("/__init__.py")
        return self.dotted if is_package else self.dotted.rpartition(".")[0]

    @cached_property
    def imports(self) -> Sequence[Import]:
        """Every import wherever it stands: in functions and below TYPE_CHECKING too."""
        return list(self._imports())

    def _imports(self) -> Iterator[Import]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                for alias in node.names:
                    yield Import(f"{origin}.{alias.name}", node.lineno, origin, node.level > 0)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        base = parts[: len(parts) - node.level + 1]
        return ".".join([*base, *filter(None, [node.module])])


def read_clone(root: Path) -> list[Module]:
    """The modules of a folder that is laid out as a clone is."""
    tops = [root / "conftest.py", *(root / top for top in ("harness", "fixtures", "suites"))]
    files = [file for top in tops for file in ([top] if top.is_file() else top.rglob("*.py"))]
    return [_read(file, file.relative_to(root)) for file in sorted(files)]


@cache
def read_ourselves() -> list[Module]:
    """Our own modules, whether they lie in a clone or are installed."""
    root, package = Path(__file__).resolve().parents[2], Path(sockproof.__file__).resolve().parent
    modules = read_clone(root)
    if (root / "harness").is_dir():
        return modules
    files = [file for file in sorted(package.rglob("*.py")) if root not in file.parents]
    return modules + [_read(file, "harness" / file.relative_to(package.parent)) for file in files]


def _read(file: Path, path: Path) -> Module:
    return Module(path.as_posix(), file.read_text("utf-8"))


# The rules

Rule = Callable[[Sequence[Module]], Iterator[str]]


def is_below(name: str, prefixes: Sequence[str]) -> bool:
    """Whether the dotted ``name`` is one of ``prefixes`` or inside one; all is inside the empty."""
    return any(not p or name == p or name.startswith(p + ".") for p in prefixes)


@dataclass(frozen=True)
class ImportRule:
    """Modules below ``within`` import nothing that is ``forbidden`` and not ``allowed``.

    Relative imports of what is below ``relative_to`` are always allowed, and so is everything in
    modules below ``except_in``.
    """

    within: str
    forbidden: Sequence[str]
    allowed: Sequence[str] = ()
    relative_to: str = "-"
    except_in: Sequence[str] = ()

    def __call__(self, modules: Sequence[Module]) -> Iterator[str]:
        for module in modules:
            if module.path.startswith(self.within) and not module.path.startswith(
                tuple(self.except_in)
            ):
                for found in module.imports:
                    if self._is_wrong(found):
                        yield f"{module.path}:{found.line}: imports {found.name}"

    def _is_wrong(self, found: Import) -> bool:
        if found.relative and is_below(found.name, [self.relative_to]):
            return False
        return is_below(found.name, self.forbidden) and not is_below(found.name, self.allowed)


def no_cycles(modules: Sequence[Module]) -> Iterator[str]:
    """The packages and single modules right below ``sockproof`` import each other one way only."""
    reasons: dict[tuple[str, str], str] = {}
    for module in modules:
        for found in module.imports:
            edge = _part_of_harness(module.dotted), _part_of_harness(found.name)
            if all(edge) and edge[0] != edge[1]:
                reasons.setdefault(edge, f"{module.path}:{found.line}: imports {found.name}")
    graph = {part: {wanted for owner, wanted in reasons if owner == part} for part, _ in reasons}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle = reversed(error.args[1])
        yield "a circle of imports: " + ", ".join(reasons[edge] for edge in pairwise(circle))


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
        for node in module.nodes:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                yield f"{module.path}:{node.lineno}: class {node.name}"


def docstring_first(modules: Sequence[Module]) -> Iterator[str]:
    """Every module says what it is, in its first statement."""
    for module in modules:
        if not (ast.get_docstring(module.tree) or "").strip():
            yield f"{module.path}:1: no docstring"


def unique_names(modules: Sequence[Module]) -> Iterator[str]:
    """In the package a module's name, and a class's, is that of one thing."""
    places: dict[tuple[str, str], str] = {}
    for module in modules:
        if not module.dotted.startswith("sockproof."):
            continue
        classes = [n for n in module.nodes if isinstance(n, ast.ClassDef)]
        named = [("module", PurePosixPath(module.path).stem, 1)]
        named += [("class", node.name, node.lineno) for node in classes]
        for kind, name, line in named:
            first = places.setdefault((kind, name), f"{module.path}:{line}")
            if first != f"{module.path}:{line}" and name != "__init__":
                yield f"{module.path}:{line}: {kind} {name} is also in {first}"


def no_sleep(modules: Sequence[Module]) -> Iterator[str]:
    """Nothing waits by the clock: order is made with gates, and a wait has what it waits for."""
    for module in modules:
        if module.path not in SLEEPS_ALLOWED:
            yield from (f"{module.path}:{line}: time.sleep" for line in sleeps(module))


def sleeps(module: Module) -> Iterator[int]:
    """The lines that name time.sleep."""
    nodes = module.nodes
    aliases = [a for node in nodes if isinstance(node, ast.Import) for a in node.names]
    clocks = {a.asname or a.name for a in aliases if a.name == "time"}
    yield from (found.line for found in module.imports if found.name == "time.sleep")
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="sleep") if name in clocks:
                yield node.lineno


def no_asserts_in_cases(modules: Sequence[Module]) -> Iterator[str]:
    """A case says what is expected and what came instead: a run rewrites no assertion."""
    for module in modules:
        if module.path.startswith("suites/") and not module.path.startswith("suites/selftest/"):
            for node in module.nodes:
                if isinstance(node, ast.Assert):
                    yield f"{module.path}:{node.lineno}: asserts"


def few_imports_of_cases(modules: Sequence[Module]) -> Iterator[str]:
    """A case imports from ``fixtures`` and at most CASE_MODULES_MAX other modules of ours."""
    known = {module.dotted for module in modules}
    for module in modules:
        if re.match(r"suites/(?!selftest/)\w+/test_", module.path):
            named = [
                found.name if found.name in known else found.module for found in module.imports
            ]
            more = sorted({name for name in named if is_below(name, OURS)} - {"fixtures"})
            if len(more) > CASE_MODULES_MAX:
                yield f"{module.path}:1: imports from fixtures and {', '.join(more)}"


def no_long_modules(modules: Sequence[Module]) -> Iterator[str]:
    """A module is read in one sitting."""
    for module in modules:
        lines = len(module.text.splitlines())
        most = MODULE_LINES_MAX if module.path.startswith("harness/") else TABLE_LINES_MAX
        if lines > most:
            yield f"{module.path}:1: {lines} lines, more than {most}"


def no_long_functions(modules: Sequence[Module]) -> Iterator[str]:
    """A function fits on a screen, its docstring included."""
    for module in modules:
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    yield f"{module.path}:{node.lineno}: {node.name}() has {lines} lines"


RULES: dict[str, Rule] = {
    "harness base": ImportRule("harness/", forbidden=("fixtures", "suites")),
    "fixtures base": ImportRule("fixtures/", forbidden=("suites",)),
    "import names": ImportRule("", forbidden=("conftest", "harness")),
    "no cycles": no_cycles,
    "agent alone": ImportRule(
        AGENT,
        forbidden=ANYTHING,
        allowed=(*sys.stdlib_module_names, *PYTHON_2_NAMES, *GREEN_RUNTIMES),
        relative_to="sockproof.iut.agent",
    ),
    "records only": ImportRule(
        "harness/sockproof/report/",
        forbidden=OURS,
        allowed=(*RECORDS, "sockproof.report", "sockproof.spec.matrix"),
    ),
    "records alone": ImportRule("harness/sockproof/record/", forbidden=OURS, allowed=RECORDS),
    "one pytest": ImportRule(
        "harness/",
        forbidden=("pytest", "_pytest", "xdist"),
        except_in=("harness/sockproof/run/", "harness/sockproof/pytest_fixtures/"),
    ),
    "few imports": few_imports_of_cases,
    "no vague names": no_vague_names,
    "no Test classes": no_classes_of_tests,
    "docstring first": docstring_first,
    "unique names": unique_names,
    "no sleep": no_sleep,
    "no asserts": no_asserts_in_cases,
    "short modules": no_long_modules,
    "short functions": no_long_functions,
}
