"""The index groups scans as asked for or decided, and makes each frame of a file a scan."""

import numpy as np
import pytest
from dicom_files import SLICE, content_of, ct, put
from PIL import Image
from tiny_folders import problems, put_csv, put_scan

from core.data.decisions import Decision, decide
from core.data.index import index_dataset
from core.errors import ConfigError

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
