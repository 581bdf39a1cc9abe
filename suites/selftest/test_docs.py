"""The documentation: its commands are played, or read at least, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

import click
import pytest

from sockproof.commands.cli import main
from sockproof.errors import UsageError
from sockproof.iut.discovery import find_interpreter
from sockproof.spec.catalogue import load_everything
from sockproof.spec.matrix import ALL_SPECS, select_specs
from suites.selftest.doc_pages import ROOT, Command, Page, agrees, pages
from suites.selftest.runs import DEADLINE_S, environment

# What a command may start beside sockproof.
PROGRAMS = frozenset({"cat", "cd", "cp", "echo", "git", "ls", "make", "pip", "python3", "sed"})
# Behind these stands what a command makes.
MAKES = frozenset(
    {"-o", "--output", "--html", "--markdown", "--capture", "--report", "--report-dir", ">"}
)
NAMES_NO_FILE = frozenset(
    {"-k", "--spec", "--reason", "--from", "--to", "-n", "--shard"}
    | {"--say", "--expect", "--stop", "--listens", "--to", "--listen", "--mask"}
)
# The commands that make the folder ``sockproof-report`` unless told otherwise.
REPORTS = ("run", "check", "report", "selftest")
FILES = frozenset({".py", ".jsonl", ".toml", ".json", ".md", ".html", ".pcapng", ".xml"})
CASE_ID = re.compile(r"([a-z]+/[a-z0-9-]+)(\[.*\])?")
INTERPRETER = re.compile(r"(python\d\.\d+|pypy3)$")

# Commands that are read and not played: how they begin, and why.
TOO_MUCH = {
    r"git |pip |make .|cd ": "change more than a folder of their own",
    r".*sockproof run(?!.* -k )": "the whole suite",
    r"sockproof (selftest|bench|compare --gate)": "the whole suite",
    r"sockproof .*--examples 5000": "a night",
    r"sockproof watch": "waits for clients",
    r"sockproof check(?!.* (-k|--dry-run))": "a whole check, or one of what is not there",
    r"sockproof run -k 'forking/": "a whole area",
    r"sockproof compare python3\.12 python3\.13 -k handlers/": "a whole area, twice",
}

PACKAGE = ROOT / "harness" / "sockproof"
# The pages that name parts of the source.
BY_PARTS = ("ARCHITECTURE.md", "CONTRIBUTING.md")
FOR_EXAMPLE = frozenset({"socketserver.py"})

PARTS = 14
PLAYED = [path for path, page in pages().items() if list(page.commands())]

pytestmark = pytest.mark.skipif(not pages(), reason="an installed kit has no documentation")


def all_commands() -> list[Command]:
    shown = [command for page in pages().values() for command in page.commands()]
    steps = [
        Command(path, 0, step.partition("   #")[0])
        for path, page in pages().items()
        for step in page.steps()
    ]
    return shown + steps


def test_commands_stand_in_console_blocks() -> None:
    """Else nobody checks them."""
    hidden = [
        f"{page.path}: {line}"
        for page in pages().values()
        for block in page.blocks
        if block.language != "console"
        for line in block.lines
        if re.match(r"(\s*\$ |sockproof \w+ |make \w+)", line)
    ]

    assert len(all_commands()) > 60
    assert hidden == []


@pytest.mark.parametrize("command", all_commands(), ids=str)
def test_command_is_known(command: Command) -> None:
    """Every option, target, case, server spec and part of an id is there."""
    for words in command.simple():
        program, arguments = words[0], words[1:]
        if program == "sockproof":
            _refuse_unknown(arguments[0], [word for word in arguments[1:] if word != ">"])
        elif program == "make":
            assert set(arguments) <= set(_said_to_make(arguments)), command
        else:
            assert program in PROGRAMS, command


def _refuse_unknown(name: str, arguments: list[str]) -> None:
    if name == "--help" or "--help" in arguments:
        return
    command = main.get_command(click.Context(main), name)
    assert command is not None
    context = command.make_context(name, list(arguments))
    requirements = load_everything()
    for before, word in pairwise(["", *arguments]):
        if before not in NAMES_NO_FILE and (found := CASE_ID.fullmatch(word)):
            assert found[1] in requirements, word
    if context.params.get("specs"):
        select_specs(context.params["specs"])
    keyword = context.params.get("keyword")
    if keyword and name != "selftest":
        ids = [*requirements, *(spec.id for spec in ALL_SPECS)]
        for term in re.sub(r"\b(and|or|not)\b|[()]", " ", keyword).split():
            part = term.partition("[")[0]
            known = any(part in one for one in ids)
            assert known is (term != "no-such-case"), term


def _said_to_make(arguments: Sequence[str]) -> Iterator[str]:
    """Of the arguments those that the Makefile knows."""
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE)
    variables = re.findall(r"^([A-Z]+) \?=", text, re.MULTILINE)
    for word in arguments:
        if word in targets or word.partition("=")[0] in variables:
            yield word


@pytest.mark.parametrize("path", PLAYED)
def test_files_of_commands_are_there(path: str) -> None:
    """They are in the checkout, or the page gives them or makes them first."""
    made = set[str]()
    missing: list[str] = []
    for item in _in_order(pages()[path]):
        if isinstance(item, str):
            made.add(item)
            continue
        for words in item.simple():
            missing += [f"{item}: {name}" for name in _read_by(words) if not _there(name, made)]
            made |= set(_made_by(words))

    assert missing == []


def _in_order(page: Page) -> Iterator[Command | str]:
    """The commands of a page and the files that it gives, as a reader meets them."""
    given: list[tuple[int, Command | str]] = [(b.line, b.file) for b in page.blocks if b.file]
    given += [(command.line, command) for command in page.commands()]
    return (item for _, item in sorted(given, key=lambda pair: pair[0]))


def _there(name: str, made: set[str]) -> bool:
    path = PurePosixPath(name)
    below = made & {str(folder) for folder in (path, *path.parents)}
    return bool(below) or (ROOT / name).exists()


def _read_by(words: Sequence[str]) -> Iterator[str]:
    """The files and folders that a command reads."""
    if words[0] in ("make", "pip", "git", "echo", "cd"):
        return
    words = words[:-1] if words[0] == "cp" else words
    looked_into = words[0] == "ls" or words[1] in ("report", "expect")
    for before, word in pairwise(words[1:] if words[0] == "sockproof" else words):
        name = word.partition("@")[0]
        if before in MAKES | NAMES_NO_FILE or word.startswith(("-", "$")) or CASE_ID.match(word):
            continue
        if looked_into or word.startswith("./") or PurePosixPath(name).suffix in FILES:
            yield name


def _made_by(words: Sequence[str]) -> Iterator[str]:
    yield from (after for before, after in pairwise(words) if before in MAKES)
    yield from words[-1:] if words[0] == "cp" else ()
    if words[0] == "sockproof" and words[1] in REPORTS and "--report-dir" not in words:
        yield "sockproof-report"


@pytest.mark.by_turns(PARTS)
@pytest.mark.parametrize("path", PLAYED)
def test_commands_do_what_the_page_shows(tmp_path: Path, path: str) -> None:
    """They are played one after the other in a folder; samples are compared but for figures."""
    variables = _surroundings(tmp_path)
    for item in _in_order(pages()[path]):
        if isinstance(item, str):
            (tmp_path / "work" / item).write_text(_text_of(pages()[path], item), "utf-8")
        elif _why_not_played(item) == "":
            _play(item, tmp_path / "work", variables)


def _surroundings(place: Path) -> dict[str, str]:
    """A folder ``work`` with what a checkout has, and on PATH ``sockproof`` and ``python3``."""
    (place / "bin").mkdir()
    (place / "work").mkdir()
    program = place / "bin" / "sockproof"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sockproof "$@"\n', "utf-8")
    program.chmod(0o755)
    (place / "bin" / "python3").symlink_to(sys.executable)
    for name in ("reports", "Makefile", "suites", "harness"):
        (place / "work" / name).symlink_to(ROOT / name)
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return environment(PATH=path, MAKEFLAGS="", MAKELEVEL="0")


def _text_of(page: Page, name: str) -> str:
    (block,) = [block for block in page.blocks if block.file == name]
    return "\n".join([*block.lines, ""])


def _why_not_played(command: Command) -> str:
    """Why a command is only read; empty if it is played."""
    for pattern, reason in TOO_MUCH.items():
        if re.match(pattern, command.text):
            return reason
    for words in command.simple():
        if words[0] != "sockproof" and shutil.which(words[0]) is None:
            return f"no {words[0]} here"
        for word in words:
            if INTERPRETER.search(word) and not find_interpreter(INTERPRETER.findall(word)[0]):
                return f"no {word} here"
    return ""


def _play(command: Command, folder: Path, variables: dict[str, str]) -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", command.text],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_S,
    )
    printed = ended.stdout

    assert ended.returncode < 3, f"{command}\n{printed}"
    assert not re.search("^Traceback", printed, re.MULTILINE), f"{command}\n{printed}"
    if command.sample:
        assert agrees(command.sample, printed.splitlines()), f"{command}\n{printed}"


def test_some_commands_of_each_kind_are_played() -> None:
    """The list of those that are too much does not swallow all."""
    played = [command for command in all_commands() if not _why_not_played(command)]
    names = {words[1] for command in played for words in command.simple() if words[0] != "make"}

    assert {"run", "report", "list", "explain", "replay", "repro", "pcap"} <= names
    assert {"atlas", "compare", "expect", "doctor"} <= names
    assert len([command for command in played if command.sample]) >= 20


@pytest.mark.parametrize("path", pages())
def test_links_lead_somewhere(path: str) -> None:
    """The file is there, and so is the heading in it."""
    page, wrong = pages()[path], list[str]()
    for target, anchor in page.links():
        file = (ROOT / path).parent / target if target else ROOT / path
        if not file.exists():
            wrong.append(f"no {target}")
        elif anchor:
            linked = pages().get(os.path.relpath(file.resolve(), ROOT.resolve()))
            if linked is None or anchor not in linked.anchors():
                wrong.append(f"no #{anchor} in {file.name}")

    assert wrong == []


@pytest.mark.parametrize("path", [path for path in BY_PARTS if path in pages()])
def test_named_parts_are_there(path: str) -> None:
    """Files, folders, functions and classes that a page names in code are in the source."""
    places = [ROOT, PACKAGE, PACKAGE / "commands"]
    sources = [*PACKAGE.rglob("*.py"), *(ROOT / "fixtures").rglob("*.py")]
    text = "\n".join(source.read_text("utf-8") for source in sources)
    defined = set(re.findall(r"(?:class|def) (\w+)", text))
    spans = set(re.findall(r"`([^`\n]+)`", "\n".join(pages()[path].prose)))
    wrong = []
    for span in spans - FOR_EXAMPLE:
        if re.fullmatch(r"[a-z_./]+(/|\.(py|toml|md))", span):
            wrong += [span] if not any((place / span).exists() for place in places) else []
        elif found := re.match(r"(?:([A-Z]\w+)\.)?(\w+)\(|([A-Z]\w*[a-z]\w*)$", span):
            wrong += [span] if not set(filter(None, found.groups())) <= defined else []

    assert len(spans) > 40
    assert wrong == []


def test_every_page_is_reached_from_readme() -> None:
    """No page waits for a reader who knows its name."""
    linked = {target for target, _ in pages()["README.md"].links()}

    assert [path for path in pages() if path not in linked and path != "README.md"] == []


@pytest.mark.parametrize(
    ("sample", "printed", "same"),
    [
        (["a 1.5 s", "b"], ["a  27 s", "", "b"], True),
        (["a", "b"], ["a"], False),
        (["a", "...", "c"], ["a", "b", "b", "c"], True),
        (["...", "c"], ["a", "c", "d"], False),
        (["a", "..."], ["b", "a"], False),
        (["2 cases, 1 implementation"], ["  3 of 9 cases", "9 cases, 1 implementation, 2 s"], True),
        (["1 case; partial: -k 'a'"], ["1 case, 1.0 s, 1.0 cases/s; partial: -k 'a'"], True),
        (["1 case; partial: -k 'a'"], ["1 case, 1.0 s, 1.0 cases/s"], False),
        (["20 clients left ...", "b"], ["6 clients left; what else", "b"], True),
        (["20 clients left ..."], ["20 clients"], False),
    ],
)
def test_samples_are_compared(sample: list[str], printed: list[str], same: bool) -> None:
    """Figures and blanks may differ; lines may be left out where the sample says so only."""
    assert agrees(sample, printed) is same


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("run --nope", click.UsageError),
        ("run -n many", click.UsageError),
        ("run --spec Nope", UsageError),
        ("run -k no-such-part", AssertionError),
        ("replay no/such-case[TCP/inet]", AssertionError),
        ("replant", AssertionError),
    ],
)
def test_wrong_command_is_found(arguments: str, error: type[Exception]) -> None:
    """What a page must not show is told."""
    name, *rest = arguments.split()

    with pytest.raises(error):
        _refuse_unknown(name, rest)
