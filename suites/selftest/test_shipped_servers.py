"""The servers that ``check --server`` knows by name: each answers its examples. Those of packages
are skipped where pip gets none."""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path

import pytest

from sockproof.check.service.exchange_file import read_exchanges
from sockproof.check.shipped.definitions import ServerDefinition, definitions
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import read_record
from suites.selftest.record_schema import validate_record
from suites.selftest.runs import HARNESS, Mark, living, records_in, sockproof_

PARTS = 6
# What is played of each: few cases, which any server that serves its examples passes.
PLAYED = (
    "service/exchange-is-answered or octet-by-octet or half-close-is-answered or at-rest "
    "or stop-ends-in-time and idle or next-client-is-served and end"
)
# What is wrong with some, in each version that was looked at.
WRONG = {"dnslib-tcp": {"service/octet-by-octet"}}
NO_PACKAGE = re.compile(r"pip finds no \S+ at all|no environment for|finds no .* for Python")
SOURCES = sorted({one.module for one in definitions().values()})
GOOD = (Verdict.PASS, Verdict.NOT_APPLICABLE)
FAULT, USAGE = 3, 4


def _definition(name: str) -> ServerDefinition:
    return definitions()[name]


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("name", definitions())
def test_server_is_made_and_answers(tmp_path: Path, name: str) -> None:
    """Its record says which version of what was judged."""
    mark, package = Mark.new(), _definition(name).package

    ended = sockproof_(
        tmp_path, "check", "--server", name, "-k", PLAYED, "--report-dir", "out",
        XDG_CACHE_HOME=str(tmp_path / "cache"), **mark.variables,
    )  # fmt: skip

    if package and ended.status == FAULT and NO_PACKAGE.search(ended.stderr):
        pytest.skip(ended.stderr.strip())
    assert list(living(mark)) == []
    (record,) = records_in(tmp_path).values()
    wrong = {row.requirement for row in record.cases if row.verdict not in GOOD}
    assert wrong <= WRONG.get(name, set()), ended
    assert ended.status == bool(wrong), ended
    assert validate_record(record.path)
    assert record.subject is not None
    assert set(record.subject.versions) == {"python", *filter(None, [package])}
    assert all(record.subject.versions.values())


@pytest.mark.parametrize("name", definitions())
def test_definition_is_whole(name: str) -> None:
    """It has examples, several of them, and a factory; its name can be told from a class."""
    one = _definition(name)

    names = {node.name for node in ast.walk(ast.parse(one.source)) if hasattr(node, "name")}

    assert re.fullmatch(r"[a-z][\w.-]*", name)
    assert len(read_exchanges(one.examples).exchanges.all) >= 2
    assert one.factory in names


@pytest.mark.parametrize("module", SOURCES)
def test_module_stands_alone(module: str) -> None:
    """Any Python from 3.6 on reads it, and a script can have it in front of other lines."""
    (source,) = {one.source for one in definitions().values() if one.module == module}

    tree = ast.parse(source, feature_version=(3, 6))

    assert not [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and str(node.module).partition(".")[0] in ("__future__", "sockproof")
    ]
    assert "'''" not in source


@pytest.mark.by_turns(3)
def test_names_are_listed(tmp_path: Path) -> None:
    """With what they are, one a line."""
    ended = sockproof_(tmp_path, "list", "--servers")

    assert [line.split()[0] for line in ended.stdout.splitlines()] == list(definitions())


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("werkzueg", "no server 'werkzueg' is known; did you mean werkzeug"),
        ("HTTP.server", "did you mean http.server"),
        (
            "chat.py",
            "names no class and no function, and no server that is known; see 'sockproof list",
        ),
        ("wsgiref@", "nothing stands behind the @"),
        ("wsgiref@3.12", "has its version; name that: wsgiref@python3.12"),
        ("werkzeug@3,1", "'3,1' is no version"),
        ("werkzeug@python3@3.1", "the version comes first"),
        ("werkzeug@3.1@gone", "no interpreter 'gone'"),
        ("wsgiref --handler a:B", "is made with what is its own; leave out --handler"),
        ("wsgiref 127.0.0.1:9", "--server is a server by itself"),
    ],
)
def test_wrong_name_is_told(tmp_path: Path, words: str, told: str) -> None:
    """In one line, and nothing is made."""
    ended = sockproof_(
        tmp_path, "check", "--server", *words.split(), XDG_CACHE_HOME=str(tmp_path / "cache")
    )

    assert (ended.status, told in ended.error) == (USAGE, True), ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.by_turns(3)
def test_file_may_name_one(tmp_path: Path) -> None:
    """With examples of one's own, and an interpreter; the record is called after both."""
    example = '[[exchange]]\nsend = "a\\n"\nexpect = "A\\n"\n'
    server = f'[server]\nclass = "systemd-socket"\ninterpreter = "{sys.executable}"\n'
    (tmp_path / "own.toml").write_text(server + example, "utf-8")

    ended = sockproof_(tmp_path, "check", "--exchanges", "own.toml", "-k", "octet-by-octet")

    (path,) = (tmp_path / "sockproof-report").glob("*.jsonl")
    assert ended.status == 0, ended
    assert path.name == f"systemd-socket-{Path(sys.executable).name}.jsonl"
    assert [row.id for row in read_record(path).cases] == [
        "service/octet-by-octet[TCP/inet,exchange-1]"
    ]


@pytest.mark.by_turns(3)
def test_plan_makes_nothing(tmp_path: Path) -> None:
    """The environment of a package is made when it is needed."""
    ended = sockproof_(
        tmp_path, "check", "--dry-run", "--server", "werkzeug", XDG_CACHE_HOME=str(tmp_path)
    )

    assert ended.status == 0
    assert "service/octet-by-octet[TCP/inet,post]" in ended.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.by_turns(3)
def test_nothing_of_the_folder_takes_part(tmp_path: Path) -> None:
    """Nor what PYTHONPATH names: it is the server that Python has."""
    for name in ("wsgiref", "wsgi_servers"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this one')\n", "utf-8")
    paths = f"{HARNESS}{os.pathsep}{tmp_path}"

    ended = sockproof_(
        tmp_path, "check", "--server", "wsgiref", "-k", "exchange-is-answered", PYTHONPATH=paths
    )

    assert ended.status == 0, ended.stdout + ended.stderr


@pytest.mark.by_turns(16)
def test_finding_is_shown_again(tmp_path: Path) -> None:
    """By a script that has the server in it, by replay of a trusted record, and by repro."""
    case = "invariants/neighbours-delay-nobody[TCP/inet,idle]"
    quick = ("--patience", "2", "-k", case)

    ended = sockproof_(tmp_path, "check", "--server", "wsgiref", *quick)

    record = "sockproof-report/wsgiref.jsonl"
    (row,) = read_record(tmp_path / record).cases
    script = tmp_path / "sockproof-report/scripts/neighbours-delay-nobody-idle.py"
    assert (ended.status, row.verdict) == (1, Verdict.FAIL), ended.stderr
    assert "script    sockproof-report/scripts/" in ended.stdout
    assert "from wsgiref.simple_server import make_server" in script.read_text("utf-8")
    assert "sockproof" not in script.read_text("utf-8").replace("/sockproof/", "")
    trusted = sockproof_(tmp_path, "replay", record, case, "--trust-record")
    assert (trusted.status, "--server wsgiref" in trusted.stderr) == (0, True), trusted.stderr
    shown = sockproof_(tmp_path, "repro", record, case, "-o", "again.py", "--server", "wsgiref")
    assert (shown.status, "it shows it" in shown.stdout) == (0, True), shown.stderr
    compared = sockproof_(tmp_path, "compare", record, record)
    assert compared.status == 0, compared.stderr
