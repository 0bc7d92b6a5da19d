import math

import numpy as np
import pandas as pd
import pytest

from core.charts.sweeps import parallel_coordinates

TABLE = pd.DataFrame(
    {
        "backbone": ["resnet34", "resnet18", "resnet18", "resnet18"],
        "batch_size": [32, 8, 16, 8],
        "flip": [True, False, True, True],
        "learning_rate": [1e-4, 2e-3, 5e-2, 1e-3],
        "dropout": [0.0, 0.1, 0.3, 0.2],
        "val_fnr": [0.1, 0.0, 0.2, np.nan],
        "val_auc": [0.9, 0.95, 0.8, np.nan],
    }
)
VARIED = ["backbone", "batch_size", "flip", "learning_rate", "dropout"]
RANGES = {"learning_rate": True, "dropout": False}


def axes_of(table: pd.DataFrame, **changes) -> dict[str, dict]:
    figure = parallel_coordinates(table, **{"varied": VARIED, "ranges": RANGES} | changes)
    return {axis["label"]: axis for axis in figure.to_dict()["data"][0]["dimensions"]}


def words_at(axis: dict) -> list[str]:
    word = dict(zip(axis["tickvals"], axis["ticktext"], strict=True))
    return [word[value] for value in axis["values"]]


def test_every_finished_trial_is_a_line_through_its_values():
    axes = axes_of(TABLE)
    assert list(axes) == [*VARIED, "val AUC", "val FNR"]
    assert words_at(axes["backbone"]) == ["resnet34", "resnet18", "resnet18"]
    assert words_at(axes["batch_size"]) == ["32", "8", "16"]
    assert words_at(axes["flip"]) == ["True", "False", "True"]
    assert list(axes["dropout"]["values"]) == [0.0, 0.1, 0.3]
    assert list(axes["val AUC"]["values"]) == [0.9, 0.95, 0.8]
    assert list(axes["val FNR"]["values"]) == [0.1, 0.0, 0.2]


def test_choices_stand_in_the_order_of_their_values():
    assert axes_of(TABLE)["batch_size"]["ticktext"] == ["8", "16", "32"]


def test_a_logarithmic_range_is_drawn_so_and_written_plainly():
    axis = axes_of(TABLE)["learning_rate"]
    assert list(axis["values"]) == [math.log10(value) for value in (1e-4, 2e-3, 5e-2)]
    assert axis["ticktext"] == ["0.0001", "0.001", "0.01", "0.05"]


def test_the_colour_is_what_is_missed_and_none_missed_is_the_good_end():
    line = parallel_coordinates(TABLE, varied=VARIED, ranges=RANGES).data[0].line
    assert list(line.color) == [0.1, 0.0, 0.2]
    assert (line.cmin, line.cmax) == (0.0, 0.2)
    none = parallel_coordinates(TABLE.assign(val_fnr=0.0), varied=VARIED, ranges=RANGES).data[0].line
    assert none.cmin < none.cmax


def test_the_figure_says_in_words_how_many_trials_and_which_is_best():
    alt = parallel_coordinates(TABLE, varied=VARIED, ranges=RANGES).layout.meta["alt"]
    assert "3 finished trials" in alt
    assert "from 0.0% to 20.0%" in alt
    assert "backbone resnet18, batch_size 8, flip False, learning_rate 0.002, dropout 0.1, val FNR 0.0%" in alt


@pytest.mark.parametrize("table", [TABLE.iloc[:0], TABLE.iloc[3:]])
def test_without_a_finished_trial_it_says_so(table):
    figure = parallel_coordinates(table, varied=VARIED, ranges=RANGES)
    assert figure.layout.meta["alt"] == "No trial is finished yet."


def test_a_single_trial_is_drawn():
    axes = axes_of(TABLE.iloc[:1])
    assert axes["backbone"]["range"] == [-1, 1]
    assert axes["learning_rate"]["ticktext"] == ["0.0001"]


def test_a_table_without_figures_is_refused():
    with pytest.raises(ValueError, match="needs the columns nothing, val_fnr"):
        parallel_coordinates(TABLE.drop(columns="val_fnr"), varied=["nothing"], ranges={})
