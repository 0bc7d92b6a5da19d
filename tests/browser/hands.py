"""What hands do on a page that Streamlit may be drawing anew: what they did holds before they let go."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from playwright.sync_api import Error, Locator, LocatorAssertions, Page
from playwright.sync_api import expect as expect_at_once

from benchmarks.browser import READY

_TRY_MS = 3_000
_LONGEST_SECONDS = 60
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_SAME_PLACE = """
async element => {
    const frame = () => new Promise(requestAnimationFrame)
    for (let still = 0, last = ""; still < 12; ) {
        await frame()
        const { x, y, width, height } = element.getBoundingClientRect()
        const now = [x, y, width, height].join()
        still = now === last ? still + 1 : 0
        last = now
    }
}
"""


def expect(thing: Locator) -> LocatorAssertions:
    """Playwright's `expect`, which waits too where something is there twice.

    Streamlit paints a page element by element. What moves, as others come before it, stands at its new place and still
    at its old one for a moment; Playwright waits for everything else, and gives up at once on what is not unique.
    """
    return cast(LocatorAssertions, _Patient(expect_at_once(thing)))


class _Patient:
    """Assertions that hold once what they are about is there only once; a minute at most."""

    def __init__(self, assertions: LocatorAssertions) -> None:
        self._assertions = assertions

    def __getattr__(self, name: str) -> Callable[..., None]:
        check = getattr(self._assertions, name)

        def held(*arguments: object, **options: object) -> None:
            deadline = time.monotonic() + _LONGEST_SECONDS
            while True:
                try:
                    return check(*arguments, **options)
                except AssertionError as error:
                    if "strict mode violation" not in str(error) or time.monotonic() > deadline:
                        raise
                time.sleep(0.05)

        return held


def brought_into_view(field: Locator) -> Locator:
    """Scroll to a field and wait until the page knows.

    A list closes when what is around it scrolls. Playwright scrolls by itself to what it clicks on, at once, and the
    browser tells the page of it with its next frame: after the click, so that the list would close as it opens.
    """
    field.scroll_into_view_if_needed()
    field.page.evaluate(_TWO_FRAMES)
    return field


def at_rest(thing: Locator) -> Locator:
    """Wait until something is in view and keeps its place for a dozen frames: what is above it has its height."""
    brought_into_view(thing).evaluate(_SAME_PLACE)
    return brought_into_view(thing)


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select box, again where a rerun closed the list, until the box shows it."""
    field = page.get_by_role("combobox", name=label, exact=True)
    page.wait_for_selector(READY)

    def pick() -> None:
        brought_into_view(field).click()
        page.get_by_role("listbox").get_by_role("option", name=option, exact=True).click(timeout=_TRY_MS)

    until_it_holds(pick, lambda: expect(field).to_have_value(option, timeout=_TRY_MS))
    page.wait_for_selector(READY)


def open_part(page: Page, label: str, inside: Locator) -> None:
    """Unfold a part of the page, again where it was drawn anew and folded, until what lies in it is seen."""
    until_it_holds(
        lambda: page.get_by_text(label).click(timeout=_TRY_MS), lambda: expect(inside).to_be_visible(timeout=_TRY_MS)
    )


def until_it_holds(act: Callable[[], None], holds: Callable[[], None]) -> None:
    """Act, and again where it did not take, until it holds; a minute at most.

    Args:
        act: may fail, as what it needs may be gone while a page is drawn anew.
        holds: waits some seconds, and fails where it was in vain.
    """
    deadline = time.monotonic() + _LONGEST_SECONDS
    while True:
        try:
            with suppress(Error):
                act()
            holds()
        except (Error, AssertionError):
            if time.monotonic() > deadline:
                raise
        else:
            return
