"""Writing deviations down: an entry for what is alike, its condition, taking out what is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sockproof.judge.expectations import read_expectations
from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record, read_record
from sockproof.record.rows import CaseRow, RequirementRow, Teardown
from sockproof.record.writer import RecordWriter
from sockproof.report.expecting import draft_expectations
from sockproof.spec.levels import Level
from suites.selftest.runs import sockproof_

REQUIREMENT = RequirementRow("a/b", "a", "A promise.", Level.SHOULD, "https://x.org/y")
CLEAN = Teardown(TeardownVerdict.CLEAN)
LEAKED = Teardown(TeardownVerdict.LEAKED, ("fd 7",))


def case(spec: str, actual: str = "", teardown: Teardown = CLEAN) -> CaseRow:
    verdict = Verdict.FAIL if actual else Verdict.PASS
    return CaseRow(f"a/b[{spec}]", "a/b", spec, verdict, actual=actual, teardown=teardown)


def write(
    folder: Path, version: str, *cases: CaseRow, name: str = "CPython", **settings: object
) -> Record:
    folder.mkdir(exist_ok=True)
    about = {"id": f"{name}-{version}", "given": "", "level": version, "name": name}
    header = {"implementation": about, "settings": settings}
    with RecordWriter(folder / f"{name}-{version}.jsonl", header) as writer:
        writer.requirement(REQUIREMENT)
        for one in cases:
            writer.case(one)
    return read_record(writer.path)


def test_what_is_alike_is_one_entry(tmp_path: Path) -> None:
    """Cases of a requirement that say the same share an entry, unless another is between them."""
    record = write(
        tmp_path,
        "3.13",
        case("TCP/inet", "it hung for 5 s"),
        case("UDP/inet", "it hung for 6 s"),
        case("TCP/inet6", "another thing"),
        case("UDP/inet6"),
    )

    first, second, other = draft_expectations([record])

    assert [(one.case, one.contains) for one in (first, second)] == [
        ("a/b[TCP/inet]", "it hung for 5 s"),
        ("a/b[UDP/inet]", "it hung for 6 s"),
    ]
    assert (other.case, other.contains) == ("a/b[TCP/inet6]", "another thing")


@pytest.mark.parametrize(
    ("deviating", "patterns"),
    [
        (["TCP/inet", "TCP/inet6", "UDP/inet", "UDP/inet6"], [("a/b[*]", 4)]),
        (["TCP/inet", "TCP/inet6"], [("a/b[TCP/*]", 2)]),
        (["TCP/inet6", "UDP/inet"], [("a/b[TCP/inet6]", 1), ("a/b[UDP/inet]", 1)]),
    ],
)
def test_no_entry_takes_in_a_case_that_passes(
    tmp_path: Path, deviating: list[str], patterns: list[tuple[str, int]]
) -> None:
    """It would be stale at once: an entry has a star where all that it matches deviates alike."""
    specs = ("TCP/inet", "TCP/inet6", "UDP/inet", "UDP/inet6")
    cases = [case(spec, "it hung for 5 s" if spec in deviating else "") for spec in specs]

    drafts = draft_expectations([write(tmp_path, "3.13", *cases)])

    assert [(one.case, one.at_most) for one in drafts] == patterns


def test_what_is_not_the_same_each_time_is_intermittent(tmp_path: Path) -> None:
    """Of several runs of one version; the entry says how often it was seen."""
    runs = [
        write(tmp_path / str(n), "3.13", case("TCP/inet", "it hung" if n else ""), case("UDP/inet"))
        for n in range(3)
    ]

    (draft,) = draft_expectations(runs)

    assert draft.entry("why") | {"contains": ""} == {
        "case": "a/b[TCP/inet]",
        "verdict": "FAIL",
        "contains": "",
        "reason": "why",
        "implementation": "CPython",
        "intermittent": True,
        "seen": "2 of 3 runs",
    }


def test_version_that_did_not_play_a_case_says_nothing_of_it(tmp_path: Path) -> None:
    """A record without the case is no level at which it does not deviate."""
    records = [
        write(tmp_path, "3.8", case("UDP/inet")),
        write(tmp_path, "3.9", case("TCP/inet", "it hung")),
    ]

    (draft,) = draft_expectations(records)

    assert draft.since == ""


def test_leak_alone_is_an_entry(tmp_path: Path) -> None:
    """It passes and leaks: the entry says both."""
    record = write(tmp_path, "3.13", case("TCP/inet", teardown=LEAKED))

    (draft,) = draft_expectations([record])

    assert draft.entry("why")["verdict"] == "PASS"
    assert draft.entry("why")["teardown"] == "leaked"


@pytest.mark.parametrize(
    ("deviating", "since", "until"),
    [
        (["3.8", "3.9"], "3.8", "3.9"),
        (["3.6", "3.7"], "", "3.7"),
        (["3.9", "3.10"], "3.9", ""),
        (["3.6", "3.7", "3.8", "3.9", "3.10"], "", ""),
    ],
)
def test_several_records_tell_the_levels(
    tmp_path: Path, deviating: list[str], since: str, until: str
) -> None:
    """An end is told where a record beyond it does not deviate; 3.10 is above 3.9."""
    versions = ("3.6", "3.7", "3.8", "3.9", "3.10")
    records = [
        write(tmp_path, version, case("TCP/inet", "it hung" if version in deviating else ""))
        for version in versions
    ]

    (draft,) = draft_expectations(records)

    assert (draft.implementation, draft.since, draft.until) == ("CPython", since, until)


def test_implementations_have_their_own_entries(tmp_path: Path) -> None:
    """What PyPy does says nothing about CPython."""
    records = [
        write(tmp_path, "3.9", case("TCP/inet", "it hung"), name=name)
        for name in ("CPython", "PyPy")
    ]

    assert [one.implementation for one in draft_expectations(records)] == ["CPython", "PyPy"]


def test_entries_are_written_read_and_taken_out(tmp_path: Path) -> None:
    """The command's file is one that a run takes; pruning leaves comments and what still holds."""
    write(tmp_path, "3.13", case("TCP/inet", "it hung"), case("UDP/inet", "a reset came"))
    file = tmp_path / "known.toml"

    written = sockproof_(
        tmp_path, "expect", "CPython-3.13.jsonl", "--output", "known.toml", "--reason", "old"
    )
    assert written.status == 0, written
    assert [one.case for one in read_expectations(file)] == ["a/b[TCP/inet]", "a/b[UDP/inet]"]

    file.write_text("# kept by hand\n" + file.read_text("utf-8"), "utf-8")
    write(tmp_path, "3.13", case("TCP/inet"), case("UDP/inet", "a reset came"))
    pruned = sockproof_(tmp_path, "expect", "--prune", "known.toml", "CPython-3.13.jsonl")

    assert pruned.status == 0, pruned
    told = "taken out: a/b[TCP/inet]: CPython-3.13: FAIL was expected, and it is PASS"
    assert told in pruned.stdout
    assert file.read_text("utf-8").startswith("# kept by hand")
    assert [one.case for one in read_expectations(file)] == ["a/b[UDP/inet]"]


def test_reason_is_asked_for(tmp_path: Path) -> None:
    """Without --reason the entries are printed with none, and a run refuses them so."""
    write(tmp_path, "3.13", case("TCP/inet", "it hung"))

    printed = sockproof_(tmp_path, "expect", "CPython-3.13.jsonl")
    (tmp_path / "known.toml").write_text(printed.stdout, "utf-8")
    refused = sockproof_(tmp_path, "run", "--expectations", "known.toml", "-k", "names/")

    assert 'reason = ""' in printed.stdout
    assert refused.status == 4
    assert "'reason' is empty" in refused.error
