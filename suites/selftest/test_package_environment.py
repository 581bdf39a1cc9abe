"""Environments with a package: made once, as a whole or not at all, whoever else makes them. pip is
the real one; what it installs are little wheels in a folder."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sockproof.check.shipped.package_environment import PackageEnvironment, cache_folder
from sockproof.errors import HarnessError, UsageError
from suites.selftest.runs import Mark, environment, living, wait_until

PACKAGE = "sockproof-trial"
MAKES = """
import sys
from pathlib import Path
from sockproof.check.shipped.package_environment import PackageEnvironment
PackageEnvironment(*sys.argv[1:3], Path(sys.argv[3]), sys.argv[4]).make(print)
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where pip finds versions 1.0 and 1.2 of one package, and nothing else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "1.2"):
        _write_wheel(folder, version)
    variables = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    return folder


def _write_wheel(folder: Path, version: str) -> None:
    about = f"sockproof_trial-{version}.dist-info"
    texts = {
        "sockproof_trial.py": f"version = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"sockproof_trial-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in texts.items():
            wheel.writestr(name, text)


def _environment(version: str = "", requires: str = PACKAGE) -> PackageEnvironment:
    base = Path(sys.executable)
    return PackageEnvironment(requires, version, base, platform.python_version())


def _there() -> list[str]:
    return [place.name for place in cache_folder().iterdir()]


def _made(one: PackageEnvironment) -> list[str]:
    told: list[str] = []
    one.make(told.append)
    return told


def _imported(one: PackageEnvironment) -> str:
    code = "import sockproof_trial; print(sockproof_trial.version)"
    words = [str(one.interpreter), "-I", "-c", code]
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()


@pytest.mark.by_turns(5)
@pytest.mark.usefixtures("wheels")
def test_it_is_made_once_where_it_stays() -> None:
    """One line tells of it, the first time."""
    one = _environment("1")

    first, second = _made(one), _made(one)

    (line,) = first
    assert (line.count("\n"), f"{PACKAGE}==1.*" in line, str(one.folder) in line) == (0, True, True)
    assert second == []
    assert one.versions == {PACKAGE: "1.2"}
    assert _imported(one) == "1.2"
    assert _there() == [one.folder.name]


@pytest.mark.parametrize(
    ("requires", "version", "asked"),
    [
        (PACKAGE, "", PACKAGE),
        (PACKAGE, "1.0", f"{PACKAGE}==1.0.*"),
        (PACKAGE, "1.0rc1", f"{PACKAGE}==1.0rc1"),
        (f"{PACKAGE}>=1", "1.2", f"{PACKAGE}>=1,==1.2.*"),
    ],
)
def test_what_pip_is_asked_for(requires: str, version: str, asked: str) -> None:
    """Figures alone are the beginning of a version."""
    assert _environment(version, requires).requirement == asked


@pytest.mark.by_turns(8)
@pytest.mark.usefixtures("wheels")
@pytest.mark.parametrize(
    ("requires", "version", "kind", "told"),
    [
        (PACKAGE, "9.9", UsageError, "name one that is there, such as 1.2, 1.0"),
        ("sockproof-missing", "", HarnessError, "pip finds no sockproof-missing at all"),
    ],
)
def test_what_is_not_there_is_told(
    requires: str, version: str, kind: type[HarnessError], told: str
) -> None:
    """In one line; nothing of the attempt stays."""
    one = _environment(version, requires)

    with pytest.raises(HarnessError) as raised:
        _made(one)

    assert (type(raised.value), told in str(raised.value)) == (kind, True), raised.value
    assert "\n" not in str(raised.value)
    assert _there() == []


def test_cache_that_cannot_be_written_is_told(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(next(wheels.iterdir())))

    with pytest.raises(HarnessError, match=r"cannot make .*: not a directory; set XDG_CACHE_HOME"):
        _made(_environment())


def test_relative_folder_is_not_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the specification of base directories has it."""
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", "/home/eve")

    assert cache_folder() == Path("/home/eve/.cache/sockproof/servers")


def test_home_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder called ~ is made."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "nowhere")

    with pytest.raises(HarnessError, match="no home, so no cache; set XDG_CACHE_HOME"):
        cache_folder()


@pytest.fixture
def maker(wheels: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a process that makes the environment, and tells; it is given variables."""
    assert wheels.is_dir()
    one = _environment("1.0")
    words = [sys.executable, "-c", MAKES, PACKAGE, "1.0", str(one.base), one.python]

    def start(**variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.mark.by_turns(10)
def test_two_at_once_do_not_disturb_each_other(maker: Callable[..., subprocess.Popen[str]]) -> None:
    """Both have it; nothing else is left."""
    one = _environment("1.0")

    both = [maker(), maker()]

    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert _imported(one) == "1.0"
    assert _there() == [one.folder.name]


@pytest.mark.by_turns(7)
def test_half_of_one_is_never_used(maker: Callable[..., subprocess.Popen[str]]) -> None:
    """Who is killed while he makes it leaves nothing that the next one would take for it."""
    one, mark = _environment("1.0"), Mark.new()
    process = maker(**mark.variables)
    wait_until(lambda: any(cache_folder().glob("*/made/bin/python")))

    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not list(living(mark)))

    assert not one.is_made
    assert len(_made(one)) == 1
    assert _imported(one) == "1.0"
    assert _there() == [one.folder.name]
