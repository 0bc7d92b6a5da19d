"""The table of a dataset: what it says of each scan, when it changes, and whether one can train on it."""

import io
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from tiny_folders import EXPECTED, message, problems, put_csv, put_scan

from core.data.folders import dataset_signature
from core.data.index import index_dataset, summary
from core.data.positive import guess_positive
from core.data.trainable import check_trainable

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


# --- the same content twice ---


def test_exact_copies_form_a_group(folder):
    put_scan(folder / "COVID" / "first.png", seed=5)
    put_scan(folder / "COVID" / "second.png", seed=5)
    dataset = index_dataset(folder)
    rows = dataset.table.set_index("path").loc[["COVID/first.png", "COVID/second.png"]]
    assert rows["group"].tolist() == [f"content:{rows['sha256'].iloc[0][:8]}"] * 2
    assert dataset.group_source == "content"
    assert dataset.group_meaning == (
        "only exact copies and frames of one file stay together, "
        "slices of one patient may be on both sides: figures will be too good"
    )
    assert dataset.table["group"].nunique() == 13


def test_one_content_under_two_labels_is_left_out(folder):
    put_scan(folder / "COVID" / "a.png", seed=5)
    put_scan(folder / "COVID" / "b.png", seed=5)
    put_scan(folder / "normal" / "c.png", seed=5)
    dataset = index_dataset(folder)
    assert problems(dataset) == {
        "COVID/a.png": "same content as normal/c.png, labelled normal: one of the labels is wrong",
        "COVID/b.png": "same content as normal/c.png, labelled normal: one of the labels is wrong",
        "normal/c.png": "same content as COVID/a.png, labelled COVID: one of the labels is wrong",
    }
    assert dataset.group_source == "scan"


# --- the table


def test_progress_counts_every_file_and_may_stop_the_work(folder):
    calls = []
    index_dataset(folder, progress=lambda done, total: calls.append((done, total)), workers=3)
    assert calls == [(done, 12) for done in range(1, 13)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index_dataset(folder, progress=stop)


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_number_of_threads_changes_nothing(folder, workers):
    (folder / "COVID" / "x.png").write_text("x")
    pd.testing.assert_frame_equal(
        index_dataset(folder, workers=workers).table, index_dataset(folder).table, check_exact=True
    )


def test_no_workers_is_refused(folder):
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        index_dataset(folder, workers=0)


def test_the_table_survives_parquet(folder):
    put_csv(folder, "path,label,age,site", "COVID/0.png,x,61,Rom", "normal/0.png,y,,", "gone.png,y,3,a")
    table = index_dataset(folder).table
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    pd.testing.assert_frame_equal(pd.read_parquet(buffer), table)


def test_fingerprint_is_about_the_usable_scans(folder):
    before = index_dataset(folder).fingerprint
    assert len(before) == 64
    (folder / "COVID" / "notes.txt").write_text("x")
    assert index_dataset(folder).fingerprint == before
    put_scan(folder / "COVID" / "0.png", seed=77)
    changed = index_dataset(folder).fingerprint
    assert changed != before
    (folder / "COVID" / "0.png").rename(folder / "normal" / "new.png")
    assert index_dataset(folder).fingerprint not in (before, changed)


def test_fingerprint_ignores_the_order_and_sees_the_split(folder):
    rows = ["COVID/0.png,x,train", "normal/0.png,y,train"]
    put_csv(folder, "path,label,split", *rows)
    before = index_dataset(folder).fingerprint
    put_csv(folder, "path,label,split", *reversed(rows))
    assert index_dataset(folder).fingerprint == before
    put_csv(folder, "path,label,split", rows[0], "normal/0.png,y,test")
    assert index_dataset(folder).fingerprint != before


def test_signature_sees_names_sizes_and_times(folder):
    seen = {dataset_signature(folder)}
    assert dataset_signature(folder) in seen
    scan = folder / "COVID" / "0.png"
    os.utime(scan, (1, 1))
    seen.add(dataset_signature(folder))
    scan.rename(folder / "COVID" / "00.png")
    seen.add(dataset_signature(folder))
    (folder / "index.csv").write_text("path,label\n")
    seen.add(dataset_signature(folder))
    (folder / "COVID" / "00.png").unlink()
    seen.add(dataset_signature(folder))
    assert len(seen) == 5
    assert message(dataset_signature, folder / "gone") == f"no such folder: {folder / 'gone'}; {EXPECTED}"


def test_summary_is_plain_json(folder):
    (folder / "COVID" / "0.png").write_bytes(b"")
    result = summary(index_dataset(folder))
    assert json.loads(json.dumps(result)) == result
    assert result == {
        "scans": 12,
        "usable": 11,
        "classes": {"COVID": 5, "normal": 6},
        "groups": 11,
        "problems": [{"path": "COVID/0.png", "problem": "empty file (0 bytes)"}],
        "splits": {},
        "notes": [],
        "remarks": [],
        "group_source": "scan",
        "group_by": "scan",
        "decisions": [],
    }


# --- the real sets ---


def real(name):
    if not (REAL_DATA / name).is_dir():
        pytest.skip(f"the real images {REAL_DATA / name} are not there")
    return index_dataset(REAL_DATA / name)


@pytest.mark.realdata
def test_sars_cov_2_ct_opens():
    dataset = real("sars-cov-2-ct")
    assert summary(dataset)["classes"] == {"COVID": 750, "non-COVID": 739}
    assert problems(dataset) == {}
    assert dataset.group_source == "content"
    groups = dataset.table.set_index("path")["group"]
    for one, other in ((128, 129), (134, 135)):
        assert groups[f"COVID/Covid ({one}).png"] == groups[f"COVID/Covid ({other}).png"]
    assert groups.nunique() == 1487
    assert dataset.table.groupby(["label", "mode"]).size().to_dict() == {
        ("COVID", "RGB"): 413,
        ("COVID", "RGBA"): 337,
        ("non-COVID", "RGBA"): 739,
    }
    assert guess_positive(dataset.classes) == "COVID"
    check_trainable(dataset)


@pytest.mark.realdata
def test_ucsd_covid_ct_opens():
    dataset = real("ucsd-covid-ct")
    assert summary(dataset)["classes"] == {"COVID": 251, "NonCOVID": 292}
    assert summary(dataset)["splits"] == {"train": 425, "val": 118}
    assert problems(dataset) == {}
    assert dataset.notes == ()
    assert dataset.group_source == "patient"
    assert dataset.table["group"].nunique() == 289
    misnamed = dataset.table[dataset.table["path"].str.endswith(".png") & (dataset.table["format"] == "JPEG")]
    assert len(misnamed) == 32
    sizes = dataset.table[["width", "height"]]
    assert tuple(sizes.min()) == (115, 61)
    assert set(dataset.table.loc[dataset.table["mode"] == "RGBA", "label"]) == {"COVID"}
    check_trainable(dataset)


@pytest.mark.realdata
def test_covid_radiography_opens():
    dataset = real("covid-radiography")
    assert summary(dataset)["classes"] == {"COVID": 150, "Normal": 150, "Viral Pneumonia": 150}
    assert problems(dataset) == {}
    assert dataset.group_source == "scan"
    assert set(dataset.table["width"]) | set(dataset.table["height"]) == {256}
    assert guess_positive(dataset.classes) == "COVID"
    check_trainable(dataset)
