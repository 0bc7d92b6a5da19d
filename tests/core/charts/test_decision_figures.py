import numpy as np
import pytest

from core.charts.decision_curve import decision_curve_figure
from core.charts.people import people_figure
from core.charts.zones import zones_figure
from core.evaluation.confusion import Counts
from core.evaluation.decision.net_benefit import decision_curve
from core.evaluation.decision.population import PeopleInZones, people_of
from core.evaluation.decision.zones import zone_figures
from core.evaluation.scored import Scored
from tests.core.charts.figure_contents import alt, assert_sound, traces


@pytest.fixture(scope="module")
def scored() -> Scored:
    rng = np.random.default_rng(0)
    labels = rng.random(300) < 0.3
    return Scored.of(np.clip(rng.normal(0.4 + 0.3 * labels, 0.15), 0, 1), labels)


@pytest.mark.parametrize("prevalence", [0.001, 0.05, 0.5, 0.999])
def test_every_person_has_one_mark(prevalence):
    people = people_of(Counts(tp=96, fp=10, fn=4, tn=90), prevalence)
    figure = people_figure(people)
    assert_sound(figure)
    counts = {trace.name.split(" ", 1)[1].rstrip("s"): sum(x is not None for x in trace.x) for trace in figure.data}
    assert sum(counts.values()) == 1000
    assert counts == {
        "missed": people.missed,
        "found": people.found,
        "false alarm": people.alarmed,
        "cleared": people.cleared,
    }
    places = [(x, y) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True) if x is not None]
    assert len(set(places)) == 1000
    assert alt(figure).startswith(people.says)


@pytest.mark.parametrize("prevalence", [0.001, 0.05, 0.999])
def test_at_two_thresholds_those_referred_have_marks_of_their_own(prevalence):
    lower = people_of(Counts(tp=96, fp=10, fn=4, tn=90), prevalence)
    people = PeopleInZones(lower, people_of(Counts(tp=80, fp=2, fn=20, tn=98), prevalence))
    figure = people_figure(people)
    assert_sound(figure)
    counts = {trace.name.split(" ", 1)[1]: sum(x is not None for x in trace.x) for trace in figure.data}
    assert list(counts.values()) == [*people.have_it, *people.others[::-1]]
    assert (counts["referred, have it"], counts["referred, do not have it"]) == (people.have_it[1], people.others[1])
    assert len({trace.marker.symbol for trace in figure.data}) == 6
    assert alt(figure).startswith(people.says)


def test_too_many_people_to_draw_are_said_instead():
    figure = people_figure(people_of(Counts(tp=96, fp=10, fn=4, tn=90), 1e-6))
    assert_sound(figure)
    assert "1,000,000 people are too many to draw" in alt(figure)
    assert sum(len(trace.x or ()) for trace in figure.data) == 0


def test_people_of_one_class_are_said_to_be_missing():
    assert alt(people_figure(None)) == "No people: one class is absent."


@pytest.mark.parametrize("marked", [None, 0.09, 0.9])
def test_the_decision_curve_stands_beside_everybody_and_nobody(scored, marked):
    table = decision_curve(scored, threshold=0.5, prevalence=0.05, draws=100)
    figure = decision_curve_figure(table, marked=marked)
    assert_sound(figure)
    shown = traces(figure)
    np.testing.assert_allclose(shown["model at the threshold"]["y"], 1000 * table["at_threshold"])
    np.testing.assert_allclose(shown["calling everybody"]["y"], 1000 * table["treat_all"])
    assert shown["calling nobody"]["y"] == [0, 0]
    assert ("near the stated costs" in alt(figure)) == (marked is not None)
    assert "is worth more than either from 0." in alt(figure)


def test_a_decision_curve_without_bands_is_drawn_too():
    table = decision_curve(Scored.of([0.2, 0.8], [0, 1], ["a", "a"]), threshold=0.5)
    assert_sound(decision_curve_figure(table))
    worthless = decision_curve(Scored.of([0.8, 0.2] * 20, [0, 1] * 20), threshold=0.5, draws=20)
    assert "nowhere worth more than either" in alt(decision_curve_figure(worthless.query("probability > 0.3")))


def test_bars_are_parted_into_the_three_zones(scored):
    figures = zone_figures(scored, 0.3, 0.6)
    figure = zones_figure({"Validation": figures}, positive="COVID", negative_name="normal")
    assert_sound(figure)
    assert len(figure.data) == 6
    for row, counts in (("Validation: COVID", figures.positives), ("Validation: normal", figures.others)):
        shares = [trace.x[0] for trace in figure.data if trace.y[0] == row]
        np.testing.assert_allclose(shares, np.array(counts) / sum(counts))
        assert f"{row}: " in alt(figure)


def test_the_legend_says_once_what_each_colour_of_the_zones_means(scored):
    splits = {"Validation": zone_figures(scored, 0.3, 0.6), "Test": zone_figures(scored, 0.2, 0.9)}
    figure = zones_figure(splits, positive="COVID", negative_name="normal")
    assert [trace.name for trace in figure.data if trace.showlegend] == [
        "ruled out, missed",
        "referred, to a reader",
        "ruled in, found",
        "ruled out, cleared",
        "ruled in, false alarm",
    ]
    by_entry = {trace.legendgroup: set() for trace in figure.data}
    for trace in figure.data:
        by_entry[trace.legendgroup].add(trace.marker.color)
    assert [len(colours) for colours in by_entry.values()] == [1] * 5
    assert figure.layout.margin.r >= 20  # with less, the label of 100 % has no room and is left out


def test_long_class_names_leave_room_to_the_bars(scored):
    long = "pneumonia confirmed by RT-PCR within 48 hours of admission, severe"
    figure = zones_figure({"Validation": zone_figures(scored, 0.3, 0.6)}, positive=long, negative_name="normal")
    assert max(len(line) for tick in figure.layout.yaxis.ticktext for line in tick.split("<br>")) <= 20
    assert figure.layout.yaxis.ticktext[0].endswith("severe")
    assert list(figure.layout.yaxis.tickvals) == [f"Validation: {long}", "Validation: normal"]


def test_the_axis_of_the_decision_curve_is_named_in_lines_that_a_phone_has_room_for(scored):
    table = decision_curve(scored, threshold=0.5, prevalence=0.05, draws=20)
    assert max(map(len, decision_curve_figure(table).layout.xaxis.title.text.split("<br>"))) <= 40


def test_a_class_without_scans_has_no_bar_and_none_at_all_is_said():
    one = zone_figures(Scored.of([0.1, 0.9], [1, 1]), 0.3, 0.6)
    assert {trace.y[0] for trace in zones_figure({"Test": one}, positive="a", negative_name="b").data} == {"Test: a"}
    assert alt(zones_figure({}, positive="a", negative_name="b")) == "No zones: there are no scans."
