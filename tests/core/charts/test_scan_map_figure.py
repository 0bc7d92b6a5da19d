"""The map of all scans as a chart: every error is drawn, what is thinned out is said, names act as no markup."""

import numpy as np
import pandas as pd
import pytest

from core.charts.palette import CELL_COLOURS, NEUTRAL, POSITIVE
from core.charts.scan_map import MOST_COLOURS, OTHERS, UNKNOWN, colours_of, drawn_rows, named, scan_map_figure

AXES = ("first", "second")


def _places(n=40, seed=0):
    rng = np.random.default_rng(seed)
    cells = np.array(["cleared", "found", "missed", "false alarm"])[rng.choice(4, n, p=[0.5, 0.3, 0.1, 0.1])]
    return pd.DataFrame(
        {
            "x": rng.uniform(-1, 1, n),
            "y": rng.uniform(-1, 1, n),
            "path": [f"{number:06d}.png" for number in range(n)],
            "label": np.where(np.isin(cells, ["found", "missed"]), "covid", "normal"),
            "predicted": np.where(np.isin(cells, ["found", "false alarm"]), "covid", "normal"),
            "cell": pd.Categorical(cells),
            "score": rng.random(n),
            "split": "test",
        }
    )


def _figure(places, by="cell", **changes):
    colours = colours_of(by, ("covid", "normal"), "covid")
    return scan_map_figure(places, by=by, colours=colours, axes=AXES, positive="covid", **changes)


def _drawn(figure):
    return [one[0] for trace in figure.data for one in trace.customdata]


def test_each_scan_is_drawn_once_by_cell_with_the_errors_last():
    places = _places()
    figure = _figure(places)
    assert sorted(_drawn(figure)) == places["path"].tolist()
    assert [trace.name.partition(" (")[0] for trace in figure.data] == ["cleared", "found", "false alarm", "missed"]
    assert [trace.marker.color for trace in figure.data][-2:] == [CELL_COLOURS["false alarm"], CELL_COLOURS["missed"]]
    assert len({trace.marker.symbol for trace in figure.data[-2:]} | {"circle"}) == 3


@pytest.mark.parametrize("by", ["label", "split", "score"])
def test_other_colours_keep_the_errors_as_rings_on_top(by):
    places = _places()
    figure = _figure(places, by)
    rings = [trace for trace in figure.data if str(trace.marker.symbol).endswith("-open")]
    assert [trace.marker.color for trace in rings] == [CELL_COLOURS["false alarm"], CELL_COLOURS["missed"]]
    assert figure.data[-2:] == tuple(rings)
    wrong = places["cell"].isin(["missed", "false alarm"])
    assert sorted(one[0] for trace in rings for one in trace.customdata) == places["path"][wrong].tolist()


def test_of_very_many_scans_every_error_is_drawn_and_the_rest_thinned_and_said():
    places = _places(50_000)
    places.loc[places.index[1000:], "cell"] = "cleared"
    figure = _figure(places)
    drawn = set(_drawn(figure))
    assert len(drawn) == 10_000
    assert set(places["path"][places["cell"].isin(["missed", "false alarm"])]) <= drawn
    assert "50,000 scans, of which 10,000 are drawn" in figure.layout.meta["alt"]
    assert {trace.type for trace in figure.data if len(trace.x) > 2000} == {"scattergl"}


def test_more_errors_than_can_be_drawn_are_thinned_evenly_too():
    places = _places(300).assign(cell="missed")
    kept = drawn_rows(places, 100)
    assert len(kept) == 100
    assert {kept["path"].iloc[0], kept["path"].iloc[-1]} == {places["path"].iloc[0], places["path"].iloc[-1]}


def test_scans_without_a_place_are_left_out_and_none_at_all_is_said():
    places = _places()
    places.loc[:9, "x"] = np.nan
    assert sorted(_drawn(_figure(places))) == places["path"].tolist()[10:]
    assert "No scan has a place" in _figure(places.assign(x=np.nan)).layout.meta["alt"]


def test_names_from_outside_act_as_no_markup():
    places = _places(3).assign(path="<b>a&b</b>.png", label="<i>covid</i>", cell="found")
    figure = scan_map_figure(places, by="label", axes=AXES, positive="covid")
    assert figure.data[0].customdata[0][1].startswith("&lt;b&gt;a&amp;b&lt;/b&gt;.png<br>&lt;i&gt;covid")
    assert figure.data[0].name.startswith("&lt;i&gt;")


def test_many_values_become_the_most_frequent_and_the_rest():
    values = pd.Series([*"aaabbbccdddeeefffgggh", None, ""])
    found = named(values)
    assert found.nunique() <= MOST_COLOURS
    assert {UNKNOWN, OTHERS} & set(found) == {OTHERS}
    few = named(pd.Series(["a", None, "", np.nan, "b"]))
    assert few.tolist() == ["a", UNKNOWN, UNKNOWN, UNKNOWN, "b"]
    figure = scan_map_figure(
        _places(5).assign(source=["a", None, "", "b", "b"]), by="source", axes=AXES, positive="covid"
    )
    colours = {trace.name.partition(" (")[0]: trace.marker.color for trace in figure.data}
    assert colours[UNKNOWN] == NEUTRAL


def test_scores_have_a_scale_that_ends_in_the_colour_of_the_positive_class():
    figure = _figure(_places(), "score")
    assert figure.data[0].marker.colorscale[-1] == (1, POSITIVE)
    assert (figure.data[0].marker.cmin, figure.data[0].marker.cmax) == (0, 1)


def test_an_area_is_drawn_over_the_scans():
    figure = _figure(_places(), corners=((0, 0), (1, 0), (1, 1)))
    assert figure.layout.shapes[0].path == "M0.000,0.000L1.000,0.000L1.000,1.000Z"


def test_the_words_for_those_who_cannot_see_it_name_what_it_shows():
    alt = _figure(_places()).layout.meta["alt"]
    counts = _places()["cell"].value_counts()
    assert "Map of 40 scans, coloured by cell" in alt
    assert f"{counts['missed']} missed" in alt
