"""Below the dials: rules, two thresholds, patients, history. What they pick is tried; only a save puts it in force."""

import json
import math
from collections.abc import Callable

import pandas as pd
import pytest
from changed_runs import with_three_classes, without_test_scans
from conftest import plain
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from core.decided import POINT_FILE, point_history, point_in_force, save_point
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.decision.population import ZonesInPopulation, in_population
from core.evaluation.decision.rules import Cost, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Rule, Youden, Zones
from core.evaluation.decision.zones import with_upper
from core.evaluation.intervals import Estimate
from core.results import split_results
from core.runs import Run
from core.scores_in_force import use_calibrated_scores
from pages.shared import state
from pages.threshold.history import history_table
from pages.threshold.in_patients import _ratio_interval

PAGE = "threshold/page.py"
Opened = Callable[..., AppTest]


def on_tab(at: AppTest, title: str) -> AppTest:
    """The page with that tab open."""
    at.session_state[state.THRESHOLD_TAB] = title
    return at.run()


def said(at: AppTest) -> str:
    """All words of the page that are ours."""
    kinds = (at.caption, at.markdown, at.info, at.warning, at.error)
    return plain("\n".join(element.value for kind in kinds for element in kind))


def tried(at: AppTest, run: Run) -> tuple[float, str]:
    """What is being tried."""
    draft = at.session_state[state.THRESHOLD_DRAFTS][run.id]
    return draft.threshold, draft.rule


def filled_in(app: Opened, run: Run, kind: str, numbers: dict[str, float]) -> AppTest:
    """The form of a rule with its numbers typed in, before the script has seen them."""
    at = on_tab(app(PAGE), "By a rule")
    at.selectbox(key=f"{state.RULE_KIND_OF_RUN}{run.id}").select(kind).run()
    for name, value in numbers.items():
        set_number(at, run, name, value)
    return at


def set_number(at: AppTest, run: Run, name: str, value: float) -> None:
    at.number_input(key=f"{state.RULE_NUMBER_OF_RUN}{name}-{run.id}").set_value(value)


def with_validation_of(run: Run, table: pd.DataFrame) -> None:
    """Other predictions for validation: columns label, score, group."""
    predictions = pd.read_parquet(run.folder / "predictions.parquet")
    made = pd.DataFrame(
        {
            "path": [f"made/{row:04d}.png" for row in range(len(table))],
            "label": table["label"],
            "split": "val",
            "group": table["group"].astype(str),
            "COVID": table["score"].astype("float32"),
            "non-COVID": (1 - table["score"]).astype("float32"),
        }
    )
    changed = pd.concat([predictions[predictions["split"] != "val"], made], ignore_index=True)
    changed.to_parquet(run.folder / "predictions.parquet", index=False)
    run.updated(split_sizes={**run.record.split_sizes, "val": len(table)})


@pytest.mark.parametrize(
    ("kind", "numbers", "rule"),
    [
        ("max_fnr", {"max_fnr": 25.0}, MaxFnr(0.25)),
        ("max_fpr", {"max_fpr": 30.0}, MaxFpr(0.3)),
        ("cost", {"miss": 5.0}, Cost(5)),
        ("cost", {"miss": 5.0, "cost_prevalence": 10.0}, Cost(5, 1, 0.1)),
        ("f_beta", {"beta": 2.0}, FBeta(2)),
        ("youden", {}, Youden()),
    ],
)
def test_a_rule_picks_on_validation_what_core_picks(
    app: Opened, tiny_run: Run, kind: str, numbers: dict[str, float], rule: Rule
) -> None:
    at = filled_in(app, tiny_run, kind, numbers)
    at.run()
    at.button(key=f"pick-{tiny_run.id}").click().run()
    assert not at.exception
    assert not at.error
    point = chosen(split_results(tiny_run, "val").scored, rule)
    assert tried(at, tiny_run) == (point.threshold, rule.text)
    assert rule.reason in said(at)
    assert not (tiny_run.folder / POINT_FILE).exists()  # tried, not saved
    at.button(key=f"use-{tiny_run.id}").click().run()
    saved = point_in_force(tiny_run)
    assert (saved.threshold, saved.rule, saved.split) == (point.threshold, rule.text, "val")
    assert point.says[1:] in said_in_sidebar(at)


@pytest.mark.parametrize(
    ("kind", "numbers", "rule"),
    [
        ("max_fnr", {"max_fnr": 25.0}, MaxFnr(0.25)),
        ("max_fpr", {"max_fpr": 30.0}, MaxFpr(0.3)),
        ("cost", {"miss": 5.0, "false_alarm": 2.0, "cost_prevalence": 10.0}, Cost(5, 2, 0.1)),
        ("ppv", {"ppv": 30.0, "ppv_prevalence": 40.0}, Ppv(0.3, 0.4)),
        ("f_beta", {"beta": 3.0}, FBeta(3)),
        ("fixed", {"fixed": 0.3}, Fixed(0.3)),
    ],
)
def test_a_click_that_comes_along_with_a_number_picks_by_that_number(
    app: Opened, tiny_run: Run, kind: str, numbers: dict[str, float], rule: Rule
) -> None:
    at = filled_in(app, tiny_run, kind, numbers)
    at.button(key=f"pick-{tiny_run.id}").click().run()
    assert not at.exception
    assert not at.error
    assert tried(at, tiny_run)[1] == rule.text


def test_a_click_that_comes_along_with_another_rule_picks_by_that_rule(app: Opened, tiny_run: Run) -> None:
    at = on_tab(app(PAGE), "By a rule")
    at.selectbox(key=f"{state.RULE_KIND_OF_RUN}{tiny_run.id}").select("cost")
    at.button(key=f"pick-{tiny_run.id}").click().run()
    assert not at.exception
    assert tried(at, tiny_run)[1] == Cost(10, 1).text


def test_a_click_that_comes_along_with_two_targets_picks_by_them(app: Opened, tiny_run: Run) -> None:
    at = on_tab(app(PAGE), "Two thresholds")
    set_number(at, tiny_run, "rule_out", 25.0)
    set_number(at, tiny_run, "rule_in", 30.0)
    at.button(key=f"pick-zones-{tiny_run.id}").click().run()
    assert tried(at, tiny_run)[1] == Zones(0.25, 0.3).text
    at.checkbox(key=f"{state.SURE_OF_RUN}rule_in-{tiny_run.id}").check()
    at.button(key=f"pick-zones-{tiny_run.id}").click().run()
    assert "cannot promise" in said(at)


def test_a_promise_for_a_trial_whose_sweep_is_not_here_is_refused_in_one_line(app: Opened, tiny_run: Run) -> None:
    tiny_run.updated(sweep="gone")
    at = on_tab(app(PAGE), "By a rule")
    at.checkbox(key=f"{state.SURE_OF_RUN}max_fnr-{tiny_run.id}").check()
    for _ in range(2):
        at.button(key=f"pick-{tiny_run.id}").click().run()
        assert not at.exception
        assert [error.value.startswith("nothing can be promised of run") for error in at.error] == [True]
        assert tiny_run.id not in at.session_state[state.THRESHOLD_DRAFTS]
    at.checkbox(key=f"{state.SURE_OF_RUN}max_fnr-{tiny_run.id}").uncheck().run()
    assert not at.error


def said_in_sidebar(at: AppTest) -> str:
    return plain("\n".join(caption.value for caption in at.sidebar.caption))


def test_a_promise_that_cannot_be_made_says_what_it_would_take(app: Opened, tiny_run: Run) -> None:
    at = on_tab(app(PAGE), "By a rule")
    at.checkbox(key=f"{state.SURE_OF_RUN}max_fnr-{tiny_run.id}").check().run()
    assert (
        "A promise takes at least 80 groups, as it covers that this network, one of 3, was itself chosen on validation."
        in said(at)
    )
    at.button(key=f"pick-{tiny_run.id}").click().run()
    assert "cannot promise an FNR of at most 0.05 at 0.95 confidence: it takes 80" in said(at)
    assert tiny_run.id not in at.session_state[state.THRESHOLD_DRAFTS]
    assert "cannot promise" not in said(at.run())  # said once


def test_a_promise_over_groups_warns_that_it_is_about_groups(app: Opened, tiny_run: Run) -> None:
    table = pd.DataFrame({"label": ["COVID", "non-COVID"] * 100, "score": [0.9, 0.1] * 100, "group": range(200)})
    table["group"] //= 4  # 50 groups with two positives each
    with_validation_of(tiny_run, table)
    at = on_tab(app(PAGE), "By a rule")
    at.checkbox(key=f"{state.SURE_OF_RUN}max_fnr-{tiny_run.id}").check().run()
    assert "The 100 COVID scans of validation come from 50 groups" in said(at)
    set_number(at, tiny_run, "max_fnr", 10.0)
    at.run()
    at.button(key=f"pick-{tiny_run.id}").click().run()
    assert "In new groups like the 50 groups with 100 positive scans in val" in said(at)


def test_one_group_is_no_groups(app: Opened, tiny_run: Run) -> None:
    table = pd.DataFrame({"label": ["COVID", "non-COVID"] * 5, "score": [0.9, 0.1] * 5, "group": 0})
    with_validation_of(tiny_run, table)
    at = on_tab(app(PAGE), "By a rule")
    set_number(at, tiny_run, "max_fnr", 99.0)
    at.checkbox(key=f"{state.SURE_OF_RUN}max_fnr-{tiny_run.id}").check().run()
    assert "The 5 COVID scans of validation come from 1 group, so" in said(at)


def test_two_targets_part_the_scans_into_three_zones(app: Opened, tiny_run: Run) -> None:
    at = on_tab(app(PAGE), "Two thresholds")
    assert "nobody is referred" in said(at)
    set_number(at, tiny_run, "rule_out", 0.0)
    set_number(at, tiny_run, "rule_in", 0.0)
    at.run()
    at.button(key=f"pick-zones-{tiny_run.id}").click().run()
    assert not at.exception
    point = chosen(split_results(tiny_run, "val").scored, Zones(0, 0))
    draft = at.session_state[state.THRESHOLD_DRAFTS][tiny_run.id]
    assert (draft.threshold, draft.upper) == (point.threshold, point.upper)
    labels = [metric.label for metric in at.metric]
    assert labels.count("Referred") == 2  # validation and test
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert point_in_force(tiny_run).upper == point.upper
    assert f"{point.threshold:.3f} and {point.upper:.3f}" in [metric.value for metric in at.sidebar.metric]


def test_targets_that_need_no_reader_are_said(app: Opened, tiny_run: Run) -> None:
    at = on_tab(app(PAGE), "Two thresholds")
    set_number(at, tiny_run, "rule_out", 50.0)
    set_number(at, tiny_run, "rule_in", 50.0)
    at.run()
    at.button(key=f"pick-zones-{tiny_run.id}").click().run()
    assert "no scan needs a reader" in said(at)


def test_people_are_shown_at_a_prevalence_with_their_values(app: Opened, tiny_run: Run) -> None:
    at = on_tab(app(PAGE), "In patients")
    assert not at.exception
    assert "Of 1,000 people like these, 50 have it: " in said(at)
    assert {"PPV", "NPV", "LR+", "LR-"} <= {metric.label for metric in at.metric}
    at.select_slider(key=state.PREVALENCE_PERCENT).set_value(20.0).run()
    assert "Of 1,000 people like these, 200 have it: " in said(at)
    assert "calling everybody costs 800, calling nobody 2,000" in said(at)
    alts = [json.loads(chart.proto.spec)["layout"]["meta"]["alt"] for chart in at.get("plotly_chart")]
    assert any("One mark for each person" in alt for alt in alts)
    assert any(alt.startswith("Net benefit over the threshold probability") for alt in alts)


def test_patients_at_two_thresholds_are_told_in_three_outcomes(app: Opened, tiny_run: Run) -> None:
    scored = split_results(tiny_run, "val").scored
    save_point(tiny_run, with_upper(fixed_point(scored, 0.39), scored, 0.63))
    at = on_tab(app(PAGE), "In patients")
    assert not at.exception
    test = split_results(tiny_run, "test").scored
    lower, upper = (in_population(test, threshold, 0.05) for threshold in (0.39, 0.63))
    assert lower.ppv.value != upper.ppv.value
    found = ZonesInPopulation(lower, upper)
    assert found.people is not None
    assert found.people.says in said(at)
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["PPV, ruled in"] == f"{upper.ppv.value:.1%}"
    assert shown["NPV, ruled out"] == f"{lower.npv.value:.1%}"
    assert {"LR+, ruled in", "LR-, ruled out"} < set(shown)
    assert "told for one threshold, the lower: whoever is referred to a reader counts as an alarm" in said(at)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (2.226, math.inf, "95 %: 2.23 to unbounded"),
        (math.inf, math.inf, "95 %: unbounded"),
        (math.nan, math.nan, "no interval"),
    ],
)
def test_the_interval_of_a_likelihood_ratio_is_as_short_as_its_card(low: float, high: float, says: str) -> None:
    assert _ratio_interval(Estimate(math.inf, low, high)) == says


def test_without_a_test_split_patients_are_told_from_validation(app: Opened, tiny_run: Run) -> None:
    without_test_scans(tiny_run)
    at = on_tab(app(PAGE), "In patients")
    assert not at.exception
    assert "FNR and FPR are those of validation" in said(at)


def test_one_class_alone_is_said_in_every_panel(app: Opened, tiny_run: Run) -> None:
    with_validation_of(tiny_run, pd.DataFrame({"label": ["COVID"] * 5, "score": [0.5] * 5, "group": range(5)}))
    without_test_scans(tiny_run)
    for title in ("By a rule", "Two thresholds", "In patients", "History"):
        at = on_tab(app(PAGE), title)
        assert not at.exception, title
    assert "lacks one of the two classes" in said(on_tab(app(PAGE), "In patients"))
    at = on_tab(app(PAGE), "By a rule")
    at.button(key=f"pick-{tiny_run.id}").click().run()
    assert "needs positive and other scans to be chosen on, found 5 positive and 0 others" in said(at)


def test_the_history_is_listed_and_one_click_goes_back(app: Opened, tiny_run: Run) -> None:
    at = on_tab(app(PAGE), "History")
    assert "Nobody has chosen a threshold yet" in said(at)
    scored = split_results(tiny_run, "val").scored
    save_point(tiny_run, chosen(scored, MaxFnr(0.25)))
    save_point(tiny_run, fixed_point(scored, 0.3))
    table = history_table(point_history(tiny_run))
    assert table["change"].tolist() == [2, 1]
    assert table["how"].tolist() == ["set by hand", "chosen on validation: at most 25 % missed"]
    for rate in ("missed (FNR)", "false alarms (FPR)"):
        assert (table[f"{rate}, low"] < table[rate]).any()
        assert table[rate].between(table[f"{rate}, low"], table[f"{rate}, high"]).all()
    at = on_tab(app(PAGE), "History")
    at.button(key=f"take-back-{tiny_run.id}").click().run()
    assert not at.exception
    assert point_in_force(tiny_run).rule == "max_fnr=0.25"
    assert "at most 25 % missed" in said_in_sidebar(at)
    other_one(at).select(0).run()
    at.button(key=f"again-{tiny_run.id}").click().run()
    assert point_in_force(tiny_run).rule == "default"
    assert at.button(key=f"take-back-{tiny_run.id}").disabled
    assert [change.back_to for change in point_history(tiny_run)] == [None, None, 1, 0]


def test_what_was_put_in_force_again_is_no_longer_chosen(app: Opened, tiny_run: Run) -> None:
    scored = split_results(tiny_run, "val").scored
    for threshold in (0.3, 0.4, 0.5):
        save_point(tiny_run, fixed_point(scored, threshold))
    at = on_tab(app(PAGE), "History")
    other_one(at).select(1).run()
    at.button(key=f"again-{tiny_run.id}").click().run()
    assert point_in_force(tiny_run).threshold == 0.3
    assert other_one(at).value is None
    assert at.button(key=f"again-{tiny_run.id}").disabled


def test_a_threshold_that_cannot_be_put_in_force_again_leaves_the_history_there(app: Opened, tiny_run: Run) -> None:
    run = with_three_classes(tiny_run)
    scored = split_results(run, "val").scored
    save_point(run, fixed_point(scored, 0.3, rule=MaxFnr(0.05, 0.95).text))
    save_point(run, with_upper(fixed_point(scored, 0.3), scored, 0.7))
    use_calibrated_scores(run)
    at = on_tab(app(PAGE), "History")
    at.button(key=f"take-back-{run.id}").click().run()
    assert not at.exception
    assert [plain(error.value).split(" cannot be met")[0] for error in at.error] == [
        f"the rule of this threshold ({MaxFnr(0.05, 0.95).words})"
    ]
    assert len(at.dataframe) == 1
    other_one(at).select(0).run()
    at.button(key=f"again-{run.id}").click().run()
    assert not at.error
    assert point_in_force(run).rule == "default"


def other_one(at: AppTest) -> Selectbox:
    """The box that offers every change but the last."""
    return next(box for box in at.selectbox if box.label == "Or any other")


def test_a_damaged_history_is_one_line_and_the_rest_stays(app: Opened, tiny_run: Run) -> None:
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.3))
    path = tiny_run.folder / POINT_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "history": "much"}))
    at = on_tab(app(PAGE), "History")
    assert not at.exception
    assert any("found damage; save one again" in error.value for error in at.error)
    assert at.button(key=f"use-{tiny_run.id}")
