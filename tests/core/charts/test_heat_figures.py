"""Where the heat lies and what cells have in common, as charts."""

import numpy as np
import plotly.graph_objects as go

from core.charts.heat_places import CellHeat, heat_places_figure
from core.charts.mean_maps import CellPicture, mean_maps_figure
from core.charts.palette import CELL_COLOURS
from core.evaluation.intervals import Estimate
from tests.core.charts.figure_contents import assert_sound

NAN = float("nan")


def picture(heat: np.ndarray, scans: int = 3) -> CellPicture:
    return CellPicture(scans, 0, np.full((8, 8), 90, np.uint8), heat.astype(np.float32))


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


def test_mean_pictures_stand_in_two_rows_on_one_scale() -> None:
    figure = mean_maps_figure({"missed": picture(hot_at(0, 0)), "found": picture(hot_at(8, 4) / 2, scans=1)})
    assert_sound(figure)
    heats = [trace for trace in figure.data if trace.zmax == 0.5]
    assert len(figure.data) == 6
    assert len(heats) == 2
    assert [trace.showscale for trace in heats] == [False, True]
    assert figure.layout.yaxis4.scaleanchor == "x4"
    assert figure.layout.yaxis.autorange == "reversed"
    alt = figure.layout.meta["alt"]
    assert "missed: 3 scans, hottest in the upper left of the picture" in alt
    assert "found: 1 scan, hottest in the lower middle" in alt


def test_the_middle_is_called_so() -> None:
    assert "hottest in the middle of" in mean_maps_figure({"found": picture(hot_at(4, 4))}).layout.meta["alt"]


def test_maps_that_cannot_say_where_are_not_drawn() -> None:
    figure = mean_maps_figure({"found": picture(np.ones((8, 8))), "missed": picture(np.zeros((8, 8)))})
    assert len(figure.data) == 2
    assert "no place of heat" in figure.layout.meta["alt"]


def test_cells_without_scans_have_no_picture() -> None:
    figure = mean_maps_figure({"missed": picture(hot_at(1, 1), scans=0)})
    assert isinstance(figure, go.Figure)
    assert "No mean pictures" in figure.layout.meta["alt"]
