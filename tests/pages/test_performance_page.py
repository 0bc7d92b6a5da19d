"""The performance page shows what core computes, says what makes it too good, and leads to the scans."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from changed_runs import older_run_beside, with_three_classes, without_test_scans
from conftest import plain
from streamlit.testing.v1 import AppTest

from core.evaluation.thresholds import fixed_point
from core.results import save_point, split_results
from core.runs import Run
from pages.performance.matrix import case_of, cell_named
from pages.performance.rates import interval_words
from pages.performance.report import rates_table
from pages.shared import state
from pages.shared.words import decimal, interval, percent

PAGE = "performance/page.py"
Opened = Callable[..., AppTest]


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
    shown = {metric.label: (metric.value, metric.delta) for metric in at.metric}
    rates = {
        "Missed (FNR)": evaluation.fnr,
        "False alarms (FPR)": evaluation.fpr,
        "Sensitivity (recall)": evaluation.recall,
        "Specificity": evaluation.specificity,
        "Precision (PPV)": evaluation.precision,
        "NPV": evaluation.npv,
        "Accuracy": evaluation.accuracy,
    }
    for label, estimate in rates.items():
        assert shown[label] == (percent(estimate), interval(estimate))
    for label, score in {"F1": evaluation.f1, "ROC AUC": evaluation.auc}.items():
        assert shown[label][0] == decimal(score)
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
    assert len(charts) == 3
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
    roc, precision_recall = (
        [trace["name"] for trace in json.loads(chart.proto.spec)["data"]] for chart in at.get("plotly_chart")[-2:]
    )
    for name in run.record.classes:
        assert any(curve.startswith(f"{name}, AUC") for curve in roc)
        assert name in precision_recall
    matrix = json.loads(at.get("plotly_chart")[0].proto.spec)["data"]
    touch = next(trace for trace in matrix if trace.get("name") == "cells")
    assert len(touch["customdata"]) == 9


def test_a_cell_of_three_classes_names_its_truth_and_its_call(tiny_run: Run) -> None:
    two = split_results(tiny_run, "test").evaluated(0.5)
    assert case_of("COVID", "non-COVID", two) == state.Case("missed", "test")
    three = split_results(with_three_classes(tiny_run), "test").evaluated(0.5)
    case = case_of("COVID", "non-COVID", three)
    assert case == state.Case("missed", "test", truth="COVID", predicted="non-COVID")
    assert state.address_of("r", case) == {
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


def test_the_table_of_figures_holds_every_interval(tiny_run: Run) -> None:
    evaluation = split_results(tiny_run, "test").evaluated(0.5)
    table = rates_table(evaluation).set_index("figure")
    assert table.loc["missed (FNR)", ["value", "low", "high"]].tolist() == [
        evaluation.fnr.value,
        evaluation.fnr.low,
        evaluation.fnr.high,
    ]
    with_interval = table[table["interval"] != ""]
    assert np.isfinite(with_interval[["low", "high"]].to_numpy(float)).all()
    assert set(table.index[table["interval"] == ""]) == {"average precision", "Brier score"}


def test_methods_alike_are_said_once() -> None:
    words = interval_words({"rates": "by one way", "auc": "by another", "f1": "by another"})
    assert words == "Rates: by one way. AUC and F1: by another."


def _traces(at: AppTest, named: str) -> list[dict[str, Any]]:
    specs = [chart.proto for chart in at.get("plotly_chart")]
    return json.loads(next(proto.spec for proto in specs if proto.alt.startswith(named)))["data"]
