"""A real Chromium and a fresh server; without Chromium these tests skip, but with CI=true they fail."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.browser import ROOT, chromium, server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests."""
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        if os.environ.get("CI") == "true":
            pytest.fail("expected Chromium, found none; install Debian's package chromium")
        pytest.skip("needs Chromium: install Debian's package chromium")
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new page that notes what it should not do: leave this machine, or break the content security policy."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    strangers: list[str] = []
    violations: list[str] = []
    tab.on("request", lambda request: strangers.append(request.url) if not _is_local(request.url) else None)
    tab.on(
        "console",
        lambda message: violations.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield tab
    context.close()
    assert strangers == [], "a page asked another machine"
    assert violations == [], "a page broke the content security policy"


@pytest.fixture(scope="module")
def empty_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a fresh server with no run at all; gives its address."""
    folder = tmp_path_factory.mktemp("empty")
    with app_on(folder) as address:
        yield address


def app_on(folder: Path):
    """The app with its runs and datasets in a folder."""
    return server(
        ROOT / "streamlit_app.py", CT_EXPLORER_RUNS=str(folder / "runs"), CT_EXPLORER_DATA=str(folder / "datasets")
    )


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:"))
