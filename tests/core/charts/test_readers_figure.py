import math

import numpy as np

from core.charts.readers import ReaderPoint, readers_figure
from core.evaluation.curves import roc_points
from core.evaluation.reader_agreement import Rates, rates
from core.evaluation.scored import Scored
from tests.core.charts.figure_contents import alt, assert_sound, traces, words

TRUTH = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
SCORED = Scored.of([0.9, 0.8, 0.7, 0.3, 0.6, 0.2, 0.1, 0.1], TRUTH)
GROUPS = np.arange(8).astype(str)
MODEL = rates(SCORED.scores >= 0.5, TRUTH, GROUPS)


def of_calls(*calls: int) -> Rates:
    return rates(np.array(calls, bool), TRUTH, GROUPS)


ADA = ReaderPoint("Ada", of_calls(1, 1, 0, 0, 1, 1, 0, 0), of_calls(1, 1, 1, 0, 0, 0, 0, 1))


def test_each_reader_stands_twice_with_an_arrow_from_alone_to_with_the_model():
    figure = readers_figure([ADA], curve=roc_points(SCORED), model=MODEL)
    assert_sound(figure)
    found = traces(figure)
    before, after = found["Ada, without the model"], found["Ada, with the model"]
    assert (before["x"], before["y"]) == ([0.5], [0.5])
    assert (after["x"], after["y"]) == ([0.25], [0.75])
    assert before["marker"]["symbol"] == "circle-open"
    (arrow,) = figure.layout.annotations
    assert ((arrow.ax, arrow.ay), (arrow.x, arrow.y)) == ((0.5, 0.5), (0.25, 0.75))
    assert found["model at its threshold"]["y"] == [0.75]
    assert "Ada without the model finds 50.0% of positives with 50.0% false alarms" in alt(figure)


def test_who_did_not_move_has_no_arrow():
    figure = readers_figure([ReaderPoint("Ada", ADA.aided, ADA.aided)], curve=roc_points(SCORED), model=MODEL)
    assert figure.layout.annotations == ()


def test_readers_have_colours_of_their_own_and_not_the_models():
    points = [ReaderPoint(name, ADA.unaided, ADA.aided) for name in ("Ada", "Ben", "Cleo")]
    figure = readers_figure(points, curve=roc_points(SCORED), model=MODEL)
    colours = [traces(figure)[f"{name}, with the model"]["marker"]["color"] for name in ("Ada", "Ben", "Cleo")]
    assert len({*colours, traces(figure)["model alone"]["line"]["color"]}) == 4


def test_one_without_positive_cases_is_left_out_and_said():
    nothing = rates(np.zeros(3, bool), np.zeros(3, bool), GROUPS[:3])
    assert math.isnan(nothing.sensitivity.value)
    empty = readers_figure([ReaderPoint("Ben", nothing, nothing)], curve=roc_points(SCORED), model=MODEL)
    assert_sound(empty)
    assert "No readers to draw" in words(empty)
    both = readers_figure([ADA, ReaderPoint("Ben", nothing, nothing)], curve=roc_points(SCORED), model=nothing)
    assert_sound(both)
    assert "Not drawn, as a class is absent: 1." in alt(both)


def test_a_name_is_no_markup():
    figure = readers_figure(
        [ReaderPoint("<b>A" + "d" * 50, ADA.unaided, ADA.aided)], curve=roc_points(SCORED), model=MODEL
    )
    assert not any("<b>" in name for name in traces(figure))
