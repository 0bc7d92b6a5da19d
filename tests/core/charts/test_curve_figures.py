import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charts.precision_recall import precision_recall_figure
from core.charts.rates_by_threshold import rates_by_threshold_figure
from core.charts.roc import roc_figure
from core.charts.thinning import POINTS_DRAWN, thinned
from core.evaluation.curves import precision_recall_points, roc_points, threshold_curve
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored
from tests.core.charts.figure_contents import alt, assert_sound, traces, words

SCORED = Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0])
ONLY_POSITIVE, ONLY_OTHERS, NOTHING = Scored.of([0.2], [True]), Scored.of([0.2], [False]), Scored.of([], [])


def many(n=5000):
    rng = np.random.default_rng(0)
    labels = rng.random(n) < 0.5
    return Scored.of(np.clip(rng.normal(0.4 + 0.2 * labels, 0.15), 0, 1), labels)


def test_roc_draws_every_point_with_the_threshold_to_click_on():
    figure = roc_figure({"val": roc_points(SCORED)}, aucs={"val": Estimate(5 / 6, 0.4, 1.0)})
    assert_sound(figure)
    line = traces(figure)["val, AUC 0.833 (0.400 to 1.000)"]
    assert line["mode"] == "lines+markers"
    assert line["x"] == [0, 0, 0, 0.5, 0.5, 1]
    np.testing.assert_allclose(line["y"], [0, 1 / 3, 2 / 3, 2 / 3, 1, 1])
    assert line["customdata"] == [[None], [0.9], [0.8], [0.6], [0.3], [0.1]]
    assert line["text"][0] == "above every score"
    assert "0.833 (0.400 to 1.000)" in alt(figure)


def test_roc_shows_chance_and_marks_the_operating_point():
    figure = roc_figure({"val": roc_points(SCORED)}, marked=(0.5, 2 / 3, 0.6))
    assert traces(figure)["chance"]["x"] == traces(figure)["chance"]["y"] == [0, 1]
    marked = traces(figure)["threshold 0.600"]
    assert (marked["x"], marked["y"], marked["customdata"]) == ([0.5], [2 / 3], [[0.6]])
    assert "finds 66.7% of positives, misses 33.3%" in alt(figure)
    assert "false alarms in 50.0%" in alt(figure)


def test_roc_is_as_wide_as_high():
    assert roc_figure({"val": roc_points(SCORED)}).layout.yaxis.scaleanchor == "x"


def test_several_runs_have_colours_of_their_own():
    names = ["one", "two", "three"]
    figure = roc_figure({name: roc_points(SCORED) for name in names}, aucs={"two": 0.5})
    drawn = traces(figure)
    assert {"one", "two, AUC 0.500", "three"} <= set(drawn)
    assert len({trace["line"]["color"] for trace in drawn.values()}) == 4


def test_curves_that_cannot_be_drawn_are_left_out_and_the_others_stay():
    figure = roc_figure({"good": roc_points(SCORED), "bad": roc_points(ONLY_POSITIVE)})
    assert set(traces(figure)) == {"chance", "good"}


@pytest.mark.parametrize("scored", [ONLY_POSITIVE, ONLY_OTHERS, NOTHING])
def test_without_both_classes_roc_says_so_in_words(scored):
    figure = roc_figure({"val": roc_points(scored)}, marked=(math.nan, 0.5, 0.5))
    assert_sound(figure)
    assert not figure.data
    assert "needs positive scans and others" in words(figure)


def test_an_operating_point_without_rates_is_not_drawn():
    figure = roc_figure({"val": roc_points(SCORED)}, marked=(math.nan, 0.5, 0.5))
    assert set(traces(figure)) == {"chance", "val"}
    assert_sound(figure)


def test_precision_recall_draws_measured_points_and_the_level_of_guessing():
    figure = precision_recall_figure({"val": precision_recall_points(SCORED)}, marked=(2 / 3, 1.0, 0.8), prevalence=0.6)
    assert_sound(figure)
    drawn = traces(figure)
    np.testing.assert_allclose(drawn["val"]["x"], [1 / 3, 2 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(drawn["val"]["y"], [1, 1, 2 / 3, 3 / 4, 3 / 5])
    assert drawn["val"]["customdata"] == [[0.9], [0.8], [0.6], [0.3], [0.1]]
    assert drawn["guessing: 60.0% of scans are positive"]["y"] == [0.6, 0.6]
    assert drawn["threshold 0.800"]["x"] == [2 / 3]
    assert "finds 66.7% of positives, and 100.0% of its alarms are right" in alt(figure)


def test_each_of_several_classes_has_its_own_level_of_guessing():
    curves = {"a": precision_recall_points(SCORED), "b": precision_recall_points(SCORED)}
    figure = precision_recall_figure(curves, levels={"a": 0.6, "b": 0.4})
    assert_sound(figure)
    drawn = traces(figure)
    for name, level in (("a", 0.6), ("b", 0.4)):
        guessing = drawn[f"guessing: {name}"]
        assert guessing["y"] == [level, level]
        assert guessing["line"]["dash"] == "dot"
        assert guessing["line"]["color"] == drawn[name]["line"]["color"]
        assert guessing["legendgroup"] == drawn[name]["legendgroup"]  # hidden and shown together
    assert "Guessing would reach a precision of 60.0% (a), 40.0% (b)." in alt(figure)


@pytest.mark.parametrize("scored", [ONLY_OTHERS, NOTHING])
def test_without_positives_precision_recall_says_so_in_words(scored):
    figure = precision_recall_figure({"val": precision_recall_points(scored)}, prevalence=math.nan)
    assert_sound(figure)
    assert "needs positive scans" in words(figure)


def test_rates_by_threshold_draws_both_rates():
    figure = rates_by_threshold_figure(threshold_curve(SCORED))
    assert_sound(figure)
    drawn = traces(figure)
    assert drawn["missed (FNR)"]["x"] == [0, 0.1, 0.3, 0.6, 0.8, 0.9, 1]
    np.testing.assert_allclose(drawn["missed (FNR)"]["y"], [0, 0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(drawn["false alarms (FPR)"]["y"], [1, 1, 0.5, 0.5, 0, 0, 0])
    assert "missed (FNR) and false alarms (FPR) by threshold" in alt(figure)


def test_rates_without_one_class_draw_the_other():
    figure = rates_by_threshold_figure(threshold_curve(ONLY_POSITIVE))
    assert_sound(figure)
    assert set(traces(figure)) == {"missed (FNR)"}


def test_rates_without_scans_say_so_in_words():
    figure = rates_by_threshold_figure(threshold_curve(NOTHING))
    assert_sound(figure)
    assert "there are no scans" in words(figure)


def test_long_curves_are_thinned_for_drawing_and_keep_their_ends():
    points = roc_points(many())
    figure = roc_figure({"val": points}, marked=(0.1, 0.8, 0.5))
    line = traces(figure)["val"]
    assert len(points) > POINTS_DRAWN >= len(line["x"]) > POINTS_DRAWN / 2
    assert (line["x"][0], line["y"][0], line["x"][-1], line["y"][-1]) == (0, 0, 1, 1)
    assert traces(figure)["threshold 0.500"]["x"] == [0.1]
    assert len(traces(rates_by_threshold_figure(threshold_curve(many())))["missed (FNR)"]["x"]) <= POINTS_DRAWN
    assert len(traces(precision_recall_figure({"v": precision_recall_points(many())}))["v"]["x"]) <= POINTS_DRAWN


@given(st.integers(0, 300), st.integers(2, 100))
def test_thinning_keeps_first_and_last_and_invents_nothing(rows, limit):
    curve = pd.DataFrame({"x": np.arange(rows)})
    kept = thinned(curve, limit)["x"].tolist()
    assert len(kept) == min(rows, limit)
    assert kept == sorted(set(kept))
    assert set(kept) <= set(range(rows))
    if rows:
        assert (kept[0], kept[-1]) == (0, rows - 1)
