"""`predict` and `evaluate` where two thresholds are in force: each scan's zone, and the figures of the zones."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from tiny_trainings import Finished, call, write_scans

from core.decided import save_point
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.decision.zones import zone_figures
from core.results import split_results
from core.runs import Run


@pytest.fixture
def answer(own_run, capsys):
    """What a command says about `own_run`."""

    def ask(command: str, *arguments: object) -> Finished:
        return call([command, own_run.id, *arguments, "--runs", own_run.folder.parent, "--json"], capsys)

    return ask


def with_upper(run: Run, lower: float, upper: float) -> None:
    """Put two thresholds in force."""
    save_point(run, replace(fixed_point(split_results(run, "val").scored, lower), upper=upper))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_predict_says_the_zone_where_two_thresholds_are_in_force(answer, own_run, tmp_path, ending):
    one = answer("predict", "covid/00.png").facts
    assert not {"upper", "means"} & set(one)
    assert not {"zone", "threshold", "upper"} & set(one["predictions"][0])
    with_upper(own_run, 0.25, 0.999999)
    out = tmp_path / f"table.{ending}"
    names = ["covid/00.png", "gone.png", "normal/00.png"]
    facts = answer("predict", *names, "--out", out).facts
    assert (facts["threshold"], facts["upper"]) == (0.25, 0.999999)
    assert "Positive means not ruled out." in facts["means"]
    sick, gone, well = facts["predictions"]
    assert (sick["zone"], sick["decision"]) == ("referred", "covid")
    assert (well["zone"], well["decision"]) == ("ruled out", "normal")
    assert (gone["zone"], gone["upper"]) == ("", 0.999999)
    with_upper(own_run, 0.25, 0.25)
    assert answer("predict", "covid/00.png").facts["predictions"][0]["zone"] == "ruled in"
    table = pd.read_csv(out, keep_default_na=False) if ending == "csv" else pd.read_parquet(out)
    assert table["zone"].tolist() == ["referred", "", "ruled out"]
    assert table[["threshold", "upper"]].to_numpy().tolist() == [[0.25, 0.999999]] * 3


@pytest.mark.parametrize("split", ["val", "test"])
def test_evaluate_gives_the_zones_where_two_thresholds_are_in_force(answer, own_run, split):
    one = answer("evaluate", "--split", split).facts
    assert "zones" not in one
    with_upper(own_run, 0.25, 0.75)
    facts = answer("evaluate", "--split", split).facts
    scored = split_results(own_run, split).scored
    assert facts["zones"] == zone_figures(scored, 0.25, 0.75).to_json()
    assert facts["chosen"]["upper"] == 0.75
    assert set(facts) == {*one, "zones"}
    assert "zones" not in answer("evaluate", "--threshold", "0.25").facts, "that is one threshold"


def test_evaluate_gives_the_zones_by_patient_and_on_another_dataset_too(answer, own_run, tmp_path):
    with_upper(own_run, 0.25, 0.75)
    by_patient = answer("evaluate", "--by", "patient").facts
    assert {"fnr", "fpr", "referred"} <= set(by_patient["zones"])
    assert {"fnr", "fpr", "referred"} <= set(by_patient["by_scan"]["zones"])
    other = write_scans(tmp_path / "other", per_class=7)
    zones = answer("evaluate", "--data", other).facts["zones"]["zones"]
    assert [zone["zone"] for zone in zones] == ["ruled out", "referred", "ruled in"]
    assert sum(zone["positives"] for zone in zones) == sum(zone["others"] for zone in zones) == 7


def test_people_read_how_many_scans_each_zone_has(own_run, capsys):
    with_upper(own_run, 0.25, 0.75)
    said = call(["evaluate", own_run.id, "--runs", own_run.folder.parent], capsys).stdout
    assert re.search(r"ruled out  \d+ positives, \d+ others", said)
    assert re.search(r"referred +[\d.]+  \(95 % ", said)
