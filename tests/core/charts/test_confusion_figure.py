import numpy as np
import pytest

from core.charts.confusion import STRONGEST, confusion_figure
from core.charts.palette import CELL_COLOURS, faded
from tests.core.charts.figure_contents import alt, assert_sound, traces, words

TWO = ("COVID", "non-COVID")
MATRIX = [[18, 2], [1, 29]]


def test_every_cell_can_be_clicked_and_says_truth_then_prediction():
    figure = confusion_figure(MATRIX, TWO, positive="COVID")
    touch = traces(figure)["cells"]
    expected = [[truth, predicted] for truth in TWO for predicted in TWO]
    assert touch["customdata"] == expected
    assert [[y, x] for x, y in zip(touch["x"], touch["y"], strict=True)] == expected
    assert touch["marker"]["color"] == "rgba(0, 0, 0, 0)"
    assert figure.layout.hoverdistance == -1  # the marker is reached from everywhere in its cell
    assert touch["selected"]["marker"]["opacity"] == touch["unselected"]["marker"]["opacity"] == 1


def test_two_classes_are_captioned_in_words():
    figure = confusion_figure(MATRIX, TWO, positive="COVID")
    assert_sound(figure)
    captions = {(note.y, note.x): note.text for note in figure.layout.annotations}
    assert captions["COVID", "COVID"] == "<b>18</b><br>90.0%<br>found"
    assert captions["COVID", "non-COVID"] == "<b>2</b><br>10.0%<br>missed"
    assert captions["non-COVID", "COVID"] == "<b>1</b><br>3.3%<br>false alarm"
    assert captions["non-COVID", "non-COVID"] == "<b>29</b><br>96.7%<br>cleared"
    assert alt(figure) == (
        "Confusion matrix of 50 scans: 18 found (90.0% of COVID), 2 missed (10.0% of COVID), "
        "1 false alarm (3.3% of non-COVID), 29 cleared (96.7% of non-COVID)."
    )


def test_the_positive_class_may_stand_second():
    figure = confusion_figure(MATRIX, TWO, positive="non-COVID")
    captions = {(note.y, note.x): note.text for note in figure.layout.annotations}
    assert captions["COVID", "non-COVID"].endswith("false alarm")
    assert captions["non-COVID", "COVID"].endswith("missed")


def test_cells_have_the_colour_of_what_they_mean_and_the_strength_of_their_count():
    drawn = traces(confusion_figure(MATRIX, TWO, positive="COVID"))
    for cell, colour in CELL_COLOURS.items():
        assert drawn[cell]["type"] == "heatmap"
        assert drawn[cell]["colorscale"][1][1] == faded(colour, STRONGEST)
    assert drawn["cleared"]["z"] == [[None, None], [None, 1]]
    assert drawn["found"]["z"] == [[18 / 29, None], [None, None]]


def test_normalised_cells_show_the_share_of_their_row_first():
    figure = confusion_figure(MATRIX, TWO, positive="COVID", shown="rows")
    assert traces(figure)["missed"]["z"] == [[None, 0.1], [None, None]]
    assert "<b>10.0%</b><br>2<br>missed" in words(figure)


def test_truth_runs_downwards_with_the_first_class_on_top():
    figure = confusion_figure(MATRIX, TWO, positive="COVID")
    top, bottom = figure.layout.yaxis.range[1], figure.layout.yaxis.range[0]
    assert top < bottom
    assert list(figure.layout.yaxis.categoryarray) == list(figure.layout.xaxis.categoryarray) == list(TWO)


def test_three_classes_tell_misses_from_mere_confusions():
    matrix = [[8, 1, 1], [2, 5, 3], [0, 4, 6]]
    figure = confusion_figure(matrix, ("a", "b", "c"), positive="b", shown="rows")
    assert_sound(figure)
    drawn = traces(figure)
    assert drawn["missed"]["z"] == [[None] * 3, [0.2, None, 0.3], [None] * 3]
    assert drawn["false alarm"]["z"] == [[None, 0.1, None], [None] * 3, [None, 0.4, None]]
    assert drawn["confused"]["z"] == [[None, None, 0.1], [None] * 3, [0.0, None, None]]
    assert drawn["cleared"]["z"] == [[0.8, None, None], [None] * 3, [None, None, 0.6]]
    assert "8 of 10 a predicted as such (80.0%), 5 of 10 b" in alt(figure)


def test_the_words_name_what_is_counted():
    assert alt(confusion_figure(MATRIX, TWO, positive="COVID")).startswith("Confusion matrix of 50 scans:")
    patients = confusion_figure(MATRIX, TWO, positive="COVID", unit="patient")
    assert alt(patients).startswith("Confusion matrix of 50 patients:")
    assert "no groups to count" in alt(confusion_figure([[0, 0], [0, 0]], TWO, positive="COVID", unit="group"))


def test_classes_named_by_numbers_stay_names():
    figure = confusion_figure(MATRIX, ("0", "1"), positive="1")
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "category"


def test_a_class_without_scans_has_no_shares():
    figure = confusion_figure([[0, 0], [1, 9]], TWO, positive="COVID", shown="rows")
    assert_sound(figure)
    assert "0 missed (unknown of COVID)" in alt(figure)


def test_no_scans_are_said_in_words():
    figure = confusion_figure([[0, 0], [0, 0]], TWO, positive="COVID")
    assert_sound(figure)
    assert "no scans to count" in words(figure)


def test_a_matrix_that_does_not_fit_its_classes_is_refused():
    with pytest.raises(ValueError, match=r"must have shape \(3, 3\), found \(2, 2\)"):
        confusion_figure(MATRIX, ("a", "b", "c"), positive="a")
    with pytest.raises(ValueError, match="the positive class must be among"):
        confusion_figure(MATRIX, TWO, positive="pneumonia")


def test_shares_by_column_are_of_those_called_so():
    figure = confusion_figure(MATRIX, TWO, positive="COVID", shown="columns")
    assert_sound(figure)
    counts = np.array(MATRIX)
    shares = counts / counts.sum(axis=0)
    large = [note.text.split("</b>")[0].removeprefix("<b>") for note in figure.layout.annotations]
    assert large == [f"{share:.1%}" for share in shares.ravel()]
    assert "of those predicted COVID" in alt(figure)
    three = confusion_figure([[4, 1, 0], [1, 5, 0], [0, 0, 3]], ("a", "b", "c"), positive="a", shown="columns")
    assert "4 of 5 predicted a rightly (80.0%)" in alt(three)


def test_long_names_leave_the_room_to_the_cells_and_are_whole_where_a_cell_is_pointed_at():
    long = ("pneumonia confirmed by RT-PCR within 48 hours of <admission>, severe", f"any_other_{'finding_' * 10}mild")
    figure = confusion_figure(MATRIX, long, positive=long[0])
    assert_sound(figure)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert list(axis.tickvals) == list(long)
        assert max(len(line) for tick in axis.ticktext for line in tick.split("<br>")) <= 16
        assert max(tick.count("<br>") for tick in axis.ticktext) <= 4
        assert [tick.replace("<br>", "")[-4:] for tick in axis.ticktext] == ["vere", "mild"]
        assert axis.title.standoff > 0  # not between the lines of the ticks
    touch = traces(figure)["cells"]
    assert touch["customdata"][1] == list(long)
    pointed_at = touch["text"][1].replace("<br>", " ")
    assert "truth pneumonia confirmed by RT-PCR within 48 hours of ‹admission›, severe" in pointed_at
    assert f"predicted {long[1]}" in touch["text"][1].replace("<br>", "").replace("predictedany", "predicted any")
    assert "%{x}" not in touch["hovertemplate"]  # which would be the cut name
