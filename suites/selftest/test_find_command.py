"""``sockproof find``: reported symptoms lead to their requirements, and no words do any harm."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sockproof._paths import REFERENCE, kit_dir
from sockproof.commands import find, full_text
from sockproof.commands.cli import run_command
from sockproof.commands.find import searched
from sockproof.commands.full_text import best, has_words
from sockproof.commands.operands import record_files
from sockproof.errors import HarnessError
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record, read_record
from sockproof.spec.area_names import SERVERS
from sockproof.spec.catalogue import load_catalogue, load_everything
from suites.selftest.reported_symptoms import REPORTED
from suites.selftest.runs import command, environment, sockproof_
from suites.selftest.small_records import MUST, OBSERVED, of, write

FIRST_HITS = 3
KEPT = "threading/interpreter-exit-waits-for-handlers"
CHANGED = "errors/system-exit-is-not-an-error"
SEEN = "serving/shutdown-of-an-idle-loop"
# A text for each word, to see by which words something is found.
TEXTS = {"hang": "hang", "leak": "leak", "serve": "serve_forever()", "not": "not", "is": "is"}
# What FTS5 would take for syntax, or stumble over, and what is found in TEXTS all the same.
HOSTILE = {
    '"': [],
    '""hang""': ["hang"],
    'hang" OR "leak': ["hang", "leak"],
    "hang*": ["hang"],
    "ha*": [],
    "hang AND leak": ["hang", "leak"],
    "hang NOT leak": ["hang", "leak", "not"],
    "NEAR(hang leak)": ["hang", "leak"],
    "name:hang": ["hang"],
    "-hang": ["hang"],
    "^hang + {leak}": ["hang", "leak"],
    "((hang": ["hang"],
    "hang\0leak": ["hang", "leak"],
    "\0": [],
    "hang; DROP TABLE text": ["hang"],
    "häng 停止 \U0001f622 \udcff hang": ["hang"],
    "%s %d ? :x hang": ["hang"],
    "is it": ["is"],
    "is it a leak": ["leak"],
    "SERVE_FOREVER": ["serve"],
}


@pytest.fixture(scope="module")
def texts() -> Mapping[str, str]:
    """What the command searches."""
    return searched([read_record(path) for path in record_files(kit_dir() / REFERENCE)])


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The lines of a search in this process that finds something."""
    status = run_command(["find", *arguments])
    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    return told.out.splitlines()


def hits(lines: list[str]) -> list[str]:
    """The ids of the requirements, in order."""
    return [
        found[1] for line in lines if (found := re.match(r"  ([a-z]+/[a-z0-9-]+)  [A-Z]", line))
    ]


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a search has to say which is bad usage."""
    status = run_command(["find", *arguments])
    told = capsys.readouterr()
    assert (status, told.out) == (4, "")
    (line,) = told.err.splitlines()
    return line.removeprefix("sockproof: error: ")


def test_thirty_symptoms_are_reported() -> None:
    """Each in other words, by its own report, about requirements that are there."""
    sources = [source for source, _ in REPORTED.values()]

    assert len(REPORTED) == len(set(sources)) == 30
    assert set().union(*(ids for _, ids in REPORTED.values())) <= set(load_catalogue())


@pytest.mark.by_turns(6)
@pytest.mark.parametrize("asked", REPORTED, ids=lambda text: re.sub(r"\W+", "-", text))
def test_reported_symptom_leads_to_its_requirement(texts: Mapping[str, str], asked: str) -> None:
    """One of those that it is about is among the first."""
    _, about = REPORTED[asked]

    found = best(texts, asked, FIRST_HITS)

    assert about & set(found), found


@pytest.mark.parametrize("asked", HOSTILE, ids=ascii)
def test_words_are_never_syntax(asked: str) -> None:
    """Whatever is asked is looked for as words, or there is nothing to look for."""
    found = best(TEXTS, asked, 9) if has_words(asked) else []

    assert sorted(found) == HOSTILE[asked]


def test_order_and_forms_of_words_do_not_matter(texts: Mapping[str, str]) -> None:
    """Hangs, hanging and hang are one word, and any of the words will do."""
    asked = ["server", "hangs", "at", "exit", "zzzz"]

    found = best(texts, " ".join(asked), 9)

    assert best(texts, " ".join(reversed(asked)), 9) == found
    assert best(texts, "SERVERS hanging exits", 9) == found
    assert len(found) == 9


def test_whole_traceback_may_be_asked(texts: Mapping[str, str]) -> None:
    """There is no limit to how many words are taken."""
    lines = [f'  File "/usr/lib/python3.{n}/x{n}.py", line {n}, in y{n}' for n in range(5000)]

    found = best(texts, "\n".join([*lines, "BrokenPipeError: [Errno 32] Broken pipe"]), 9)

    assert len(found) == 9


def test_hit_says_what_to_know_and_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    """Id, level, title, symptoms, what the reference shows, and the next commands."""
    requirement = load_catalogue()[KEPT]

    lines = printed(capsys, "hangs", "at", "exit", "--limit", "2")

    assert re.match(r"  reference: \d+ versions of CPython, 2\.7 to 3\.\d+; beside them", lines[0])
    assert lines[1:4] == ["", f"  {KEPT}  MUST", f"     {requirement.title}"]
    told = [line.strip() for line in lines[4:]]
    assert told[0] == f"symptoms   {requirement.symptoms[0]}"
    assert told[1 : len(requirement.symptoms)] == list(requirement.symptoms[1:])
    after = told[len(requirement.symptoms) :]
    assert after[0] == "reference  kept, the same everywhere"
    assert after[1:3] == [f"next       sockproof explain {KEPT}", f"sockproof run -k {KEPT}"]
    assert len(hits(lines)) == 2


@pytest.mark.by_turns(3)
def test_reference_tells_since_when_and_what_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a promise when it is kept, of what is OBSERVED the values; five hits by default."""
    changed = printed(capsys, CHANGED)
    seen = printed(capsys, SEEN)

    assert (hits(changed)[0], hits(seen)[0]) == (CHANGED, SEEN)
    assert "     reference  not promised 2.7 only; kept since 3.6" in changed
    assert "     reference  defaults of serve_forever(): [0.5], the same everywhere" in seen
    assert len(hits(seen)) == 5


@pytest.mark.by_turns(5)
def test_next_commands_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As they are printed, by a shell."""
    lines = printed(capsys, KEPT, "--limit", "1")
    (typed,) = [line.strip() for line in lines if "sockproof explain" in line]

    told = sockproof_(tmp_path, *typed.removeprefix("next").split()[1:])

    assert told.status == 0
    assert f"requirement  {KEPT}" in told.stdout


def test_id_and_tracker_are_found(texts: Mapping[str, str]) -> None:
    """An id, also of a case, and an issue as people name it."""
    assert best(texts, "dispatch/refused-request-is-closed[TCP/inet]", 1) == [
        "dispatch/refused-request-is-closed"
    ]
    about = {one.id for one in load_catalogue().values() if one.source.endswith("/issue26309")}
    assert len(about) > 1
    assert set(best(texts, "bpo-26309", len(about))) == about


def test_texts_have_what_failed_and_nothing_of_what_passed(tmp_path: Path) -> None:
    """Once, however many cases say it; of an id that is no longer there nothing."""
    id_ = "dispatch/refused-request-is-closed"
    row = dataclasses.replace(MUST, id=id_)
    rows = [
        of(row, "TCP/inet", Verdict.FAIL, expected="a fish", actual="two fishes"),
        of(row, "UDP/inet", Verdict.FAIL, expected="a fish", actual="two fishes"),
        of(row, "TCP/inet6", Verdict.NOT_APPLICABLE, reason="no water"),
        of(OBSERVED, "TCP/inet", Verdict.FAIL, expected="a bird", actual="none"),
    ]

    made = searched([write(tmp_path, "3.13.0", rows, [row, OBSERVED])])

    assert made[id_].splitlines().count("a fish") == 1
    assert "two fishes" in made[id_].splitlines()
    assert not [text for text in made.values() if "no water" in text or "a bird" in text]
    assert set(made) == {id_ for id_, one in load_everything().items() if one.module == SERVERS}


def test_requirement_that_is_not_on_record_is_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is newer than the reference records, and says so."""
    whole = [read_record(path) for path in record_files(kit_dir() / REFERENCE)]
    monkeypatch.setattr(find, "reference_records", lambda _: [_without(KEPT, one) for one in whole])

    lines = printed(capsys, KEPT, "--limit", "1")

    assert hits(lines) == [KEPT]
    assert "     reference  not yet on record" in lines


def _without(id_: str, record: Record) -> Record:
    rows = {name: row for name, row in record.requirements.items() if name != id_}
    cases = tuple(case for case in record.cases if case.requirement != id_)
    return dataclasses.replace(record, requirements=rows, cases=cases)


@pytest.mark.parametrize("words", [(), ("",), ("***", "\0", "--")])
def test_without_words_one_line_says_so(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """With an example."""
    line = refusal(capsys, *words)

    assert line == "no words to look for; say what you see: sockproof find hangs at exit"


@pytest.mark.by_turns(3)
def test_finding_nothing_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """The line says for what, on one line, and what to do."""
    line = refusal(capsys, "flux\n\x1b[31mcapacitor", "-z")

    assert line.startswith(r"nothing is found for 'flux\n\x1b[31mcapacitor -z'; try other words")
    assert line.endswith("or see 'sockproof list'")
    assert len(refusal(capsys, "q" * 10_000)) < 250


@pytest.mark.by_turns(3)
def test_what_the_other_module_promises_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Who looks for a socket's function among the promises of servers is told how to ask."""
    assert "'sockproof find --area socket' finds socket/" in refusal(capsys, "getservbyname")
    line = refusal(capsys, "--area", "socket", "SystemExit")
    assert "'sockproof find --area socketserver' finds threading/" in line


def test_limit_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A search shows something."""
    assert "Invalid value for '--limit'" in refusal(capsys, "hangs", "--limit", "0")


@pytest.mark.by_turns(3)
def test_python_without_full_text_search_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither the user's fault nor a traceback."""
    broken = full_text._TABLE.replace("fts5", "fts99")
    monkeypatch.setattr(full_text, "_TABLE", broken)

    status = run_command(["find", "hangs"])

    (line,) = capsys.readouterr().err.splitlines()
    assert status == HarnessError.exit_status == 3
    assert "the SQLite of this Python cannot search texts: no such module: fts99; use ano" in line


def test_database_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 warns of one that is not."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remember(*arguments: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", remember)
    best(TEXTS, "hang", 1)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


@pytest.mark.by_turns(3)
def test_help_of_all_commands_loads_no_database() -> None:
    """Only the search does."""
    program = (
        "import sys; from sockproof.commands.cli import run_command; run_command(['--help']); "
    )
    program += "sys.exit('sqlite3' in sys.modules)"

    ended = subprocess.run(
        [command()[0], "-c", program], env=environment(), capture_output=True, text=True
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.search(r"^ +find +Find requirements by what goes wrong", ended.stdout, re.M)
