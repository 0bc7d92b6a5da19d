import math

import numpy as np
import pandas as pd
import pytest

from core.charts.class_counts import class_counts_figure
from core.charts.history import FNR_AT_FPR_WORDS, history_figure
from core.charts.image_sizes import size_scatter_figure
from core.charts.palette import CELL_COLOURS, NEGATIVE, POSITIVE
from core.charts.score_histogram import score_histogram_figure
from core.charts.wording import in_cell, in_lines, number, percent, scans, shortened, with_interval
from core.evaluation.decision.budgets import USUAL_MAX_FPR
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored
from tests.core.charts.figure_contents import alt, assert_sound, traces, words

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3, 4],
        "train_loss": [0.7, 0.5, 0.3, 0.1],
        "val_loss": [0.8, 0.6, 0.65, 0.9],
        "train_accuracy": [0.5, 0.7, 0.9, 1.0],
        "val_accuracy": [0.5, 0.75, 0.7, 0.7],
        "val_auc": [math.nan, 0.8, 0.82, 0.81],
        "val_fnr": [1.0, 0.2, 0.1, 0.15],
        "learning_rate": [1e-3] * 4,
        "seconds": [2.0] * 4,
    }
)


def test_history_marks_the_epoch_of_lowest_validation_loss():
    figure = history_figure(HISTORY, "loss")
    assert_sound(figure)
    assert traces(figure)["train loss"]["y"] == [0.7, 0.5, 0.3, 0.1]
    assert traces(figure)["val loss"]["x"] == [1, 2, 3, 4]
    assert figure.layout.shapes[0].x0 == 2
    assert words(figure) == "best epoch 2"
    assert alt(figure) == "Loss over 4 epochs. Best epoch 2: train loss 0.500, val loss 0.600."


def test_history_marks_the_epoch_whose_weights_are_kept_where_it_is_known():
    figure = history_figure(HISTORY, "detection", best_epoch=3)
    assert figure.layout.shapes[0].x0 == 3
    assert words(figure) == "best epoch 3"
    assert "Best epoch 3: val FNR at 0.5: missed 0.100, val AUC 0.820." in alt(figure)
    assert history_figure(HISTORY, "loss", best_epoch=9).layout.shapes[0].x0 == 2  # not in the table yet


def test_history_of_detection_has_the_fnr_by_which_epochs_may_be_compared():
    figure = history_figure(HISTORY.assign(val_fnr_at_fpr=[0.9, 0.3, 0.2, 0.2]), "detection")
    assert_sound(figure)
    assert traces(figure)[FNR_AT_FPR_WORDS]["y"] == [0.9, 0.3, 0.2, 0.2]
    assert f"{USUAL_MAX_FPR * 100:g} %" in FNR_AT_FPR_WORDS


def test_history_of_the_learning_rate_is_readable_however_small_it_is():
    figure = history_figure(HISTORY.assign(learning_rate=1e-5), "learning rate")
    assert_sound(figure)
    assert alt(figure) == "Learning rate over 4 epochs. Best epoch 2: learning rate 1.00e-05."


def test_history_of_accuracy_speaks_in_percent():
    figure = history_figure(HISTORY, "accuracy")
    assert_sound(figure)
    assert "val accuracy 75.0%" in alt(figure)


def test_history_of_detection_leaves_gaps_out():
    figure = history_figure(HISTORY, "detection")
    assert_sound(figure)
    assert traces(figure)["val AUC"]["x"] == [2, 3, 4]
    missed = traces(figure)["val FNR at 0.5: missed"]
    assert missed["y"] == [1.0, 0.2, 0.1, 0.15]
    assert missed["line"]["color"] == CELL_COLOURS["missed"]


def test_the_first_epoch_alone_is_drawn():
    figure = history_figure(HISTORY.head(1), "loss")
    assert_sound(figure)
    assert traces(figure)["val loss"]["y"] == [0.8]


@pytest.mark.parametrize("quantity", ["loss", "accuracy", "detection", "learning rate"])
def test_no_epoch_is_said_in_words(quantity):
    figure = history_figure(HISTORY.head(0), quantity)
    assert_sound(figure)
    assert "No epoch is finished yet" in words(figure)


def test_an_unknown_quantity_is_refused():
    with pytest.raises(ValueError, match="one of loss, accuracy, detection, learning rate; found 'seconds'"):
        history_figure(HISTORY, "seconds")


def sample():
    rng = np.random.default_rng(0)
    labels = rng.random(300) < 0.4
    return Scored.of(np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0, 1), labels)


def test_the_histogram_holds_every_scan_once_in_the_colour_it_has_below_the_threshold():
    scored = sample()
    figure = score_histogram_figure(scored, positive="COVID", negative_name="others")
    assert_sound(figure)
    drawn = {trace["marker"]["color"]: trace["y"] for trace in traces(figure).values()}
    assert sum(drawn[CELL_COLOURS["missed"]]) == scored.positives
    assert sum(drawn[CELL_COLOURS["cleared"]]) == -scored.negatives
    assert min(drawn[CELL_COLOURS["missed"]]) >= 0 >= max(drawn[CELL_COLOURS["cleared"]])
    assert not any(drawn[CELL_COLOURS["found"]] + drawn[CELL_COLOURS["false alarm"]])  # in the legend alone
    assert f"{scored.positives} COVID upwards (half of them above" in alt(figure)


def test_positives_lie_at_their_scores():
    scored = Scored.of([0.0, 0.51, 1.0, 1.0], [True] * 4)
    drawn = traces(score_histogram_figure(scored, positive="p", negative_name="n"))["missed"]
    assert [(x, y) for x, y in zip(drawn["x"], drawn["y"], strict=True) if y] == [
        (pytest.approx(0.0125), 1),
        (pytest.approx(0.5125), 1),
        (pytest.approx(0.9875), 2),
    ]


def test_a_long_class_name_does_not_outgrow_the_axis_of_scores():
    long = "pneumonia confirmed by RT-PCR within 48 hours of admission, severe"
    figure = score_histogram_figure(sample(), positive=long, negative_name="n")
    assert max(map(len, figure.layout.xaxis.title.text.split("<br>"))) <= 34
    assert figure.layout.xaxis.title.text.endswith("severe)")
    assert long in alt(figure)


def test_downwards_is_counted_upwards_in_whole_scans():
    axis = score_histogram_figure(sample(), positive="p", negative_name="n").layout.yaxis
    assert list(axis.ticktext) == [str(abs(tick)) for tick in axis.tickvals]
    assert {*axis.tickvals} == {-tick for tick in axis.tickvals}
    assert 5 <= len(axis.tickvals) <= 11


@pytest.mark.parametrize("scored", [Scored.of([0.3], [True]), Scored.of([0.3, 0.3], [False, False])])
def test_a_histogram_of_one_class_is_drawn(scored):
    figure = score_histogram_figure(scored, positive="p", negative_name="n")
    assert_sound(figure)
    assert sum(abs(y) for trace in traces(figure).values() for y in trace["y"]) == scored.n


def test_a_histogram_without_scans_says_so_in_words():
    figure = score_histogram_figure(Scored.of([], []), positive="p", negative_name="n")
    assert_sound(figure)
    assert "no scans in this split" in words(figure)


TABLE = pd.DataFrame(
    {
        "label": ["COVID", "COVID", "normal", "normal", "normal", None],
        "split": ["train", "test", "train", "train", "val", ""],
        "width": [512, 512, 300, 300, math.nan, 0],
        "height": [400, 400, 250, 260, math.nan, 0],
    }
)


def test_class_counts_stack_by_class_in_the_order_of_splits():
    figure = class_counts_figure(TABLE.head(5), positive="COVID")
    assert_sound(figure)
    drawn = traces(figure)
    assert drawn["COVID"]["x"] == ["train", "val", "test"]
    assert drawn["COVID"]["y"] == [1, 0, 1]
    assert drawn["normal"]["y"] == [2, 1, 0]
    assert drawn["COVID"]["marker"]["color"] == POSITIVE
    assert drawn["normal"]["marker"]["color"] == NEGATIVE
    assert "train: 3 scans (1 COVID, 33.3%, 2 normal, 66.7%)" in alt(figure)


def test_scans_without_split_or_label_are_counted_as_such():
    figure = class_counts_figure(TABLE)
    assert traces(figure)["no label"]["y"] == [0, 0, 0, 1]
    assert traces(figure)["no label"]["x"][-1] == "no split"
    assert sum(sum(trace["y"]) for trace in traces(figure).values()) == len(TABLE)


def test_sizes_are_counted_by_class_and_unknown_ones_left_out():
    figure = size_scatter_figure(TABLE, positive="COVID")
    assert_sound(figure)
    drawn = traces(figure)
    assert (drawn["COVID"]["x"], drawn["COVID"]["y"], drawn["COVID"]["customdata"]) == ([512], [400], [[2]])
    assert (drawn["normal"]["x"], drawn["normal"]["y"]) == ([300, 300], [250, 260])
    assert drawn["COVID"]["marker"]["symbol"] != drawn["normal"]["marker"]["symbol"]
    assert drawn["COVID"]["marker"]["size"][0] > drawn["normal"]["marker"]["size"][0]
    assert "normal: 2 scans in 2 sizes, 300 to 300 wide, 250 to 260 high" in alt(figure)


def test_empty_tables_say_so_in_words():
    for figure in (class_counts_figure(TABLE.head(0)), size_scatter_figure(TABLE.tail(2))):
        assert_sound(figure)
        assert words(figure).startswith("No ")


def test_numbers_are_worded_alike_everywhere():
    assert (percent(0.034), percent(math.nan)) == ("3.4%", "unknown")
    assert (number(0.5), number(math.nan)) == ("0.500", "unknown")
    assert (scans(1), scans(1200)) == ("1 scan", "1,200 scans")
    assert [in_cell(count, "false alarm") for count in (0, 1, 2)] == [
        "0 false alarms",
        "1 false alarm",
        "2 false alarms",
    ]
    assert in_cell(3, "missed") == "3 missed"
    assert with_interval(Estimate(0.5, 0.25, 0.75), 2) == "0.50 (0.25 to 0.75)"
    assert with_interval(Estimate(0.5, math.nan, math.nan)) == with_interval(0.5) == "0.500"


def test_many_sizes_are_gathered_so_that_a_browser_can_draw_them_and_no_scan_is_lost():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "label": ["sick", "well"] * 5000,
            "width": rng.integers(40, 900, 10_000),
            "height": rng.integers(40, 900, 10_000),
        }
    )
    figure = size_scatter_figure(table)
    assert sum(len(trace.x) for trace in figure.data) <= 2000
    assert sum(count for trace in figure.data for (count,) in trace.customdata) == 10_000
    assert "(to 32 px)" in figure.layout.xaxis.title.text


@pytest.mark.parametrize("most", [7, 8, 28])
def test_a_name_too_long_is_cut_in_the_middle_to_just_so_many_characters(most):
    name = "pneumonia of the left lung, severe"
    short = shortened(name, most)
    assert len(short) == most
    start, end = short.split("…")
    assert name.startswith(start)
    assert name.endswith(end)
    assert 0 <= len(start) - len(end) <= 1
    assert shortened(name, len(name)) == name


def test_lines_break_long_words_and_hold_no_markup():
    assert in_lines("one <b>two</b> threefour", 10) == "one<br>‹b›two‹/b›<br>threefour"
    assert in_lines("a_name_without_any_space", 10) == "a_name_wit<br>hout_any_s<br>pace"
