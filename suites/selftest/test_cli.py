"""The command line: what it refuses, what it lists and explains, and whom it listens to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.partners import partner
from sockproof._paths import kit_dir
from suites.selftest.runs import (
    HARNESS,
    REFUSED,
    SPEC,
    command,
    environment,
    play,
    records_in,
    sockproof_,
)

NEW_ID = "unix/address-in-octets is called unix/address-as-bytes now"
OLD_ID = """
[[expectation]]
case = "unix/address-in-octets[UnixStream/path]"
verdict = "FAIL"
contains = "-"
reason = "-"
"""


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("run --nope", "No such option '--nope'"),
        ("run -n many", "'many' is neither 'auto' nor a number"),
        ("run -n -1", "'-1' is neither 'auto' nor a number"),
        ("run --keep some", "'some' is not one of 'all', 'fail', 'none'"),
        ("run --spec Nope*", "--spec 'Nope*' matches nothing"),
        ("run --iut python9.9", "no interpreter 'python9.9' here"),
        ("run --iut no/such/python", "no interpreter 'no/such/python' here"),
        ("run --iut no-module", "--iut 'no-module' is not an interpreter, a module, a .py file"),
        ("run --iut ./missing.py", "no file './missing.py'"),
        ("run --iut missing.toml", "cannot read missing.toml: No such file"),
        ("run --iut broken.toml", "broken.toml: this is not TOML: Invalid value"),
        ("run --iut unknown.toml", "unknown.toml: unknown key 'modul'; the keys are name"),
        ("run -k (", "-k '(' is not an expression"),
        ("explain no/such-requirement", "no requirement 'no/such-requirement'"),
        (f"explain {REFUSED}[UDP/inet]", f"no case '{REFUSED}[UDP/inet]'"),
        ("list --cases -k no-such-case", "no case is selected"),
        ("list --cases -k a)", "-k 'a)' is not an expression"),
        ("explain unix/address-in-octets", NEW_ID),
        ("list --cases -k unix/address-in-octets[", NEW_ID),
        ("run -n 0 -k unix/address-in-octets", NEW_ID),
        (
            "run --expectations old.toml",
            f"old.toml: no requirement 'unix/address-in-octets'; {NEW_ID}",
        ),
        ("list --area socket", "give --cases as well, or --socket alone for the requirements"),
        ("list -k dispatch", "-k selects cases, and --requirements lists none; give --cases"),
        ("list --iuts --spec TCP/inet", "--spec selects cases, and --iuts lists none"),
        ("replant", "No such command 'replant'"),
    ],
    ids=lambda text: text.partition("/")[0],  # no id of a requirement, for -k selects by them
)
def test_bad_usage_ends_with_4_and_one_line(tmp_path: Path, arguments: str, error: str) -> None:
    """The line says what was wrong, and nothing is written."""
    (tmp_path / "broken.toml").write_text("module =")
    (tmp_path / "unknown.toml").write_text("modul = 'x'")
    (tmp_path / "old.toml").write_text(OLD_ID)

    ended = sockproof_(tmp_path, *arguments.split())

    assert ended.status == 4
    assert error in ended.error
    assert not (tmp_path / "sockproof-report").exists()


@pytest.mark.parametrize(
    ("iuts", "error"),
    [
        ([sys.executable, sys.executable], "one implementation is given twice"),
        (["'unclosed quote"], "no closing quotation"),
        ([" "], "is empty"),
    ],
)
def test_wrong_implementations_are_bad_usage(tmp_path: Path, iuts: list[str], error: str) -> None:
    """The same one twice, and commands that a shell could not read either."""
    ended = play(tmp_path, iuts)

    assert ended.status == 4
    assert error in ended.error


@pytest.mark.parametrize("name", ["run", "doctor"])
def test_wrong_time_scale_is_bad_usage(tmp_path: Path, name: str) -> None:
    """It is told as such, not as a fault of every implementation."""
    ended = sockproof_(tmp_path, name, SOCKPROOF_TIMEOUT_SCALE="abc")

    assert ended.status == 4
    assert ended.error.startswith("SOCKPROOF_TIMEOUT_SCALE='abc' is not a number above zero")


@pytest.mark.by_turns(3)
def test_list_forms(tmp_path: Path) -> None:
    """Requirements by default; specs; interpreters; cases as -k and --spec select them."""
    requirements = sockproof_(tmp_path, "list").stdout.splitlines()
    specs = sockproof_(tmp_path, "list", "--specs").stdout.splitlines()
    cases = sockproof_(tmp_path, "list", "--cases", "-k", REFUSED, "--spec", "*TCP/inet")
    iuts = sockproof_(tmp_path, "list", "--iuts", PATH=str(Path(sys.executable).parent))

    assert any(line.startswith(f"{REFUSED} ") and " SHOULD " in line for line in requirements)
    assert len(specs) == 40
    assert specs[0].split() == ["TCP/inet", "TCPServer"]
    assert cases.stdout.splitlines() == [
        f"{REFUSED}[{spec}]" for spec in ("TCP/inet", "ThreadingTCP/inet", "ForkingTCP/inet")
    ]
    assert f"CPython {sys.version.split()[0]}" in iuts.stdout


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("given", [REFUSED, f"{REFUSED}[TCP/inet]"], ids=["requirement", "case"])
def test_explain_tells_promise_source_and_check(tmp_path: Path, given: str) -> None:
    """Of a requirement, or of the one behind a case."""
    told = sockproof_(tmp_path, "explain", given).stdout

    assert "https://bugs.python.org/issue26309" in told
    assert "suites/dispatch/test_refusal.py" in told
    assert "ForkingUnixStream/abstract" in told


@pytest.mark.by_turns(3)
def test_doctor_tells_what_cannot_be_tested(tmp_path: Path) -> None:
    """A broken interpreter and a missing file stand beside one that works, each with its reason."""
    iuts = [sys.executable, "/bin/false", "./missing.py"]

    ended = sockproof_(tmp_path, "doctor", *(f"--iut={iut}" for iut in iuts))

    assert ended.status == 0, ended
    assert "Traceback" not in ended.stderr
    assert f"cpython-{sys.version.split()[0]}" in ended.stdout
    assert ended.stdout.count("cannot be tested") == 2
    assert "ended with status 1" in ended.stdout
    assert "no file './missing.py'" in ended.stdout


@pytest.mark.by_turns(3)
def test_reader_that_has_gone_is_no_error(tmp_path: Path) -> None:
    """As in ``sockproof list | head -1``: status 0, and no traceback."""
    with subprocess.Popen(
        command("list"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.close()

        assert listing.stderr.read() == b""
        assert listing.wait() == 0


def test_help_shows_every_option(tmp_path: Path) -> None:
    """What a run can be told is in its --help, each with an explanation."""
    told = sockproof_(tmp_path, "run", "--help").stdout

    lines = [line.split() for line in told.splitlines()]
    described = {line[0].rstrip(",") for line in lines if line and line[0].startswith("-")}
    assert {"--iut", "--spec", "-k", "-n", "--keep", "--report-dir", "-h"} <= described
    commands = {line.split()[0] for line in sockproof_(tmp_path, "-h").stdout.splitlines() if line}
    assert {"run", "list", "explain", "doctor"} <= commands


@pytest.mark.by_turns(3)
def test_shell_and_folder_of_the_user_have_no_say(tmp_path: Path) -> None:
    """Neither PYTEST_ variables, nor configuration and conftest.py in the current folder, nor
    modules there that are called like those of the standard library."""
    (tmp_path / "conftest.py").write_text("raise SystemExit('conftest.py of the user')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nope\n")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-k nothing'\n")
    (tmp_path / "socketserver.py").write_text("raise SystemExit('socketserver.py of the user')")
    hostile = {"PYTEST_ADDOPTS": "-k nothing", "PYTEST_PLUGINS": "no_such_plugin"}

    ended = play(tmp_path, [], REFUSED, **hostile)

    assert ended.status == 0, ended
    (record,) = records_in(tmp_path).values()
    assert [case.id for case in record.cases] == [f"{REFUSED}[ThreadingTCP/inet]"]


@pytest.mark.by_turns(5)
def test_file_may_be_called_like_the_module(tmp_path: Path) -> None:
    """A socketserver.py of the user's own is what ``--iut ./socketserver.py`` judges."""
    text = Path(partner("keeps_refused")).read_text("utf-8")
    own = Path(os.__file__).with_name("socketserver.py")
    loading = f"exec(open({str(own)!r}).read())\n"
    text = text.replace("import socketserver\n", "").replace("socketserver.Threading", "Threading")
    text = text.replace("from socketserver import *  # noqa: F403\n", loading)
    (tmp_path / "socketserver.py").write_text(text)

    ended = play(tmp_path, ["./socketserver.py"], REFUSED, options=("-n", "0", "--spec", SPEC))

    assert ended.status == 1, ended
    (record,) = records_in(tmp_path).values()
    assert record.implementation.module_file == str(tmp_path / "socketserver.py")


@pytest.mark.by_turns(12)
def test_bare_clone_plays_the_same_cases(tmp_path: Path) -> None:
    """``python -m pytest`` plays the cases that the command lists, under ids that end with the
    case's and the implementation's, and a FAIL makes it fail."""
    chosen = ("-k", REFUSED, "--spec", "*TCP/inet")
    listed = sockproof_(tmp_path, "list", "--cases", *chosen).stdout.splitlines()
    iuts = [f"--iut={iut}" for iut in (sys.executable, partner("keeps_refused"))]

    ended = bare_pytest("-v", "suites/dispatch", *chosen, *iuts)

    node_ids = [line.split()[0] for line in ended.stdout.splitlines() if "::" in line]
    played = [node_id.partition("[")[2].removesuffix("]") for node_id in node_ids]
    own_id = f"cpython-{sys.version.split()[0]}"
    assert [case for case in played if case.endswith(own_id)] == [f"{c}@{own_id}" for c in listed]
    assert ended.returncode == 1, ended
    assert f"[{REFUSED}[ThreadingTCP/inet]@keeps_refused] FAILED" in ended.stdout
    assert ended.stdout.count("FAILED") == 2  # where it was played, and in the summary


def bare_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest in a clone where nothing was installed."""
    variables = environment()
    del variables["PYTHONPATH"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=kit_dir(),
        env=variables,
        capture_output=True,
        text=True,
        timeout=150,
    )


@pytest.mark.by_turns(3)
def test_without_a_command_one_line_says_so(tmp_path: Path) -> None:
    """The help is a word away."""
    ended = sockproof_(tmp_path)

    assert ended.status == 4
    assert ended.error.endswith("see 'sockproof --help'")
    assert len(ended.error) < 80


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("library", ["click", "rich"])
def test_installation_without_a_library_is_one_line(tmp_path: Path, library: str) -> None:
    """And no deviation, whether it is needed by every command or by what the command does."""
    (tmp_path / f"{library}.py").write_text(f"raise ImportError('no {library} here')\n")

    ended = sockproof_(tmp_path, "list", PYTHONPATH=f"{tmp_path}{os.pathsep}{HARNESS}")

    assert ended.status == 3
    assert ended.error == f"cannot be loaded: no {library} here; install sockproof again"


@pytest.mark.by_turns(3)
def test_cache_that_is_cut_short_is_one_line(tmp_path: Path) -> None:
    """Python itself writes a part of a .pyc file where a disk is full, and fails on it later."""
    cached = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    assert sockproof_(tmp_path, "list", "--specs", **cached).status == 0
    (module,) = tmp_path.glob("**/commands/list.*.pyc")
    module.write_bytes(module.read_bytes()[:200])

    ended = sockproof_(tmp_path, "list", "--specs", **cached)

    assert ended.status == 3
    assert "a .pyc file is cut short" in ended.error
    assert "remove the folders __pycache__ in" in ended.error


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("name", ["[red]x[/b]", "out[linux]", "ci:ok:"])
def test_folder_of_any_name_is_told_as_it_is(tmp_path: Path, name: str) -> None:
    """No name of a folder is taken for markup."""
    given = ("-k", REFUSED, "--spec", "TCP/inet", "-n", "0", "--report-dir", name)

    ended = sockproof_(tmp_path, "run", *given)

    assert ended.status == 0, ended
    assert ended.stdout.endswith(f"  report   {name}/report.html\n")


@pytest.mark.by_turns(5)
@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_folder_that_may_not_be_entered_is_passed_over_or_one_line(tmp_path: Path) -> None:
    """On PATH it is passed over, as a shell does; given by name it is bad usage."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o000)
    path = f"{locked}{os.pathsep}{os.environ['PATH']}"

    listed = sockproof_(tmp_path, "list", "--iuts", PATH=path, PYENV_ROOT=str(locked))
    given = [
        sockproof_(tmp_path, "run", "--iut", "locked/server.py"),
        sockproof_(tmp_path, "report", "locked/record.jsonl"),
        sockproof_(tmp_path, "compare", "locked/a.jsonl", "locked/b.jsonl"),
    ]
    locked.chmod(0o700)

    assert listed.status == 0, listed
    assert {ended.status for ended in given} <= {3, 4}
    assert all("locked" in ended.error for ended in given)
