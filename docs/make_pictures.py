"""The README's pictures: `python -m docs.make_pictures`. Phantoms only, on a fresh server, a real demo run."""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.browser import READY, ROOT, chromium, server, wait_for
from core.demo import MAX_FNR
from core.review.studies.sample import new_study
from core.review.studies.store import StudyBook
from core.runs import Run, list_runs

OUT = Path(__file__).parent
_DEMO_MS = 10 * 60 * 1000
_MAPPED = ".viewer[data-mapped]:not([data-mapped=''])"
_AWAITED = {"dataset": "text=Looked for and not found", "threshold": ".finger-bars rect", "review": _MAPPED}
"""What is there last, by picture."""


def main() -> None:
    """Train the demo by a click, then photograph each page."""
    parser = argparse.ArgumentParser(prog="python -m docs.make_pictures", description=__doc__)
    parser.add_argument("--work", type=Path, help="folder for the run; one with a finished demo is used again")
    given = parser.parse_args().work
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        work = given or Path(temporary)
        environment = {"CT_EXPLORER_RUNS": f"{work}/runs", "CT_EXPLORER_DATA": f"{work}/datasets"}
        environment["CT_EXPLORER_CACHE"] = f"{work}/cache"
        with server(ROOT / "streamlit_app.py", **environment) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            run = _demo(page, address, work)
            query = f"run={run.id}"
            for name, path in (
                ("dataset", f"dataset?data={run.record.data}"),
                ("training", f"training?{query}"),
                ("performance", f"performance?{query}"),
                ("threshold", f"threshold?{query}"),
                ("review", f"review?{query}&cell=found&split=test"),
            ):
                _photograph(page, f"{address}/{path}", name, _AWAITED.get(name, ""))
            _read_a_case(page, address, run)
            _predict(page, f"{address}/prediction?{query}", run)
    print(f"pictures in {OUT}, threshold chosen for at most {MAX_FNR:.0%} missed")


def _demo(page: Page, address: str, work: Path) -> Run:
    page.goto(address)
    wait_for(page, "Research use only")
    start = page.get_by_role("button", name="Try it on synthetic scans")
    if start.count():
        start.click()
        page.get_by_text("Training: epoch").first.wait_for(timeout=_DEMO_MS)
        page.wait_for_timeout(1500)
        page.screenshot(path=OUT / "start.png")
    expect(page.get_by_role("button", name="Where do we cut?")).to_be_visible(timeout=_DEMO_MS)
    return list_runs(work / "runs")[0][0]


def _photograph(page: Page, address: str, name: str, awaited: str) -> None:
    page.goto(address)
    if awaited:
        page.locator(awaited).first.wait_for(state="attached", timeout=_DEMO_MS)
    _still(page)
    page.screenshot(path=OUT / f"{name}.png")


def _read_a_case(page: Page, address: str, run: Run) -> None:
    """The first case of a study, rated alone; then the model's score and map appear."""
    book = StudyBook.of(run.folder.parent)
    study = new_study(run, name="First look", cases=12)
    book.add(study)
    page.goto(f"{address}/study?study={study.id}")
    page.get_by_label("Your name").fill("Reader A")
    page.get_by_label("Your name").press("Enter")
    wait_for(page, "Case 1 of 12")
    page.locator(".viewer[data-shown]:not([data-shown=''])").wait_for()
    page.keyboard.press("5")
    page.get_by_role("button", name="Keep for good, and show the model").and_(page.locator(":enabled")).click()
    wait_for(page, "Now with the model")
    page.locator(_MAPPED).wait_for()
    _still(page)
    page.screenshot(path=OUT / "study.png")


def _predict(page: Page, address: str, run: Run) -> None:
    page.goto(address)
    wait_for(page, "Research use only")
    scans = sorted(Path(run.record.data).glob("lesion/*.png"))[:2]
    page.locator("input[type=file]").first.set_input_files([str(scan) for scan in scans])
    page.get_by_text("Unscaled maximum").first.wait_for(timeout=60_000)
    _still(page)
    page.screenshot(path=OUT / "prediction.png")


def _still(page: Page) -> None:
    wait_for(page, "Research use only")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2500)  # charts are drawn after the script is at rest
    page.wait_for_selector(READY)


if __name__ == "__main__":
    main()
