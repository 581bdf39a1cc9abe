"""replay, repro, pcap and bisect as their user sees them: what they print, how they end."""

from __future__ import annotations

import re
import socketserver
import sys
from pathlib import Path

import pytest

from sockproof.mutation.named import load_mutants
from sockproof.record.reader import read_record
from sockproof.spec.catalogue import load_catalogue
from suites.selftest.mutant_files import write_mutant
from suites.selftest.runs import sockproof_

CASE = "dispatch/refused-request-is-closed[TCP/inet]"
SILENT = "names/server-methods"
BROKEN = "streams/reply-in-two-writes[TCP/inet]"
MUTANT = next(mutant for mutant in load_mutants() if mutant.id == "only-the-first-write-is-sent")
AS_STORED, OTHERWISE, USAGE, FAULT = 0, 1, 4, 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a broken module, ``broken.py``, and records of one case and of another."""
    place = tmp_path_factory.mktemp("replayed")
    write_mutant(MUTANT, Path(socketserver.__file__), place).rename(place / "broken.py")
    for iut, case, name in ((sys.executable, BROKEN, "right"), ("./broken.py", BROKEN, "wrong")):
        ended = sockproof_(place, "replay", case, "--iut", iut, "-o", f"{name}.jsonl")
        assert ended.status in (AS_STORED, OTHERWISE), ended.stderr
    (place / "cut.jsonl").write_bytes((place / "wrong.jsonl").read_bytes()[:400])
    whole = (place / "wrong.jsonl").read_text("utf-8").splitlines(keepends=True)
    (place / "no-footer.jsonl").write_text("".join(whole[:-1]) + whole[-1][:9], "utf-8")
    return place


@pytest.mark.by_turns(5)
def test_case_that_keeps_its_promise_ends_with_0(folder: Path) -> None:
    """Each time is counted, and the transcript is printed."""
    ended = sockproof_(folder, "replay", CASE, "--iut", sys.executable, "--repeat", "3")

    assert ended.status == AS_STORED, ended.stderr
    assert "3 of 3  PASS" in ended.stdout
    assert "peer      end of stream" in ended.stdout


def test_record_is_kept_with_its_transcript(folder: Path) -> None:
    """What ``-o`` writes is a record of the one case."""
    record = read_record(folder / "wrong.jsonl")

    assert record.complete
    assert [case.id for case in record.cases] == [BROKEN]
    assert record.cases[0].transcript


@pytest.mark.by_turns(3)
def test_stored_failure_is_the_same_again(folder: Path) -> None:
    """A record of one case names the case, and ending the same way is success."""
    ended = sockproof_(folder, "replay", "wrong.jsonl", "--iut", "./broken.py")

    assert ended.status == AS_STORED, ended.stderr
    assert "1 of 1 ended as stored" in ended.stdout
    assert "first difference" not in ended.stdout


@pytest.mark.by_turns(3)
def test_record_that_is_cut_short_is_replayed(folder: Path) -> None:
    """What it holds of the case is whole: that the run was not, matters to nobody here."""
    ended = sockproof_(folder, "replay", "no-footer.jsonl", "--trust-record")

    assert ended.status == AS_STORED, ended.stderr
    assert "1 of 1 ended as stored" in ended.stdout


@pytest.mark.by_turns(3)
def test_first_difference_is_marked(folder: Path) -> None:
    """Against the record of an implementation that is right, the step that differs is marked."""
    ended = sockproof_(folder, "replay", "right.jsonl", "--iut", "./broken.py")

    assert ended.status == OTHERWISE, ended.stderr
    assert "first difference from the stored transcript, in lane peer" in ended.stdout
    assert [line for line in ended.stdout.splitlines() if line.startswith("> ")]
    assert "0 of 1 ended as stored" in ended.stdout


@pytest.mark.by_turns(3)
def test_bug_report_can_be_filed_as_it_is(folder: Path) -> None:
    """It has version, promise, source, what happens, the script, and what that printed on both."""
    ended = sockproof_(
        *(folder, "repro", "wrong.jsonl", "--iut", "./broken.py"),
        *("-o", "it.py", "--report", "it.md", "--shorten", "0"),
    )

    assert ended.status == AS_STORED, ended.stderr
    script, text = ((folder / name).read_text("utf-8") for name in ("it.py", "it.md"))
    requirement = load_catalogue()[BROKEN.partition("[")[0]]
    assert text.startswith(
        f"# {requirement.title.rstrip('.')}: not so with broken.py under CPython"
    )
    assert f"> {requirement.source}" in text
    assert "run `python" in text
    assert "it.py broken.py`" in text
    assert f"```python\n{script}```\n" in text
    shows, _, keeps = text.partition("\nWith the socketserver of CPython")
    assert re.search("ends with 1, and prints\n\n```\nexpected: .*\nobserved: ", shows)
    assert re.search("ends with 0, and prints\n\n```\nexpected: .*\nobserved: ", keeps)


@pytest.mark.by_turns(12)
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["replay", "nothing/like-it"], USAGE, "no requirement 'nothing/like-it'"),
        (["replay", f"{CASE[:-1]},odd]"], USAGE, f"there is no case {CASE[:-1]},odd]; {CASE}"),
        (["replay", "dispatch/refused-request-is-closed"], USAGE, "names no server spec"),
        (["replay", "right.jsonl", CASE], USAGE, f"right.jsonl holds no case {CASE}"),
        (["replay", "missing.jsonl"], FAULT, "there is no record missing.jsonl"),
        (["replay", CASE, "--iut", "python9.9"], USAGE, "no interpreter 'python9.9'"),
        (["repro", CASE, "--iut", sys.executable], FAULT, "passes there"),
        (["repro", CASE, "-o", "no/where.py"], USAGE, "no folder no"),
        (["pcap", SILENT, "-o", "x.pcapng"], USAGE, "starts no server"),
        (["bisect", CASE, "--iut", sys.executable], USAGE, "name two or more"),
        (["bisect", "nothing/like-it"], USAGE, "no requirement 'nothing/like-it'"),
        (["replay", CASE, CASE], USAGE, "too many cases"),
        (["replay", "cut.jsonl"], FAULT, "cut.jsonl is not a record of sockproof"),
        (["repro", "broken.py"], FAULT, "broken.py is not a record of sockproof"),
        (["repro", "missing.json"], FAULT, "cannot read missing.json: No such file"),
        (["pcap", "missing.jsonl", "-o", "x.pcapng"], FAULT, "there is no record missing.jsonl"),
        (["pcap", CASE, "--iut", "python9.9", "-o", "x"], USAGE, "no interpreter 'python9.9'"),
        (["pcap", "right.jsonl", "-o", "no/where"], USAGE, "cannot write no/where: no folder no"),
        (["bisect", CASE, "--iut", "python9.9", "--iut", "x.py"], USAGE, "no interpreter"),
        (["replay", CASE, "--repeat", "0"], USAGE, "0 is not in the range"),
        (["replay", CASE, "--examples", "0"], USAGE, "0 is not in the range"),
        (["replay", CASE, "-o", "plan.json"], USAGE, f"no plan of {CASE} failed"),
    ],
)
def test_error_is_one_line(folder: Path, arguments: list[str], status: int, words: str) -> None:
    """What is wrong is said in one line, with the status of its kind."""
    ended = sockproof_(folder, *arguments)

    assert words in ended.error
    assert ended.status == status


def test_transcript_becomes_a_capture(folder: Path) -> None:
    """A record's case is written as pcapng: section, interface, and the octets that went."""
    ended = sockproof_(folder, "pcap", "wrong.jsonl", "-o", "case.pcapng")

    assert ended.status == 0, ended.stderr
    data = (folder / "case.pcapng").read_bytes()
    assert data[:4] == b"\x0a\x0d\x0d\x0a"
    assert b"Synthesised from a transcript" in data


@pytest.mark.by_turns(3)
def test_bisect_names_the_first_change(folder: Path) -> None:
    """Every result is told, with what changed, old and new, and where for the first time."""
    same, other = sys.executable, "./broken.py"
    ended = sockproof_(folder, "bisect", BROKEN, "--iut", same, "--iut", same, "--iut", other)

    assert ended.status == 1, ended.stderr
    assert "PASS -> FAIL" in ended.stdout
    assert "first change at broken" in ended.stdout


@pytest.mark.by_turns(3)
def test_bisect_without_a_change_ends_with_0(folder: Path) -> None:
    """Nothing changed is said, too."""
    ended = sockproof_(folder, "bisect", CASE, "--iut", sys.executable, "--iut", sys.executable)

    assert ended.status == 0, ended.stderr
    assert "nothing changed" in ended.stdout
