"""The threshold page chooses on validation, reports on test, and saves exactly what was chosen."""

import json
from collections.abc import Callable

import pandas as pd
import pytest
from changed_runs import older_run_beside, with_three_classes, without_test_scans
from conftest import plain
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Slider

from core.evaluation.confusion import counts_at, rates
from core.evaluation.scored import Scored
from core.evaluation.thresholds import fixed_point, operating_point
from core.results import point_in_force, save_point, split_results
from core.runs import Run
from pages.shared.words import percent, rule_words, span
from pages.threshold.controls import promise_caveat
from pages.threshold.outcome import interval_words

PAGE = "threshold/page.py"
Opened = Callable[..., AppTest]


def test_without_a_run_the_page_says_what_to_do_and_has_the_button(app: Opened) -> None:
    at = app(PAGE)
    assert not at.exception
    assert "no finished run" in at.info[0].value
    assert at.button[0].label == "Try it on synthetic scans"


def test_the_slider_starts_at_the_threshold_in_force(app: Opened, tiny_run: Run) -> None:
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.375))
    at = app(PAGE)
    assert _slider(at, tiny_run).value == 0.375
    assert at.button(key=f"use-{tiny_run.id}").disabled


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5, 0.7, 1.0])
def test_rates_of_both_splits_are_those_of_core(app: Opened, tiny_run: Run, threshold: float) -> None:
    at = app(PAGE)
    _slider(at, tiny_run).set_value(threshold).run()
    for split, shown in zip(("val", "test"), _rates_shown(at), strict=True):
        at_threshold = rates(counts_at(split_results(tiny_run, split).scored, threshold))
        for label, rate in {
            "Missed (FNR)": at_threshold.fnr,
            "False alarms (FPR)": at_threshold.fpr,
            "Sensitivity": at_threshold.sensitivity,
            "Specificity": at_threshold.specificity,
            "PPV": at_threshold.ppv,
            "NPV": at_threshold.npv,
        }.items():
            assert shown[label] == (percent(rate), span(rate))


def test_what_the_split_keeps_together_is_said_beside_the_figures(app: Opened, tiny_run: Run) -> None:
    def warned() -> bool:
        return any("may be on both sides" in warning.value for warning in app(PAGE).warning)

    tiny_run = tiny_run.updated(group_source="blocks", decisions=("two scans are left out",))
    assert warned()
    assert any("two scans are left out" in caption.value for caption in app(PAGE).caption)
    tiny_run.updated(group_source="patient")
    assert not warned()


@pytest.mark.parametrize("budget_percent", [0.0, 5.0, 20.0, 25.0, 50.0, 99.0])
def test_picking_never_exceeds_the_miss_budget_on_validation(app: Opened, tiny_run: Run, budget_percent: float) -> None:
    at = _picked(app(PAGE), tiny_run, budget_percent)
    at.button(key=f"use-{tiny_run.id}").click().run()
    validation = split_results(tiny_run, "val").scored
    point = point_in_force(tiny_run)
    assert point == operating_point(validation, max_fnr=budget_percent / 100)
    assert counts_at(validation, point.threshold).fn <= budget_percent / 100 * validation.positives


def test_the_sliders_rounding_does_not_change_what_was_picked(app: Opened, tiny_run: Run) -> None:
    predictions = pd.read_parquet(tiny_run.folder / "predictions.parquet").astype({"COVID": float})
    positive = (predictions["label"] == "COVID") & (predictions["split"] == "val")
    predictions.loc[positive, "COVID"] = [0.5006 + 0.1 * k for k in range(positive.sum())]
    predictions["non-COVID"] = 1 - predictions["COVID"]
    predictions.to_parquet(tiny_run.folder / "predictions.parquet")
    at = _picked(app(PAGE), tiny_run, 0.0)
    validation = split_results(tiny_run, "val").scored
    exact = operating_point(validation, max_fnr=0.0)
    assert _slider(at, tiny_run).value == 0.501
    assert counts_at(validation, 0.501).fn == 1, "the case must be one that rounding spoils"
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert point_in_force(tiny_run).threshold == exact.threshold
    assert point_in_force(tiny_run).fnr.value == 0


def test_saving_writes_the_point_and_the_sidebar_follows(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    assert at.sidebar.metric[0].value == "0.500"
    _slider(at, tiny_run).set_value(0.3).run()
    assert at.sidebar.metric[0].value == "0.500", "trying is not saving"
    assert not (tiny_run.folder / "operating_point.json").exists()
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert not at.exception
    saved = json.loads((tiny_run.folder / "operating_point.json").read_text())
    assert (saved["threshold"], saved["rule"], saved["split"]) == (0.3, "fixed=0.3", "val")
    assert at.sidebar.metric[0].value == "0.300"
    assert "0.300" in at.toast[0].value
    assert at.button(key=f"use-{tiny_run.id}").disabled
    at.run()
    assert not at.toast, "said once"


def test_moving_the_slider_after_picking_makes_the_rule_fixed(app: Opened, tiny_run: Run) -> None:
    at = _picked(app(PAGE), tiny_run, 25.0)
    assert "misses at most 25 %" in _said(at)
    _slider(at, tiny_run).set_value(0.42).run()
    assert "set by hand" in _said(at)
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert point_in_force(tiny_run).rule == "fixed=0.42"


def test_half_chosen_by_hand_is_not_called_the_default(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    _slider(at, tiny_run).set_value(0.6).run()
    _slider(at, tiny_run).set_value(0.5).run()
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert point_in_force(tiny_run).rule == "fixed=0.5"


def test_going_back_undoes_what_was_tried(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    _slider(at, tiny_run).set_value(0.9).run()
    at.button(key=f"back-{tiny_run.id}").click().run()
    assert _slider(at, tiny_run).value == 0.5
    assert at.button(key=f"use-{tiny_run.id}").disabled


def test_a_promise_that_cannot_be_made_is_one_line_and_changes_nothing(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    at.checkbox(key=f"sure-{tiny_run.id}").check()
    at = _picked(at, tiny_run, 1.0)
    assert not at.exception
    assert "cannot promise" in at.error[0].value
    assert "\n" not in at.error[0].value
    assert _slider(at, tiny_run).value == 0.5
    at.run()
    assert not at.error, "the line is gone with the next thing done"


def test_a_promise_over_groups_says_that_it_takes_scans_as_independent(app: Opened, tiny_run: Run) -> None:
    validation = split_results(tiny_run, "val").scored
    groups = len(set(validation.groups[validation.labels]))
    assert groups < validation.positives
    at = app(PAGE)
    assert not any("does not hold for new patients" in warning.value for warning in at.warning)
    at.checkbox(key=f"sure-{tiny_run.id}").check().run()
    [caveat] = [warning.value for warning in at.warning if "does not hold for new patients" in warning.value]
    assert f"{validation.positives} positive scans of {groups} groups" in caveat
    assert promise_caveat(Scored.of([0.1, 0.9], [0, 1])) == ""


def test_intervals_over_scans_of_few_groups_say_so(app: Opened, tiny_run: Run) -> None:
    captions = [caption.value for caption in app(PAGE).caption if "95 % intervals" in caption.value]
    assert len(captions) == 2
    assert all("the true uncertainty is larger" in caption for caption in captions)
    assert all("non-COVID: " in caption for caption in captions), "a class keeps its own name"
    assert interval_words(Scored.of([0.1, 0.9], [0, 1])) == "With 95 % intervals (Wilson)."


def test_a_threshold_being_tried_stays_with_its_run(app: Opened, tiny_run: Run) -> None:
    other = older_run_beside(tiny_run)
    at = app(PAGE, query={"run": tiny_run.id})
    _slider(at, tiny_run).set_value(0.9).run()
    at.selectbox(key="picked_run").select(other.id).run()
    assert _slider(at, other).value == 0.5
    at.selectbox(key="picked_run").select(tiny_run.id).run()
    assert _slider(at, tiny_run).value == 0.9


def test_a_run_without_test_scans_says_so(app: Opened, tiny_run: Run) -> None:
    without_test_scans(tiny_run)
    at = app(PAGE)
    assert not at.exception
    assert any("no test split" in caption.value for caption in at.caption)
    assert len([m for m in at.main.metric if m.label == "Missed (FNR)"]) == 1


def test_the_page_says_what_looking_at_test_does(app: Opened, tiny_run: Run) -> None:
    assert any("exploratory" in caption.value for caption in app(PAGE).caption)


def test_a_damaged_point_is_one_line_and_can_be_replaced_here(app: Opened, tiny_run: Run) -> None:
    (tiny_run.folder / "operating_point.json").write_text('{"threshold": ')
    at = app(PAGE)
    assert not at.exception
    assert any("operating_point.json" in plain(error.value) and "\n" not in error.value for error in at.main.error)
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert not at.error
    assert point_in_force(tiny_run).threshold == 0.5


def test_damaged_predictions_are_one_line_and_no_traceback(app: Opened, tiny_run: Run) -> None:
    (tiny_run.folder / "predictions.parquet").write_bytes(b"PAR1 this is not it")
    at = app(PAGE)
    assert not at.exception
    assert any("predictions.parquet" in error.value for error in at.main.error)
    assert all("\n" not in error.value for error in at.error)


def test_three_classes_are_cut_between_the_positive_and_the_others(app: Opened, tiny_run: Run) -> None:
    run = with_three_classes(tiny_run)
    at = app(PAGE)
    assert not at.exception
    counts = counts_at(split_results(run, "val").scored, 0.5)
    assert any(f"{counts.fn} missed" in caption.value and "The others" in caption.value for caption in at.caption)


def test_curves_of_validation_carry_the_thresholds_a_click_asks_for(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    validation = split_results(tiny_run, "val").scored
    charts = {chart.proto.alt.split(" ")[0]: json.loads(chart.proto.spec) for chart in at.get("plotly_chart")}
    curve = next(trace for trace in charts["ROC"]["data"] if trace["name"].startswith("Validation"))
    carried = [data[0] for data in curve["customdata"] if data[0] is not None]
    assert set(carried) <= set(validation.scores.tolist())


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("default", "the default, nobody has chosen it"),
        ("fixed=0.3", "set by hand"),
        ("max_fnr=0.025", "misses at most 2.5 % on validation"),
        (
            "max_fnr=0.05, confidence=0.95",
            "misses at most 5 % on validation, promised for new scans with 95 % confidence",
        ),
        ("something newer", "something newer"),
        ("max_fnr=much", "max_fnr=much"),
    ],
)
def test_rules_are_said_in_words(rule: str, words: str) -> None:
    assert rule_words(rule) == words


def _slider(at: AppTest, run: Run) -> Slider:
    return at.slider(key=f"threshold-{run.id}")


def _picked(at: AppTest, run: Run, budget_percent: float) -> AppTest:
    at.number_input(key=f"budget-{run.id}").set_value(budget_percent)
    at.button(key=f"pick-{run.id}").click()
    return at.run()


def _said(at: AppTest) -> str:
    return next(caption.value for caption in at.caption if caption.value.startswith("Exactly"))


def _rates_shown(at: AppTest) -> list[dict[str, tuple[str, str]]]:
    """The rates in the validation card, then those in the test card."""
    metrics = [(metric.label, (metric.value, metric.delta)) for metric in at.main.metric]
    return [dict(metrics[:6]), dict(metrics[6:12])]
