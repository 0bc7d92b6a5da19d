"""Where the heat lies and what cells have in common, as charts."""

import numpy as np
import pytest

from core.charts.heat_places import CellHeat, heat_places_figure
from core.charts.mean_maps import CellPicture, mean_map_figure
from core.charts.palette import CELL_COLOURS
from core.evaluation.intervals import Estimate
from tests.core.charts.figure_contents import assert_sound

NAN = float("nan")


def picture(heat: np.ndarray, scans: int = 3) -> CellPicture:
    return CellPicture(scans, np.full((8, 8), 90, np.uint8), heat.astype(np.float32))


def hot_at(row: int, column: int) -> np.ndarray:
    heat = np.zeros((9, 9))
    heat[row, column] = 0.5
    return heat


def test_each_cell_has_its_share_with_interval_and_chance() -> None:
    figure = heat_places_figure(
        {
            "missed": CellHeat(Estimate(0.4, 0.3, 0.55), 0.35, 12),
            "cleared": CellHeat(Estimate(0.2, NAN, NAN), 0.4, 1),
            "found": CellHeat(Estimate(NAN, NAN, NAN), NAN, 0),
        }
    )
    assert_sound(figure)
    chance, missed, cleared = figure.data
    assert list(chance.x) == [0.35, 0.4]
    assert list(missed.x) == [0.4]
    assert missed.error_x.array[0] == 0.55 - 0.4
    assert missed.marker.color == CELL_COLOURS["missed"]
    assert (cleared.error_x.array[0], cleared.error_x.arrayminus[0]) == (0, 0)
    alt = figure.layout.meta["alt"]
    assert "missed 40.0% (95 %: 30.0% to 55.0%) of 12 scans, by chance 35.0%" in alt
    assert "cleared 20.0% (no interval) of 1 scan" in alt
    assert "found" not in alt


def test_without_a_scan_to_judge_it_says_so() -> None:
    assert "No shares" in heat_places_figure({}).layout.meta["alt"]


def test_scan_and_map_stand_beside_each_other_on_the_scale_given() -> None:
    figure = mean_map_figure("missed", picture(hot_at(0, 0)), hottest=0.8)
    assert_sound(figure)
    scan, under, heat = figure.data
    assert (scan.zmax, under.zmax, heat.zmax) == (255, 255, 0.8)
    assert figure.layout.yaxis2.scaleanchor == "x2"
    assert figure.layout.yaxis.autorange == "reversed"
    assert "missed: 3 scans, hottest in the upper left of the picture, 50.0%" in figure.layout.meta["alt"]


@pytest.mark.parametrize(("row", "column", "place"), [(4, 4, "in the middle of"), (8, 4, "in the lower middle of")])
def test_the_place_is_said_in_words(row: int, column: int, place: str) -> None:
    figure = mean_map_figure("found", picture(hot_at(row, column), scans=1), hottest=1.0)
    assert f"1 scan, hottest {place}" in figure.layout.meta["alt"]


@pytest.mark.parametrize("level", [0, 1])
def test_a_map_that_cannot_say_where_is_not_drawn(level: int) -> None:
    figure = mean_map_figure("found", picture(np.full((8, 8), level)), hottest=1.0)
    assert len(figure.data) == 1
    assert "no place of heat" in figure.layout.meta["alt"]


def test_nothing_to_show_is_refused() -> None:
    for scans, hottest in ((0, 1.0), (1, 0.0)):
        with pytest.raises(ValueError, match="expected scans"):
            mean_map_figure("missed", picture(hot_at(1, 1), scans=scans), hottest=hottest)
