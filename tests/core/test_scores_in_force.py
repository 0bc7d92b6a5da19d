import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.calibration import CALIBRATION_FILE, read_calibration, temperature_in_force
from core.decided import point_history, point_in_force, save_point, take_back
from core.errors import RequestError, RunDamagedError
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.decision.rules import Fixed, MaxFnr, Zones
from core.evaluation.decision.zones import with_upper, zone_figures
from core.evaluation.patients import parsed_joining
from core.results import raw_results, split_results
from core.runs import create_run
from core.scores_in_force import calibration_reports, temperature_of, use_calibrated_scores, use_raw_scores
from core.sweeps.compared import networks_compared, over_the_choice

RULES = [MaxFnr(0.1), Fixed(0.3), Fixed(0.0), Fixed(1.0), Zones(0.1, 0.2)]


def finished_run(folder, scores_of, *, classes=("COVID", "non-COVID"), groups=40):
    """A run with nothing but predictions: three splits of two scans a group; `scores_of(labels, rng)` gives (n, k)."""
    rng = np.random.default_rng(0)
    rows = [(split, group) for split in ("train", "val", "test") for group in range(groups)]
    table = pd.DataFrame(np.repeat(rows, 2, axis=0), columns=["split", "group"])
    table["group"] = table["split"] + table["group"]
    table["label"] = [classes[row // 2 % len(classes)] for row in range(len(table))]
    table["path"] = [f"{label}/{row}.png" for row, label in enumerate(table["label"])]
    values = scores_of(table["label"].to_numpy(str), rng).astype(np.float32)
    for column, name in enumerate(classes):
        table[name] = values[:, column]
    config = {"backbone": "resnet10t", "image_size": 32, "seed": 0}
    run = create_run(folder / "runs", config=config, data=folder / "data")
    table.to_parquet(run.folder / "predictions.parquet", index=False)
    sizes = dict.fromkeys(("train", "val", "test"), 2 * groups)
    return run.updated(status="finished", classes=classes, positive=classes[0], split_sizes=sizes)


def overconfident(labels, rng):
    logits = 4 * (np.where(labels == "COVID", 1.0, -1.0) + 1.5 * rng.normal(size=labels.size))
    score = 1 / (1 + np.exp(-logits))
    return np.stack([score, 1 - score], axis=1)


def overconfident_of_three(labels, rng):
    truth = np.array([("COVID", "non-COVID", "other").index(label) for label in labels])
    logits = 3 * (np.eye(3)[truth] + rng.normal(size=(labels.size, 3)))
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def faultless(labels, _rng):
    return np.stack([labels == "COVID", labels != "COVID"], axis=1) * 0.98 + 0.01


@pytest.fixture
def run(tmp_path):
    """A finished run of two classes whose scores are too extreme."""
    return finished_run(tmp_path, overconfident)


def called(results, point):
    return (results.scored.scores >= point.threshold).tolist()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_the_same_scans_stay_positive_and_switching_back_restores_everything(run, rule):
    save_point(run, chosen(raw_results(run, "val").scored, rule))
    before, on_disk = point_in_force(run), (run.folder / "operating_point.json").read_bytes()
    use_calibrated_scores(run)
    carried = point_in_force(run)
    assert carried.score_kind == "calibrated"
    for split in ("train", "val", "test"):
        raw, calibrated = raw_results(run, split), split_results(run, split)
        assert calibrated.score_kind == "calibrated"
        assert called(calibrated, carried) == called(raw, before)
        if before.upper is not None:
            assert called(calibrated, replace(carried, threshold=carried.upper)) == called(
                raw, replace(before, threshold=before.upper)
            )
        figures, again = raw.evaluated(before.threshold), calibrated.evaluated(carried.threshold)
        assert (figures.fnr, figures.fpr, figures.auc, figures.confusion) == (
            again.fnr,
            again.fpr,
            again.auc,
            again.confusion,
        )
    assert (carried.fnr, carried.fpr, carried.split, carried.promise) == (
        before.fnr,
        before.fpr,
        before.split,
        before.promise,
    )
    use_raw_scores(run)
    assert point_in_force(run) == before
    assert (run.folder / "operating_point.json").read_bytes() == on_disk
    pd.testing.assert_frame_equal(split_results(run, "test").table, raw_results(run, "test").table)


def test_a_run_without_a_chosen_threshold_keeps_the_default(run):
    use_calibrated_scores(run)
    assert (point_in_force(run).threshold, point_in_force(run).rule) == (0.5, "default")
    assert called(split_results(run, "test"), point_in_force(run)) == called(
        raw_results(run, "test"), point_in_force(run)
    )


def test_a_threshold_chosen_on_calibrated_scores_is_taken_along_to_raw_ones_and_back(run):
    use_calibrated_scores(run)
    point = save_point(run, replace(chosen(split_results(run, "val").scored, MaxFnr(0.2)), score_kind="calibrated"))
    assert point.score_kind == "calibrated"
    assert point_in_force(run) == point
    calls = called(split_results(run, "test"), point)
    use_raw_scores(run)
    assert point_in_force(run).score_kind == ""
    assert called(split_results(run, "test"), point_in_force(run)) == calls
    use_calibrated_scores(run)
    assert point_in_force(run) == point


def test_a_step_back_in_history_to_a_raw_threshold_is_carried_over(run):
    first = save_point(run, chosen(raw_results(run, "val").scored, MaxFnr(0.1)))
    use_calibrated_scores(run)
    save_point(run, replace(chosen(split_results(run, "val").scored, MaxFnr(0.3)), score_kind="calibrated"))
    calls = called(raw_results(run, "test"), first)
    again = take_back(run)
    assert point_history(run)[-1].point.score_kind == ""
    assert again.score_kind == "calibrated"
    assert called(split_results(run, "test"), again) == calls
    use_raw_scores(run)
    assert point_in_force(run).threshold == first.threshold


def test_the_temperature_comes_from_validation_alone(run):
    before = temperature_of(run)
    table = pd.read_parquet(run.folder / "predictions.parquet")
    other = table["split"] != "val"
    table.loc[other, ["COVID", "non-COVID"]] = [0.25, 0.75]
    table.to_parquet(run.folder / "predictions.parquet", index=False)
    assert temperature_of(run) == before
    assert before.split == "val"
    assert before.value > 1.5


def test_calibration_lowers_the_log_loss_on_validation(run):
    report = calibration_reports(run, ["val"])["val"]
    assert report.calibrated.calibration.ece < report.raw.calibration.ece
    assert abs(report.calibrated.line.slope.value - 1) < abs(report.raw.line.slope.value - 1)
    assert temperature_in_force(run) is None, "looking switches nothing"
    assert not (run.folder / CALIBRATION_FILE).exists()


def test_switching_twice_changes_nothing_more(run):
    once = use_calibrated_scores(run)
    assert use_calibrated_scores(run) == once == read_calibration(run)
    off = use_raw_scores(run)
    assert use_raw_scores(run) == off
    assert off.temperature == once.temperature
    assert not off.in_force


def test_off_without_a_calibration_is_no_error(run):
    assert use_raw_scores(run) is None


def test_a_damaged_calibration_is_said_and_can_be_switched_off(run):
    use_calibrated_scores(run)
    (run.folder / CALIBRATION_FILE).write_text('{"temperature": "hot"}', encoding="utf-8")
    with pytest.raises(RunDamagedError, match=r"calibration\.json"):
        split_results(run, "test")
    use_raw_scores(run)
    assert split_results(run, "test").score_kind == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", 0), ("temperature", None), ("in_force", "yes"), ("n", "many"), ("carried_from", [1])],
)
def test_every_wrong_value_is_damage(run, field, value):
    use_calibrated_scores(run)
    path = run.folder / CALIBRATION_FILE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {field: value}), encoding="utf-8")
    with pytest.raises(RunDamagedError, match=r"calibration\.json"):
        read_calibration(run)


def test_a_calibrated_threshold_without_its_temperature_is_said(run):
    use_calibrated_scores(run)
    save_point(run, replace(chosen(split_results(run, "val").scored, MaxFnr(0.2)), score_kind="calibrated"))
    (run.folder / CALIBRATION_FILE).unlink()
    with pytest.raises(RunDamagedError, match="the threshold was chosen on calibrated scores"):
        point_in_force(run)


def test_a_validation_split_that_is_told_apart_faultlessly_keeps_the_raw_scores(tmp_path):
    run = finished_run(tmp_path, faultless)
    with pytest.raises(RequestError, match=r"told apart without an error.*raw scores stay in force"):
        use_calibrated_scores(run)
    assert "told apart" in calibration_reports(run, ["test"])["test"].refused
    assert calibration_reports(run, ["test"])["test"].calibrated is None


def test_with_three_classes_the_rule_is_applied_again_to_calibrated_validation_scores(tmp_path):
    run = finished_run(tmp_path, overconfident_of_three, classes=("COVID", "non-COVID", "other"))
    before = save_point(run, chosen(raw_results(run, "val").scored, MaxFnr(0.1)))
    use_calibrated_scores(run)
    point = point_in_force(run)
    assert (point.score_kind, point.rule) == ("calibrated", "max_fnr=0.1")
    assert point.threshold == chosen(split_results(run, "val").scored, MaxFnr(0.1)).threshold
    np.testing.assert_allclose(split_results(run, "test").probabilities.sum(axis=1), 1)
    use_raw_scores(run)
    assert point_in_force(run) == before


@pytest.mark.parametrize("rule", [MaxFnr(0.3, 0.9), Zones(0.3, 0.3, None, 0.9)])
def test_with_three_classes_nothing_is_promised_on_scores_fitted_on_the_same_scans(tmp_path, rule):
    run = finished_run(tmp_path, overconfident_of_three, classes=("COVID", "non-COVID", "other"))
    promised = save_point(run, chosen(raw_results(run, "val").scored, rule))
    refused = rf"\({re.escape(rule.words)}\).*temperature that was fitted on these same scans.*choose another"
    with pytest.raises(RequestError, match=refused):
        use_calibrated_scores(run)
    assert point_in_force(run) == promised
    save_point(run, fixed_point(raw_results(run, "val").scored, 0.3))
    use_calibrated_scores(run)
    with pytest.raises(RequestError, match=refused):
        take_back(run)
    with pytest.raises(RequestError, match="nothing can be promised on them; go back to raw scores"):
        over_the_choice(run, rule)
    use_raw_scores(run)
    assert over_the_choice(run, rule) == replace(rule, networks=networks_compared(run))


def test_joined_groups_have_a_row_each_and_their_own_figures(run):
    scans = split_results(run, "test")
    patients = scans.joined(parsed_joining("max"))
    assert patients.joining == "max"
    assert len(patients.table) == scans.table["group"].nunique() == 40
    assert patients.table["scans"].tolist() == [2] * 40
    expected = scans.table.groupby("group")["COVID"].max()
    np.testing.assert_array_equal(patients.scored.scores, expected.loc[patients.table["group"]])
    assert patients.evaluated(0.5).n == 40
    assert set(patients.with_cells(0.5)["cell"]) <= {"missed", "false alarm", "found", "cleared"}


def test_a_temperature_goes_by_groups_and_one_of_an_earlier_version_stays_readable(run):
    use_calibrated_scores(run)
    kept = read_calibration(run).temperature
    assert (kept.fewest, kept.fewest_groups) == (40, 20)
    path = run.folder / CALIBRATION_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["fewest_groups"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_calibration(run).temperature == replace(kept, fewest_groups=None)
    assert temperature_in_force(run).value == kept.value


def test_with_three_classes_two_thresholds_that_somebody_set_stay(tmp_path):
    run = finished_run(tmp_path, overconfident_of_three, classes=("COVID", "non-COVID", "other"))
    scored = raw_results(run, "val").scored
    before = save_point(run, with_upper(fixed_point(scored, 0.3), scored, 0.8))
    use_calibrated_scores(run)
    point = point_in_force(run)
    zones = zone_figures(split_results(run, "val").scored, 0.3, 0.8)
    assert (point.score_kind, point.threshold, point.upper) == ("calibrated", 0.3, 0.8)
    assert (point.ruled_in_fpr, point.referred) == (zones.fpr, zones.referred)
    use_raw_scores(run)
    assert point_in_force(run) == before


def test_what_an_earlier_version_carried_over_still_counts(run):
    save_point(run, chosen(raw_results(run, "val").scored, MaxFnr(0.1)))
    use_calibrated_scores(run)
    path = run.folder / CALIBRATION_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    for point in (content["carried_from"], content["carried_point"]):
        del point["ruled_in_fpr"], point["referred"]
    content["carried_point"]["threshold"] = 0.123
    path.write_text(json.dumps(content), encoding="utf-8")
    assert point_in_force(run).threshold == 0.123
