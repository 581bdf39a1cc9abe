"""The atlas: what changed at which version, over records of several interpreters."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from sockproof.commands.cli import run_command
from sockproof.errors import UsageError
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import Record
from sockproof.report.atlas_entries import Atlas, make_atlas
from sockproof.report.atlas_words import atlas_markdown, print_atlas
from sockproof.report.changes import Kind
from sockproof.report.html.changes_view import atlas_html
from sockproof.report.strands import in_words, joined
from suites.selftest.record_data import HOSTILE, hostile_record
from suites.selftest.small_records import LEAKED, MUST, NEWER, OBSERVED, of, write

ABSENT = Verdict.NOT_APPLICABLE
LATER = of(NEWER, "", ABSENT, reason="since Python 3.12")


def records_in(folder: Path) -> list[Record]:
    """2.7 to 3.13 and a PyPy at 3.8, not in order: a banner that changed, a later promise."""
    old = [LATER, of(OBSERVED, wording="happened"), of(MUST), of(MUST, "UDP/inet")]
    new = [of(NEWER, ""), of(OBSERVED, wording="occurred"), of(MUST, "UDP/inet"), of(MUST)]
    return [
        write(folder, "3.13.0", new),
        write(folder, "3.8.16", [*old[:1], of(OBSERVED, wording="strange")], name="PyPy"),
        write(folder, "3.8.18", [*old[:1], *new[1:]]),
        write(folder, "3.12.1", [*new[:3], of(MUST, teardown=LEAKED)]),
        write(folder, "2.7.18", old),
    ]


def printed(atlas: Atlas, *, index: bool = False) -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    print_atlas(atlas, console, index=index)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def told(atlas: Atlas, requirement: str, name: str = "") -> list[list[str]]:
    """What the index says of a requirement's verdicts, or of an observation of it."""
    (entry,) = [entry for entry in atlas.entries if entry.requirement.id == requirement]
    strands = entry.observations[name] if name else entry.verdicts
    return [[f"{cell}{joined(when)}" for cell, when in atlas.spans(one)] for one in strands]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("AAAA", ["A, the same everywhere"]),
        ("ABBB", ["A 2.7 only", "B since 3.6"]),
        ("AAAB", ["A until 3.7", "B since 3.8"]),
        ("ABBA", ["A 2.7 only", "B 3.6 to 3.7", "A since 3.8"]),
        ("AABA", ["A until 3.6", "B 3.7 only", "A since 3.8"]),
        (" AAA", ["A since 3.6"]),
        (" A  ", ["A 3.6 only"]),
        ("    ", []),
    ],
)
def test_when_in_words(cells: str, words: list[str]) -> None:
    """A value and the versions it holds in; where there is nothing to be seen, nothing is told."""
    values = [None if cell == " " else cell for cell in cells]
    found = in_words(["2.7", "3.6", "3.7", "3.8"], values, "the same everywhere")

    assert [f"{cell}{joined(when)}" for cell, when in found] == words


def test_versions_are_in_order_and_the_others_after_them(tmp_path: Path) -> None:
    """2.7 before 3.8 before 3.12; a module, and the same version again, have their own columns."""
    again = write(tmp_path / "again", "3.8.18", [of(MUST)])
    patched = write(tmp_path, "3.8.19", [of(MUST)])
    module = write(tmp_path, "3.13.0", [of(MUST)], iut="mine")
    atlas = make_atlas([module, *records_in(tmp_path), patched, again])

    labels = [column.label for column in atlas.columns]
    assert labels[:5] == ["2.7", "3.8.18", "3.8.19", "3.12", "3.13"]
    assert labels[5:] == ["mine", "pypy-3.8.16", "cpython-3.8.18 #2"]
    assert atlas.overview.startswith("5 versions of CPython, 2.7 to 3.13; beside them mine, pypy")


def test_boundaries_tell_what_a_version_brings(tmp_path: Path) -> None:
    """Promises, teardowns and observations that are not as in the version before."""
    atlas = make_atlas(records_in(tmp_path))

    found = {
        f"{one.old.label} {one.new.label}": list(one.comparison.by_kind) for one in atlas.boundaries
    }
    assert found == {
        "2.7 3.8": [Kind.OBSERVATION],
        "3.8 3.12": [Kind.UNCLEAN, Kind.BEGINS],
        "3.12 3.13": [Kind.CLEAN],
    }
    text = printed(atlas)
    assert "What changes from 2.7 to 3.8\n  other observations  1\n" in text
    assert "     wording: happened → occurred\n" in text
    assert "names/newer  since Python 3.12\n     It came later.\n" in text


def test_others_stand_beside_the_version_of_their_level(tmp_path: Path) -> None:
    """Where there is none on record they are in the index only."""
    made = [
        write(tmp_path, "3.8.18", [of(OBSERVED, wording="A")]),
        write(tmp_path, "3.8.16", [of(OBSERVED, wording="B")], name="PyPy"),
        write(tmp_path, "3.9.16", [of(OBSERVED, wording="A")], name="PyPy"),
    ]
    atlas = make_atlas(made)

    (beside,) = atlas.beside
    assert (beside.old.label, beside.new.label) == ("3.8", "pypy-3.8.16")
    assert "pypy-3.8.16 beside CPython 3.8\n  other observations  1" in printed(atlas)
    words = ["A 3.8", "B, pypy-3.8.16", "A, pypy-3.9.16"]
    assert told(atlas, OBSERVED.id, "wording") == [words]


def test_index_folds_what_is_the_same_on_all_specs(tmp_path: Path) -> None:
    """A line for all specs, or one for those that differ, each with its places."""
    atlas = make_atlas(records_in(tmp_path)[::2])

    assert told(atlas, NEWER.id) == [["not promised until 3.8", "kept since 3.13"]]
    assert told(atlas, OBSERVED.id, "wording") == [["happened 2.7 only", "occurred since 3.8"]]
    assert told(atlas, MUST.id) == [["kept, the same everywhere"]]
    leaked = make_atlas(records_in(tmp_path))
    assert [row[0] for row in told(leaked, MUST.id)] == [
        "kept until 3.8",
        "kept, the same everywhere",
    ]
    text = printed(leaked, index=True)
    assert "kept until 3.8; kept, leaked 3.12 only; kept since 3.13  TCP/inet" in text


def test_only_what_changes_between_two_versions(tmp_path: Path) -> None:
    """The boundaries within, and of the index what is not the same at both ends and between."""
    atlas = make_atlas(records_in(tmp_path), "2.7", "3.8")

    assert [(one.old.label, one.new.label) for one in atlas.boundaries] == [("2.7", "3.8")]
    assert [entry.requirement.id for entry in atlas.entries] == [OBSERVED.id]


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("3.9", "", "no record of CPython 3.9; on record: 2.7, 3.8, 3.12, 3.13"),
        ("", "new", "no record of CPython new"),
        ("3.12", "3.8", "3.12 to 3.8 is not a step forward"),
        ("3.8", "3.8", "3.8 to 3.8 is not a step forward"),
    ],
)
def test_wrong_bounds_are_refused(tmp_path: Path, first: str, last: str, problem: str) -> None:
    """One line says what is on record."""
    with pytest.raises(UsageError, match=re.escape(problem)):
        make_atlas(records_in(tmp_path), first, last)


def test_markdown_has_boundaries_and_index(tmp_path: Path) -> None:
    """A heading for every boundary, and a row for every strand."""
    text = atlas_markdown(make_atlas(records_in(tmp_path)))

    assert "### What changes from 3.8 to 3.12\n\n#### newly promised (1)\n\n- MUST `names/" in text
    assert "### `pypy-3.8.16` beside CPython 3.8" in text
    row = "| `errors/banner` | OBSERVED | `wording` | `happened` 2.7 only; `occurred` since 3.8; "
    assert row + "`strange`, `pypy-3.8.16` |" in text


def test_every_link_of_the_page_leads_somewhere(tmp_path: Path) -> None:
    """Each anchor is there once, and the page has no script."""
    page = atlas_html(make_atlas(records_in(tmp_path)))
    anchors = re.findall(r' id="([^"]*)"', page)
    links = re.findall(r' href="#([^"]*)"', page)

    assert set(links) <= set(anchors)
    assert len(anchors) == len(set(anchors))
    assert {"2.7-3.8", "index", MUST.id} <= set(links)
    assert "<script" not in page
    assert '<td colspan="2" class="held">occurred</td>' not in page
    assert '<td colspan="3" class="held">occurred</td>' in page


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Neither in the terminal nor in Markdown nor on the page is it anything else."""
    atlas = make_atlas([hostile_record(tmp_path / "a.jsonl"), *records_in(tmp_path)])

    text = printed(atlas, index=True)
    assert "[bold]x[/bold]" in text
    assert not re.search("[\x00-\x09\x0b-\x1a\x1c-\x1f\ud800\u2028\u202e]", text)
    assert "\x1b[31mx" not in text
    outside = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", atlas_markdown(atlas))
    assert "onerror" not in outside
    page = atlas_html(atlas)
    assert HOSTILE[:9] not in page
    assert not re.search(r"<(script|img)|[\x00\x1b\ud800\u2028\u202e]", page)
    assert "Incomplete run" in page
    assert "INCOMPLETE RUN" in text


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> Sequence[str]:
    """Run it in this process, for it plays nothing; the lines that it prints."""
    status = run_command(["atlas", *arguments])
    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    return told.out.splitlines()


def test_command_takes_folders_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a folder all records; a page and Markdown are written, and -k shows the index."""
    records_in(tmp_path / "records")
    files = ("--html", "a.html", "--markdown", "a.md")
    monkeypatch.chdir(tmp_path)
    lines = command(capsys, "records", *files, "--from", "3.8", "-k", "names/ or banner")

    assert lines[0].strip() == "3 versions of CPython, 3.8 to 3.13; beside them pypy-3.8.16"
    assert "  By requirement" in lines
    assert "     not promised 3.8 only; kept since 3.12" in lines
    assert "dispatch" not in "".join(lines)
    assert (tmp_path / "a.html").read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "a.md").read_text("utf-8").startswith("## sockproof atlas")


@pytest.mark.by_turns(3)
def test_command_reads_the_shipped_records(capsys: pytest.CaptureFixture[str]) -> None:
    """Without an argument there are at least 2.7 and 3.6 to 3.13, and PyPy."""
    line = command(capsys)[0]

    assert re.search(r"\d+ versions of CPython, 2\.7 to 3\.\d+; beside them .*pypy-", line)


def test_command_reads_those_of_the_socket_module(capsys: pytest.CaptureFixture[str]) -> None:
    """By its area: since when its timeout is TimeoutError."""
    lines = command(capsys, "--area", "socket", "-k", "timeout-is-timeout-error")

    assert re.search(r"\d+ versions of CPython's socket, 3\.6 to 3\.\d+; beside .*pypy-", lines[0])
    assert any("socket/timeout-is-timeout-error  since Python 3.10" in line for line in lines)


def test_what_does_not_change_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Between two versions nearly every requirement is the same, and none of these is listed."""
    last = command(capsys, "--from", "3.12", "--to", "3.13")[-1]

    found = re.fullmatch(r" *(\d+) requirements the same in every version; .*", last)
    assert found
    assert int(found[1]) > 300
