"""Deletion and insertion curves beside random maps."""

from figure_contents import alt, assert_sound, words

from core.charts.faithfulness import faithfulness_figure

SHARES = (0.0, 0.5, 1.0)


def test_both_halves_show_the_map_and_a_band_that_holds_every_random_map() -> None:
    curves = {"deletion": (2.0, -1.0, -3.0), "insertion": (-3.0, 1.0, 2.0)}
    random = {name: [(2.0, 0.0, -3.0), (2.0, 1.0, -3.0)] for name in curves}
    figure = faithfulness_figure(SHARES, curves, random, about="COVID")
    assert_sound(figure)
    assert "Blurred away, hottest first: at 50% of the pixels the map has -1.000, random maps 0.000 to 1.000" in alt(
        figure
    )
    assert words(figure) == "Blurred away, hottest first | Given back, hottest first"
    mine = [trace for trace in figure.data if trace.name == "this map"]
    assert [list(trace.y) for trace in mine] == [list(curves["deletion"]), list(curves["insertion"])]
    edges = [list(trace.y) for trace in figure.data if "all 2 random maps" in trace.name]
    assert edges[:2] == [[2.0, 0.0, -3.0], [2.0, 1.0, -3.0]]
    shown = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert shown == ["all 2 random maps", "random maps, mean", "this map"]


def test_a_map_without_a_place_has_no_curves_and_says_so() -> None:
    figure = faithfulness_figure(SHARES, {}, {}, about="COVID")
    assert_sound(figure)
    assert "marks no place" in words(figure)
