"""The scan viewer under hands: zoom, window and maps move without asking Python; slices, marks and keys work."""

import itertools
import os
import signal
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from benchmarks.browser import READY
from benchmarks.reviewed_run import write_reviewed_run
from tests.browser.conftest import app_on
from tests.browser.hands import choose

pytestmark = pytest.mark.browser
MAPPED = ".viewer[data-mapped]:not([data-mapped=''])"
MAPPED_OR_NOT = """
([key, same]) => {
    const { mapped } = document.querySelector(".viewer").dataset
    return mapped !== "" && (mapped === key) === same
}
"""
CAUGHT_UP = "html:not(.viewer-is-ahead)"
HELD = """
() => {
    const { held, order, python } = globalThis[Symbol.for("ct-explorer.viewer")].ahead
    const at = order.indexOf(python)
    return [1, 2].every(step => held.has(order[at + step]))
}
"""
TOLD_AGAIN = """() => globalThis[Symbol.for("ct-explorer.viewer")].ahead.again"""
ADDRESSED = """
() => document.querySelector(".viewer").dataset.shown.endsWith("/" + new URLSearchParams(location.search).get("case"))
"""
WISH_AND_PRESS = """
() => {
    const viewed = globalThis[Symbol.for("ct-explorer.viewer")]
    viewed.ask({ key: viewed.key, slices: [], outline: true })
    dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }))
}
"""
SUM = """
() => {
    const canvas = document.querySelector(".viewer canvas")
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    let sum = 0
    for (let index = 0; index < data.length; index += 1) sum = (sum * 31 + data[index]) % 2147483647
    return sum
}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("viewer")
    run = write_reviewed_run(folder / "runs", folder / "datasets" / "scans", scans=20)
    with app_on(folder) as served:
        yield f"{served}/review?run={run.id}&cell=any&split=any"


@pytest.fixture
def viewer(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(MAPPED, timeout=120_000)
    page.wait_for_selector(READY, timeout=60_000)
    page.wait_for_timeout(300)
    return page


def painted(page: Page) -> int:
    """A number for what stands on the first canvas, after the next frame."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate(SUM)


def shown(page: Page) -> str:
    return page.locator(".viewer").get_attribute("data-shown")


def test_zoom_pan_window_and_maps_change_the_picture_without_a_word_to_python(page: Page, address: str):
    said = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: said.append(len(frame))))
    page.goto(address)
    page.wait_for_selector(MAPPED, timeout=120_000)
    page.wait_for_selector(READY, timeout=60_000)
    before = -1
    while len(said) != before:  # it asks for its neighbours first, which takes a busy machine a while
        before = len(said)
        page.wait_for_timeout(2000)
        page.wait_for_selector(READY, timeout=60_000)
    box = page.locator(".viewer canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def pan():
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 40, middle[1] + 20)
        page.mouse.up()

    def change_window():
        page.keyboard.down("Shift")
        pan()
        page.keyboard.up("Shift")

    seen = [painted(page)]
    for act in (
        *(lambda key=key: page.keyboard.press(key) for key in ("+", "h", "h", "d", "d", "i", "w")),
        pan,
        change_window,
        lambda: page.locator('[data-tool="opacity"]').fill("90"),
        lambda: page.locator('[data-tool="brightness"]').fill("30"),
    ):
        act()
        seen.append(painted(page))
    assert all(one != other for one, other in itertools.pairwise(seen))
    assert seen[1] == seen[3], "heat off and on again"
    page.keyboard.press("0")
    assert len(said) == before


def test_the_wheel_turns_slices_and_the_next_case_begins_with_its_own(viewer: Page):
    case = shown(viewer)
    viewer.locator(".viewer canvas").hover()
    viewer.mouse.wheel(0, 45)
    viewer.get_by_text("without a map; the case is slice", exact=False).wait_for()
    viewer.wait_for_function("() => !document.querySelector('.viewer-where').textContent.includes('loading')")
    assert "without a map" in viewer.locator(".viewer canvas").get_attribute("aria-label")
    viewer.keyboard.press("ArrowRight")
    viewer.wait_for_function(MAPPED_OR_NOT, arg=[case, False])
    assert ": the case" in viewer.locator(".viewer-where").text_content()
    viewer.wait_for_selector(READY)


def test_a_rectangle_is_drawn_and_stays_with_its_case(viewer: Page):
    viewer.keyboard.press("r")
    box = viewer.locator(".viewer canvas").bounding_box()
    viewer.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    viewer.mouse.down()
    viewer.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    viewer.mouse.up()
    viewer.locator('[data-tool="unmark"]').wait_for()
    viewer.get_by_text("rectangle on the scan goes with the verdict").wait_for()
    case = shown(viewer)
    for key, is_marked in (("ArrowRight", False), ("ArrowLeft", True)):
        viewer.keyboard.press(key)
        viewer.wait_for_function(MAPPED_OR_NOT, arg=[case, is_marked])
        viewer.wait_for_selector(CAUGHT_UP, state="attached")
        viewer.wait_for_selector(READY)
        assert viewer.locator('[data-tool="unmark"]:visible').count() == is_marked


def test_the_keys_are_listed_and_letters_in_a_field_are_letters(viewer: Page):
    viewer.locator(".viewer canvas").focus()
    viewer.keyboard.press("?")
    viewer.get_by_role("dialog", name="Keys").wait_for()
    assert viewer.evaluate("() => document.activeElement.textContent") == "Close"
    viewer.keyboard.press("Escape")
    assert viewer.evaluate("() => document.activeElement.tagName") == "CANVAS"
    before = painted(viewer)
    viewer.get_by_label("Your name").fill("")
    viewer.get_by_label("Your name").press_sequentially("hdi?r")
    assert painted(viewer) == before
    assert viewer.locator("dialog[open]").count() == 0


def test_four_maps_stand_side_by_side_and_move_together(viewer: Page):
    choose(viewer, "Show", "Methods side by side")
    viewer.wait_for_function("() => document.querySelectorAll('.viewer canvas').length === 4", timeout=60_000)
    captions = viewer.locator(".viewer figcaption b").all_text_contents()
    assert len(set(captions)) == 4
    assert all("unscaled maximum" in text for text in viewer.locator(".viewer figcaption").all_text_contents())
    viewer.set_viewport_size({"width": 800, "height": 1000})
    viewer.keyboard.press("+")
    painted(viewer)
    assert viewer.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_next_scan_is_there_before_python_and_takes_no_verdict_until_python_is(viewer: Page, address: str):
    server = server_at(address)
    viewer.get_by_label("Your name").fill("Reader")
    viewer.keyboard.press("Enter")
    viewer.get_by_role("button", name="Model wrong").and_(viewer.locator(":enabled")).wait_for()
    viewer.wait_for_selector(READY)
    viewer.wait_for_timeout(1000)  # what the name brings is painted, and the scans beside are held again
    first = shown(viewer)
    viewer.wait_for_function(HELD)
    os.kill(server, signal.SIGSTOP)
    try:
        viewer.keyboard.press("ArrowRight")
        viewer.wait_for_function(MAPPED_OR_NOT, arg=[first, False], timeout=5_000)
        second = shown(viewer)
        assert viewer.locator("html.viewer-is-ahead").count() == 1
        for key in ("1", "u"):
            viewer.keyboard.press(key)
        box = viewer.get_by_role("button", name="Model wrong").bounding_box()
        viewer.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert shown(viewer) == second
    finally:
        os.kill(server, signal.SIGCONT)
    viewer.wait_for_selector(CAUGHT_UP, state="attached")
    viewer.wait_for_selector(READY)
    assert shown(viewer) == second
    viewer.wait_for_function(ADDRESSED)
    assert viewer.get_by_text("Saved:").count() == 0
    viewer.keyboard.press("1")
    viewer.get_by_text("Saved: Model wrong").wait_for()


def test_presses_faster_than_python_lead_as_far_as_there_were_presses(viewer: Page, address: str):
    viewer.wait_for_function(HELD)
    for key, presses, position in (("ArrowRight", 5, 6), ("ArrowLeft", 3, 3)):
        for _ in range(presses):
            viewer.keyboard.press(key)
        viewer.get_by_text(f"{position} of 20", exact=True).wait_for()
        viewer.wait_for_selector(CAUGHT_UP, state="attached")
        viewer.wait_for_function(ADDRESSED)
    viewer.get_by_role("button", name="Previous").click()
    viewer.get_by_text("2 of 20", exact=True).wait_for()


def test_clicks_on_next_while_python_stands_still_count_as_keys_do(viewer: Page, address: str):
    server, first = server_at(address), shown(viewer)
    viewer.wait_for_function(HELD)
    box = viewer.get_by_role("button", name="Next").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    os.kill(server, signal.SIGSTOP)
    try:
        viewer.mouse.click(*middle)
        viewer.wait_for_function(MAPPED_OR_NOT, arg=[first, False], timeout=5_000)
        second = shown(viewer)
        viewer.mouse.click(*middle)
        viewer.wait_for_function(MAPPED_OR_NOT, arg=[second, False], timeout=5_000)
    finally:
        os.kill(server, signal.SIGCONT)
    viewer.get_by_text("3 of 20", exact=True).wait_for()


def test_a_press_within_the_tick_of_a_wish_for_slices_is_not_lost(viewer: Page):
    for _ in range(8):
        before = shown(viewer)
        viewer.wait_for_selector(READY)
        viewer.evaluate(WISH_AND_PRESS)
        viewer.wait_for_function(MAPPED_OR_NOT, arg=[before, False])
        viewer.wait_for_selector(CAUGHT_UP, state="attached", timeout=10_000)
        assert viewer.evaluate(TOLD_AGAIN) == 0, "Python had to be told twice"


def server_at(address: str) -> int:
    """The process of the server at this address."""
    port = urlsplit(address).port
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"streamlit" in words and str(port).encode() in words:
                    return int(folder.name)
    raise RuntimeError(f"expected a server at {address}, found none")
