"""Opening the pages of a run with 100,000 scans, over the same with 1,000: each run is opened once, nothing cached."""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.browser import READY, ROOT, chromium, server
from benchmarks.finished_run import write_finished_run
from benchmarks.measured import Measured, in_turns
from core.runs import Run

MANY, FEW = 100_000, 1000
ROUNDS = 4
MOST_TIMES_SLOWER = 3.0
# What each page shows last.
LAST = {"performance": "Research use only", "threshold": "Research use only"}


def run() -> list[Measured]:
    """One server, a new browser tab for every opening, in turns."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        runs = Path(folder) / "runs"
        waiting: dict[int, list[Run]] = {
            scans: [write_finished_run(runs, scans=scans, seed=turn) for turn in range(ROUNDS + 1)]
            for scans in (MANY, FEW)
        }
        environment = {"CT_EXPLORER_RUNS": str(runs), "CT_EXPLORER_DATA": f"{folder}/data"}
        measured = []
        with server(ROOT / "streamlit_app.py", **environment) as address:
            for page in LAST:
                left = {scans: iter(runs_of_size) for scans, runs_of_size in waiting.items()}
                _open(browser, address, page, next(left[FEW]))
                _open(browser, address, page, next(left[MANY]))
                seconds = in_turns(
                    rounds=ROUNDS,
                    few=lambda page=page, left=left: _open(browser, address, page, next(left[FEW])),
                    many=lambda page=page, left=left: _open(browser, address, page, next(left[MANY])),
                )
                name = f"the {page} page opens: {MANY:,} scans over {FEW:,}"
                limit = MOST_TIMES_SLOWER
                measured.append(Measured(name, seconds["many"], seconds["few"], "s", limit, goal_is_least=False))
    return measured


def _open(browser: Browser, address: str, page_name: str, run: Run) -> float:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    started = time.perf_counter()
    page.goto(f"{address}/{page_name}?run={run.id}")
    page.get_by_text(LAST[page_name]).first.wait_for(timeout=120_000)
    if page_name == "threshold":
        page.locator(".finger-bars rect").first.wait_for(state="attached", timeout=120_000)
    page.wait_for_selector(READY, timeout=120_000)
    seconds = time.perf_counter() - started
    if page.get_by_test_id("stAlertContentError").count():
        raise RuntimeError(f"expected the {page_name} page of {run.id}, found an error on it")
    page.context.close()
    return seconds
