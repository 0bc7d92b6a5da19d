"""Paging through cases, ResNet-18 at 224 px: from "next" to the scan with its map on screen, and ten readers at once.

A training runs in the background meanwhile. "Computed ahead" is measured after a second of looking; "at once" goes on
as soon as a map is on screen, and the browser lets go of what it holds: Python has to give it, and often to compute it.
The ten sessions compare each map that the browser drew, byte for byte, with the one computed here in one thread.
"""

import hashlib
import os
import re
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

from benchmarks.browser import READY, ROOT, chromium, server
from benchmarks.fresh_cache import fresh_cache
from benchmarks.measured import Measured
from benchmarks.reviewed_run import write_reviewed_run
from core.processes import start_command
from core.runs import Run

SCANS = 160
PAGES = 24
SESSIONS, PAGES_OF_EACH = 10, 8
_PATIENT = ("--set", "patience=1000", "--set", "image_size=128")  # it is not to end by itself
SECONDS_TO_LOAD, SECONDS_TO_LOOK = 25, 1.0
MOST_MS, MOST_MS_AHEAD = 400.0, 150.0
MOST_MIB_MORE = 512.0  # of the server: what its caches may hold, ten sessions, and what the allocator keeps

# Before the page's own scripts: the viewer keeps the arrows to itself.
_WATCH = """
globalThis.turns = []
addEventListener("keydown", event => {
    if (event.key !== "ArrowRight") return
    const before = document.querySelector(".viewer").dataset.mapped
    const look = () => {
        const now = document.querySelector(".viewer")?.dataset.mapped
        if (!now || now === before) return requestAnimationFrame(look)
        // A message posted from a frame's callback arrives once that frame has been painted.
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => turns.push(performance.now() - event.timeStamp)
        port2.postMessage(null)
    }
    requestAnimationFrame(look)
}, true)
"""
_MAP = """
async () => {
    const { key, list } = globalThis[Symbol.for("ct-explorer.viewer")].maps
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", list[0].grid))
    return [key, Array.from(digest, byte => byte.toString(16).padStart(2, "0")).join("")]
}
"""
_CAUGHT_UP = "html:not(.viewer-is-ahead)"  # what stands beside the scan is about it too
_LET_GO = """() => globalThis[Symbol.for("ct-explorer.viewer")].ahead.held.clear()"""
_MAPPED = ".viewer[data-mapped]:not([data-mapped=''])"


def run() -> list[Measured]:
    """One server; a reader who looks, one who does not, then ten."""
    with tempfile.TemporaryDirectory() as name, fresh_cache(), chromium() as browser:
        folder = Path(name)
        made = write_reviewed_run(folder / "runs", folder / "scans", scans=SCANS)
        right = _maps_of_one_thread(made)
        environment = {"CT_EXPLORER_RUNS": str(folder / "runs"), "CT_EXPLORER_DATA": str(folder)}
        with server(ROOT / "streamlit_app.py", **environment) as address, _training(folder):
            link = f"{address}/review?{urlencode({'run': made.id, 'cell': 'any', 'split': 'any'})}"
            page = _opened(browser, link)
            time.sleep(SECONDS_TO_LOAD)
            ahead = _turned(page, SECONDS_TO_LOOK)
            at_once = _turned(page, 0.0)
            page.context.close()
            before = _resident_mib(address)
            shown, wrong = _ten_sessions(browser, link, made, right)
            after = _resident_mib(address)
    what = "next, until scan and map are painted, a training beside it"
    pages = SESSIONS * PAGES_OF_EACH
    return [
        Measured(f"{what}: computed ahead", median(ahead), MOST_MS_AHEAD, "ms", 1.0, goal_is_least=False),
        Measured(f"{what}: at once", median(at_once), MOST_MS, "ms", 1.0, goal_is_least=False),
        Measured(f"{SESSIONS} sessions: right maps of all", shown - wrong, pages, "maps", 1.0, goal_is_least=True),
        Measured(
            f"{SESSIONS} sessions: memory of the server, over that before",
            after,
            before + MOST_MIB_MORE,
            "MiB",
            1.0,
            goal_is_least=False,
        ),
    ]


def _maps_of_one_thread(made: Run) -> dict[str, str]:
    """SHA-256 of the bytes of each scan's map, by what the browser calls the case."""
    import torch

    from core.data.images import read_scan, resize_scan
    from core.explanation.maps import explain
    from core.models.weights import load_run_model
    from core.review.pictures import heat_of
    from core.runs import read_predictions

    torch.set_num_threads(1)
    network = load_run_model(made)
    digests = {}
    for path in read_predictions(made)["path"]:
        square = resize_scan(read_scan(Path(made.record.data) / path), network.image_size)
        heat = heat_of(explain(network, square, square=square))
        digests[f"{made.id}/{path}"] = hashlib.sha256(zlib.decompress(heat.packed)).hexdigest()
    return digests


@contextmanager
def _training(folder: Path) -> Iterator[None]:
    """A training of the same scans that goes on until it is ended."""
    command = ["train", str(folder / "scans"), "--runs", str(folder / "others"), "--preset", "quick"]
    (folder / "others").mkdir()
    pid = start_command([*command, "--set", "epochs=1000", *_PATIENT], log_path=folder / "training.log")
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # then `finally` is reached
    try:
        yield
        if not Path(f"/proc/{pid}").exists():
            raise RuntimeError(
                f"expected a training beside it, found it ended: {(folder / 'training.log').read_text()}"
            )
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        signal.signal(signal.SIGTERM, before)


def _opened(browser: Browser, link: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(_WATCH)
    page.goto(link)
    page.wait_for_selector(_MAPPED, timeout=120_000)
    page.wait_for_selector(READY, timeout=120_000)
    return page


def _turned(page: Page, seconds_to_look: float) -> list[float]:
    """Milliseconds of each turn."""
    page.evaluate("() => { turns.length = 0 }")
    for turn in range(PAGES):
        time.sleep(seconds_to_look)
        if not seconds_to_look:
            page.evaluate(_LET_GO)
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"() => turns.length > {turn}", timeout=60_000)
        page.wait_for_selector(_CAUGHT_UP, state="attached", timeout=60_000)
        page.wait_for_selector(READY, timeout=60_000)
    return [float(value) for value in page.evaluate("() => turns")]


def _ten_sessions(browser: Browser, link: str, made: Run, right: dict[str, str]) -> tuple[int, int]:
    """Each begins somewhere else and goes on; all turn at once. Gives how many maps were seen, and how many wrong."""
    starts = [key.removeprefix(f"{made.id}/") for key in list(right)[:: SCANS // SESSIONS][:SESSIONS]]
    pages = [_opened(browser, f"{link}&{urlencode({'case': start})}") for start in starts]
    shown = wrong = 0
    for turn in range(PAGES_OF_EACH):
        for page in pages:
            page.keyboard.press("ArrowRight")
        for page in pages:
            page.wait_for_function(f"() => turns.length > {turn}", timeout=120_000)
            key, digest = page.evaluate(_MAP)
            shown += 1
            wrong += right[key] != digest or page.get_by_test_id("stAlertContentError").count() > 0
        for page in pages:
            page.wait_for_selector(_CAUGHT_UP, state="attached", timeout=120_000)
            page.wait_for_selector(READY, timeout=120_000)
    for page in pages:
        page.context.close()
    return shown, wrong


def _resident_mib(address: str) -> float:
    """Memory of the server at this address, as the system counts it."""
    port = address.rsplit(":", 1)[1]
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            status = (folder / "status").read_text()
        except OSError:
            continue
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        if found and b"streamlit" in words and port.encode() in words:
            return int(found.group(1)) / 1024
    raise RuntimeError(f"expected the server at {address} among the processes, found none")
