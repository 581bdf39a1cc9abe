"""The fixtures for the test suites of others, in a run of pytest of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sockproof._paths import kit_dir
from suites.selftest.runs import Ended, Mark, environment, living, wait_until
from suites.selftest.wheel import install_wheel

EXAMPLE = kit_dir() / "examples" / "chat"
ENTRY = "sockproof.pytest_fixtures.entry"
HEAD = "import pytest\nfrom chat import ChatHandler, ChatServer\n\n"
ONE_READ = """
class OneRead(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1024):
            if data.endswith(b"\\n"):
                self.request.sendall(data.upper())
"""

HELD = """
from sockproof.pytest_fixtures.server_gates import pass_gate

class Held(ChatHandler):
    def handle(self):
        pass_gate("busy")
        super().handle()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example, in a folder of its own."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "chat"))


def _tested(project: Path, *arguments: str, **variables: str) -> Ended:
    """``pytest`` there, with our entry point and whatever else of plugins is named."""
    words = [sys.executable, "-m", "pytest", "-q", "-rfs", "-p", ENTRY, "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [*words, *arguments],
        cwd=project,
        env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **variables),
        capture_output=True,
        text=True,
        timeout=600,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def _with_test(project: Path, body: str) -> Path:
    (project / "tests" / "test_chat.py").write_text(HEAD + body, "utf-8")
    return project


@pytest.mark.by_turns(32)
def test_example_project_passes(project: Path) -> None:
    """Each case of its examples is a test; nothing is left running."""
    mark = Mark.new()

    ended = _tested(project, "-p", "xdist", "-n", "2", "--strict-markers", **mark.variables)

    assert ended.status == 0, ended.stdout
    passed = re.search(r"(\d+) passed", ended.stdout)
    assert passed is not None
    assert int(passed[1]) > 10
    wait_until(lambda: not list(living(mark)))


@pytest.mark.by_turns(5)
def test_example_project_passes_with_an_installed_wheel(project: Path) -> None:
    """As a stranger's does: pytest finds the fixtures by itself, and sockproof is no checkout."""
    library = project.with_name("library")
    install_wheel(library)
    (project / "tests" / "test_place.py").write_text(
        "import sockproof\ndef test_place():\n"
        f"    assert sockproof.__file__.startswith({str(library)!r})\n"
    )

    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        env={**environment(), "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert ended.returncode == 0, ended.stdout
    assert " passed" in ended.stdout


def test_server_hears_an_interrupt_where_pytest_ignores_it(project: Path) -> None:
    """As behind ``&``; afterwards pytest's process ignores it as before."""
    body = (
        "import signal\n"
        "@pytest.fixture(autouse=True)\n"
        "def ignored():\n"
        "    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "    yield\n"
        "    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN\n"
        "def test_ends(ignored, sockproof_server):\n"
        "    server = sockproof_server(ChatServer, ChatHandler)\n"
        "    server.interrupt()\n"
        "    assert server.ends()\n"
    )

    ended = _tested(_with_test(project, body))

    assert ended.status == 0, ended.stdout


def test_failure_tells_what_both_sides_did(project: Path) -> None:
    """Its transcript, and what the server printed, are sections of the report."""
    body = (
        "def test_wrong(sockproof_server):\n"
        "    server = sockproof_server(ChatServer, ChatHandler)\n"
        "    server.peer().send(b'hello\\n').expect(b'hello\\n')\n"
    )

    ended = _tested(_with_test(project, body))

    assert ended.status == 1
    assert "expected what client 1 receives before anything else: b'hello" in ended.stdout
    assert "sockproof transcript" in ended.stdout
    assert re.search(r"client 1  receive  b'HELLO", ended.stdout)
    assert "INTERNALERROR" not in ended.stdout + ended.stderr


@pytest.mark.by_turns(3)
def test_gates_hold_the_code_of_the_server(project: Path) -> None:
    """Two are at work at the same time, and end when the test says so, and later ones pass."""
    with (project / "chat.py").open("a", encoding="utf-8") as module:
        module.write(HELD)
    body = (
        "def test_two_at_once(sockproof_server):\n"
        "    server = sockproof_server(ChatServer, 'chat:Held', gates=['busy'])\n"
        "    first, second = server.peer().send(b'one\\n'), server.peer().send(b'two\\n')\n"
        "    server.gate('busy').wait_for(2)\n"
        "    server.gate('busy').open()\n"
        "    first.expect(b'ONE\\n')\n"
        "    second.expect(b'TWO\\n')\n"
        "    server.peer().send(b'three\\n').expect(b'THREE\\n')\n"
        "def test_without(sockproof_server):\n"
        "    server = sockproof_server(ChatServer, 'chat:Held')\n"
        "    server.peer().send(b'one\\n').expect(b'ONE\\n')\n"
        "    with pytest.raises(Exception, match='started without a gate'):\n"
        "        server.gate('busy')\n"
        "def test_nobody_comes(sockproof_server):\n"
        "    server = sockproof_server(ChatServer, ChatHandler, gates=['busy'])\n"
        "    with pytest.raises(TimeoutError, match='0 of 1 came'):\n"
        "        server.gate('busy').wait_for(bound_s=0.1)\n"
        "def test_no_name(sockproof_server):\n"
        "    with pytest.raises(Exception, match='no gates'):\n"
        "        sockproof_server(ChatServer, ChatHandler, gates=['a/b'])\n"
        "def test_held_to_the_end(sockproof_server):\n"
        "    server = sockproof_server(ChatServer, 'chat:Held', gates=['busy'])\n"
        "    server.peer().send(b'one\\n')\n"
        "    server.gate('busy').wait_for()\n"
    )

    ended = _tested(_with_test(project, body))

    assert ended.status == 0, ended.stdout
    assert "5 passed" in ended.stdout


@pytest.mark.by_turns(3)
def test_mistake_fails_its_cases(project: Path) -> None:
    """A handler that takes one read for a message is found by the pieces."""
    with (project / "chat.py").open("a", encoding="utf-8") as module:
        module.write(ONE_READ)
    body = (
        "@pytest.mark.sockproof('chat.toml', server=ChatServer, handler='chat:OneRead')\n"
        "def test_service(sockproof_case):\n"
        "    sockproof_case()\n"
    )

    ended = _tested(_with_test(project, body), "-k", "octet or cut")

    assert ended.status == 1
    assert "expected  in pieces (octet by octet): b'HELLO" in ended.stdout
    assert "FAILED tests/test_chat.py::test_service[octet-by-octet[TCP/inet,hello]]" in ended.stdout


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "@pytest.mark.sockproof('chat.toml')\ndef test_service(): pass\n",
            "it is marked with sockproof, and takes no sockproof_case",
        ),
        (
            "@pytest.mark.sockproof('none.toml')\ndef test_service(sockproof_case): pass\n",
            "none.toml",
        ),
        (
            "@pytest.mark.sockproof()\ndef test_service(sockproof_case): pass\n",
            "missing a required argument: 'exchanges'; the mark is sockproof(exchanges, server",
        ),
        (
            "@pytest.mark.sockproof('chat.toml', servr=1)\ndef test_it(sockproof_case): pass\n",
            "unexpected keyword argument 'servr'; the mark is sockproof(exchanges, server",
        ),
        (
            "@pytest.mark.sockproof(b'chat.toml')\ndef test_it(sockproof_case): pass\n",
            "; the mark is sockproof(exchanges, server",
        ),
        (
            "@pytest.mark.sockproof('chat.toml', server=ChatServer, handler='chat:ChatHandler')\n"
            "def test_it(sockproof_case): assert sockproof_case\n",
            "was not played: call sockproof_case()",
        ),
        (
            "def test_local(sockproof_server):\n"
            "    class Local(ChatServer): pass\n"
            "    sockproof_server(Local, ChatHandler)\n",
            "is no class and no function of a module",
        ),
        (
            "def test_more(sockproof_server): sockproof_server(ChatServer)\n",
            "missing 1 required positional argument: 'RequestHandlerClass'",
        ),
    ],
)
def test_what_cannot_be_served_is_said(project: Path, body: str, said: str) -> None:
    """Where it is met: while tests are collected, or in the test."""
    ended = _tested(_with_test(project, body))

    assert ended.status in (1, 2, 4)
    assert said in ended.stdout + ended.stderr
    assert "passed" not in ended.stdout
    assert "toml_tables.py" not in ended.stdout  # no way through our source


def test_who_asks_for_nothing_pays_nothing(tmp_path: Path) -> None:
    """Nothing but the entry point is imported in a run without our fixtures."""
    (tmp_path / "test_own.py").write_text(
        "import sys\n\ndef test_own():\n"
        "    ours = sorted(name for name in sys.modules if name.startswith('sockproof'))\n"
        f"    assert ours == ['sockproof', 'sockproof.pytest_fixtures', {ENTRY!r}]\n",
        "utf-8",
    )

    ended = _tested(tmp_path)

    assert ended.status == 0, ended.stdout


def test_pytest_finds_it_where_sockproof_is_installed() -> None:
    """By an entry point, once."""
    found = [one.value for one in entry_points(group="pytest11") if one.name == "sockproof"]

    assert found == [ENTRY]


@pytest.mark.by_turns(3)
def test_plugins_of_others_are_no_hindrance(project: Path) -> None:
    """Those that are installed here, and ours by its entry point: all at once, and no option is
    taken twice."""
    words = [sys.executable, "-m", "pytest", "-q", "-k", "one_by_one", "-p", "no:cacheprovider"]

    ended = subprocess.run(
        words, cwd=project, env=environment(), capture_output=True, text=True, timeout=600
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout
