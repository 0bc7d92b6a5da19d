import math

import numpy as np
import pytest

from core.charts.low_fnr import low_fnr_figure
from core.charts.precision_recall import precision_recall_figure
from core.charts.roc import roc_figure
from core.evaluation.bands import precision_recall_band, roc_band
from core.evaluation.curves import precision_recall_points, roc_points
from core.evaluation.scored import Scored
from tests.core.charts.figure_contents import alt, assert_sound, traces, words

SCORED = Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0])
POINTS = roc_points(SCORED)


def test_misses_are_drawn_against_false_alarms_on_logarithmic_axes():
    figure = low_fnr_figure({"Test": POINTS}, marked=(0.5, 1 / 3, 0.6))
    assert_sound(figure)
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    line = traces(figure)["Test"]
    assert [row[0] for row in line["customdata"]] == [None, 0.9, 0.8, 0.6, 0.3, 0.1]
    np.testing.assert_allclose([row[1] for row in line["customdata"]], POINTS["fnr"])
    assert traces(figure)["threshold 0.600"]["customdata"] == [[0.6, 1 / 3, 0.5]]
    assert "misses 33.3% and alarms 50.0% of the others" in alt(figure)


def test_rates_of_zero_lie_on_the_edges_below_every_other():
    figure = low_fnr_figure({"Test": POINTS}, marked=(0.0, 0.0, 0.95), bands={"Test": roc_band(SCORED, draws=50)})
    assert_sound(figure)
    for trace in figure.data:
        assert min(trace.x) > 0
        assert min(trace.y) > 0
    line = traces(figure)["Test"]
    assert min(line["x"]) == 0.25
    assert min(line["y"]) == pytest.approx(1 / 6)
    assert traces(figure)["threshold 0.950"]["customdata"] == [[0.95, 0.0, 0.0]]


@pytest.mark.parametrize("scored", [Scored.of([0.2], [True]), Scored.of([], [])])
def test_without_both_classes_the_corner_says_so_in_words(scored):
    figure = low_fnr_figure({"Test": roc_points(scored)}, marked=(math.nan, 0.5, 0.5))
    assert_sound(figure)
    assert "needs positive scans and others" in words(figure)


def test_bands_lie_beneath_their_curves_and_are_named():
    roc = roc_figure({"Test": POINTS}, bands={"Test": roc_band(SCORED, draws=50)})
    points = precision_recall_points(SCORED)
    precision = precision_recall_figure({"Test": points}, bands={"Test": precision_recall_band(SCORED, draws=50)})
    for figure in (roc, precision):
        assert_sound(figure)
        names = [trace.name for trace in figure.data]
        assert names.index("95 % band, point by point") < names.index("Test")
        assert traces(figure)["95 % band, point by point"]["fill"] == "tonexty"
        assert "95 % band" in alt(figure)


def test_bands_of_two_curves_tell_whose_they_are():
    band = roc_band(SCORED, draws=50)
    figure = roc_figure({"Test": POINTS, "Validation": POINTS}, bands={"Test": band, "Validation": band})
    assert {"Test: 95 % band", "Validation: 95 % band"} <= set(traces(figure))


def test_a_band_without_points_is_left_out():
    empty = roc_band(Scored.of([0.2, 0.4], [False, True], ["a", "a"]))
    assert set(traces(roc_figure({"Test": POINTS}, bands={"Test": empty}))) == {"chance", "Test"}
