"""The report page: what it shows, and that nothing in a record comes alive in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sockproof.judge.verdict import TeardownVerdict, Verdict
from sockproof.record.reader import Record
from sockproof.record.rows import CaseRow, RequirementRow, Teardown
from sockproof.report.html.page import report_html
from sockproof.report.html.runs import bar_parts
from sockproof.spec.levels import Level
from suites.selftest.record_data import (
    HOSTILE,
    REQUIREMENT,
    case_row,
    hostile_record,
    write_demo,
    write_record,
)

VOID = {"meta", "link", "input", "br", "img", "wbr"}


class Page(HTMLParser):
    """A page as a browser splits it: elements, text outside scripts, and what is in scripts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        if tag == "script":
            self.scripts.append((named, ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))

    @property
    def data(self) -> Any:
        return json.loads(self.scripts[0][1])

    @property
    def details(self) -> list[Any]:
        return [json.loads(line) for line in self.scripts[1][1].splitlines()]


def page_of(*records: Record) -> Page:
    """The page of these records, parsed."""
    return Page(report_html(records))


@pytest.mark.by_turns(3)
def test_page_is_one_file_that_loads_nothing(tmp_path: Path) -> None:
    """No element refers to anything outside the file but links to sources."""
    html = report_html(write_demo(tmp_path))
    page = Page(html)

    assert not page.open
    assert {"img", "iframe", "object", "embed", "base"}.isdisjoint(tag for tag, _ in page.tags)
    assert all("src" not in attributes for _, attributes in page.tags)
    assert [a["href"] for tag, a in page.tags if tag == "link"] == ["data:,"]
    assert "url(" not in html
    assert "@import" not in html


def test_only_our_script_may_run(tmp_path: Path) -> None:
    """The page's policy names the digest of its one script, so that no other runs."""
    page = page_of(*write_demo(tmp_path))
    ((_, script),) = [one for one in page.scripts if "type" not in one[0]]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [a["content"] for _, a in page.tags if "http-equiv" in a]

    assert f"script-src 'sha256-{digest}';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not any("style" in attributes for _, attributes in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


@pytest.mark.by_turns(3)
def test_hostile_record_is_inert(tmp_path: Path) -> None:
    """What an implementation said is text: no element, no attribute, no link comes of it."""
    page = page_of(hostile_record(tmp_path / "a.jsonl"))

    assert [attributes.get("id") for attributes, _ in page.scripts] == ["data", "details", None]
    assert "alert(" not in page.scripts[2][1]
    assert not any(tag == "img" for tag, _ in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert all(link.startswith("#iut=") for link in links)
    assert page.data["requirements"][0]["link"] == ""
    assert "</script><script>alert(1)</script><img src=x onerror=alert(2)>" in page.text
    assert not page.open


@pytest.mark.by_turns(3)
def test_hostile_text_is_in_the_data_as_visible_text(tmp_path: Path) -> None:
    """Control characters are escapes already in the data; a megabyte is cut, and says so."""
    page = page_of(hostile_record(tmp_path / "a.jsonl"))
    strings = page.data["strings"]

    shown = HOSTILE.replace("\x00\x1b[31m\ud800\u2028\u202e", r"\x00\x1b[31m\ud800\u2028\u202e")
    assert shown.replace("\r", r"\r") in strings
    assert not any(re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\u2028]", text) for text in strings)
    cut = [text for text in strings if "AAAA" in text]
    assert [len(text) < 21_000 for text in cut] == [True]
    assert "cut here: the record has 1,048," in cut[0]


@pytest.mark.by_turns(3)
def test_scripts_hold_no_markup(tmp_path: Path) -> None:
    """The data blocks are ASCII without any character that markup is made of."""
    page = page_of(hostile_record(tmp_path / "a.jsonl"))

    for _, text in page.scripts[:2]:
        assert text.isascii()
        assert not re.search("[<>&]", text)


def test_octets_are_kept_for_the_transcript(tmp_path: Path) -> None:
    """Every octet of an excerpt is in the data, to be shown as text or hexadecimal."""
    page = page_of(hostile_record(tmp_path / "a.jsonl"))
    ((_, _, _, _, _, payload),) = page.details[0]["events"]

    assert page.data["payloads"][payload - 1] == ["".join(map(chr, range(256))), 1 << 20, ""]


def test_only_web_addresses_become_links(tmp_path: Path) -> None:
    """A source of another scheme, or words, stay text."""
    sources = ["https://a/b#c", "HTTP://a/", "javascript:alert(1)", "data:text/html,x", "gh-1234"]
    rows = [
        RequirementRow(f"a/r{n}", "a", "R.", Level.MUST, source) for n, source in enumerate(sources)
    ]
    page = page_of(write_record(tmp_path / "a.jsonl", [], rows))

    links = [requirement["link"] for requirement in page.data["requirements"]]
    assert links == ["https://a/b#c", "HTTP://a/", "", "", ""]


def test_attention_is_readable_without_script(tmp_path: Path) -> None:
    """Counts, what needs attention and the matrix are in the page itself."""
    text = page_of(*write_demo(tmp_path)).text

    assert "Needs attention 5" in text
    assert "shutdown() returned 0.2 ms before the loop ended, 200 of 200 tries" in text
    assert "fail, 16 of 40 cases" in text
    assert "leaked, 8 of 16 cases" in text
    assert re.search(r"1097 ?/1113", text)
    assert "nonconformant" in text
    assert text.index("Needs attention") < text.index("Matrix") < text.index("binding/port-zero")


def test_attention_is_gravest_first(tmp_path: Path) -> None:
    """Failures come before errors, errors before inconclusive cases, teardown last."""
    text = page_of(*write_demo(tmp_path)).text
    start = text.index("Needs attention")
    order = ["shutdown-waits", "flush-after", "descriptor-ex", "listener-closed", "children-are"]

    places = [text.index(word, start) for word in order]
    assert places == sorted(places)


def test_nothing_needs_attention(tmp_path: Path) -> None:
    """A clean run opens on the sentence that nothing needs attention."""
    page = page_of(write_record(tmp_path / "a.jsonl", [case_row()]))

    assert "Nothing needs attention." in page.text
    assert "Incomplete run" not in page.text


def test_incomplete_is_loud_on_the_page(tmp_path: Path) -> None:
    """A banner with the reason, NO in the row, INCOMPLETE over the column."""
    page = page_of(write_record(tmp_path / "a.jsonl", [case_row()], finish=False))

    assert ("section", {"class": "alarm", "role": "alert"}) in page.tags
    assert "Incomplete run cpython-3.13.0 : the run ended before the record's last" in page.text
    assert "strict so far" in page.text
    assert " NO " in page.text
    assert " INCOMPLETE " in page.text
    assert "Nothing needs attention in what was recorded." in page.text


def test_cells_sum_up_their_cases(tmp_path: Path) -> None:
    """A cell has the worst verdict, passed of applicable cases, and a mark for teardown."""
    leak = Teardown(TeardownVerdict.STILL_RUNNING, ("thread Thread-3",))
    cases = [case_row("a"), case_row("b", Verdict.FAIL), case_row("c", teardown=leak)]
    cases.append(case_row("d", Verdict.NOT_APPLICABLE))
    page = page_of(write_record(tmp_path / "a.jsonl", cases))
    (cell,) = [attributes for _, attributes in page.tags if attributes.get("class") == "cell"]

    assert cell["title"] == "cpython-3.13.0: fail, 2 of 3 passed, teardown still running"
    assert cell["data-t"] == "still running"


def test_cells_decode_to_the_cases(tmp_path: Path) -> None:
    """The compact data leads back to verdict, teardown, duration and detail of each case."""
    leak = Teardown(TeardownVerdict.LEAKED, ("fd 7",))
    failed = case_row("b", Verdict.FAIL, expected="e", actual="a", teardown=leak, duration_s=0.25)
    page = page_of(write_record(tmp_path / "a.jsonl", [case_row("a"), failed]))
    data = page.data
    (requirement,) = data["requirements"]
    (label_a, cell_a), (label_b, (code, milliseconds, line)) = requirement["rows"]

    assert [data["strings"][label] for label in (label_a, label_b)] == ["a", "b"]
    assert cell_a == [0, 0.0]
    assert data["verdicts"][code & 7] == "FAIL"
    assert data["teardowns"][code >> 3] == "leaked"
    assert milliseconds == 250.0
    detail = page.details[line - 1]
    assert data["strings"][detail["actual"]] == "a"
    assert [data["strings"][leak] for leak in detail["leaks"]] == ["fd 7"]


def test_implementations_stand_side_by_side(tmp_path: Path) -> None:
    """A case that a record does not have is an empty cell; differences are marked."""
    first = write_record(tmp_path / "a.jsonl", [case_row("a"), case_row("b")], iut="one")
    second = write_record(tmp_path / "b.jsonl", [case_row("b", Verdict.FAIL)], iut="two")
    page = page_of(first, second)
    (requirement,) = page.data["requirements"]

    assert [[bool(cell) for cell in cells] for _, *cells in requirement["rows"]] == [
        [True, False],
        [True, True],
    ]
    assert requirement["varies"] is True
    assert page_of(first, first).data["requirements"][0]["varies"] is False


@pytest.mark.parametrize(
    ("one", "two", "varies"),
    [({"errno": 98}, {"errno": 48}, True), ({"s": 0.1}, {"s": 0.2}, False), ({}, {"a": 1}, True)],
)
def test_observations_can_differ(
    tmp_path: Path, one: dict[str, Any], two: dict[str, Any], varies: bool
) -> None:
    """Observations that are not the same mark the requirement; measured times do not."""
    first = write_record(tmp_path / "a.jsonl", [case_row(observations=one)])
    second = write_record(tmp_path / "b.jsonl", [case_row(observations=two)])

    assert page_of(first, second).data["requirements"][0]["varies"] is varies


def test_case_ids_of_any_form_can_be_found(tmp_path: Path) -> None:
    """An id without brackets, with a parameter, or of another form keeps its label."""
    ids = [REQUIREMENT.id, f"{REQUIREMENT.id}[TCP/inet,7]", "something-else"]
    cases = [CaseRow(case_id, REQUIREMENT.id, "", Verdict.PASS) for case_id in ids]
    data = page_of(write_record(tmp_path / "a.jsonl", cases)).data
    labels = [data["strings"][label] for label, _ in data["requirements"][0]["rows"]]

    assert labels == ["", "TCP/inet,7", "=something-else"]


def test_repeated_details_are_stored_once(tmp_path: Path) -> None:
    """A thousand cases without fork have one reason between them."""
    cases = [
        case_row(f"s{n}", Verdict.NOT_APPLICABLE, reason="this platform has no fork")
        for n in range(1000)
    ]
    page = page_of(write_record(tmp_path / "a.jsonl", cases))

    assert len(page.details) == 1
    assert len(page.scripts[0][1]) < 60_000


def test_no_records_give_a_page() -> None:
    """A page of nothing is still a page."""
    assert "Nothing needs attention" in page_of().text


def test_two_runs_of_one_implementation_are_two_columns(tmp_path: Path) -> None:
    """Records with the same id are told apart, so that each cell opens its own case."""
    first = write_record(tmp_path / "a.jsonl", [case_row(verdict=Verdict.FAIL)])
    second = write_record(tmp_path / "b.jsonl", [case_row(verdict=Verdict.FAIL)])
    page = page_of(first, second)

    names = [one["id"] for one in page.data["implementations"]]
    assert names == ["cpython-3.13.0", "cpython-3.13.0 #2"]
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    assert {link.partition("&")[0] for link in links} == {
        "#iut=cpython-3.13.0",
        "#iut=cpython-3.13.0+%232",
    }


def test_known_and_stale_are_told_in_words(tmp_path: Path) -> None:
    """A known deviation needs no attention, a stale expectation does; cells and counts say so."""
    page = page_of(*write_demo(tmp_path, known=True))
    titles = [attributes.get("title", "") for _, attributes in page.tags]

    assert "cpython-3.8.18: fail, 19 of 20 passed, known deviation" in titles
    assert "cpython-3.13.0: pass, 40 of 40 passed, stale expectation" in titles
    assert "FAIL was expected (cpython.toml: Once out of order.)" in page.text
    assert "stale, 1 of 40 cases" in page.text
    for words in ("K known deviation", "S stale expectation", "≠ differs from the reference"):
        assert words in page.text
    for words in ("known 2", "stale 1", "differs 40"):
        assert words in page.text


def test_differences_stand_beside_the_verdict(tmp_path: Path) -> None:
    """A cell counts the cases that differ from the reference; the detail has both values."""
    page = page_of(*write_demo(tmp_path, known=True))
    strings = page.data["strings"]
    (turns,) = [
        [strings[number] for number in seen]
        for detail in page.details
        for seen in detail.get("seen", ())
        if len(seen) == 3
    ]
    (cell,) = [a for _, a in page.tags if "differing" in a.get("title", "")]

    assert turns == ["turns", "56", "55"]
    assert cell["title"].endswith("40 of 40 passed, 40 differing from the reference")


def test_no_bar_hides_a_failure() -> None:
    """One failure of ten thousand is a part that can be seen; the parts fill the bar."""
    parts = bar_parts({"P": 9999, "F": 1, "I": 0})

    assert [letter for letter, _, _ in parts] == ["P", "F"]
    assert parts[1][2] > 4
    assert sum(width for _, _, width in parts) == pytest.approx(100, abs=0.1)
