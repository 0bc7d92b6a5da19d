"""From a click to the repainted page with all libraries loaded, over the same page without them."""

import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from benchmarks.browser import chromium, server, wait_for
from benchmarks.measured import Measured

CLICKS = 18
_PAGE = """
import streamlit as st
{warm_up}
st.session_state.clicks = st.session_state.get("clicks", 0)
st.button("Again", on_click=lambda: st.session_state.update(clicks=st.session_state.clicks + 1))
st.write(f"clicked {{st.session_state.clicks}} times")
{tell}
"""
_WARM = "from pages.shared import warmup\nthread = warmup.start()"
_TELL = 'st.write("libraries loaded" if not thread.is_alive() else "loading")'


def run() -> list[Measured]:
    """The same page on two servers at once, clicked in turns."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        bare, loaded = Path(folder) / "bare.py", Path(folder) / "loaded.py"
        bare.write_text(_PAGE.format(warm_up="", tell=""))
        loaded.write_text(_PAGE.format(warm_up=_WARM, tell=_TELL))
        with server(bare) as bare_at, server(loaded) as loaded_at:
            without, with_all = browser.new_page(), browser.new_page()
            without.goto(bare_at)
            with_all.goto(loaded_at)
            wait_for(without, "clicked 0 times")
            clicks = _until_loaded(with_all)
            seconds: dict[str, list[float]] = {"without": [], "with": []}
            for click in range(CLICKS):
                seconds["without"].append(_click(without, click + 1))
                seconds["with"].append(_click(with_all, clicks + click + 1))
    name = "rerun of a page: all libraries loaded over none loaded"
    ours, limit = median(seconds["with"][3:]), median(seconds["without"][3:])
    return [Measured(name, ours * 1000, limit * 1000, "ms", 2.0, goal_is_least=False)]


def _until_loaded(page: Page) -> int:
    wait_for(page, "clicked 0 times")
    for clicks in range(1, 120):
        _click(page, clicks)
        if page.get_by_text("libraries loaded").count():
            return clicks
        time.sleep(0.5)
    raise RuntimeError("the libraries were not loaded within a minute")


def _click(page: Page, expected: int) -> float:
    started = time.perf_counter()
    page.get_by_role("button", name="Again").click()
    page.get_by_text(f"clicked {expected} times").wait_for(timeout=60_000)
    seconds = time.perf_counter() - started
    wait_for(page, f"clicked {expected} times")
    return seconds
