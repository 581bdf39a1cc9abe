"""The report page in a browser: it opens, filters, shows a case, and follows the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from sockproof.judge.verdict import Verdict
from suites.selftest.browser import ReportPage, launched, open_report, shoot
from suites.selftest.record_data import write_demo
from suites.selftest.small_records import MUST, of, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAILED = {
    "iut": "my_socketserver",
    "case": "serving/shutdown-waits-for-loop[ThreadingTCP/inet]",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this module."""
    yield from launched()


@pytest.fixture(scope="module")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReportPage]:
    """The demo, with expectations and a reference."""
    folder = tmp_path_factory.mktemp("demo")
    page = open_report(browser, write_demo(folder, known=True), folder)
    yield page
    page.tab.close()


def state_of(page: ReportPage) -> dict[str, list[str]]:
    """The state that the page's address tells, asked there: the browser tells it a little later."""
    return parse_qs(str(page.tab.evaluate("location.hash")).removeprefix("#"))


def focused(page: ReportPage) -> str:
    """The class, else the id, of what has the focus."""
    return str(page.tab.evaluate("document.activeElement.className || document.activeElement.id"))


@pytest.mark.by_turns(5)
def test_page_opens_in_silence(demo: ReportPage, tmp_path: Path) -> None:
    """Nothing is said on the console, and nothing is asked of any network, in any view."""
    demo.go()
    shoot(demo, "start", tmp_path)
    for state in ({"view": "documentation"}, FAILED, {"v": "known stale differs", "open": "x"}):
        demo.go(**state)

    assert demo.faults == []


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (
            {"v": "FAIL"},
            ["serving/shutdown-waits-for-loop ~", "streams/flush-after-reset-is-quiet"],
        ),
        ({"v": "known"}, ["streams/flush-after-reset-is-quiet"]),
        ({"v": "stale"}, ["dispatch/order-of-calls"]),
        ({"v": "differs"}, ["serving/poll-interval-rounding ~"]),
        ({"level": "MAY"}, ["names/extra-names"]),
        ({"area": "names", "q": "WITHOUT fork"}, ["names/fork-names-without-fork"]),
    ],
)
def test_filters(demo: ReportPage, state: dict[str, str], shown: list[str]) -> None:
    """Only the requirements that the filters in the address want are shown, and are counted."""
    demo.go(**state)

    assert demo.texts("tr.req .req-id") == shown
    assert demo.texts("#shown") == [f"{len(shown)} of 58 requirements"]


def test_filters_go_into_the_address(demo: ReportPage) -> None:
    """What is clicked and typed is in the address; clear takes it out; / goes to the search."""
    tab = demo.go()
    tab.click("[data-value=INCONCLUSIVE]")
    tab.keyboard.press("/")
    tab.keyboard.type("udp")
    assert state_of(demo) == {"v": ["INCONCLUSIVE"], "q": ["udp"]}
    assert demo.texts("tr.req .req-id") == ["failures/listener-closed-under-loop ~"]

    tab.click("#clear")
    assert state_of(demo) == {}


def test_cell_leads_to_its_case(demo: ReportPage) -> None:
    """A cell opens the case that explains it; Escape closes it, and the focus is back."""
    tab = demo.go(q="shutdown-waits")
    tab.click("tr.req:visible .cell[data-i='2']")

    assert demo.texts(".drawer-bar .verdict") == ["FAIL"]
    assert demo.texts(".case-id") == [FAILED["case"]]
    assert state_of(demo)["iut"] == ["my_socketserver"]
    tab.keyboard.press("Escape")
    assert not tab.is_visible("#drawer")
    assert focused(demo) == "cell"


def test_keys_walk_through_the_cases(demo: ReportPage) -> None:
    """j and k are the next and the previous case, the arrows the other implementations."""
    tab = demo.go(**FAILED)
    for key, case, iut in (
        ("j", "[ThreadingTCP/inet6]", "my_socketserver"),
        ("k", "[ThreadingTCP/inet]", "my_socketserver"),
        ("ArrowLeft", "[ThreadingTCP/inet]", "cpython-3.13.0"),
        ("ArrowRight", "[ThreadingTCP/inet]", "my_socketserver"),
    ):
        tab.keyboard.press(key)
        assert demo.texts(".case-id") == [f"serving/shutdown-waits-for-loop{case}"]
        assert state_of(demo)["iut"] == [iut]


def test_drawer_tells_a_known_deviation(demo: ReportPage) -> None:
    """The mark, the word and the reason; no expectation is offered for what has one."""
    demo.go(iut="cpython-3.13.0", case="streams/flush-after-reset-is-quiet[ForkingTCP/inet]")

    assert demo.texts(".drawer-bar .mark") == ["K"]
    assert demo.texts(".drawer-bar .verdict") == ["FAIL, known"]
    assert any(text.startswith("finish() flushes again.") for text in demo.texts(".says dd"))
    assert not any("expectation" in text for text in demo.texts(".command"))


def test_drawer_tells_the_difference(demo: ReportPage, tmp_path: Path) -> None:
    """An observation that is not the reference's has the reference's beside it."""
    demo.go(iut="my_socketserver", case="serving/poll-interval-rounding[TCP/inet]")

    assert demo.texts(".drawer-bar .verdict") == ["OBSERVED, ≠ differs"]
    assert demo.texts("tr.differs .reference") == ["≠ cpython-3.13.0: 55"]
    shoot(demo, "differs", tmp_path)


def test_drawer_gives_what_to_copy(demo: ReportPage) -> None:
    """Commands that play the case again and show it alone, and an entry for the expectations."""
    demo.go(**FAILED)
    *commands, entry = demo.tab.locator(".command code").all_inner_texts()

    case = "'serving/shutdown-waits-for-loop[ThreadingTCP/inet]'"
    assert commands == [
        f"sockproof run --iut ./my_socketserver.py -k {case} --keep all",
        f"sockproof replay {case} --iut ./my_socketserver.py --repeat 20",
        f"sockproof repro {case} --iut ./my_socketserver.py -o repro.py",
    ]
    assert entry.splitlines() == [
        "[[expectation]]",
        'case = "serving/shutdown-waits-for-loop[ThreadingTCP/inet]"',
        'verdict = "FAIL"',
        'contains = "shutdown() returned 0.2 ms before the loop ended, 200 of 200"',
        'reason = ""',
    ]


def test_commands_of_generated_plans_have_their_seed(browser: Browser, tmp_path: Path) -> None:
    """Else they would generate other plans."""
    case = of(MUST, verdict=Verdict.FAIL, generated={"seed": 5, "plans": 3})
    page = open_report(browser, [write(tmp_path, "3.13.0", [case], [MUST])], tmp_path)

    page.go(iut="cpython-3.13.0", case=case.id)

    commands = page.texts(".command code")[:3]
    assert [command.split()[1] for command in commands] == ["run", "replay", "repro"]
    assert all(command.endswith(" --seed 5") for command in commands)
    page.tab.close()


def test_stacks_of_a_hang_are_shown(demo: ReportPage) -> None:
    """A case that hung shows where its threads were."""
    demo.go(iut="my_socketserver", case="failures/listener-closed-under-loop[UDP/inet]")

    assert any("selectors.py 415 select" in text for text in demo.texts(".captured pre"))


def test_documentation_view(demo: ReportPage, tmp_path: Path) -> None:
    """Promises stand under the headings of the documentation, with each implementation's mark."""
    tab = demo.go(view="documentation")
    shoot(demo, "documentation", tmp_path)

    assert demo.texts(".doc-chapter h3") == ["Server classes", "Server Objects"]
    assert tab.get_attribute(".doc-entry h4 a", "href") == (
        "https://docs.python.org/3/library/socketserver.html#module-socketserver"
    )
    promise = tab.locator("li.promise", has_text="finish() swallows the error")
    assert promise.locator(".mark").all_inner_texts() == ["K", "K", "F"]
    promise.locator(".cell").nth(2).click()
    assert demo.texts(".case-id") == ["streams/flush-after-reset-is-quiet[ForkingTCP/inet]"]


def test_documentation_view_is_filtered(demo: ReportPage) -> None:
    """The switch keeps the filters, and is a part of the address."""
    tab = demo.go(v="stale")
    tab.click("[data-view=documentation]")

    assert state_of(demo) == {"view": ["documentation"], "v": ["stale"]}
    assert demo.texts("li.promise .promise-title") == [
        "get_request, verify_request, process_request come in this order"
    ]
    assert not tab.is_visible("#table")


@pytest.mark.by_turns(5)
@pytest.mark.parametrize("view", ["", "documentation", "drawer"])
def test_narrow_screen(browser: Browser, demo: ReportPage, tmp_path: Path, view: str) -> None:
    """On a small screen the page itself never scrolls sideways."""
    state = FAILED if view == "drawer" else {"view": view}
    page = ReportPage(browser, demo.path, "narrow")
    page.go(**state)
    shoot(page, f"narrow-{view or 'start'}", tmp_path)

    width = page.tab.evaluate("document.documentElement.scrollWidth")
    assert width <= 420
    page.tab.close()


def test_print_shows_all_rows(demo: ReportPage) -> None:
    """On paper nothing scrolls, and what is only for the screen is left out."""
    tab = demo.go()
    tab.emulate_media(media="print")

    assert not tab.is_visible("#filters")
    assert tab.evaluate("getComputedStyle(document.getElementById('frame')).overflow") == "visible"
    tab.emulate_media(media="screen")
