"""The tests' own hands: what they forgive, and what they do not."""

import pytest
from playwright.sync_api import Page

from tests.browser import hands

pytestmark = pytest.mark.browser

_TWICE = '<button id="old">First</button><button id="new" disabled>First</button>'
_OLD_ONE_GOES = "setTimeout(() => document.getElementById('old').remove(), 400)"


def test_what_stands_twice_for_a_moment_is_waited_for(page: Page) -> None:
    page.set_content(_TWICE)
    page.evaluate(_OLD_ONE_GOES)
    hands.expect(page.get_by_role("button", name="First")).to_be_disabled()
    assert page.get_by_role("button").count() == 1


def test_what_stays_there_twice_is_a_failure(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "_LONGEST_SECONDS", 0.3)
    page.set_content(_TWICE)
    with pytest.raises(AssertionError, match="strict mode violation"):
        hands.expect(page.get_by_role("button", name="First")).to_be_disabled()
