"""Reports, comparison and expectations of the records of checks, which have no level of Python."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from sockproof.commands.cli import run_command
from sockproof.commands.run import tell
from sockproof.record.reader import read_record
from sockproof.record.rows import CaseRow
from sockproof.report.html.page import report_html
from sockproof.report.markdown import summary_markdown
from sockproof.report.terminal import print_summary
from suites.selftest.check_records import ADDRESS, PROGRAM, failed, passed, silent, write_check

LEAVE = "leaving-clients-leave-nothing"
CASE = f"invariants/{LEAVE}[TCP/inet,end]"
BY_COMMAND: Mapping[str, Any] = {**PROGRAM, "address": "udp:127.0.0.1:0", "stop": ["stop", "it"]}
SERVED: Mapping[str, Any] = {
    "kind": "server",
    "address": "[::1]:0",
    "server": "chat.py:S",
    "handler": "chat.py:H",
    "stop": ["stop", "it"],
}
BY_FILE: Mapping[str, Any] = {"exchanges": "a.toml", "named": []}


def printed(path: Path) -> str:
    """What the terminal shows of a record."""
    console = Console(file=io.StringIO(), width=200)
    print_summary([read_record(path)], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("subject", "settings", "command"),
    [
        (ADDRESS, {}, f"sockproof check -k '{CASE}' 127.0.0.1:9000"),
        (PROGRAM, {}, f"sockproof check -k '{CASE}' -- python3 'it'\"'\"'s.py' '{{port}}'"),
        (
            BY_COMMAND,
            {"say": "PING\\r\\n", "patience_s": 2.5, "gentle": True},
            "sockproof check --listens udp:127.0.0.1:0 --stop 'stop it' --say 'PING\\r\\n' "
            f"--patience 2.5 --gentle -k '{CASE}' -- python3 'it'\"'\"'s.py' '{{port}}'",
        ),
        (SERVED, BY_FILE, f"sockproof check --exchanges a.toml -k '{CASE}'"),
        (
            SERVED,
            {**BY_FILE, "named": ["server", "stop"]},
            f"sockproof check --stop 'stop it' --exchanges a.toml -k '{CASE}' --server chat.py:S",
        ),
        (
            SERVED,
            {},
            "sockproof check --listens '[::1]:0' --stop 'stop it' "
            f"-k '{CASE}' --server chat.py:S --handler chat.py:H",
        ),
    ],
)
def test_what_to_type_is_a_check(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    subject: Mapping[str, Any],
    settings: Mapping[str, Any],
    command: str,
) -> None:
    """With the address, or the words of the program, quoted; and with the options that it had, but
    for what a file of examples says."""
    monkeypatch.chdir(tmp_path)
    path = Path("sockproof-report", "a.jsonl")
    record = write_check(path, [failed(LEAVE, "end")], subject, **settings)

    told = printed(record.path)

    assert f"again     {command}\n" in told
    assert "--iut" not in told
    assert command in summary_markdown([record])


def test_reports_of_a_folder_go_there_again(tmp_path: Path) -> None:
    """In the terminal, the summary, and on the page."""
    folder = tmp_path / "it's mine"
    record = write_check(folder / "a.jsonl", [failed(LEAVE, "end")], ADDRESS)

    told, summary, page = printed(record.path), summary_markdown([record]), report_html([record])

    option = f"--report-dir {shlex.quote(str(folder))}"
    assert f"sockproof check {option} -k '{CASE}' 127.0.0.1:9000" in told
    assert f"sockproof check {option} -k" in summary
    assert json.dumps(f"sockproof check {option}") in page


def test_replay_of_what_a_file_names_needs_the_file_alone(tmp_path: Path) -> None:
    """Also on the page, for requirements that follow from its examples."""
    record = write_check(tmp_path / "a.jsonl", [failed(LEAVE, "end")], SERVED, **BY_FILE)

    told, page = printed(record.path), report_html([record])

    assert f"sockproof replay {record.path} '{CASE}' --exchanges a.toml\n" in told
    assert '"subject":"","replayed":"--exchanges a.toml"' in page


@pytest.mark.parametrize(
    ("subject", "operand"),
    [(ADDRESS, "127.0.0.1:9000"), (PROGRAM, "-- python3 'it'\"'\"'s.py' '{port}'")],
)
def test_replay_and_script_are_of_the_same(
    tmp_path: Path, subject: Mapping[str, Any], operand: str
) -> None:
    """What to type next names the record, the case, and whom to ask."""
    record = write_check(tmp_path / "a.jsonl", [failed(LEAVE, "end")], subject)

    told = printed(record.path)

    for command in ("replay", "repro"):
        assert f"sockproof {command} {record.path} '{CASE}' {operand}\n" in told
    assert f"sockproof explain invariants/{LEAVE}\n" in told


def test_reports_speak_of_a_server(tmp_path: Path) -> None:
    """Nothing of teardowns and of implementations, and each finding by its hash."""
    record = write_check(tmp_path / "a.jsonl", [failed(LEAVE, "end"), passed("crowd-is-served")])

    texts = printed(record.path), summary_markdown([record]), report_html([record])

    for text in texts:
        assert "1 server" in text
        assert "addefe9d004d" in text
    assert "teardown" not in texts[0] + texts[1]
    assert "1 finding\n" in texts[0]


def told(folder: Path, *cases: CaseRow, earlier: tuple[CaseRow, ...] = ()) -> int:
    """The status that a check with these cases ends with; its reports are in ``folder``."""
    record = write_check(folder / "a.jsonl", cases)
    before = [write_check(folder / "before" / "a.jsonl", earlier)] if earlier else []
    return tell([record.path], folder, [], earlier=before)


def test_status_of_a_check(tmp_path: Path) -> None:
    """0, 1, and one of its own where nothing could be judged."""
    fails, passes, tells_nothing = failed(LEAVE, "end"), passed(LEAVE, "end"), silent(LEAVE)

    assert told(tmp_path, passes) == 0
    assert told(tmp_path, passes, fails_elsewhere := failed("crowd-is-served", "", "3 wait")) == 1
    assert told(tmp_path, fails_elsewhere, tells_nothing) == 1
    assert told(tmp_path, passes, silent("crowd-is-served")) == 0
    assert told(tmp_path, tells_nothing, silent("crowd-is-served")) == 5
    assert told(tmp_path, fails) == 1


def test_only_what_is_new_counts(tmp_path: Path) -> None:
    """The same cause in another variant is not new; it is told all the same."""
    old, same = failed(LEAVE, "end"), failed(LEAVE, "reset")
    other = failed("crowd-is-served", "", "3 wait")

    assert told(tmp_path, same, earlier=(old,)) == 0
    (found,) = json.loads((tmp_path / "findings.json").read_text("utf-8"))["checks"][0]["findings"]
    assert found["new"] is False
    assert "(not new)" in (tmp_path / "summary.md").read_text("utf-8")
    suite = ET.parse(tmp_path / "junit.xml").getroot()
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")
    assert told(tmp_path, same, other, earlier=(old,)) == 1


def test_expect_writes_what_holds_the_next_time(tmp_path: Path) -> None:
    """Without figures, so that other figures are the same deviation; and prune keeps it."""
    many = failed(LEAVE, "end", "20 clients left; 10 s later 20 more threads, 20 in a() at b.py:1")
    record = write_check(tmp_path / "a.jsonl", [many, passed("crowd-is-served")])
    file = tmp_path / "known.toml"

    status = run_command(["expect", str(record.path), "--reason", "so", "--output", str(file)])

    assert status == 0
    assert 'contains = "a() at b.py"' in file.read_text("utf-8")
    assert run_command(["expect", str(record.path), "--prune", str(file)]) == 0
    assert "[[expectation]]" in file.read_text("utf-8")


def test_compare_before_and_after_a_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What passes now is told; what was measured, and figures of the same finding, are not."""
    before = [failed(LEAVE, "end"), failed(LEAVE, "reset"), passed("crowd-is-served", latency_s=1)]
    after = [
        passed(LEAVE, "end"),
        failed(LEAVE, "reset", failed(LEAVE, "reset").actual.replace("20", "6")),
        passed("crowd-is-served", latency_s=2, fates={"served": 9}),
    ]
    paths = [
        str(write_check(tmp_path / str(number) / "chat.jsonl", cases).path)
        for number, cases in enumerate((before, after))
    ]

    assert run_command(["compare", "--gate", *paths]) == 0

    told = capsys.readouterr().out
    assert "3 cases in both, 0 regressions\n" in told
    assert told.count(f"invariants/{LEAVE}") == 1


@pytest.mark.by_turns(6)
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("atlas {0}", 4, "is of a check: an atlas is of versions of Python"),
        ("report {0} {1} --report-dir out", 3, ", subject ("),
        ("verify {0}", 0, "intact"),
        (f"bisect {CASE} --iut a --iut b", 4, "is of a check, which judges one server"),
        (f"explain {CASE}", 0, "twice 20 clients leave"),
        (f"explain {CASE.replace('end', 'never')}", 4, "its variants are end, reset"),
        ("list --check", 0, f"invariants/{LEAVE}"),
        ("find CPU 100% after disconnect", 0, "invariants/leaving-clients-spin-nothing"),
        ("check --only-new {2} 127.0.0.1:9", 4, "it is a record of a run"),
        ("check --only-new nowhere.jsonl 127.0.0.1:9", 3, "there is no record nowhere.jsonl"),
    ],
)
def test_commands_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    status: int,
    said: str,
) -> None:
    """Each command over records takes one of a check, or refuses it in one line."""
    monkeypatch.chdir(tmp_path)
    one = write_check(tmp_path / "one.jsonl", [failed(LEAVE, "end")])
    other = write_check(tmp_path / "other.jsonl", [failed(LEAVE, "reset")], ADDRESS)
    run = tmp_path / "run.jsonl"
    run.write_text(RUN, "utf-8")

    ended = run_command([word.format(one.path, other.path, run) for word in words.split(" ")])

    shown = capsys.readouterr()
    assert said in (shown.out if status == 0 else shown.err)
    assert ended == status
    assert len(shown.err.splitlines()) <= 1


RUN = '{"kind":"header","schema":3,"suite":"sockproof","implementation":{"id":"a"}}\n'
