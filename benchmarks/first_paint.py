"""From the first request to a fresh server until the start page stands there, over that of a one-line app."""

import tempfile
import time
from pathlib import Path

from benchmarks.browser import ROOT, chromium, server, wait_for
from benchmarks.measured import Measured, in_turns

ROUNDS = 3


def run() -> list[Measured]:
    """Fresh servers, in turns; the browser's own cache is empty each time."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        hello = Path(folder) / "hello.py"
        hello.write_text('import streamlit as st\n\nst.write("Research use only")\n')
        environment = {"CT_EXPLORER_RUNS": f"{folder}/runs", "CT_EXPLORER_DATA": f"{folder}/data"}

        def first_paint(script: Path) -> float:
            with server(script, **environment) as address:
                page = browser.new_context().new_page()
                started = time.perf_counter()
                page.goto(address)
                page.get_by_text("Research use only").first.wait_for(timeout=60_000)
                seconds = time.perf_counter() - started
                wait_for(page, "Research use only")
                page.context.close()
                return seconds

        first_paint(hello)  # the disk's cache is warm for both
        seconds = in_turns(
            rounds=ROUNDS, ours=lambda: first_paint(ROOT / "streamlit_app.py"), hello=lambda: first_paint(hello)
        )
    name = "first paint on a fresh server: start page over a one-line app"
    return [Measured(name, seconds["ours"], seconds["hello"], "s", 1.4, goal_is_least=False)]
