"""What a record says of itself: every line has a digest, the footer counts, ``verify`` tells, and
no command takes a record that was changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sockproof.commands.cli import run_command
from sockproof.errors import ChangedRecord, RecordError
from sockproof.judge.verdict import Verdict
from sockproof.record.reader import read_record
from suites.selftest.record_data import TRANSCRIPT, case_row, write_record
from suites.selftest.sealed_lines import lines_of, write_sealed

Line = bytes
Edit = Callable[[list[Line]], list[Line]]
FAILING = [case_row(f"TCP/{n}", Verdict.FAIL, expected="a", actual="b") for n in range(10)]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record of ten failures and a pass: its lines 3 to 13."""
    path = tmp_path / "a.jsonl"
    write_record(path, [*FAILING, case_row("UDP/inet")])
    return path


def edited(path: Path, edit: Edit) -> Path:
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The status of ``verify``, and what it and its error say."""
    status = run_command(["verify", *arguments])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


PASSED = b'"verdict":"PASS"'
EDITS: dict[str, tuple[Edit, str]] = {
    "a verdict": (
        lambda lines: [line.replace(b'"verdict":"FAIL"', PASSED) for line in lines],
        "first at line 3 ('dispatch/order-of-calls[TCP/0]')",
    ),
    "a text": (lambda own: [*own[:6], own[6].replace(b'"b"', b'"c"'), *own[7:]], "first at line 7"),
    "a level": (lambda own: [own[0], own[1].replace(b"MUST", b"MAY"), *own[2:]], "first at line 2"),
    "a header": (lambda own: [own[0].replace(b"0.1.0", b"0.1.1"), *own[1:]], "first at line 1"),
    "a footer": (lambda own: [*own[:-1], own[-1].replace(b":10", b":11")], "first at line 14"),
    "a line is gone": (lambda own: [*own[:4], *own[5:]], "first at line 5"),
    "two lines are gone": (lambda own: [*own[:4], *own[6:]], "first at line 5"),
    "a line is there twice": (lambda own: [*own[:5], *own[4:]], "first at line 6"),
    "two have changed places": (
        lambda own: [*own[:4], own[5], own[4], *own[6:]],
        "first at line 5",
    ),
    "a digest is gone": (
        lambda own: [*own[:3], own[3][:-30] + b"}\n", *own[4:]],
        "first at line 4",
    ),
    "blanks": (lambda own: [own[0], own[1].replace(b":", b": "), *own[2:]], "first at line 2"),
    "line ends": (lambda lines: [line[:-1] + b"\r\n" for line in lines], "first at line 1"),
    "no JSON": (lambda own: [*own[:5], b'{"kind":\n', *own[6:]], "line 6 is malformed"),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_changed_is_told_with_its_line(
    record: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The first line that is not as it was written; every reader refuses it."""
    edit, where = EDITS[name]
    edited(record, edit)

    status, words = told(capsys, str(record))

    assert (status, where in words) == (1, True), words
    assert words.strip().startswith("changed")
    for light in (False, True):
        with pytest.raises(ChangedRecord):
            read_record(record, light=light)


def test_intact_and_incomplete(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One as it was written, and those of a run that ended early, wherever it was cut."""
    assert told(capsys, str(record))[0] == 0
    text = record.read_bytes()
    for end in (text.rindex(b"\n", 0, -1) + 1, len(text) - 5, len(text) // 2):
        record.write_bytes(text[:end])
        status, words = told(capsys, str(record))
        assert (status, words.split()[0]) == (3, "incomplete"), words


def test_folder_is_all_of_its_records(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The worst of them counts: changed, then incomplete."""
    write_record(record.parent / "b.jsonl", [case_row()], finish=False)
    assert told(capsys, str(record.parent))[0] == 3

    edited(record, EDITS["a verdict"][0])

    status, words = told(capsys, str(record.parent))
    assert (status, len(words.strip().splitlines())) == (1, 2)


def older(path: Path, **changes: Any) -> Path:
    """The record as it was written before there were digests."""
    lines = lines_of(path)
    lines[0]["schema"] = 3
    for key in ("levels", "whole"):
        del lines[-1][key]
    for line in lines[2:-1]:
        line.update(changes)
    return write_sealed(path, lines)


def test_older_record_says_which_it_is(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is read, and only its footer can be held against it."""
    status, words = told(capsys, str(older(record)))

    assert status == 0
    assert "schema 3 without digests: only its footer was held against its lines" in words
    assert len(read_record(record).cases) == 11


def test_footer_of_an_older_record_counts(record: Path) -> None:
    """FAIL lines made to PASS, while the footer counts ten."""
    older(record, verdict="PASS")

    with pytest.raises(ChangedRecord, match="counts 1 PASS, and the lines above it are 11"):
        read_record(record)


def test_footer_is_held_against_the_lines(record: Path) -> None:
    """Whoever makes the digests anew, but not what the footer says of levels or of the whole."""
    *lines, footer = lines_of(record)
    write_sealed(record, [*lines, footer | {"levels": {"MAY": {"PASS": 1, "FAIL": 10}}}])
    with pytest.raises(ChangedRecord, match="counts 11 MAY, and the lines above it are 0"):
        read_record(record)

    write_sealed(record, [*lines, footer], whole="0" * 64)
    with pytest.raises(ChangedRecord, match="its lines are not those of its footer"):
        read_record(record)


COMMANDS = ("report", "compare --gate", "atlas", "expect", "replay", "repro", "pcap --output x")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_what_was_changed(
    record: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any, command: str
) -> None:
    """In one line, and with 3: also where FAIL became PASS."""
    monkeypatch.chdir(record.parent)
    shutil.copy(record, "good.jsonl")
    edited(record, EDITS["a verdict"][0])
    more = ["good.jsonl"] if command.startswith("compare") else []

    status = run_command([*command.split(), *more, "a.jsonl"])

    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert (status, "a.jsonl was changed, first at line 3" in error) == (3, True), error


def test_evidence_that_has_changed_meanwhile_is_noticed(tmp_path: Path) -> None:
    """A light record fetches it from the file, which is another by then."""
    path = tmp_path / "a.jsonl"
    write_record(path, [case_row(str(n), stderr="x", transcript=TRANSCRIPT) for n in range(3)])
    light, whole = read_record(path, light=True), read_record(path)
    assert light.cases[1].transcript == ()
    assert [light.whole(case) for case in light.cases] == list(whole.cases)

    edited(path, lambda lines: lines[1:])

    with pytest.raises(RecordError, match="was changed while it was read"):
        light.whole(light.cases[1])


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key of a user's, whose public half is in ``signers``."""
    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen here")
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    public = path.with_suffix(".pub").read_text()
    (tmp_path / "signers").write_text(f"me@example.org {public}")
    return path


def test_signature_proves(record: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who signed it is told; what was signed and is another now, with digests in order, is not."""
    signers = str(key.with_name("signers"))
    assert told(capsys, "--signers", signers, str(record))[0] == 1
    assert told(capsys, "--sign", str(key), str(record))[0] == 0

    status, words = told(capsys, "--signers", signers, str(record))
    assert (status, "signed by me@example.org" in words) == (0, True), words

    lines = lines_of(record)
    lines[-2]["verdict"], lines[-1]["counts"] = "FAIL", {"FAIL": 11}
    lines[-1]["levels"] = {"MUST": {"FAIL": 11}}
    write_sealed(record, lines)
    assert told(capsys, str(record))[0] == 0
    status, words = told(capsys, "--signers", signers, str(record))
    assert (status, "its signature is of something else" in words) == (1, True), words


def test_what_was_changed_is_not_signed(
    record: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No signature of ours says more than the record does."""
    edited(record, EDITS["a text"][0])

    assert told(capsys, "--sign", str(key), str(record))[0] == 1
    assert not record.with_name("a.jsonl.sig").exists()


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--sign", "a.jsonl", "a.jsonl"], 4, "a.jsonl does not sign"),
        (["--sign", "none", "a.jsonl"], 4, "none"),
        (["--sign", "a.jsonl", "--signers", "a.jsonl", "a.jsonl"], 4, "give one of them"),
        (["none.jsonl"], 3, "there is no record none.jsonl"),
        (["signers"], 3, "is not a record of sockproof"),
    ],
)
def test_wrong_use_is_one_line(
    record: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    words: str,
) -> None:
    """What is wrong, and what to do."""
    monkeypatch.chdir(record.parent)

    ended, said = told(capsys, *arguments)

    assert (ended, words in said.splitlines()[-1]) == (status, True), said


def test_missing_tool_is_one_line(
    record: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ssh-keygen nothing is signed; the rest of verify needs nothing."""
    monkeypatch.setenv("PATH", str(record.parent))

    assert told(capsys, str(record))[0] == 0
    status, words = told(capsys, "--sign", str(record), str(record))
    assert (status, "there is no ssh-keygen here; install OpenSSH" in words) == (3, True), words


def test_digest_is_as_the_schema_describes_it(record: Path) -> None:
    """By whoever reads the schema's description alone."""
    before = ""
    for line in record.read_bytes().splitlines():
        told_digest = json.loads(line)["digest"]
        bare = line.replace(f',"digest":"{told_digest}"'.encode(), b"") + b"\n"
        assert sha256(before.encode() + bare).hexdigest()[:16] == told_digest
        before = told_digest
