"""A real Chromium and a server; without Chromium these tests skip, but with CI=true they fail.

A server and its first page take six seconds of a core. So those who name in the address what they look at share one.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import ROOT, chromium, server


@dataclass(frozen=True)
class App:
    """A server at an address, and where its runs and the datasets it makes lie."""

    address: str
    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def datasets(self) -> Path:
        return self.folder / "datasets"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests."""
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        if os.environ.get("CI") == "true":
            pytest.fail("expected Chromium, found none; install Debian's package chromium")
        pytest.skip("needs Chromium: install Debian's package chromium")
    expect.set_options(timeout=60_000)  # a busy machine is no failure
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


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with the runs that tests put there; each names its own in the address, and leaves the others alone."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "runs").mkdir()
    with app_on(folder) as address:
        yield App(address, folder)


@pytest.fixture(scope="module")
def empty_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a fresh server with no run at all; gives its address."""
    folder = tmp_path_factory.mktemp("empty")
    with app_on(folder) as address:
        yield address


def app_on(folder: Path) -> AbstractContextManager[str]:
    """The app with its runs and datasets in a folder."""
    return server(
        ROOT / "streamlit_app.py", CT_EXPLORER_RUNS=str(folder / "runs"), CT_EXPLORER_DATA=str(folder / "datasets")
    )


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:"))
