"""The whole run on the review page: where its heat lies, and what is said where that cannot be told."""

import json
from functools import partial

import numpy as np
import pytest

from core.analyses import heat
from core.analyses.working import carry_out
from core.explanation.batches import maps_of
from core.explanation.lungs import Anatomy
from core.explanation.stages import stages
from core.models.weights import load_run_model
from pages.review import whole_run


def _chest(scan: np.ndarray) -> Anatomy:
    lungs = np.zeros(scan.shape, bool)
    lungs[:, : scan.shape[1] // 3] = True
    return Anatomy(np.ones(scan.shape, bool), lungs, "")


@pytest.fixture
def fine_maps(tiny_run, monkeypatch):
    layer = stages(load_run_model(tiny_run))[1].layer
    monkeypatch.setattr(heat, "maps_of", partial(maps_of, layer=layer))


@pytest.fixture
def chests(fine_maps, monkeypatch):
    monkeypatch.setattr(heat, "find_lungs", _chest)


def _opened(app, run):
    return app("review/page.py", {"run": run.id, "view": "run"})


def _words(at):
    return " ".join([*(one.value for one in at.markdown), *(one.value for one in at.caption)])


def _metrics(at):
    return {one.label for one in at.metric}


def _alts(at):
    return [json.loads(one.proto.spec)["layout"]["meta"]["alt"] for one in at.get("plotly_chart")]


def test_it_offers_to_work_it_out_and_says_what_that_is(app, tiny_run):
    at = _opened(app, tiny_run)
    assert not at.exception
    assert "Find out where the heat is" in [button.label for button in at.button]
    assert "for the class that the model calls it" in _words(at)
    assert not at.get("plotly_chart")


def test_it_sums_up_in_words_beside_chance_and_shows_each_cell(app, tiny_run, chests):
    carry_out(tiny_run, "heat")
    at = _opened(app, tiny_run)
    assert not at.exception
    assert {"Looked outside the lungs", "Heat in the lungs", "Heat at the border"} <= _metrics(at)
    assert "a map that is the same everywhere would have" in _words(at)
    assert "The maps" in _words(at) or "too few groups" in _words(at)
    places, *pictures = _alts(at)
    assert places.startswith("Mean share of the heat in the lungs: missed")
    assert len(pictures) == 4
    assert all("hottest" in alt or "no place" in alt for alt in pictures)
    table = heat.read_heat(tiny_run)
    shown = at.dataframe[0].value
    assert list(shown["path"]) == list(table["path"])
    assert shown["in_lungs"].to_numpy() == pytest.approx(table["in_lungs"].to_numpy(), nan_ok=True)


def test_its_list_opens_as_a_worklist(app, tiny_run, chests):
    carry_out(tiny_run, "heat")
    at = _opened(app, tiny_run)
    at = at.button(key="open-outside-lungs").click().run()
    assert not at.exception
    assert {name: str(at.query_params[name]) for name in ("only", "order")} == {"only": "outside", "order": "outside"}
    assert "view" not in at.query_params
    assert any("maps that are the same everywhere would put" in caption.value for caption in at.caption)


def test_scans_that_are_no_chests_are_said_once_and_body_and_border_stay(app, tiny_run, fine_maps, monkeypatch):
    def x_ray(scan):
        return Anatomy(np.ones(scan.shape, bool), np.zeros(scan.shape, bool), "no crisp border, as on an X-ray")

    monkeypatch.setattr(heat, "find_lungs", x_ray)
    carry_out(tiny_run, "heat")
    at = _opened(app, tiny_run)
    assert not at.exception
    (said,) = [one.value for one in at.info]
    assert "do not look like cross-sections of a chest" in said
    assert "X-ray" in said
    assert {"Heat in the body", "Heat at the border"} <= _metrics(at)
    assert "Heat in the lungs" not in _metrics(at)
    assert not [button for button in at.button if button.key == "open-outside-lungs"]


def test_maps_of_one_cell_are_said_to_be_no_place(app, tiny_run, monkeypatch):
    monkeypatch.setattr(heat, "find_lungs", _chest)
    carry_out(tiny_run, "heat")
    at = _opened(app, tiny_run)
    assert not at.exception
    assert any("one cell" in one.value for one in at.info)
    assert all("no place of heat" in alt for alt in _alts(at))


def test_damaged_results_are_one_line(app, tiny_run, chests):
    carry_out(tiny_run, "heat")
    (tiny_run.folder / "analyses" / "heat" / heat.TABLE).write_bytes(b"torn")
    at = _opened(app, tiny_run)
    assert not at.exception
    assert any("heat.parquet" in one.value for one in at.error)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.1, 0.2, "favour the lungs."), (-0.2, -0.1, "shun the lungs"), (-0.1, 0.1, "no more than chance")],
)
def test_the_words_follow_the_interval(low, high, says):
    from core.analyses.heat_summary import HeatPlaces
    from core.evaluation.intervals import Estimate

    estimate = Estimate(0.4, 0.3, 0.5)
    gain = Estimate((low + high) / 2, low, high)
    found = HeatPlaces("all", 10, 0, 0, 10, estimate, 0.9, estimate, 0.35, gain, estimate, estimate)
    assert says in whole_run._in_words(found)
