"""The review page: the worklist's order, the case in the address, the map beside it."""

import numpy as np
import pytest

from core.evaluation.thresholds import fixed_point
from core.results import point_in_force, save_point, split_results, worklist


def _cases(run, cell, split="test"):
    return worklist(split_results(run, split).with_cells(point_in_force(run).threshold), cell)


def _button(at, label):
    return next(button for button in at.button if button.label == label)


def test_without_a_run_the_page_offers_the_way_to_one(app):
    at = app("review/page.py")
    assert not at.exception
    assert [button.label for button in at.button] == ["Try it on synthetic scans", "Open your own scans"]


def test_missed_patients_come_first_and_the_most_confident_error_leads(app, tiny_run):
    at = app("review/page.py")
    assert not at.exception
    missed = _cases(tiny_run, "missed")
    assert at.session_state["cell"] == "missed"
    assert at.session_state["case"] == missed["path"].iloc[0]
    assert missed["score"].is_monotonic_increasing  # lowest score: furthest below the threshold
    false_alarms = _cases(tiny_run, "false alarm")
    assert false_alarms["score"].is_monotonic_decreasing


def test_next_and_previous_go_through_the_worklist_and_stop_at_its_ends(app, tiny_run):
    at = app("review/page.py", query={"cell": "found", "split": "train", "run": tiny_run.id})
    paths = _cases(tiny_run, "found", "train")["path"].tolist()
    assert _button(at, "Previous").disabled
    for path in paths[1:]:
        _button(at, "Next").click().run()
        assert at.session_state["case"] == path
    assert _button(at, "Next").disabled
    _button(at, "Previous").click().run()
    assert at.session_state["case"] == paths[-2]


def test_a_link_opens_its_case_even_in_another_list_after_the_threshold_moved(app, tiny_run):
    path = _cases(tiny_run, "missed")["path"].iloc[0]
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.0))  # everything is called positive
    at = app("review/page.py", query={"case": path, "cell": "missed", "split": "test", "run": tiny_run.id})
    assert not at.exception
    assert at.session_state["case"] == path
    assert at.session_state["cell"] == "found"


def test_an_empty_list_says_so(app, tiny_run):
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.0))
    at = app("review/page.py", query={"cell": "missed"})
    assert not at.exception
    assert any("No scan" in item.value for item in at.success)


def test_class_score_and_unscaled_maximum_stand_beside_the_map(app, tiny_run):
    at = app("review/page.py")
    labels = [metric.label for metric in at.metric]
    assert "Unscaled maximum" in labels
    assert "Score for COVID" in labels


def test_an_empty_map_is_said_in_words(app, tiny_run, monkeypatch):
    from core.explanation import maps

    def nothing(model, scan, *, target=None, method="gradcam"):
        return maps.ScanMap(np.zeros(scan.shape, np.float32), 0.0, target, 0.2, method, "layer4", (1, 1))

    monkeypatch.setattr(maps, "explain", nothing)
    at = app("review/page.py")
    assert any("No positive evidence for COVID" in item.value for item in at.warning)


@pytest.mark.parametrize("name", ["best.safetensors", "predictions.parquet"])
def test_a_damaged_file_gets_one_line_not_a_traceback(app, tiny_run, name):
    (tiny_run.folder / name).write_bytes(b"damaged")
    at = app("review/page.py")
    assert not at.exception
    errors = [item.value for item in at.error]
    assert errors
    assert all("\n" not in error for error in errors)


def test_a_scan_that_is_gone_is_named(app, tiny_run, monkeypatch):
    tiny_run.updated(data="/nowhere")
    at = app("review/page.py")
    assert not at.exception
    assert any(_cases(tiny_run, "missed")["path"].iloc[0] in item.value for item in at.error)
