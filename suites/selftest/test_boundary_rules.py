"""Our own source keeps the trust boundary, each rule of it bites, and no exception is idle."""

from __future__ import annotations

import pytest

from suites.selftest.boundary_rules import BOUNDARIES, PACKAGE, said
from suites.selftest.source_rules import AGENT, Module, read_ourselves

BAD_LINES = {
    "starts programs": [
        "import subprocess",
        "from subprocess import run",
        "import os\nos.execvp('x', ['x'])",
        "os.posix_spawn('x', ['x'], {})",
        "import multiprocessing.pool",
        "os.system('x')",
        "start = os.fork",
    ],
    "runs text": [
        "exec('1')",
        "eval(text)",
        "importlib.import_module(name)",
        "pickle.loads(data)",
        "__import__(name)",
        "compile(text, 'x', 'exec')",
    ],
    "writes files": [
        "open(name, 'w')",
        "path.open('ab')",
        "path.open(mode='x')",
        "path.write_text('x')",
        "here().mkdir()",
        "os.open('x', 1)",
        "os.replace('a', 'b')",
        "shutil.rmtree('x')",
        "from tempfile import mkdtemp",
        "path.unlink()",
    ],
    "prints": [
        "print('x')",
        "click.echo('x')",
        "sys.stderr.write('x')",
        "say = sys.stdout",
        "os.write(1, b'x')",
        "Console().print('x')",
        "rich.console.Console()",
        "Text.from_ansi('x')",
        "traceback.print_exc()",
    ],
    "takes the text of an implementation": [
        "from sockproof.iut.implementation import parse_iut",
        "parse_iut(record.implementation.given)",
        "implementation.parse_iut('x')",
    ],
}
GOOD_LINES = [
    "text.replace('a', 'b')",
    "path.open()",
    "path.open('rb')",
    "path.read_text('utf-8')",
    "console.print('x')",
    "record.implementation.given",
    "os.path.exists('w')",
    "re.compile('x')",
]


@pytest.mark.parametrize("name", BOUNDARIES)
def test_boundary_holds_for_our_source(name: str) -> None:
    """Nobody does it who is not named."""
    assert list(BOUNDARIES[name](read_ourselves())) == []


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in BAD_LINES.items() for text in texts]
)
def test_boundary_bites(name: str, text: str) -> None:
    """It is found in a module that may not do it, and not in the agent."""
    last = text.count("\n") + 1
    found = list(BOUNDARIES[name]([Module(f"{PACKAGE}report/a.py", text)]))

    assert found
    assert all(one.startswith(f"{PACKAGE}report/a.py:") for one in found)
    assert any(f"a.py:{last}: " in one for one in found)
    assert list(BOUNDARIES[name]([Module(f"{AGENT}a.py", text)])) == []


@pytest.mark.parametrize("text", GOOD_LINES)
def test_boundary_is_silent_on_what_only_looks_like_it(text: str) -> None:
    """What reads, and what is called alike."""
    module = Module(f"{PACKAGE}report/a.py", text)

    assert list(said(module))
    assert [one for rule in BOUNDARIES.values() for one in rule([module])] == []


@pytest.mark.parametrize("name", BOUNDARIES)
def test_exceptions_of_the_boundary_are_needed(name: str) -> None:
    """Who is named is there, and still does it."""
    rule = BOUNDARIES[name]
    idle = {
        path: why
        for path, why in rule.may.items()
        if not any(rule.found(one) and list(rule.found(one)) for one in _modules_at(path))
    }

    assert idle == {}


def _modules_at(path: str) -> list[Module]:
    return [module for module in read_ourselves() if module.path == f"{PACKAGE}{path}"]


def test_every_boundary_is_shown_to_bite() -> None:
    """No rule is without bad examples."""
    assert set(BAD_LINES) == set(BOUNDARIES)
