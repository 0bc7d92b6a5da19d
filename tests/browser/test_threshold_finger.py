"""The threshold under the finger: mouse, keys, touch and typing move it at once, counts are core's, Python knows."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page

from benchmarks.browser import READY
from benchmarks.finished_run import write_finished_run
from core.decided import point_in_force
from core.evaluation.at_threshold import rates_at
from core.evaluation.confusion import Rates, counts_at, rates
from core.evaluation.decision.zones import zone_figures
from core.evaluation.scored import Scored
from core.results import split_results
from core.runs import Run
from pages.shared.words import percent, score_text, span
from pages.threshold.finger.component import script
from tests.browser.conftest import App
from tests.browser.hands import at_rest, expect

pytestmark = pytest.mark.browser
SCANS = 3000
CELLS = ("found", "missed", "falseAlarms", "cleared")
CHARTS = ("roc", "rates", "scores")


@pytest.fixture(scope="module")
def served(shared_app: App) -> tuple[str, Run]:
    """The app with one made-up run."""
    return shared_app.address, write_finished_run(shared_app.runs, scans=SCANS)


@pytest.fixture(scope="module")
def opened(browser: Browser, served: tuple[str, Run]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    _open(page, *served)
    yield page
    page.close()


@pytest.fixture(scope="module")
def touched(browser: Browser, served: tuple[str, Run]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 800, "height": 1100}, has_touch=True, color_scheme="light")
    page = context.new_page()
    _open(page, *served)
    yield page
    context.close()


@pytest.fixture
def dials(opened: Page) -> Page:
    """The page with what is in force, 0.5, on the dials."""
    return _as_in_force(opened)


@pytest.fixture
def fingers(touched: Page) -> Page:
    """The same where fingers touch it."""
    return _as_in_force(touched)


@pytest.fixture(scope="module")
def scored(served: tuple[str, Run]) -> dict[str, Scored]:
    return {split: split_results(served[1], split).scored for split in ("val", "test")}


def test_the_browser_counts_and_estimates_exactly_as_core_does(browser: Browser):
    rng = np.random.default_rng(3)
    scores = np.r_[rng.random(400), rng.integers(0, 8, 200) / 8].astype(np.float32)
    labels = rng.random(600) < 0.3
    split = Scored.of(scores, labels)
    tried = [*np.unique(split.scores)[::3].tolist(), *rng.random(100).tolist(), 0.0, 1.0]
    ask = f"""([positives, others, tried, z]) => {{
        {_scripts_alone()}
        const split = {{positives: new Float64Array(positives), others: new Float64Array(others)}}
        return tried.map(t => {{
            const counts = countsAt(split, t, null), rates = ratesOf(counts, z)
            const said = Object.fromEntries(Object.entries(rates).map(([name, r]) => [name, [percent(r), span(r)]]))
            return {{counts, rates, said}}
        }})
    }}"""
    sides = [np.sort(split.scores[split.labels]).tolist(), np.sort(split.scores[~split.labels]).tolist()]
    page = browser.new_page()
    answers = page.evaluate(ask, [*sides, tried, 1.959963984540054])
    page.close()
    for threshold, answer in zip(tried, answers, strict=True):
        counts = counts_at(split, threshold)
        assert [answer["counts"][name] for name in CELLS] == [counts.tp, counts.fn, counts.fp, counts.tn]
        for name in ("fnr", "fpr", "sensitivity", "specificity", "ppv", "npv"):
            ours, core = answer["rates"][name], getattr(rates(counts), name)
            assert answer["said"][name] == [percent(core), span(core)]
            if ours is not None:
                np.testing.assert_allclose(
                    [ours["value"], ours["low"], ours["high"]], [core.value, core.low, core.high], rtol=0, atol=1e-15
                )


def test_dragging_moves_everything_at_once_and_a_release_is_known_on_other_pages(page: Page, scored, served):
    dials = page  # which notes what leaves this machine, or breaks the content security policy
    _open(dials, *served)
    _drag(dials, 0.5, 0.731, let_go=False)
    expect(_handle(dials)).to_have_attribute("aria-valuenow", "0.731")
    for split in ("val", "test"):
        assert _cells(dials, split) == _core_cells(scored[split], 0.731)
        assert _rates(dials, split) == _said(rates(counts_at(scored[split], 0.731)))
    assert _exactly(dials) == "0.5", "not let go yet"
    dials.mouse.up()
    expect(dials.get_by_text("Exactly 0.731")).to_be_visible()
    expect(dials.get_by_test_id("stSidebar").get_by_text("0.500", exact=True)).to_be_visible()
    dials.get_by_role("link", name="Training").click()
    expect(dials.get_by_text("Being tried on the Threshold page: 0.731")).to_be_visible(timeout=30_000)
    dials.get_by_role("link", name="Threshold").click()
    expect(_handle(dials)).to_have_attribute("aria-valuenow", "0.731", timeout=30_000)
    assert not (served[1].folder / "operating_point.json").exists()


@pytest.mark.parametrize("where", [".finger-rail", "[data-chart=rates] .finger-touch"])
def test_dials_that_go_during_a_drag_come_back_as_python_has_them(page: Page, served: tuple[str, Run], where: str):
    _open(page, *served)
    x, y = _middle(at_rest(page.locator(where)), across=0.7)
    page.mouse.move(x, y)
    page.mouse.down()
    expect(_handle(page)).not_to_have_attribute("aria-valuenow", "0.5")
    page.get_by_role("link", name="Training").evaluate("link => link.click()")
    expect(page.locator(".finger-dials")).to_have_count(0)
    page.mouse.up()
    page.get_by_role("link", name="Threshold").click()
    expect(_handle(page)).to_have_attribute("aria-valuenow", "0.5", timeout=30_000)
    page.get_by_role("button", name="Pick on validation").click()
    expect(_handle(page)).not_to_have_attribute("aria-valuenow", "0.5")


def test_keys_move_it_from_scan_to_scan_by_twentieths_and_by_thousandths(dials: Page, scored):
    scores = np.sort(scored["val"].scores)
    above = int(np.searchsorted(scores, 0.5))  # the first scan called positive
    twentieth = round(scores.size / 20)
    _handle(dials).focus()
    for key, value in (
        ("Shift+ArrowRight", 0.501),
        ("Shift+ArrowLeft", 0.5),
        ("ArrowRight", scores[above + 1]),
        ("ArrowLeft", scores[above]),
        ("ArrowLeft", scores[above - 1]),
        ("PageUp", scores[above - 1 + twentieth]),
        ("PageDown", scores[above - 1]),
        ("Home", 0.0),
        ("End", 1.0),
        ("ArrowLeft", scores[-1]),
    ):
        dials.keyboard.press(key)
        expect(_handle(dials)).to_have_attribute("aria-valuenow", repr(float(value)).removesuffix(".0"))
    expect(dials.get_by_text(f"Exactly {float(scores[-1])!r}")).to_be_visible()
    assert _cells(dials, "val") == _core_cells(scored["val"], scores[-1])
    expect(dials.locator(".finger-said")).to_contain_text("missed")
    assert "false alarms" in _handle(dials).get_attribute("aria-valuetext")


@pytest.mark.parametrize("modifier", ["altKey", "ctrlKey", "metaKey"])
def test_keys_with_a_modifier_are_left_to_the_browser(dials: Page, modifier: str):
    press = """(handle, event) => handle.dispatchEvent(
        new KeyboardEvent("keydown", {...event, bubbles: true, cancelable: true}))"""
    for key in ("ArrowLeft", "ArrowUp", "PageUp", "End"):
        assert _handle(dials).evaluate(press, {"key": key, modifier: True}), "nobody has taken the key"
    dials.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert _handle(dials).get_attribute("aria-valuenow") == "0.5"


def test_every_key_press_calls_other_scans_positive_also_where_scores_pile_up(browser: Browser):
    scores = np.sort(np.r_[np.zeros(30), [1e-7, 2e-7, 0.4], np.ones(30)].astype(np.float32).astype(np.float64))
    ask = f"""([scores, up]) => {{
        {_scripts_alone()}
        const sorted = new Float64Array(scores), seen = {{}}
        for (const [name, move] of Object.entries({{nextThatCounts, twentiethOn}})) {{
            seen[name] = [up ? 0 : 1]
            for (let at = 0; at < 100; at += 1) seen[name].push(move(sorted, seen[name].at(-1), up ? 1 : -1))
        }}
        return {{...seen, words: scores.map(typed)}}
    }}"""
    page = browser.new_page()
    up, down = (page.evaluate(ask, [scores.tolist(), way]) for way in (True, False))
    page.close()
    steps = np.unique(scores).tolist()
    assert up["nextThatCounts"][: len(steps)] == steps
    assert down["nextThatCounts"][: len(steps)] == steps[::-1]
    for answer in (up, down):
        for thresholds in (answer["nextThatCounts"], answer["twentiethOn"]):
            called = [int((scores >= threshold).sum()) for threshold in dict.fromkeys(thresholds)]
            assert len(set(called)) == len(called), "a key press that changes nothing"
    assert up["words"] == [f"{score:.6g}".replace("e-07", "e-7") for score in scores]


def test_a_threshold_is_said_as_everywhere_else_also_at_the_very_ends(browser: Browser):
    rng = np.random.default_rng(5)
    near = np.r_[10.0 ** -np.arange(1, 17), 10 ** rng.uniform(-16, 0, 300), 4.3e-12, 4.3e-13, 5e-324]
    said = [*near.tolist(), *(1 - near).tolist(), *(rng.integers(0, 2**12, 200) / 2**12).tolist(), 0.0, 1.0]
    page = browser.new_page()
    answers = page.evaluate(f"said => {{ {_scripts_alone()}\nreturn said.map(shortly) }}", said)
    page.close()
    assert answers == [score_text(threshold) for threshold in said]


def test_by_share_of_scans_the_handle_stands_at_its_rank_and_the_browser_remembers(page: Page, scored, served):
    _open(page, *served)
    scores = np.sort(scored["val"].scores)
    page.get_by_label("Scale").select_option("share of scans")
    at_half = np.searchsorted(scores, 0.5) / scores.size
    assert _place(page) == pytest.approx(at_half, abs=1e-3)
    assert f"({100 * at_half:.1f}% of scans below)" in _handle(page).get_attribute("aria-valuetext")
    _drag(page, at_half, 0.9)
    expect(_handle(page)).not_to_have_attribute("aria-valuenow", "0.5")
    expect(page.get_by_text("Exactly 0.5:")).to_have_count(0)
    now = float(_handle(page).get_attribute("aria-valuenow"))
    assert now in set(scores.tolist())
    assert np.mean(scores < now) == pytest.approx(0.9, abs=0.005)
    expect(page.get_by_text(f"Exactly {now!r}:")).to_be_visible()
    assert _cells(page, "test") == _core_cells(scored["test"], now)
    page.reload()
    page.locator(".finger-card [data-cell=found] b").first.wait_for(timeout=60_000)
    expect(page.get_by_label("Scale")).to_have_value("share")
    assert _place(page) == pytest.approx(at_half, abs=1e-3)
    page.get_by_label("Scale").select_option("score")
    assert _place(page) == pytest.approx(0.5, abs=1e-3)


def test_intervals_by_groups_follow_a_release(browser: Browser, shared_app: App):
    run = write_finished_run(shared_app.runs, scans=600, scans_per_group=10)
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    _open(page, shared_app.address, run)
    test = split_results(run, "test").scored
    interval = page.locator(".finger-card[data-split=test] [data-rate=fnr] small")
    expect(interval).to_have_text(span(rates_at(test, 0.5).fnr))
    _drag(page, 0.5, 0.4, let_go=False)
    expect(interval).to_have_text("\u2026")
    assert _cells(page, "test") == _core_cells(test, 0.4)
    page.mouse.up()
    expect(interval).to_have_text(span(rates_at(test, 0.4).fnr))
    page.get_by_role("switch", name="Two thresholds").check()
    handle = page.locator(".finger-handle[data-which=upper]")
    expect(handle).to_have_attribute("aria-valuenow", re.compile(r"\d"))
    upper = float(handle.get_attribute("aria-valuenow"))
    expect(interval).to_have_text(span(zone_figures(test, 0.4, upper).fnr))
    expect(page.get_by_text("from drawing whole groups").first).to_be_visible()
    page.close()


def test_a_typed_number_counts_and_what_is_none_is_said_and_changes_nothing(dials: Page, scored):
    exact = float(np.sort(scored["val"].scores)[700])
    field, remark, heard = _field(dials, "threshold"), dials.locator(".finger-remark"), dials.locator(".finger-said")
    _type(dials, "threshold", repr(exact))
    expect(_handle(dials)).to_have_attribute("aria-valuenow", repr(exact))
    expect(field).to_have_value(f"{exact:.6g}")
    assert _cells(dials, "test") == _core_cells(scored["test"], exact)
    for text, found in (("2,5", '"2,5"'), ("abc", '"abc"'), ("abc", '"abc"'), ("", "nothing")):
        _type(dials, "threshold", text)
        expect(field).to_have_value(f"{exact:.6g}")
        expect(remark).to_have_text(f"Expected a number from 0 to 1, found {found}; it stays at {exact:.6g}.")
        expect(heard).to_contain_text(f"found {found}")
        assert _handle(dials).get_attribute("aria-valuenow") == repr(exact)
    field.fill(f"{exact:.6g}")  # what stands there already is no other number, though it is shorter than the exact one
    field.press("Tab")
    expect(remark).to_be_empty()
    assert _handle(dials).get_attribute("aria-valuenow") == repr(exact)
    _type(dials, "threshold", "4.3e-12")
    expect(_handle(dials)).to_have_attribute("aria-valuetext", re.compile(r"^4\.3e-12: "))
    expect(dials.locator("[data-chart=rates] .finger-label").first).to_have_text("4.3e-12")


@pytest.mark.parametrize("leave", ["Enter", "Tab"])
def test_a_field_shows_where_the_other_threshold_stopped_it_and_says_so(dials: Page, leave: str):
    dials.get_by_role("switch", name="Two thresholds").check()
    upper = dials.locator(".finger-handle[data-which=upper]")
    expect(upper).to_have_attribute("aria-valuenow", "0.75")
    for which, text, handle, stopped in (("threshold", "0.9", _handle(dials), "0.75"), ("upper", "0.2", upper, "0.75")):
        _field(dials, which).fill(text)
        _field(dials, which).press(leave)
        expect(handle).to_have_attribute("aria-valuenow", stopped)
        expect(_field(dials, which)).to_have_value(stopped)
        for words in (dials.locator(".finger-remark"), dials.locator(".finger-said")):
            expect(words).to_contain_text(f"{text} would pass the other threshold; it stands there, at {stopped}.")
    _drag(dials, 0.75, 0.6)
    expect(dials.locator(".finger-remark")).to_be_empty()


@pytest.mark.parametrize("pressed", [".finger-rail", "[data-chart=rates] .finger-touch"])
def test_a_press_elsewhere_counts_and_not_what_was_typed_before_it(dials: Page, pressed: str):
    _field(dials, "threshold").fill("0.3")
    box = dials.locator(pressed).bounding_box()
    now = _clicked(dials, box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    assert now == pytest.approx(0.8, abs=0.02)
    dials.get_by_role("button", name="Use this threshold").focus()  # leaves whatever had the focus
    expect(dials.get_by_text(f"Exactly {now:g}:")).to_be_visible()
    expect(_field(dials, "threshold")).to_have_value(f"{now:g}")
    assert _handle(dials).get_attribute("aria-valuenow") == f"{now:g}"


def test_a_finger_on_the_scale_moves_it(fingers: Page, scored):
    rail = fingers.locator(".finger-rail").bounding_box()
    y = rail["y"] + rail["height"] / 2
    touch = _Touch(fingers)
    touch.down(rail["x"] + 0.5 * rail["width"], y)
    touch.move(rail["x"] + 0.45 * rail["width"], y)
    touch.move(rail["x"] + 0.3 * rail["width"], y)
    expect(_handle(fingers)).to_have_attribute("aria-valuenow", re.compile(r"0\.(29[5-9]|30[0-5]?)$|0\.3$"))
    now = float(_handle(fingers).get_attribute("aria-valuenow"))
    touch.up()
    expect(fingers.get_by_text(f"Exactly {now:g}:")).to_be_visible()
    assert _cells(fingers, "val") == _core_cells(scored["val"], now)
    handle = _handle(fingers).bounding_box()
    assert min(handle["width"], handle["height"]) >= 44
    assert fingers.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at 800 px"


@pytest.mark.parametrize("where", [".finger-rail", *(f"[data-chart={chart}] .finger-touch" for chart in CHARTS)])
def test_a_finger_that_scrolls_moves_no_threshold_and_a_tap_does(fingers: Page, where: str):
    x, y = _middle(at_rest(fingers.locator(where)), across=0.3)
    before = y
    touch = _Touch(fingers)
    touch.down(x, y)
    for step in range(1, 11):
        touch.move(x + step, y - 9 * step)
    touch.up()
    x, y = _middle(at_rest(fingers.locator(where)), across=0.3)
    assert y < before - 40, "the page scrolls"
    assert _handle(fingers).get_attribute("aria-valuenow") == "0.5"
    assert "set by hand" not in _exactly_how(fingers)
    touch.down(x, y)
    touch.up()
    expect(_handle(fingers)).not_to_have_attribute("aria-valuenow", "0.5")
    expect(fingers.get_by_text(re.compile(r"^Exactly .*: set by hand"))).to_be_visible()


def test_a_move_that_the_browser_takes_for_something_else_is_taken_back(fingers: Page):
    x, y = _middle(at_rest(fingers.locator("[data-chart=rates] .finger-touch")))
    touch = _Touch(fingers)
    touch.down(x, y)
    for step in range(1, 6):
        touch.move(x + 12 * step, y)
    expect(_handle(fingers)).not_to_have_attribute("aria-valuenow", "0.5")
    touch.cancel()
    expect(_handle(fingers)).to_have_attribute("aria-valuenow", "0.5")
    fingers.wait_for_timeout(500)  # Python would have answered
    assert "set by hand" not in _exactly_how(fingers)


def test_a_press_that_trembles_changes_no_exact_threshold(dials: Page, fingers: Page):
    for page in (dials, fingers):
        page.get_by_role("button", name="Pick on validation").click()
        expect(page.get_by_text(re.compile(r"^Exactly .*at most \d+ % missed"))).to_be_visible()
        exact = _handle(page).get_attribute("aria-valuenow")
        assert len(exact) > 6
        x, y = _middle(at_rest(_handle(page)))
        if page is dials:
            page.mouse.move(x + 1, y)
            page.mouse.down()
            page.mouse.move(x + 3, y + 2, steps=2)
            page.mouse.up()
        else:
            touch = _Touch(page)
            touch.down(x, y)
            touch.move(x + 2, y + 1)
            touch.move(x + 4, y)
            touch.up()
        expect(_handle(page)).to_be_focused()
        page.wait_for_timeout(500)  # Python would have answered
        assert _handle(page).get_attribute("aria-valuenow") == exact
        assert "% missed" in _exactly_how(page)


def test_a_click_on_the_roc_takes_the_score_of_a_scan(dials: Page, scored):
    box = dials.locator("[data-chart=roc] .finger-touch").bounding_box()
    now = _clicked(dials, box["x"] + 0.15 * box["width"], box["y"] + 0.2 * box["height"])
    assert now in set(scored["val"].scores.tolist())
    assert _cells(dials, "val") == _core_cells(scored["val"], now)
    expect(dials.get_by_text(f"Exactly {now!r}:")).to_be_visible()
    at = rates(counts_at(scored["val"], now))
    diamond = dials.locator("[data-chart=roc] .finger-diamond.is-threshold").bounding_box()
    middle = (diamond["x"] + diamond["width"] / 2, diamond["y"] + diamond["height"] / 2)
    drawn = ((middle[0] - box["x"]) / box["width"], 1 - (middle[1] - box["y"]) / box["height"])
    margin = 0.02 / 1.04  # the axes run from -2 % to 102 %
    assert drawn == pytest.approx((margin + at.fpr.value / 1.04, margin + at.sensitivity.value / 1.04), abs=0.01)


def test_a_click_on_the_rates_or_the_scores_takes_its_place(dials: Page):
    for chart, share in (("rates", 0.25), ("scores", 0.8)):
        box = dials.locator(f"[data-chart={chart}] .finger-touch").bounding_box()
        now = _clicked(dials, box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
        assert now == pytest.approx(share * 1.02 - 0.01, abs=0.004)
        expect(dials.get_by_text(f"Exactly {now:g}:")).to_be_visible()


def test_a_click_right_after_typing_picks_by_the_number_just_typed(dials: Page):
    for most in ("12", "25"):
        dials.get_by_label("Miss at most, % of COVID").fill(most)
        dials.get_by_role("button", name="Pick on validation").click()
        expect(dials.get_by_text(re.compile(rf"^Exactly .*at most {most} % missed"))).to_be_visible()


def test_the_bars_above_the_threshold_hold_the_scans_called_positive(dials: Page, scored):
    _drag(dials, 0.5, 0.613)
    expect(_handle(dials)).to_have_attribute("aria-valuenow", "0.613")
    tall = dials.evaluate(
        "() => [...document.querySelectorAll('.finger-bars .is-found')].map(bar => bar.height.baseVal.value)"
    )
    positives = scored["val"].scores[scored["val"].labels]
    counts, _ = np.histogram(positives[positives >= 0.613], bins=np.linspace(0, 1, 41))
    np.testing.assert_allclose(np.array(tall) / max(tall), counts / counts.max(), atol=0.01)


@pytest.mark.parametrize(("joint", "to"), [(0.3, 0.1), (0.3, 0.5), (0.7, 0.5), (0.7, 0.9)])
def test_of_two_handles_on_one_place_a_drag_takes_the_one_that_can_follow(dials: Page, joint: float, to: float):
    dials.get_by_role("switch", name="Two thresholds").check()
    _type(dials, "threshold", str(joint))
    _type(dials, "upper", "0")  # no further down than the other
    upper = dials.locator(".finger-handle[data-which=upper]")
    for handle in (_handle(dials), upper):
        expect(handle).to_have_attribute("aria-valuenow", str(joint))
    _drag(dials, joint, to)
    lower_at, upper_at = (to, joint) if to < joint else (joint, to)
    expect(_handle(dials)).to_have_attribute("aria-valuenow", str(lower_at))
    expect(upper).to_have_attribute("aria-valuenow", str(upper_at))
    expect(dials.get_by_text(f"ruled out below {lower_at}, ruled in from {upper_at}")).to_be_visible()


def test_a_second_handle_refers_what_lies_between_and_both_are_saved(dials: Page, scored, served):
    dials.get_by_role("switch", name="Two thresholds").check()
    upper = dials.locator(".finger-handle[data-which=upper]")
    expect(upper).to_have_attribute("aria-valuenow", "0.75")
    _drag(dials, 0.75, 0.82)
    _drag(dials, 0.5, 0.3)
    expect(_handle(dials)).to_have_attribute("aria-valuenow", "0.3")
    expect(upper).to_have_attribute("aria-valuenow", "0.82")
    for split in ("val", "test"):
        zones = zone_figures(scored[split], 0.3, 0.82)
        cells = _cells(dials, split, (*CELLS, "referredPositives", "referredOthers"))
        ruled_out, referred, ruled_in = zip(zones.positives, zones.others, strict=True)
        assert cells == [ruled_in[0], ruled_out[0], ruled_in[1], ruled_out[1], *referred]
        shown = _rates(dials, split)
        for name in ("fnr", "fpr", "referred", "ppv", "npv"):
            assert shown[name] == (percent(getattr(zones, name)), span(getattr(zones, name)))
    expect(dials.get_by_text("ruled out below 0.3, ruled in from 0.82")).to_be_visible()
    upper.focus()
    dials.keyboard.press("Home")
    expect(upper).to_have_attribute("aria-valuenow", "0.3")  # neither passes the other
    dials.keyboard.press("End")
    expect(dials.get_by_text("ruled in from 1:")).to_be_visible()
    dials.get_by_role("button", name="Use these thresholds").click()
    expect(dials.get_by_role("button", name="In force", exact=True)).to_be_disabled()
    point = point_in_force(served[1])
    assert (point.threshold, point.upper) == (0.3, 1.0)
    (served[1].folder / "operating_point.json").unlink()


def _open(page: Page, address: str, run: Run) -> None:
    page.goto(f"{address}/threshold?run={run.id}")
    page.locator(".finger-card [data-cell=found] b").first.wait_for(timeout=60_000)
    page.locator("[data-chart=scores] .finger-bars rect").first.wait_for(state="attached", timeout=60_000)
    page.wait_for_selector(READY, timeout=60_000)


def _as_in_force(page: Page) -> Page:
    back = page.get_by_role("button", name="Back to the one in force")
    isnt_there = _handle(page).get_attribute("aria-valuenow") != "0.5" or page.locator(".finger-dials.is-two").count()
    if isnt_there or back.is_enabled():
        back.click()
    expect(page.get_by_role("button", name="In force", exact=True)).to_be_visible()
    expect(page.locator(".finger-dials:not(.is-two)")).to_be_visible()
    expect(_handle(page)).to_have_attribute("aria-valuenow", "0.5")
    return page


class _Touch:
    """A finger as the browser's own input takes it: what scrolls, scrolls."""

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)

    def down(self, x: float, y: float) -> None:
        self._send("touchStart", (x, y))

    def move(self, x: float, y: float) -> None:
        self._send("touchMove", (x, y))

    def up(self) -> None:
        self._send("touchEnd")

    def cancel(self) -> None:
        self._send("touchCancel")

    def _send(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        self._devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _middle(thing: Locator, across: float = 0.5) -> tuple[float, float]:
    box = thing.bounding_box()
    return box["x"] + across * box["width"], box["y"] + box["height"] / 2


def _handle(page: Page):
    return page.locator(".finger-handle[data-which=threshold]")


def _scripts_alone() -> str:
    return script(("counting", "scales", "saying"))


def _place(page: Page) -> float:
    """Where the handle stands on the scale, 0 to 1."""
    rail, handle = page.locator(".finger-rail").bounding_box(), _handle(page).bounding_box()
    return (handle["x"] + handle["width"] / 2 - rail["x"]) / rail["width"]


def _drag(page: Page, start: float, end: float, *, let_go: bool = True) -> None:
    rail = page.locator(".finger-rail").bounding_box()
    y = rail["y"] + rail["height"] / 2
    page.mouse.move(rail["x"] + start * rail["width"], y)
    page.mouse.down()
    page.mouse.move(rail["x"] + (start + end) / 2 * rail["width"], y, steps=4)
    page.mouse.move(rail["x"] + end * rail["width"], y, steps=4)
    if let_go:
        page.mouse.up()


def _field(page: Page, which: str) -> Locator:
    return page.locator(f".finger-field input[data-which={which}]")


def _type(page: Page, which: str, text: str) -> None:
    _field(page, which).fill(text)
    _field(page, which).press("Enter")


def _clicked(page: Page, x: float, y: float) -> float:
    """Where a click moves the threshold to."""
    before = _handle(page).get_attribute("aria-valuenow")
    page.mouse.click(x, y)
    expect(_handle(page)).not_to_have_attribute("aria-valuenow", before)
    return float(_handle(page).get_attribute("aria-valuenow"))


def _cells(page: Page, split: str, names: tuple[str, ...] = CELLS) -> list[int]:
    card = page.locator(f".finger-card[data-split={split}]")
    return [int(card.locator(f"[data-cell={name}] b").text_content().replace(",", "")) for name in names]


def _core_cells(scored: Scored, threshold: float) -> list[int]:
    counts = counts_at(scored, threshold)
    return [counts.tp, counts.fn, counts.fp, counts.tn]


def _rates(page: Page, split: str) -> dict[str, tuple[str, str]]:
    card = page.locator(f".finger-card[data-split={split}]")
    return {
        rate.get_attribute("data-rate"): (rate.locator("b").text_content(), rate.locator("small").text_content())
        for rate in card.locator("[data-rate]").all()
        if rate.is_visible()
    }


def _said(at: Rates) -> dict[str, tuple[str, str]]:
    names = ("fnr", "fpr", "sensitivity", "specificity", "ppv", "npv")
    return {name: (percent(getattr(at, name)), span(getattr(at, name))) for name in names}


def _exactly(page: Page) -> str:
    return re.search(r"Exactly ([0-9.]+):", _exactly_how(page)).group(1)


def _exactly_how(page: Page) -> str:
    """What Python says of the threshold being tried, without the one in force."""
    return page.get_by_text("Exactly").first.text_content().partition(" In force now")[0]


@pytest.mark.parametrize("width", [390, 1024, 1440])
@pytest.mark.parametrize(
    ("tab", "cards", "longest"),
    [("Two thresholds", 10, "95 %: 100.0% to 100.0%"), ("In patients", 4, "95 %: 0.00123 to unbounded")],
)
def test_the_longest_interval_is_whole_in_its_card(
    browser: Browser, served: tuple[str, Run], width: int, tab: str, cards: int, longest: str
):
    page = browser.new_page(viewport={"width": width, "height": 1000})
    _open(page, *served)
    page.get_by_role("tab", name=tab).click()
    if tab == "Two thresholds":
        page.get_by_role("button", name="Pick both on validation").click()
    intervals = page.locator("[data-testid=stMetricDelta] p")
    expect(intervals).to_have_count(cards)
    cut = intervals.evaluate_all(
        """(found, longest) => found.filter((interval) => {
            interval.textContent = longest
            return [interval, interval.parentElement].some((box) => box.scrollWidth > box.clientWidth)
        }).length""",
        longest,
    )
    page.close()
    assert cut == 0
