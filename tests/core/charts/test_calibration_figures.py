import numpy as np
import pandas as pd
import pytest

from core.charts.reliability import reliability_figure
from core.charts.subgroups import MOST_SHOWN, subgroups_figure
from core.evaluation.reliability import BINNINGS, calibration_of
from core.evaluation.scored import Scored
from core.evaluation.subgroups import subgroups_of
from tests.core.charts.figure_contents import alt, assert_sound, traces, words


def drawn(n=300, scans_a_group=1):
    rng = np.random.default_rng(0)
    labels = rng.random(n) < 0.4
    groups = [f"g{row // scans_a_group}" for row in range(n)]
    return Scored.of(np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0, 1), labels, groups)


@pytest.mark.parametrize("binning", BINNINGS)
def test_the_reliability_diagram_holds_every_bin_with_its_interval_and_every_scan(binning):
    scored = drawn()
    calibration = calibration_of(scored, binning=binning)
    figure = reliability_figure(calibration, scored.scores, positive="COVID")
    assert_sound(figure)
    points = traces(figure)[f"bins of {binning}"]
    assert points["x"] == [one.mean_score for one in calibration.bins]
    assert points["y"] == [one.share.value for one in calibration.bins]
    ends = np.array(points["y"]) + np.array(points["error_y"]["array"])
    np.testing.assert_allclose(ends, [one.share.high for one in calibration.bins])
    assert sum(traces(figure)["scans"]["y"]) == scored.n
    assert f"expected calibration error {calibration.ece:.3f}" in alt(figure)


def test_a_long_class_name_does_not_outgrow_the_axes_of_the_reliability_diagram():
    scored = drawn()
    long = "pneumonia confirmed by RT-PCR within 48 hours of admission, severe"
    figure = reliability_figure(calibration_of(scored), scored.scores, positive=long)
    assert max(map(len, figure.layout.xaxis.title.text.split("<br>"))) <= 34
    assert max(map(len, figure.layout.yaxis.title.text.split("<br>"))) <= 26
    assert long in alt(figure)
    short = reliability_figure(calibration_of(scored), scored.scores, positive="COVID")
    assert short.layout.xaxis.title.text == "Score (promised share of COVID)"
    assert short.layout.yaxis.title.text == "Share of COVID there is"


def test_a_bin_of_one_group_is_drawn_without_an_interval():
    scored = Scored.of([0.1, 0.1, 0.9, 0.9], [0, 1, 1, 1], ["a", "a", "b", "b"])
    figure = reliability_figure(calibration_of(scored), scored.scores, positive="COVID")
    assert_sound(figure)
    points = traces(figure)["bins of equal count"]
    assert points["error_y"]["array"] == [0, 0]
    assert points["customdata"][0][2] == "no interval"


def test_without_scans_there_are_words_instead_of_a_diagram():
    none = Scored.of([], [])
    figure = reliability_figure(calibration_of(none), none.scores, positive="COVID")
    assert words(figure) == "No calibration: there are no scans in this split."


def test_the_worst_subgroup_is_on_top_and_small_ones_are_grey():
    scored = drawn()
    sites = np.where(np.arange(300) < 5, "tiny", np.where(np.arange(300) % 2, "odd", "even"))
    found = subgroups_of(scored, 0.5, pd.DataFrame({"site": sites}))
    figure = subgroups_figure(found, overall_fnr=0.25)
    assert_sound(figure)
    enough, few = traces(figure)["enough positives"], traces(figure)["too few positives"]
    assert enough["customdata"][0] == ["site", found.parts[0].part]
    assert enough["y"] == [0, 1]
    assert few["customdata"] == [["site", "tiny"]]
    assert enough["marker"]["color"] != few["marker"]["color"]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1], "the first row is on top"
    assert words(figure) == "all: 25.0%"
    assert f"Worst: site {found.parts[0].part}" in alt(figure)


def test_only_so_many_subgroups_are_drawn_and_long_names_are_cut():
    scored = drawn()
    columns = pd.DataFrame({f"{'long ' * 12}{k}": np.arange(300) // (k + 7) % 11 for k in range(5)})
    figure = subgroups_figure(subgroups_of(scored, 0.5, columns, draws=50), overall_fnr=0.2)
    assert_sound(figure)
    assert len(figure.layout.yaxis.ticktext) == MOST_SHOWN
    assert max(map(len, figure.layout.yaxis.ticktext)) <= 44


def test_subgroups_without_positives_are_words():
    scored = Scored.of([0.1] * 6, [False] * 6)
    found = subgroups_of(scored, 0.5, pd.DataFrame({"site": list("ababab")}))
    assert "No positive scan is in any subgroup" in words(subgroups_figure(found, overall_fnr=float("nan")))
