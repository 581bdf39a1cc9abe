"""What an ``--iut`` value means, and what is refused with which words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sockproof.errors import UsageError
from sockproof.iut.implementation import Implementation, parse_iut, plain_iut

THIS = (sys.executable,)


@pytest.fixture
def module_path(tmp_path: Path) -> Path:
    """A file that could be a module of server classes."""
    path = tmp_path / "my_server.py"
    path.write_text("from socketserver import *\n")
    return path


def write_toml(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def refusal(given: str | Path) -> str:
    """What the usage error says, hint included; it is one line."""
    with pytest.raises(UsageError) as raised:
        parse_iut(str(given))
    assert raised.value.exit_status == 4
    return str(raised.value)


def test_a_path_is_an_interpreter() -> None:
    """It is taken as it is, and tests its own socketserver."""
    assert parse_iut(sys.executable) == Implementation(sys.executable, THIS)


def test_the_name_of_an_interpreter_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command name is found on PATH."""
    (tmp_path / "python3.99").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))

    parsed = parse_iut("python3.99")

    assert parsed == Implementation("python3.99", (str(tmp_path / "python3.99"),))


def test_a_file_runs_under_this_interpreter(module_path: Path) -> None:
    """Its module is named after the file, whose whole path is kept."""
    parsed = parse_iut(str(module_path))

    assert parsed == Implementation(
        str(module_path), THIS, module="my_server", module_path=str(module_path)
    )


def test_a_relative_file_is_made_absolute(
    module_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent may run in another folder."""
    monkeypatch.chdir(module_path.parent)

    assert parse_iut("./my_server.py").module_path == str(module_path)
    assert parse_iut("my_server.py").module_path == str(module_path)


def test_a_file_in_a_folder_with_blanks_is_a_file(tmp_path: Path) -> None:
    """What exists as a file is no command line."""
    path = tmp_path / "two words" / "server.py"
    path.parent.mkdir()
    path.touch()

    assert parse_iut(str(path)).module_path == str(path)


def test_a_file_with_blanks_runs_under_an_interpreter(tmp_path: Path) -> None:
    """Of several at signs the last parts the two; a file that has one in its name is a file."""
    path = tmp_path / "two words" / "me@home.py"
    path.parent.mkdir()
    path.touch()

    under = parse_iut(f"{path}@{sys.executable}")

    assert (under.module_path, under.argv) == (str(path), THIS)
    assert parse_iut(str(path)).module_path == str(path)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """It would be the name of a record, and go over the terminal."""
    path = tmp_path / "a\x1bb.py"
    path.touch()

    with pytest.raises(UsageError, match="is no text; call it otherwise"):
        parse_iut(str(path))


def test_a_dotted_name_is_a_module() -> None:
    """It is looked up where PYTHONPATH and the current folder say, before anything else."""
    parsed = parse_iut("mypackage.servers")

    assert parsed == Implementation("mypackage.servers", THIS, module="mypackage.servers")
    assert parsed.search_path()[-1] == str(Path.cwd())


@pytest.mark.parametrize("name", ["gevent", "eventlet"])
def test_a_green_runtime_is_put_under_the_interpreters_own(name: str) -> None:
    """Its patch is run first, and what is tested is the interpreter's socketserver all the same."""
    iut = parse_iut(name)

    assert (iut.name, iut.module, iut.argv) == (name, "", (sys.executable,))
    assert f"import {name}" in iut.preload


def test_words_are_a_command() -> None:
    """Blanks make an argv, quoted as in a shell; who is asked there is not looked up here."""
    parsed = parse_iut("ssh -p 22 'the host' python3")

    assert parsed.argv == ("ssh", "-p", "22", "the host", "python3")
    assert parsed.module == ""


def test_a_module_runs_under_the_interpreter_after_the_at_sign(module_path: Path) -> None:
    """Both a file and a dotted name can be followed by an interpreter."""
    by_file = parse_iut(f"{module_path}@{sys.executable}")
    by_name = parse_iut(f"mypackage.servers@{sys.executable}")

    assert (by_file.argv, by_file.module_path) == (THIS, str(module_path))
    assert by_file.given == f"{module_path}@{sys.executable}"
    assert (by_name.argv, by_name.module) == (THIS, "mypackage.servers")


def test_a_toml_file_says_everything(tmp_path: Path, module_path: Path) -> None:
    """A module's path is relative to the file, and whatever is left out has its default."""
    path = write_toml(
        tmp_path,
        f"""
        name = "mine-2.0"
        command = ["{sys.executable}", "-X", "dev"]
        module = "my_server.py"
        preload = "import this"
        level = "3.14"
        classes = {{ TCPServer = "MyServer" }}
        env = {{ COLOUR = "blue" }}
        """,
    )

    assert parse_iut(str(path)) == Implementation(
        str(path),
        (sys.executable, "-X", "dev"),
        module="my_server",
        module_path=str(module_path),
        preload="import this",
        name="mine-2.0",
        level=(3, 14),
        classes={"TCPServer": "MyServer"},
        env={"COLOUR": "blue"},
    )


def test_an_empty_toml_file_is_this_interpreter_by_its_name(tmp_path: Path) -> None:
    """The file's own name is the implementation's."""
    path = write_toml(tmp_path, "")

    assert parse_iut(str(path)) == Implementation(str(path), THIS, name="mine")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nmae = 'x'", "unknown key 'nmae'; the keys are name, command, module, preload, level"),
        ("name = 3", "'name' is not a text"),
        ("name = 'a/b'", "'name': 'a/b' is not a name for a record"),
        ("name = 'a@b'", "'name': 'a@b' is not a name for a record"),
        ("level = 3.13", "'level' is not a text"),
        ("level = 'three'", "'level': 'three' is not a Python level such as 3.13"),
        ("level = '3'", "'level': '3' is not a Python level such as 3.13"),
        ("command = 'no-such-python'", "no interpreter 'no-such-python' here"),
        ("command = []", "is empty"),
        ("command = '\"open'", "no closing quotation"),
        ("module = 'missing.py'", "missing.py"),
        ("module = 'not a module'", "is not an interpreter, a module"),
        ("classes = ['TCPServer']", "'classes' is not a table"),
        ("classes = { TCPServer = 1 }", "classes: 'TCPServer' is not a text"),
        ("env = { COLOUR = 1 }", "env: 'COLOUR' is not a text"),
        ("name = ", "this is not TOML"),
    ],
)
def test_a_toml_file_with_a_mistake_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """The message names what is wrong."""
    assert told in refusal(write_toml(tmp_path, text))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("/no/such/python", "no interpreter '/no/such/python' here; see 'sockproof doctor'"),
        ("python9.9", "no interpreter 'python9.9' here"),
        ("no_such_file.py", "no file 'no_such_file.py'; give the path"),
        ("no/such.toml", "cannot read no/such.toml"),
        (
            "my-server",
            "--iut 'my-server' is not an interpreter, a module, a .py file or a .toml file",
        ),
        ("", "--iut '' is not an interpreter"),
        ("  ", "is empty"),
        ("mypackage.servers@python9.9", "no interpreter 'python9.9' here"),
        ("no_such_file.py@" + sys.executable, "no file 'no_such_file.py'"),
        ("'open quote", "no closing quotation"),
    ],
)
def test_what_means_nothing_is_refused(given: str, told: str) -> None:
    """The message repeats what was given, and says what would do."""
    message = refusal(given)

    assert told in message
    assert "\n" not in message


def test_python_variables_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes how a Python starts is left out, unless the implementation asks for it."""
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("COLOUR", "red")

    plain = Implementation("x", THIS).environment()
    own = Implementation("x", THIS, env={"PYTHONHASHSEED": "2", "COLOUR": "blue"}).environment()

    assert not [name for name in plain if name.startswith("PYTHON")]
    assert plain["COLOUR"] == "red"
    assert (own["PYTHONHASHSEED"], own["COLOUR"]) == ("2", "blue")


def test_inherited_pythonpath_is_where_modules_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with ``python -m``; an interpreter's own socketserver is not looked for there."""
    monkeypatch.setenv("PYTHONPATH", "/one::/two")

    assert Implementation("x", THIS, module="x").search_path()[:-1] == ["/one", "/two"]
    assert Implementation("x", THIS).search_path() == []


@pytest.mark.parametrize(
    ("given", "preload"),
    [
        (sys.executable, ""),
        (f"~/{Path(sys.executable).name}", ""),
        ("python3.99", ""),
        ("@/bin/pypy3", ""),
        ("gevent", "gevent.monkey"),
        ("eventlet@python3.99", "eventlet.monkey_patch"),
    ],
)
def test_text_that_nobody_typed_may_name_a_plain_python(
    given: str, preload: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The running one, and what is found by its name or in its place, also under a runtime."""
    (tmp_path / "bin").mkdir()
    for name in ("python3.99", "pypy3"):
        (tmp_path / "bin" / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(Path(sys.executable).parent))

    found = plain_iut(given.replace("@/", f"{tmp_path}/"))

    assert found is not None
    assert Path(found.argv[0]).name in (Path(sys.executable).name, "python3.99", "pypy3")
    assert (found.module, found.module_path, preload in found.preload) == ("", "", True)


@pytest.mark.parametrize(
    "given",
    ["json", "./python3.99", "@/python3.99", "python3.99 -c 1", "json@python3.99", "", "python3\n"],
)
def test_text_that_nobody_typed_names_nothing_else(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No module, no file, no command, and no interpreter that is elsewhere or here by chance."""
    (tmp_path / "python3.99").touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", "bin"]))

    assert plain_iut(given.replace("@/", f"{tmp_path}/")) is None
