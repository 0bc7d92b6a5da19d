"""The threshold under the finger, 100,000 scans a split: from a move to the paint, and from letting go to the answer.

Both are measured in the browser: a move from the pointer event's own time stamp until the frame after it has been
painted, a release from the pointer going up until Python's answer stands in the dials and its sentence beside them.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from benchmarks.browser import READY, ROOT, chromium, server
from benchmarks.finished_run import write_finished_run
from benchmarks.measured import Measured

SCANS_A_SPLIT = 100_000
MOVES = 60
RELEASES = 12
SECONDS_TO_LOAD = 30  # torch and its like, in the background: they would take turns with every answer
MOST_MS_TO_PAINT = 33.0
MOST_MS_TO_ANSWER = 200.0

_WATCH = """
() => {
    const seen = globalThis.seen = { paints: [], answers: [], let_go: null }
    const dials = document.querySelector(".finger-dials")
    const handle = dials.querySelector(".finger-handle")
    addEventListener("pointermove", event => {
        const before = handle.getAttribute("aria-valuenow")
        requestAnimationFrame(() => {
            // A message posted from a frame's callback arrives once that frame has been painted.
            const { port1, port2 } = new MessageChannel()
            port1.onmessage = () => {
                const took = performance.now() - event.timeStamp
                if (handle.getAttribute("aria-valuenow") !== before) seen.paints.push(took)
            }
            port2.postMessage(null)
        })
    }, true)
    addEventListener("pointerup", event => { seen.let_go = event.timeStamp }, true)
    const told = () => {
        const said = [...document.querySelectorAll("[data-testid=stCaptionContainer]")].some(
            caption => caption.textContent.includes(`Exactly ${Number(handle.getAttribute("aria-valuenow"))}:`))
        if (seen.let_go === null || !said) return
        seen.answers.push(performance.now() - seen.let_go)
        seen.let_go = null
    }
    new MutationObserver(told).observe(document.body, { subtree: true, childList: true, characterData: true })
}
"""


def run() -> list[Measured]:
    """One server, one page, a mouse that wanders over the scale."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        runs = Path(folder) / "runs"
        made = write_finished_run(runs, scans=2 * SCANS_A_SPLIT)
        environment = {"CT_EXPLORER_RUNS": str(runs), "CT_EXPLORER_DATA": f"{folder}/data"}
        with server(ROOT / "streamlit_app.py", **environment) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            page.goto(f"{address}/threshold?run={made.id}")
            page.locator(".finger-bars rect").first.wait_for(state="attached", timeout=120_000)
            page.wait_for_selector(READY, timeout=120_000)
            time.sleep(SECONDS_TO_LOAD)
            page.evaluate(_WATCH)
            _drag(page)
            paints, answers = page.evaluate("() => [seen.paints, seen.answers]")
    if len(paints) < MOVES * RELEASES / 2 or len(answers) < RELEASES:
        raise RuntimeError(
            f"expected {RELEASES} answers and paints for most moves, found {len(answers)}, {len(paints)}"
        )
    what = f"{SCANS_A_SPLIT:,} scans a split"
    return [
        Measured(
            f"threshold, a move until it is painted: {what}",
            median(paints),
            MOST_MS_TO_PAINT,
            "ms",
            1.0,
            goal_is_least=False,
        ),
        Measured(
            f"threshold, a release until Python has answered: {what}",
            median(answers),
            MOST_MS_TO_ANSWER,
            "ms",
            1.0,
            goal_is_least=False,
        ),
    ]


def _drag(page: Page) -> None:
    rail = page.locator(".finger-rail").bounding_box()
    if rail is None:
        raise RuntimeError("expected the scale of the dials on the page, found none")
    y = rail["y"] + rail["height"] / 2
    for release in range(RELEASES):
        page.mouse.move(rail["x"] + 0.5 * rail["width"], y)
        page.mouse.down()
        for move in range(MOVES):
            share = 0.1 + 0.8 * ((move * 37 + release * 11) % 101) / 101
            page.mouse.move(rail["x"] + share * rail["width"], y)
        page.mouse.up()
        page.wait_for_function(f"() => seen.answers.length > {release}", timeout=30_000)
        page.wait_for_selector(READY)
