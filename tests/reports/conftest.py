"""Reports opened in a headless Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from parity.comparison import Comparison
from parity.reports.html import write_html

OpenReport = Callable[..., Any]

_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_HEIGHT = 900


class WatchedBrowser:
    """A browser whose pages note every console message, error and request to elsewhere.

    Pages are kept by their options and navigated anew, which takes half the time of opening them.
    """

    def __init__(self, browser: Any) -> None:
        self.problems: list[str] = []
        self._browser = browser
        self._pages: dict[str, Any] = {}

    def open(self, url: str, *, width: int, **options: Any) -> Any:
        page = self._page(str(sorted(options.items())), options)
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        page.goto(url)
        return page

    def _page(self, key: str, options: dict[str, Any]) -> Any:
        if key not in self._pages:
            page = self._browser.new_context(**options).new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda message: self.problems.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
            page.on("request", self._note_request)
            self._pages[key] = page
        return self._pages[key]

    def _note_request(self, request: Any) -> None:
        if not request.is_navigation_request() and not request.url.startswith("data:"):
            self.problems.append(f"request: {request.url}")


@pytest.fixture(scope="session")
def watched_browser() -> Iterator[WatchedBrowser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(f"no browser found: none of {', '.join(_NAMES)} is on the PATH")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield WatchedBrowser(browser)
        browser.close()


@pytest.fixture
def open_report(watched_browser: WatchedBrowser, tmp_path: Path) -> Iterator[OpenReport]:
    """Write the report of a comparison and open it; the test fails if the page complained or asked for anything."""
    watched_browser.problems.clear()
    numbers = count()

    def open_(comparison: Comparison, *, anchor: str = "", width: int = 1400, **options: Any) -> Any:
        path = tmp_path / f"report{next(numbers)}.html"
        write_html(comparison, path)
        return watched_browser.open(path.as_uri() + anchor, width=width, **options)

    yield open_
    assert not watched_browser.problems
