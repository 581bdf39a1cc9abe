"""A headless Chromium for the tests of the report page, and what one asks a page there."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from sockproof._paths import expanded
from sockproof.record.reader import Record
from sockproof.report.html.page import report_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["SIZES", "ReportPage", "launched", "open_report", "shoot"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_LONGEST_FOLDER_OCTETS = 50
SIZES = {"wide": (1400, 900), "narrow": (420, 800)}


def launched() -> Iterator[Browser]:
    """A browser for one module's tests; skips them where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"no browser on PATH: none of {', '.join(_NAMES)}")
    if not expanded("~").is_absolute():
        pytest.skip("a browser needs a home, and nobody knows that of this user")
    with _short_temporary_folder(), playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def _short_temporary_folder() -> Iterator[None]:
    """In TMPDIR, which must be there, Chromium listens at a path, which a Unix socket must take."""
    given, usable = os.environ.get("TMPDIR"), tempfile.gettempdir()
    is_short = len(os.fsencode(usable)) <= _LONGEST_FOLDER_OCTETS
    os.environ["TMPDIR"] = usable if is_short else "/tmp"
    yield
    if given is None:
        del os.environ["TMPDIR"]
    else:
        os.environ["TMPDIR"] = given


class ReportPage:
    """A report in a tab of its own, which notes all that a report must never do."""

    def __init__(self, browser: Browser, path: Path, size: str) -> None:
        width, height = SIZES[size]
        self.path = path
        self.faults: list[str] = []
        self.tab: Page = browser.new_page(viewport={"width": width, "height": height})
        self.tab.on("console", lambda said: self.faults.append(f"{said.type}: {said.text}"))
        self.tab.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.tab.on("request", lambda asked: self._request(asked.url))
        self.tab.on("dialog", lambda dialog: self._dialog(dialog))

    def _request(self, url: str) -> None:
        if url.partition("#")[0] != self.path.as_uri() and not url.startswith("data:,"):
            self.faults.append(f"request: {url}")

    def _dialog(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, **state: str) -> Page:
        """The page in this state, as its address tells it."""
        self.tab.goto("about:blank")
        self.tab.goto(f"{self.path.as_uri()}#{urlencode(state)}")
        return self.tab

    def compare(self, path: Path) -> None:
        """Give the page a second record by its button, and wait for what it makes of it."""
        self.tab.set_input_files("#compare-file", path)
        self.tab.wait_for_selector("#comparison:not([hidden])")

    def texts(self, selector: str) -> list[str]:
        """What is written in each element that is shown, in one line."""
        found = self.tab.locator(f"{selector}:visible").all_inner_texts()
        return [re.sub(r"\s+", " ", text).strip() for text in found]


def open_report(
    browser: Browser, records: Sequence[Record], folder: Path, size: str = "wide", **state: str
) -> ReportPage:
    """The report of these records, opened."""
    path = folder / "report.html"
    path.write_text(report_html(records), "utf-8")
    page = ReportPage(browser, path, size)
    page.go(**state)
    return page


def shoot(page: ReportPage, name: str, folder: Path) -> None:
    """A picture of what is shown, in both themes; also in $SOCKPROOF_SCREENSHOTS if that is set."""
    for theme in ("light", "dark"):
        page.tab.emulate_media(color_scheme=theme)
        picture = page.tab.screenshot()
        for place in filter(None, (str(folder), os.environ.get("SOCKPROOF_SCREENSHOTS"))):
            target = Path(place) / f"{name}-{theme}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(picture)
