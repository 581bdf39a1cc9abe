"""A new requirement: begun by ``make requirement``, filled in as CONTRIBUTING says, checked."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest

from sockproof.commands import scaffold
from sockproof.commands.scaffold import main
from sockproof.errors import HarnessError
from sockproof.mutation.named import MUTANTS, load_mutants
from sockproof.spec.catalogue import SHIPPED, read_catalogue
from suites.selftest.doc_pages import ROOT, Page, agrees, pages
from suites.selftest.runs import DEADLINE_S, environment

NEW = "dispatch/each-client-gets-its-own-reply"
CASES = "suites/dispatch/test_requests.py"
ENTRIES = "harness/sockproof/spec/requirements/dispatch.toml"
MUTANTS_OF_AREA = "harness/sockproof/mutation/mutants/dispatch.toml"
# The blocks of CONTRIBUTING that replace what was begun: how a block begins, how that, and where.
FILLED_IN = (
    ('[[requirement]]\nid = "dispatch/each', '[[requirement]]\nid = "dispatch/each', ENTRIES),
    ('@requirement("dispatch/each', '@requirement("dispatch/each', CASES),
    ("[[mutant]]\nid = ", '[[mutant]]\nid = ""', MUTANTS_OF_AREA),
)
# The id, the file, and what is said of them.
REFUSED = [
    ("", "", "not an id such as area/words-in-lower-case"),
    ("dispatch", "", "not an id"),
    ("dispatch/It's", "", "not an id"),
    ("dispatch/x\n", "", "not an id"),
    ("dispatch/../x", "", "not an id"),
    ("dispatch/refused-request-is-closed", "", "there is such a requirement"),
    ("unix/address-in-octets", "", "an id of old is never used for something else"),
    ("dtls/handshake", "", "no area dtls, but backlog, binding, "),
    (NEW, "suites/unix/test_paths.py", "is not suites/dispatch/test_*.py"),
    (NEW, "suites/dispatch/../test_x.py", "is not suites/dispatch/test_*.py"),
    (NEW, "suites/dispatch/order.py", "is not suites/dispatch/test_*.py"),
    (
        NEW,
        "suites/dispatch/test_there.py",
        "has a test_each_client_gets_its_own_reply()",
    ),
]


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the three kinds of files, which are written in this process."""
    shutil.copytree(SHIPPED, tmp_path / "requirements")
    shutil.copytree(MUTANTS, tmp_path / "mutants")
    (tmp_path / "suites" / "dispatch").mkdir(parents=True)
    there = (
        "from fixtures import check\n\n\ndef test_each_client_gets_its_own_reply() -> None: ...\n"
    )
    (tmp_path / "suites" / "dispatch" / "test_there.py").write_text(there, "utf-8")
    monkeypatch.setattr(scaffold, "SHIPPED", tmp_path / "requirements")
    monkeypatch.setattr(scaffold, "MUTANTS", tmp_path / "mutants")
    monkeypatch.setattr(scaffold, "kit_dir", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("given", "file", "problem"), REFUSED)
def test_what_cannot_be_begun_is_refused(
    clone: Path, capsys: pytest.CaptureFixture[str], given: str, file: str, problem: str
) -> None:
    """In one line, with a status, and nothing is written."""
    before = {path: path.read_bytes() for path in clone.rglob("*.*") if path.is_file()}

    status = main(["--", given, file])

    said = capsys.readouterr()
    assert status == 4
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert problem in said.err
    assert {path: path.read_bytes() for path in clone.rglob("*.*") if path.is_file()} == before


@pytest.mark.by_turns(3)
def test_blanks_are_refused_until_they_are_filled_in(clone: Path) -> None:
    """Each reader says of one blank after the other where it is and that it is empty."""
    assert main([NEW, ""]) == 0

    entry = {"title": "X is done.", "level": "MUST", "source": "https://example.org/x"}
    for key, value in entry.items():
        with pytest.raises(HarnessError, match=rf"requirement \d+ \({NEW}\): '{key}' is empty"):
            read_catalogue(clone / "requirements")
        _fill_in(clone / "requirements" / "dispatch.toml", f'{key} = ""', f'{key} = "{value}"')
    symptoms = {'["", ""]': '["it hangs", ""]', '["it hangs", ""]': '["it hangs", "it is gone"]'}
    for number, (blank, filled) in enumerate(symptoms.items(), 1):
        with pytest.raises(HarnessError, match=rf"\({NEW}\): entry {number} of 'symptoms' is emp"):
            read_catalogue(clone / "requirements")
        _fill_in(clone / "requirements" / "dispatch.toml", blank, filled)
    for key, value in {"kind": "TCP", "mixin": "none", "family": "inet"}.items():
        with pytest.raises(HarnessError, match=rf"\({NEW}\): applies: '{key}' is empty"):
            read_catalogue(clone / "requirements")
        _fill_in(clone / "requirements" / "dispatch.toml", f"{key} = []", f'{key} = ["{value}"]')
    catalogue = read_catalogue(clone / "requirements")

    mutant = {"id": '"x-is-lost"', "title": '"X is lost."', "spec": '"TCP/inet"', "find": "'''x'''"}
    for key, value in mutant.items():
        with pytest.raises(HarnessError, match=rf"dispatch\.toml: mutant .*: '{key}' is empty"):
            load_mutants(clone / "mutants", catalogue)
        blank = f"{key} = ''''''" if key == "find" else f'{key} = ""'
        _fill_in(clone / "mutants" / "dispatch.toml", blank, f"{key} = {value}")
    assert [one.id for one in load_mutants(clone / "mutants", catalogue) if NEW in one.killed_by]


def _fill_in(path: Path, blank: str, value: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(blank) == 1
    path.write_text(text.replace(blank, value), "utf-8")


def test_a_case_has_a_file_of_its_own(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless a file is named. It imports what the skeleton needs, and does not pass."""
    main([NEW, ""])

    path = clone / "suites" / "dispatch" / "test_each_client_gets_its_own_reply.py"
    text = path.read_text("utf-8")
    assert f"suites/dispatch/{path.name}:9  fill in: " in capsys.readouterr().out
    assert text.splitlines()[8] == f'@requirement("{NEW}")'
    assert "\n\nfrom fixtures import Peers, Serve, requirement\nfrom fixtures.steps import" in text
    assert "raise NotImplementedError" in ast.unparse(ast.parse(text))


@pytest.mark.by_turns(6)
def test_recipe_for_a_requirement_works(tmp_path: Path) -> None:
    """What CONTRIBUTING says is done in a copy: the case passes, kills the mutant, and all fits."""
    for part in ("harness", "suites", "fixtures", ".mypy_cache"):  # nothing is made anew
        if (ROOT / part).exists():
            shutil.copytree(ROOT / part, tmp_path / part)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "reports").symlink_to(ROOT / "reports")

    begun = _in_copy(tmp_path, "sockproof.commands.scaffold", NEW, CASES)
    refused = _in_copy(tmp_path, "sockproof", "list", status=3)
    for opening, blank, file in FILLED_IN:
        _replace_end(tmp_path / file, blank, _block(opening))
    played = _in_copy(tmp_path, "sockproof", "run", "-n", "0", "-k", NEW)
    proved = _in_copy(
        tmp_path, "sockproof", "selftest", "--named", "-n", "1", "-k", "requests-are-dropped"
    )
    for tool in (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy", CASES)):
        if find_spec(tool[0]):
            _in_copy(tmp_path, *tool)
    checked = _in_copy(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", *_checks())

    (command,) = [one for one in _recipe().commands() if one.text.startswith("make requirement")]
    assert agrees(command.sample, begun.splitlines()), begun
    assert f"({NEW}): 'title' is empty" in refused
    shown = [f"1 case, 1 implementation; partial: -k '{NEW}'", "..."]
    assert agrees(shown, played.splitlines()), played
    assert "nothing needs attention" in played
    assert re.search(r"named +1 +1 +0 +0 +0", proved), proved
    assert " failed" not in checked


def _recipe() -> Page:
    return pages()["CONTRIBUTING.md"]


def _block(opening: str) -> str:
    """The block of CONTRIBUTING that begins so."""
    texts = [textwrap.dedent("\n".join(block.lines)) for block in _recipe().blocks]
    (text,) = [text for text in texts if text.startswith(opening)]
    return text


def _replace_end(path: Path, blank: str, text: str) -> None:
    """Put a text for all from the last place on that begins with a blank."""
    before, found, _ = path.read_text("utf-8").rpartition(blank)
    assert found
    path.write_text(f"{before}{text}\n", "utf-8")


def _checks() -> list[str]:
    """The selftests that ``make check`` plays of the catalogue."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (names,) = re.findall(r"^catalogue = .*addsuffix \.py,(.*)\)\)", makefile, re.MULTILINE)
    return [f"suites/selftest/test_{name}.py" for name in names.split()]


def _in_copy(place: Path, *arguments: str, status: int = 0) -> str:
    """What a module prints in the copy, on either stream, when it ends with this status."""
    ended = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=place,
        env=environment(PYTHONPATH=str(place / "harness")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=4 * DEADLINE_S,
    )
    assert ended.returncode == status, ended.stdout
    return ended.stdout
