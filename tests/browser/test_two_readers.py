"""Two readers with the same scan open: one key keeps a verdict, typing gives none, each sees the other's."""

import threading

import pytest
from playwright.sync_api import Browser, Page

from benchmarks.browser import wait_for
from benchmarks.finished_run import write_finished_run
from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.runs import Run, read_index
from tests.browser.conftest import App
from tests.browser.hands import expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(shared_app: App) -> tuple[str, Run]:
    """The app with one made-up run, whose scans cannot be shown: notes do without."""
    return shared_app.address, write_finished_run(shared_app.runs, scans=40)


def test_a_key_keeps_a_verdict_typing_gives_none_and_others_are_seen(page: Page, browser: Browser, served):
    address, run = served
    index = read_index(run).query("split == 'test'")
    first = index.iloc[0]
    page.goto(f"{address}/review?run={run.id}&split=test&cell=any&case={first['path']}")
    wait_for(page, "Say who reads")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Enter")
    expect(page.get_by_text("Reading as Ada")).to_be_visible()
    page.evaluate("document.activeElement.blur()")

    def said() -> list[tuple[str, str, str]]:
        return [(note.reader, note.verdict, note.text) for note in notes_of(run).of_scan(first["sha256"])]

    page.keyboard.press("2")
    expect(page.get_by_text("Saved: Label wrong")).to_be_visible()
    assert said() == [("Ada", "label-wrong", "")]
    page.get_by_label("Remark").click()
    page.keyboard.type("1 of 3 lobes, u")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("History (2)")).to_be_visible()
    assert said()[1:] == [("Ada", "label-wrong", "1 of 3 lobes, u")]

    page.evaluate("document.activeElement.blur()")
    bob = threading.Thread(target=notes_of(run).save, args=(Note(first["sha256"], "Bob", "both-defensible"),))
    bob.start()  # in the same second, from another process than the server's
    page.keyboard.press("1")
    expect(page.get_by_text("Saved: Model wrong")).to_be_visible()
    bob.join()
    assert {note.reader: note.verdict for note in notes_of(run).standing()} == {
        "Ada": "model-wrong",
        "Bob": "both-defensible",
    }
    page.keyboard.press("u")
    expect(page.get_by_text("Other readers (1)")).to_be_visible()
    expect(page.get_by_text("Saved: Label wrong")).to_be_visible()
    assert notes_of(run).of_scan(first["sha256"])[1].undone == ""
