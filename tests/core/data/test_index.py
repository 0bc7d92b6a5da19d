"""The table of a dataset: what it says of each scan, when it changes, and whether one can train on it."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dicom_files import SLICE, content_of, ct, put
from PIL import Image
from tiny_folders import EXPECTED, message, problems, put_csv, put_scan

from core.data.decisions import Decision, decide
from core.data.folders import dataset_signature
from core.data.index import index_dataset, summary
from core.data.positive import guess_positive
from core.data.trainable import check_trainable
from core.errors import ConfigError

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
        "no patient ids for all scans: only exact copies and frames of one file stay together, "
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


# --- groups of another kind


def groups_of(folder, group_by):
    dataset = index_dataset(folder, group_by=group_by)
    return dataset.table["group"].nunique(), dataset.group_source, dataset.group_by, dataset.notes


def test_groups_are_as_asked_for(folder):
    put_csv(folder, "path,label,patient_id", *(f"COVID/{n}.png,{'xy'[n % 2]},P{n % 3}" for n in range(6)))
    assert groups_of(folder, "") == (
        3,
        "patient",
        "patient",
        ("6 files in the folders are not listed in index.csv, and left out",),
    )
    assert groups_of(folder, "patient")[:3] == (3, "patient", "patient")
    assert groups_of(folder, "scan")[:3] == (6, "scan", "scan")
    assert groups_of(folder, "blocks:2")[:3] == (3, "blocks", "blocks:2")
    assert groups_of(folder, "blocks")[:3] == (1, "blocks", "blocks:25")
    assert groups_of(folder, "near-duplicates")[:3] == (6, "near-duplicates", "near-duplicates")
    assert groups_of(folder, "pattern:/([01])")[:3] == (6, "pattern", "pattern:/([01])")
    assert groups_of(folder, "pattern:/([01])")[3][1].startswith("4 of 6 usable scans are not matched")


def test_a_way_to_group_that_is_none_is_refused_before_any_file_is_read(folder, monkeypatch):
    monkeypatch.setattr("core.data.index.inspected", None)
    with pytest.raises(ConfigError, match="expected group_by to be patient"):
        index_dataset(folder, group_by="patients")


def test_near_duplicates_are_looked_for_with_progress_to_the_end(folder):
    calls = []
    index_dataset(folder, group_by="near-duplicates", progress=lambda done, total: calls.append((done, total)))
    assert calls[:12] == [(done, 24) for done in range(1, 13)]
    assert calls == sorted(calls)
    assert calls[-1] == (24, 24)


def test_the_same_pixels_in_another_format_are_a_copy(folder):
    with Image.open(folder / "COVID" / "0.png") as image:
        image.save(folder / "COVID" / "0.bmp")
        image.convert("RGB").save(folder / "COVID" / "0 in colour.png")
    table = index_dataset(folder).table.set_index("path")
    same = table.loc[["COVID/0.png", "COVID/0.bmp", "COVID/0 in colour.png"]]
    assert same["sha256"].nunique() == 3
    assert same["pixels"].nunique() == 1
    assert same["group"].nunique() == 1


# --- files of several frames


@pytest.fixture
def framed(folder):
    """The folder, with COVID/run.dcm of three frames, whose patient has no id."""
    put(folder / "COVID" / "run.dcm", content_of(ct(np.stack([SLICE, SLICE + 60, SLICE[::-1]]))))
    return folder


def test_each_frame_is_a_scan_and_those_of_a_file_are_a_group(framed):
    dataset = index_dataset(framed)
    rows = dataset.table[dataset.table["path"].str.startswith("COVID/run.dcm")]
    assert rows["path"].tolist() == ["COVID/run.dcm#1", "COVID/run.dcm#2", "COVID/run.dcm#3"]
    assert set(rows["group"]) == {"file:COVID/run.dcm"}
    assert set(rows["label"]) == {"COVID"}
    assert rows["sha256"].is_unique
    assert len(dataset.usable) == 15


def test_a_frame_listed_by_itself_counts_once_and_stays_with_its_file(framed):
    put_csv(framed, "path,label", "COVID/run.dcm,x", "COVID/run.dcm#2,x")
    dataset = index_dataset(framed)
    assert dataset.table["path"].tolist() == [*(f"COVID/run.dcm#{number}" for number in (1, 2, 3)), "COVID/run.dcm#2"]
    assert list(problems(dataset).values()) == [
        "a frame listed by itself in index.csv, and with its whole file: the first row counts"
    ]
    put_csv(framed, "path,label", "COVID/run.dcm#1,x", "COVID/run.dcm#3,y")
    dataset = index_dataset(framed)
    assert dataset.usable["path"].tolist() == ["COVID/run.dcm#1", "COVID/run.dcm#3"]
    assert dataset.notes[0].startswith("12 files in the folders are not listed")
    assert dataset.usable["group"].nunique() == 1


def test_a_frame_that_is_not_there_is_a_row_with_a_reason(framed):
    (framed / "COVID" / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM")
    names = ("run.dcm#4", "0.png#1", "gone.dcm#2", "broken.dcm#1", "run.dcm#2")
    put_csv(framed, "path,label", *(f"COVID/{name},x" for name in names))
    found = problems(index_dataset(framed))
    assert found.pop("COVID/broken.dcm#1").startswith("damaged or cut off")
    assert found == {
        "COVID/run.dcm#4": "there is no frame 4: the file has 3",
        "COVID/0.png#1": "the file is one scan, without frames: list it without '#1'",
        "COVID/gone.dcm#2": "not found: there is no such file",
    }


def test_a_frame_is_no_way_out_of_the_folder(framed, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "run.dcm"
    outside.write_bytes((framed / "COVID" / "run.dcm").read_bytes())
    (framed / "COVID" / "link.dcm").symlink_to(outside)
    put_csv(framed, "path,label", "COVID/link.dcm#2,x", "COVID/run.dcm#1,y")
    assert problems(index_dataset(framed)) == {
        "COVID/link.dcm#2": "refused: a link that leads outside the dataset's folder"
    }


def test_a_frame_can_be_left_out_by_decision(framed):
    decide(framed, Decision("odd-scan", "exclude", "too dark", paths=("COVID/run.dcm#2",)))
    assert problems(index_dataset(framed)) == {"COVID/run.dcm#2": "left out by decision: too dark"}


def test_patients_of_dicom_are_groups_where_all_have_an_id(tmp_path):
    (tmp_path / "sick").mkdir()
    for number, patient in enumerate(["DOE^A", "DOE^B", "DOE^A"]):
        put(tmp_path / "sick" / f"{number}.dcm", content_of(ct(SLICE + number, PatientID=patient)))
    dataset = index_dataset(tmp_path)
    assert (dataset.group_source, dataset.group_by) == ("patient", "patient")
    groups = dataset.table["group"].tolist()
    assert groups[0] == groups[2] != groups[1]
    assert "DOE" not in "".join(groups)
    put_scan(tmp_path / "sick" / "3.png")
    dataset = index_dataset(tmp_path)
    assert (dataset.group_source, dataset.group_by) == ("content", "patient")
    assert dataset.notes == ("only 3 of 4 usable scans have a patient id",)


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
