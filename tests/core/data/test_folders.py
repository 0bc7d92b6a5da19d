"""Class folders become scans and labels; nothing is dropped in silence, nothing outside is read."""

import os
from pathlib import Path

import pytest
from tiny_folders import EXPECTED, message, problems, put_scan

from core.data.dataset import COLUMNS
from core.data.index import index_dataset


def test_class_folders_give_labels(folder):
    dataset = index_dataset(folder)
    assert tuple(dataset.table.columns) == COLUMNS
    assert dataset.classes == ("COVID", "normal")
    assert dataset.table["path"].tolist() == [f"{c}/{n}.png" for c in ("COVID", "normal") for n in range(6)]
    first = dataset.table.iloc[0]
    assert (first["label"], first["group"], first["split"]) == ("COVID", "scan:COVID/0.png", "")
    assert (first["width"], first["height"], first["mode"], first["format"]) == (20, 18, "L", "PNG")
    assert first["bytes"] == (folder / "COVID/0.png").stat().st_size
    assert problems(dataset) == {}
    assert dataset.notes == ()
    assert not dataset.has_given_split


def test_deeper_folders_belong_to_the_first(folder):
    put_scan(folder / "COVID" / "site a" / "day 2" / "x.png")
    row = index_dataset(folder).table.set_index("path").loc["COVID/site a/day 2/x.png"]
    assert row["label"] == "COVID"


def test_what_systems_leave_behind_is_no_scan(folder):
    for name in (".DS_Store", "COVID/.DS_Store", "COVID/._0.png", "COVID/Thumbs.db", "__MACOSX/COVID/0.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    assert len(index_dataset(folder).table) == 12


def test_files_in_the_root_are_no_scans(folder):
    (folder / "README.md").write_text("x")
    put_scan(folder / "overview.png")
    assert len(index_dataset(folder).table) == 12


def test_unusable_files_are_rows_with_a_reason(folder):
    (folder / "COVID" / "notes.txt").write_text("not a scan")
    (folder / "COVID" / "empty.png").touch()
    cut = (folder / "COVID" / "0.png").read_bytes()[:200]
    (folder / "normal" / "cut.png").write_bytes(cut)
    (folder / "normal" / "slice.dcm").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "normal" / "dangling.png").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "normal" / "pipe.png")
    dataset = index_dataset(folder)
    found = problems(dataset)
    assert found.pop("COVID/notes.txt").startswith("not an image")
    assert found.pop("normal/cut.png").startswith("damaged or cut off: ")
    assert found == {
        "COVID/empty.png": "empty file (0 bytes)",
        "normal/slice.dcm": "damaged or cut off: DICOM without a data set",
        "normal/dangling.png": "not found: there is no such file",
        "normal/pipe.png": "not a plain file",
    }
    assert len(dataset.usable) == 12


def test_links_out_of_the_folder_are_refused(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    put_scan(outside / "secret.png")
    (folder / "COVID" / "link.png").symlink_to(outside / "secret.png")
    (folder / "stolen").symlink_to(outside)
    (folder / "COVID" / "again").symlink_to(folder / "normal")
    (folder / "COVID" / "same.png").symlink_to(folder / "COVID" / "0.png")
    dataset = index_dataset(folder)
    assert problems(dataset) == {
        "COVID/link.png": "refused: a link that leads outside the dataset's folder",
        "stolen": "refused: a link that leads outside the dataset's folder",
        "COVID/again": "a link to another folder of the dataset: not followed",
    }
    assert "COVID/same.png" in set(dataset.usable["path"])


def test_links_in_a_circle_come_to_an_end(folder):
    (folder / "COVID" / "a.png").symlink_to(folder / "COVID" / "b.png")
    (folder / "COVID" / "b.png").symlink_to(folder / "COVID" / "a.png")
    (folder / "COVID" / "up").symlink_to(folder)
    assert set(problems(index_dataset(folder))) == {"COVID/a.png", "COVID/b.png", "COVID/up"}


def test_a_folder_that_cannot_be_read_is_a_row(folder, monkeypatch):
    real = os.scandir

    def scandir(path):
        if Path(path).name == "normal":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    dataset = index_dataset(folder)
    assert problems(dataset) == {"normal": "a folder that cannot be read: Permission denied"}
    assert len(dataset.usable) == 6


def test_a_name_that_is_not_utf8_is_a_row(folder):
    try:
        put_scan(folder / "COVID" / "caf\udce9.png", seed=1)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    dataset = index_dataset(folder)
    assert problems(dataset) == {"COVID/caf\\xe9.png": "the file's name is not UTF-8: rename it"}


def test_a_root_reached_by_a_link_is_fine(folder, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "data"
    link.symlink_to(folder)
    assert len(index_dataset(link).usable) == 12


# --- the folder as a whole ---


def test_folders_of_no_use_are_errors(tmp_path):
    missing = tmp_path / "missing"
    assert message(index_dataset, missing) == f"no such folder: {missing}; {EXPECTED}"
    (tmp_path / "a file").touch()
    assert message(index_dataset, tmp_path / "a file") == f"not a folder: {tmp_path / 'a file'}; {EXPECTED}"
    empty = tmp_path / "empty"
    (empty / "COVID").mkdir(parents=True)
    assert message(index_dataset, empty) == f"no scans in {empty}: {EXPECTED}; found nothing"
    for number in range(3):
        put_scan(empty / f"{number}.png")
    assert message(index_dataset, empty) == f"no scans in {empty}: {EXPECTED}; found 3 files directly in it"
    (empty / "circle").symlink_to(empty / "circle")
    assert message(index_dataset, empty).endswith("found 4 files directly in it")
    assert message(index_dataset, "a\0b") == f"no such folder: a\0b; {EXPECTED}"


def test_a_root_without_read_rights(folder, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    expected = f"cannot read the folder {folder}: Permission denied; check its rights"
    assert message(index_dataset, folder) == expected
