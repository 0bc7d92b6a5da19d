"""What makes a run's figures too good is told beside them, and only where it touches them."""

import numpy as np
import pandas as pd
import pytest
from made_runs import made_run, made_table

from core import cautions as module
from core.audit.findings import Audit, Finding
from core.cautions import Caution, cautions, cautions_on
from core.data.decisions import Decision, decide
from core.runs import create_run


@pytest.fixture
def run(tmp_path):
    """Six scans, two a split, no two alike."""
    config = {"backbone": "resnet10t", "image_size": 32, "seed": 0}
    made = create_run(tmp_path / "runs", config=config, data=tmp_path, preset="quick")
    table = pd.DataFrame({"path": [f"{n}.png" for n in range(6)], "split": np.repeat(["train", "val", "test"], 2)})
    table["label"], table["group"] = "sick", table["path"]
    table["pixels"] = [f"pixels {n}" for n in range(6)]
    table["sha256"] = [f"file {n}" for n in range(6)]
    table.to_parquet(made.folder / "index.parquet", index=False)
    return made


@pytest.fixture(autouse=True)
def audit(monkeypatch):
    """No audit, until a test puts one there."""

    def kept(*findings):
        monkeypatch.setattr(module, "last_audit", lambda root: Audit(6, findings, ()))

    monkeypatch.setattr(module, "last_audit", lambda root: None)
    return kept


def change(run, row, column, value):
    path = run.folder / "index.parquet"
    table = pd.read_parquet(path)
    table.loc[row, column] = value
    table.to_parquet(path, index=False)


def test_a_run_without_overlap_and_audit_has_nothing_to_say(run):
    assert cautions(run, "test") == cautions(run, "val") == ()


@pytest.mark.parametrize("of", [0, 2], ids=["learnt from", "chosen on"])
def test_pictures_that_training_has_seen_are_counted(run, of):
    change(run, 4, "pixels", f"pixels {of}")
    (found,) = cautions(run, "test")
    assert (found.kind, found.severity, found.too_good) == ("overlap", "high", True)
    assert "1 scan is the very picture of one that training has seen (50.0% of this split)" in found.says
    assert cautions(run, "val") == ()


def test_scans_without_a_hash_do_not_count_as_alike(run):
    for row in (0, 4):
        change(run, row, "pixels", "")
    assert cautions(run, "test") == ()


def test_findings_count_where_they_touch_the_split_the_gravest_first(run, audit):
    audit(
        Finding("odd-scan", "size", "low", 1, "one scan is odd", "look at it", paths=("5.png",)),
        Finding("shortcut", "storage", "high", 6, "storage tells", "too good"),
        Finding("near-duplicate", "pixels", "medium", 2, "two are alike", "too good", paths=("0.png", "1.png")),
    )
    found = cautions(run, "test")
    assert [caution.kind for caution in found] == ["shortcut", "odd-scan"]
    assert [caution.too_good for caution in found] == [True, False]
    assert found[1].says == "one scan is odd; here it touches 1 of 2 scans"


def test_what_was_decided_before_the_run_is_said_and_comes_last(run, audit, tmp_path):
    shortcut = Finding("shortcut", "storage", "high", 6, "storage tells", "too good")
    audit(shortcut, Finding("odd-scan", "size", "low", 1, "one scan is odd", "look", paths=("5.png",)))
    decide(tmp_path, Decision(kind="shortcut", action="keep", says="kept everything", finding=shortcut.id))
    assert cautions(run, "test")[0].decided == ""
    decided = run.updated(decisions=("kept everything",))
    assert [caution.decided for caution in cautions(decided, "test")] == ["", "kept everything"]


def test_of_splits_side_by_side_what_is_so_of_all_stands_once_and_the_rest_names_its_split(tmp_path, audit):
    run = made_run(tmp_path / "runs", made_table(), data=tmp_path)
    path = pd.read_parquet(run.folder / "index.parquet").query("split == 'val'")["path"].iloc[0]
    audit(
        Finding("near-duplicate", "pixels", "high", 2, "two are alike", "too good", paths=(path,)),
        Finding("shortcut", "storage", "low", 60, "storage tells", "too good"),
    )
    alike, shortcut = cautions_on(run, ("val", "test"))
    assert alike.text == "validation: two are alike; here it touches 1 of 12 scans: too good"
    assert shortcut.text == "storage tells: too good"
    assert cautions_on(run, ("test",)) == (shortcut,)


def test_torn_groups_come_first(tmp_path, audit):
    run = made_run(tmp_path / "runs", made_table().assign(group="one"), data=tmp_path)
    audit(Finding("shortcut", "storage", "high", 60, "storage tells", "too good"))
    assert [caution.kind for caution in cautions_on(run, ("val", "test"))] == ["torn-groups", "shortcut"]


def test_a_caution_in_one_line_says_what_was_decided():
    caution = Caution("shortcut", "high", "storage tells", "too good", too_good=True, decided="kept everything")
    assert caution.text == "storage tells: too good (decided: kept everything)"
