"""The performance page shows what core computes, says what makes it too good, and leads to the scans."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from changed_runs import older_run_beside, with_three_classes, without_test_scans
from conftest import plain
from streamlit.testing.v1 import AppTest

from core.decided import save_point
from core.evaluation.bands import roc_band
from core.evaluation.curves import roc_points
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.scored import Scored
from core.results import split_results
from core.runs import Run, read_index
from pages.performance.curves import _joined
from pages.performance.matrix import case_of, cell_named
from pages.performance.rates import rates_table
from pages.shared import links
from pages.shared.words import decimal, interval, percent, span

PAGE = "performance/page.py"
Opened = Callable[..., AppTest]
SCORED = Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0])


def test_without_a_run_the_page_says_what_to_do_and_has_the_button(app: Opened) -> None:
    at = app(PAGE)
    assert not at.exception
    assert [title.value for title in at.title] == ["Performance"]
    assert "no finished run" in at.info[0].value
    assert at.button[0].label == "Try it on synthetic scans"


@pytest.mark.parametrize("split", ["test", "val"])
def test_figures_and_intervals_are_those_of_core(app: Opened, tiny_run: Run, split: str) -> None:
    evaluation = split_results(tiny_run, split).evaluated(0.5)
    at = app(PAGE, query={"split": split})
    shown = {metric.label: (metric.value, metric.delta) for metric in reversed(at.metric)}  # the first of a name
    for label, estimate in {"Missed (FNR)": evaluation.fnr, "False alarms (FPR)": evaluation.fpr}.items():
        assert shown[label] == (percent(estimate), interval(estimate))
    assert shown["ROC AUC"][0] == decimal(evaluation.auc)
    tables = "\n".join(markdown.value for markdown in at.markdown).replace("\u00a0", " ")
    rates = {
        "Sensitivity (recall)": evaluation.recall,
        "Specificity": evaluation.specificity,
        "Precision (PPV)": evaluation.precision,
        "NPV": evaluation.npv,
        "Accuracy": evaluation.accuracy,
    }
    for name, estimate in rates.items():
        assert f"| {name} | **{percent(estimate)}** | {span(estimate)} |" in tables
    scores = {
        "Balanced accuracy": evaluation.balanced_accuracy,
        "F1": evaluation.f1,
        "F2": evaluation.f2,
        "MCC": evaluation.mcc,
        "Cohen's kappa": evaluation.kappa,
        "ROC AUC (DeLong)": evaluation.auc_delong,
        "Average precision": evaluation.average_precision,
        "Brier score": evaluation.brier,
        "Log loss": evaluation.log_loss,
    }
    for name, estimate in scores.items():
        assert f"| {name} | **{decimal(estimate)}** | {estimate.low:.3f} to {estimate.high:.3f} |" in tables
    said = "\n".join(plain(caption.value) for caption in at.caption)
    for method in ("rates", "scores", "auc", "delong", "losses"):
        assert evaluation.interval_methods[method] in said
    assert evaluation.fnr.value > 0, "the case must have something to miss"


def test_missed_come_before_every_other_figure(app: Opened, tiny_run: Run) -> None:
    labels = [metric.label for metric in app(PAGE).main.metric]
    assert labels[:2] == ["Missed (FNR)", "False alarms (FPR)"]
    assert labels.index("Missed (FNR)") < labels.index("Accuracy")


def test_the_page_opens_on_test_and_says_nothing_of_optimism_there(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    assert at.get("segmented_control")[0].value == "test"
    assert not any("optimistic" in warning.value for warning in at.warning)


def test_validation_figures_are_called_optimistic(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE, query={"split": "val"})
    assert any("optimistic" in warning.value for warning in at.warning)


def test_a_run_without_test_scans_says_so_and_shows_validation(app: Opened, tiny_run: Run) -> None:
    without_test_scans(tiny_run)
    at = app(PAGE)
    assert not at.exception
    assert any("no test split" in warning.value for warning in at.warning)
    assert at.get("segmented_control")[0].options == ["Validation"]


def test_a_split_that_was_forced_does_not_stay_and_one_that_was_chosen_does(app: Opened, tiny_run: Run) -> None:
    without_test_scans(older := older_run_beside(tiny_run))
    at = app(PAGE, query={"run": older.id})
    assert _split(at).value == "val"
    at.selectbox(key="picked_run").set_value(tiny_run.id).run()
    assert _split(at).value == "test"
    _split(at).set_value("val").run()
    at.selectbox(key="picked_run").set_value(older.id).run()
    at.selectbox(key="picked_run").set_value(tiny_run.id).run()
    assert _split(at).value == "val"
    assert at.query_params["split"] == "val"


def test_the_worklist_keeps_its_split_unless_another_is_chosen_on_the_page(app: Opened, tiny_run: Run) -> None:
    at = app("review/page.py", query={"run": tiny_run.id, "cell": "any", "split": "any"})
    at.switch_page(PAGE).run()
    at.switch_page("review/page.py").run()
    assert at.query_params["split"] == "any"
    at.switch_page(PAGE).run()
    _split(at).set_value("val").run()
    at.switch_page("review/page.py").run()
    assert at.query_params["split"] == "val"


def test_split_by_scan_is_warned_about_and_split_by_patient_is_not(app: Opened, tiny_run: Run) -> None:
    def warned() -> bool:
        return any("slices of one patient" in warning.value for warning in app(PAGE).warning)

    tiny_run = tiny_run.updated(group_source="scan")
    assert warned()
    tiny_run.updated(group_source="patient")
    assert not warned()


def test_the_saved_threshold_is_the_one_the_figures_are_for(app: Opened, tiny_run: Run) -> None:
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.9))
    evaluation = split_results(tiny_run, "test").evaluated(0.9)
    at = app(PAGE)
    assert evaluation.fnr != split_results(tiny_run, "test").evaluated(0.5).fnr
    assert next(m.value for m in at.metric if m.label == "Missed (FNR)") == percent(evaluation.fnr)


@pytest.mark.parametrize("cell", ["missed", "false alarm", "found", "cleared"])
def test_each_cell_has_a_button_that_opens_its_scans(app: Opened, tiny_run: Run, cell: str) -> None:
    at = app(PAGE, query={"split": "val"})
    at.button(key=f"review-{cell}").click().run()
    assert not at.exception
    assert at.title[0].value == "Review"
    cells = split_results(tiny_run, "val").with_cells(0.5)
    case = at.query_params["case"]
    assert cells.set_index("path").loc[case, "cell"] == cell
    assert at.query_params["run"] == tiny_run.id


def test_the_button_of_an_empty_cell_is_disabled(app: Opened, tiny_run: Run) -> None:
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.0))
    at = app(PAGE)
    assert at.button(key="review-missed").disabled
    assert at.button(key="review-missed").label == "None missed"
    assert not at.button(key="review-false alarm").disabled


def test_opening_the_scans_keeps_the_chosen_run(app: Opened, tiny_run: Run) -> None:
    older = older_run_beside(tiny_run)
    at = app(PAGE, query={"run": older.id})
    assert at.query_params["run"] == older.id
    at.button(key="review-missed").click().run()
    assert at.title[0].value == "Review"
    assert at.query_params["run"] == older.id


def test_every_chart_has_words_for_those_who_cannot_see_it(app: Opened, tiny_run: Run) -> None:
    charts = app(PAGE).get("plotly_chart")
    assert len(charts) >= 3
    assert all(len(chart.proto.alt) > 20 for chart in charts)


def test_overlaying_adds_the_other_split_dashed(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    at.toggle(key="overlay_other_split").set_value(True).run()
    curves = {trace["name"].split(",")[0]: trace for trace in _traces(at, "ROC")}
    assert curves["Validation"]["line"]["dash"] == "dash"
    assert curves["Test"]["line"].get("dash", "solid") == "solid"


def test_three_classes_show_every_class_against_the_rest(app: Opened, tiny_run: Run) -> None:
    run = with_three_classes(tiny_run)
    at = app(PAGE)
    assert not at.exception
    roc, one_vs_rest = _all_traces(at, "ROC curve")
    precision_recall = _all_traces(at, "Precision against recall")[-1]
    assert any(trace["name"].startswith("Test, AUC") for trace in roc)
    for name in run.record.classes:
        assert any(trace["name"].startswith(f"{name}, AUC") for trace in one_vs_rest)
        assert name in [trace["name"] for trace in precision_recall]
    for name, scored in split_results(run, "test").by_class.items():
        guessing = next(trace for trace in precision_recall if trace["name"] == f"guessing: {name}")
        assert guessing["y"] == [scored.positives / scored.n] * 2
    said = [caption.value for caption in at.caption]
    bands = next(place for place, caption in enumerate(said) if caption.startswith("Bands: 95 %"))
    by_class = next(place for place, caption in enumerate(said) if plain(caption).startswith("AUC: "))
    assert bands < by_class, "what is said of bands stands above the charts that have none"
    touch = next(trace for trace in _traces(at, "Confusion") if trace.get("name") == "cells")
    assert len(touch["customdata"]) == 9


def test_of_three_classes_every_interval_says_how_it_was_made(app: Opened, tiny_run: Run) -> None:
    run = with_three_classes(tiny_run)
    at, evaluation = app(PAGE), split_results(run, "test").evaluated(0.5)
    methods, said = evaluation.interval_methods, [plain(caption.value) for caption in at.caption]
    for figures, method in {
        "Rates and micro F1": "rates",
        "AUC by DeLong and micro AUC": "delong",
        "kappa, macro recall, precision and F1": "scores",
        "Macro AUC": "macro_auc",
        "Missed and precision": "rates",
        r"\. F1": "scores",
        r"\. ROC AUC": "delong",
        "^AUC": "delong",
    }.items():
        made = re.compile(f"{figures}[^:]*: {re.escape(methods[method])}\\.")
        assert any(made.search(caption) for caption in said), figures
    table = rates_table(evaluation).set_index("figure")
    for name, figures in evaluation.by_class.items():
        auc = figures["auc"]
        assert table.loc[f"ROC AUC of {name}", ["value", "low", "high"]].tolist() == [auc.value, auc.low, auc.high]
        assert table.loc[f"missed (FNR) of {name}", "high"] == 1 - figures["recall"].low
        assert table.loc[f"F1 of {name}", "interval"] == methods["scores"]
    evaluation = split_results(run, "test").evaluated(0.5)
    tables = "\n".join(markdown.value for markdown in at.markdown)
    for name in ("macro_f1", "micro_auc"):
        assert f"**{decimal(evaluation.averages[name])}**" in tables
    by_class = tables[tables.index("| Class |") :].splitlines()
    assert by_class[2].startswith("| **COVID** |"), "the positive class comes first"
    assert percent(evaluation.fnr) in by_class[2]


def test_a_cell_of_three_classes_names_its_truth_and_its_call(tiny_run: Run) -> None:
    two = split_results(tiny_run, "test").evaluated(0.5)
    assert case_of("COVID", "non-COVID", two) == links.Case("missed", "test")
    three = split_results(with_three_classes(tiny_run), "test").evaluated(0.5)
    case = case_of("COVID", "non-COVID", three)
    assert case == links.Case("missed", "test", truth="COVID", predicted="non-COVID")
    assert links.address_of("r", case) == {
        "run": "r",
        "cell": "missed",
        "split": "test",
        "truth": "COVID",
        "predicted": "non-COVID",
    }


@pytest.mark.parametrize("page", [PAGE, "threshold/page.py"])
def test_groups_on_two_sides_of_a_given_split_are_counted_and_said(app: Opened, tiny_run: Run, page: str) -> None:
    assert not any("more than one split" in warning.value for warning in app(page).warning)
    path = tiny_run.folder / "predictions.parquet"
    predictions = pd.read_parquet(path)
    group = predictions.loc[predictions["split"] == "test", "group"].iloc[0]
    row = predictions.index[predictions["split"] == "train"][0]
    predictions.loc[row, "group"] = group
    predictions.to_parquet(path, index=False)
    st.cache_resource.clear()
    at = app(page)
    assert any(warning.value.startswith("1 group lies in more than one split") for warning in at.warning)
    assert not any("no patient is on two sides" in caption.value for caption in at.caption)


@pytest.mark.parametrize("page", [PAGE, "threshold/page.py"])
def test_pictures_that_training_has_seen_are_said_on_every_page_with_figures(
    app: Opened, tiny_run: Run, page: str
) -> None:
    def told() -> list[str]:
        return [plain(words.value) for words in app(page).markdown if "very picture of one" in words.value]

    assert told() == []
    index = read_index(tiny_run)
    rows = [index.index[index["split"] == split][0] for split in ("train", "test")]
    index.loc[rows[1], "pixels"] = index.loc[rows[0], "pixels"]
    index.to_parquet(tiny_run.folder / "index.parquet", index=False)
    (words,) = told()
    assert "1 scan is the very picture of one that training has seen" in words
    assert ("Test: 1 scan" in words) == (page != PAGE), "the threshold page shows both splits"


def test_of_two_thresholds_the_page_says_that_false_alarms_may_be_referred(app: Opened, tiny_run: Run) -> None:
    point = fixed_point(split_results(tiny_run, "val").scored, 0.3)
    save_point(tiny_run, point)
    assert not any("referred to a reader" in caption.value for caption in app(PAGE).main.caption)
    save_point(tiny_run, replace(point, upper=0.7))
    assert any("the upper is 0.700: positive means not ruled out" in caption.value for caption in app(PAGE).caption)


def test_how_the_split_came_about_is_said(app: Opened, tiny_run: Run) -> None:
    said = "\n".join(plain(caption.value) for caption in app(PAGE).caption)
    assert "How it was split: " + tiny_run.record.split_how.rstrip(".") in said


@pytest.mark.parametrize("name", ["predictions.parquet", "operating_point.json"])
def test_a_damaged_file_is_one_line_and_no_traceback(app: Opened, tiny_run: Run, name: str) -> None:
    (tiny_run.folder / name).write_bytes(b"PAR1 this is not it")
    at = app(PAGE)
    assert not at.exception
    lines = [plain(error.value) for error in at.main.error]
    assert any(name in line for line in lines)
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize(
    ("truth", "predicted", "cell"),
    [
        ("sick", "sick", "found"),
        ("sick", "well", "missed"),
        ("well", "sick", "false alarm"),
        ("well", "well", "cleared"),
        ("well", "other", "cleared"),
        ("other", "sick", "false alarm"),
    ],
)
def test_each_cell_of_the_matrix_has_its_word(truth: str, predicted: str, cell: str) -> None:
    assert cell_named(truth, predicted, "sick") == cell


@pytest.mark.parametrize("alone", [False, True])
def test_bands_say_what_was_drawn_anew(app: Opened, tiny_run: Run, alone: bool) -> None:
    path = tiny_run.folder / "predictions.parquet"
    if alone:
        pd.read_parquet(path).assign(group=lambda table: table["path"]).to_parquet(path, index=False)
    drawn = "single scans" if alone else "whole groups"
    said = [caption.value for caption in app(PAGE).caption]
    assert any(caption.startswith(f"Bands: 95 %, from 2,000 resamples of {drawn}, at each") for caption in said)


def test_the_table_of_figures_holds_every_interval(tiny_run: Run) -> None:
    evaluation = split_results(tiny_run, "test").evaluated(0.5)
    table = rates_table(evaluation).set_index("figure")
    assert table.loc["missed (FNR)", ["value", "low", "high"]].tolist() == [
        evaluation.fnr.value,
        evaluation.fnr.low,
        evaluation.fnr.high,
    ]
    assert set(table.columns) == {"value", "low", "high", "interval", "split", "threshold", "n", "counted"}
    assert (table["n"] == 8).all()
    assert (table["counted"] == "scans").all()
    assert np.isfinite(table[["value", "low", "high"]].to_numpy(float)).all()
    assert (table["interval"] != "").all()
    assert table.index[0] == "missed (FNR)"


@pytest.mark.parametrize(("shown", "large"), [("counts", "3"), ("rows", "75.0%"), ("columns", "75.0%")])
def test_the_matrix_shows_counts_rows_or_columns(app: Opened, tiny_run: Run, shown: str, large: str) -> None:
    at = app(PAGE)
    at.get("segmented_control")[1].set_value(shown).run()
    assert not at.exception
    words = [note["text"] for note in _spec(at, "Confusion")["layout"]["annotations"]]
    assert words[0].startswith(f"<b>{large}</b>")


def test_curves_have_bands_and_say_how_they_were_made(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    for chart in ("ROC curve", "Precision against recall"):
        names = [trace["name"] for trace in _traces(at, chart)]
        assert "95 % band, point by point" in names
        assert names[0].startswith(("chance", "guessing"))
        assert "threshold 0.500" in names
    assert any("not for the whole curve at once" in caption.value for caption in at.caption)


def test_the_low_fnr_corner_shows_misses_on_logarithmic_axes(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    at.toggle(key="low_fnr_corner").set_value(True).run()
    assert not at.exception
    layout = _spec(at, "Misses against false alarms")["layout"]
    assert (layout["xaxis"]["type"], layout["yaxis"]["type"]) == ("log", "log")


def test_every_curve_can_be_downloaded_with_its_band(app: Opened, tiny_run: Run) -> None:
    names = {proto.proto.id.split("-")[-1]: proto for proto in app(PAGE).get("download_button")}
    assert len(names) >= 3
    table = _joined({"Test": roc_points(SCORED)}, {"Test": roc_band(SCORED, draws=50)}, "fpr", "patients")
    assert list(table.columns) == ["threshold", "fpr", "fnr", "tpr", "low", "high", "split", "counted"]
    assert (table["counted"] == "patients").all()
    assert len(table) == len(roc_points(SCORED))


def test_scans_that_training_has_seen_are_said_beside_the_figures(app: Opened, tiny_run: Run) -> None:
    assert not any("very picture" in markdown.value for markdown in app(PAGE).markdown)
    path = tiny_run.folder / "index.parquet"
    index = pd.read_parquet(path)
    row = index.index[index["split"] == "test"][0]
    index.loc[row, "pixels"] = index.loc[index["split"] == "train", "pixels"].iloc[0]
    index.to_parquet(path, index=False)
    st.cache_data.clear()
    at = app(PAGE)
    said = "\n".join(plain(markdown.value) for markdown in at.markdown)
    assert "1 scan is the very picture of one that training has seen" in said
    assert any("Too good by what" in caption.value for caption in at.caption)


def _split(at: AppTest) -> Any:
    return next(control for control in at.get("segmented_control") if control.label == "Split")


def _all_traces(at: AppTest, named: str) -> list[list[dict[str, Any]]]:
    specs = [chart.proto for chart in at.get("plotly_chart")]
    return [json.loads(proto.spec)["data"] for proto in specs if proto.alt.startswith(named)]


def _traces(at: AppTest, named: str) -> list[dict[str, Any]]:
    return _all_traces(at, named)[0]


def _spec(at: AppTest, named: str) -> dict[str, Any]:
    specs = [chart.proto for chart in at.get("plotly_chart")]
    return json.loads(next(proto.spec for proto in specs if proto.alt.startswith(named)))


@pytest.mark.parametrize(("left", "lacking"), [("non-COVID", "nothing tells the share missed, nor the AUC")])
def test_a_split_without_a_class_says_what_cannot_be_told(app: Opened, tiny_run: Run, left: str, lacking: str) -> None:
    path = tiny_run.folder / "predictions.parquet"
    predictions = pd.read_parquet(path)
    kept = (predictions["split"] != "test") | (predictions["label"] == left)
    predictions[kept].to_parquet(path, index=False)
    at = app(PAGE)
    assert any(f"Test has no COVID scans: {lacking}." in plain(warning.value) for warning in at.warning)
    assert "only 0" not in plain(" ".join(caption.value for caption in at.caption))
