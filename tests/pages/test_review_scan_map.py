"""The map of all scans and the look-alikes on the review page."""

import json

import numpy as np
import pandas as pd
import pytest
from changed_runs import with_three_classes
from conftest import plain

from core.explanation.projection import within
from core.review.worklists.places import scan_places
from core.runs import read_predictions
from pages.review import scan_map
from pages.review.look_alikes import distance_text
from pages.shared import charts, links, state

AREA = "pca:-1,-1;0.2,-1;0.2,1;-1,1"


def _map(app, run, **query):
    return app("review/page.py", {"run": run.id, "view": "all", **query})


def _spec(at):
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def _words(at):
    return " ".join([*(one.value for one in at.markdown), *(one.value for one in at.caption)])


def test_the_map_shows_every_scan_at_once(app, tiny_run):
    at = _map(app, tiny_run)
    assert not at.exception
    assert sum(len(trace["customdata"]) for trace in _spec(at)["data"]) == 40
    assert "First component" in _spec(at)["layout"]["xaxis"]["title"]["text"]
    assert "Draw around scans" in _words(at)


def test_it_can_be_coloured_by_what_the_index_knows(app, tiny_run):
    at = _map(app, tiny_run)
    ways = at.selectbox(key=state.SCAN_MAP_COLOUR).options
    assert ways[:4] == ["Cell", "Label", "Split", "Score"]
    for way in ways:
        at.selectbox(key=state.SCAN_MAP_COLOUR).set_value(way if way not in ways[:4] else way.lower()).run()
        assert not at.exception, way
        assert at.get("plotly_chart"), way


def test_an_area_in_the_address_is_drawn_counted_and_opens_as_the_worklist_of_just_its_scans(app, tiny_run):
    inside = within(scan_places(tiny_run, "pca").points, AREA)
    paths = read_predictions(tiny_run)["path"][inside]
    at = _map(app, tiny_run, area=AREA)
    assert len(_spec(at)["layout"]["shapes"]) == 1
    button = at.button(key="scan-map-worklist")
    assert button.label == f"Go through these {len(paths)} scans"
    at = button.click().run()
    assert not at.exception
    assert at.query_params["area"] == AREA
    assert at.query_params["cell"] == "any"
    assert at.query_params["split"] == "any"
    assert any(f"of {len(paths)}" in one.value for one in at.markdown)
    assert at.session_state[state.CASE] in set(paths)


def test_an_area_can_be_dropped_and_one_without_scans_is_said(app, tiny_run):
    at = _map(app, tiny_run, area="pca:1.5,1.5;1.6,1.5;1.6,1.6")
    assert "No scan lies in this area" in _words(at)
    assert at.button(key="scan-map-worklist").disabled
    at = at.button(key="scan-map-drop").click().run()
    assert "area" not in at.query_params
    assert "Draw around scans" in _words(at)


@pytest.mark.parametrize("area", ["nonsense", "pca:0,0", "pca:0,0;1,0;nan,1"])
def test_an_area_that_says_nothing_is_left_out(app, tiny_run, area):
    at = _map(app, tiny_run, area=area)
    assert not at.exception
    assert at.get("plotly_chart")


def test_what_is_drawn_becomes_the_area_and_a_click_opens_the_scan(tiny_run, monkeypatch):
    kept = {}
    monkeypatch.setattr(state, "put", kept.__setitem__)
    monkeypatch.setattr(links, "open_case", lambda case: kept.__setitem__("case", case))
    monkeypatch.setattr(charts, "drawn", lambda key: ([0, 0.5], [0, 0.5]))
    scan_map._take("pca", "map")
    assert kept[state.AREA] == "pca:0,0;0.5,0;0.5,0.5;0,0.5"
    monkeypatch.setattr(charts, "drawn", lambda key: None)
    monkeypatch.setattr(charts, "clicked", lambda key: ["some.png", "words"])
    scan_map._take("pca", "map")
    assert kept["case"] == links.Case("any", "any", "some.png")
    kept.clear()
    monkeypatch.setattr(charts, "clicked", lambda key: [])
    scan_map._take("pca", "map")
    assert kept == {}


def test_tsne_is_offered_until_it_has_been_made(app, tiny_run):
    at = _map(app, tiny_run)
    at.segmented_control(key=state.SCAN_MAP_KIND).set_value("tsne").run()
    assert not at.exception
    assert not at.get("plotly_chart")
    assert "Make the t-SNE map" in [button.label for button in at.button]


def test_damaged_features_are_one_line_on_the_map(app, tiny_run):
    (tiny_run.folder / "embeddings.npy").write_bytes(b"nonsense")
    at = _map(app, tiny_run)
    assert not at.exception
    assert "embeddings.npy" in plain(at.error[0].value)


def _look_alikes(app, run, path, split):
    query = {"run": run.id, "case": path, "cell": "any", "split": split}
    return app("review/page.py", query)


def _open_tab(at):
    from pages.review.case import LIKE

    at.session_state[state.CASE_TAB] = LIKE
    return at.run()


def _tested(run):
    table = read_predictions(run)
    return table.loc[table["split"] == "test", "path"].iloc[0]


def test_look_alikes_are_shown_for_each_class_with_distances(app, tiny_run):
    at = _open_tab(_look_alikes(app, tiny_run, _tested(tiny_run), "test"))
    assert not at.exception
    words = _words(at)
    assert words.index("Most like these COVID scans") < plain(words).index("Most like these non-COVID scans")
    assert len([button for button in at.button if str(button.key).startswith("look-alike-")]) == 8


def test_of_three_classes_each_has_its_row(app, tiny_run):
    run = with_three_classes(tiny_run)
    at = _open_tab(_look_alikes(app, run, _tested(run), "test"))
    assert not at.exception
    assert _words(at).count("Most like these") == 3


def test_a_look_alike_opens_as_a_case(app, tiny_run):
    at = _open_tab(_look_alikes(app, tiny_run, _tested(tiny_run), "test"))
    button = next(button for button in at.button if str(button.key).startswith("look-alike-"))
    name = plain(button.label)
    at = button.click().run()
    assert not at.exception
    assert at.session_state[state.CASE].endswith(name)
    assert at.query_params["split"] == "train"


def test_a_scan_whose_group_was_trained_on_is_said_to_leak(app, tiny_run):
    path = _tested(tiny_run)
    for name in ("predictions", "index"):
        file = tiny_run.folder / f"{name}.parquet"
        table = pd.read_parquet(file)
        group = table.loc[table["path"] == path, "group"].iloc[0]
        table.loc[table["split"] == "train", "group"] = group
        table.to_parquet(file, index=False)
    at = _open_tab(_look_alikes(app, tiny_run, path, "test"))
    assert any("of its own group" in one.value for one in at.warning)
    assert "Leak: same group" in _words(at)


def test_look_alikes_whose_files_are_gone_are_shown_without_a_picture(app, tiny_run, tmp_path):
    run = tiny_run.updated(data=str(tmp_path / "gone"))
    at = _open_tab(_look_alikes(app, run, _tested(run), "test"))
    assert not at.exception
    assert "No picture" in _words(at)


def test_distances_are_said_with_two_digits_that_count():
    assert [distance_text(value) for value in (0, 1e-9, 0.000387, 0.4202, 1.5)] == ["0", "0", "0.00039", "0.42", "1.5"]


def test_the_figure_of_an_unfinished_map_is_none(tiny_run):
    assert scan_places(tiny_run, "tsne") is None
    assert np.isfinite(scan_places(tiny_run, "pca").points).all()


def test_a_list_of_doubtful_labels_says_how_they_were_found(app, tiny_run):
    at = app("review/page.py", {"run": tiny_run.id, "cell": "any", "split": "any", "only": "mislabelled"})
    assert not at.exception
    assert "of 40 labels were judged, by this run" in plain(_words(at))
    at = app("review/page.py", {"run": tiny_run.id, "cell": "any", "split": "any"})
    assert "labels were judged" not in _words(at)
