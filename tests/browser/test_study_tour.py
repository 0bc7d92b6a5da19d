"""A reading study in a real browser: by keys alone, nothing told too early, and going on with another server."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.browser import wait_for
from core.review.studies.sample import new_study
from core.review.studies.store import StudyBook
from core.review.studies.study import AIDED, UNAIDED, order_for
from core.runs import read_run
from tests.browser.conftest import App, app_on
from tests.pages.conftest import write_finished_run, write_tiny_dataset

pytestmark = pytest.mark.browser


@pytest.fixture
def book(shared_app: App, tmp_path: Path) -> StudyBook:
    """With a study of three cases."""
    run = read_run(write_finished_run(shared_app.runs, write_tiny_dataset(tmp_path / "tiny")).folder)
    book = StudyBook.of(shared_app.runs)
    book.add(new_study(run, name="By keys", cases=3))
    return book


def begin(page: Page, address: str, study: str) -> None:
    page.goto(f"{address}/study?study={study}")
    wait_for(page, "By keys")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Enter")


def test_a_reader_needs_only_keys_and_is_told_nothing_too_early(page: Page, shared_app: App, book: StudyBook) -> None:
    (study,) = book.studies()
    case = study.cases[order_for(study, "Ada")[0]]
    received: list[bytes] = []
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived", lambda frame: received.append(frame if isinstance(frame, bytes) else frame.encode())
        ),
    )
    begin(page, shared_app.address, study.id)
    wait_for(page, "Case 1 of 3")
    page.locator(".viewer[data-shown]:not([data-shown=''])").wait_for()
    page.keyboard.press("5")
    page.get_by_role("button", name="Keep for good, and show the model").and_(page.locator(":enabled")).wait_for()
    everything = b"".join(received)
    for each in study.cases:
        assert Path(each.path).name.encode() not in everything
        assert each.content.encode() not in everything
    assert b"Grad-CAM" not in everything
    assert b"Score for" not in everything
    assert not page.locator("[data-tool=heat]").is_visible()
    page.keyboard.press("Enter")
    wait_for(page, "Now with the model")
    wait_for(page, "Grad-CAM")
    assert page.locator("[data-tool=heat]").is_visible()
    assert Path(case.path).name.encode() not in b"".join(received)
    assert [(a.number, a.phase, a.rating) for a in book.answers(study)] == [(case.number, UNAIDED, 5)]
    with app_on(shared_app.folder) as address:  # another server, as after a kill
        begin(page, address, study.id)
        wait_for(page, "Now with the model")
        wait_for(page, "Alone you said")
        page.keyboard.press("2")
        page.get_by_role("button", name="Keep for good, and go on").and_(page.locator(":enabled")).wait_for()
        page.keyboard.press("Enter")
        wait_for(page, "Case 2 of 3")
    assert [(a.phase, a.rating) for a in book.answers(study)] == [(UNAIDED, 5), (AIDED, 2)]
