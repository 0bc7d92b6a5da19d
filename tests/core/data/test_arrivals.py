"""What arrives becomes a dataset, whole or not at all."""

import io
from pathlib import Path

import pytest
from arriving import left_behind, png, two_classes, zipped
from hypothesis import given
from hypothesis import strategies as st

from core.data.arrivals.archive import archive_entries
from core.data.arrivals.entries import file_entry
from core.data.arrivals.limits import Limits
from core.data.arrivals.names import clean_folder_name, meeting_key, safe_path
from core.data.arrivals.receive import Arrived, Batch, receive
from core.data.index import index_dataset
from core.errors import DatasetError

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def arrived(files: dict[str, bytes], into: Path, *, name: str = "new", label: str = "", **more) -> Arrived:
    return receive([Batch(archive_entries(zipped(files)), label)], into=into, name=name, **more)


def loose(files: dict[str, bytes], label: str = "") -> Batch:
    return Batch([file_entry(name, io.BytesIO(content)) for name, content in files.items()], label)


def test_class_folders_in_a_zip_become_a_dataset(tmp_path: Path) -> None:
    files = two_classes()
    result = arrived(files, tmp_path / "data")
    assert result.folder == tmp_path / "data" / "new"
    assert (result.files, result.kept_out) == (6, ())
    assert index_dataset(result.folder).classes == ("ill", "normal")
    assert left_behind(tmp_path / "data") == sorted(
        ["new", "new/ill", "new/normal", *(f"new/{name}" for name in files)]
    )


def test_what_is_written_is_what_was_sent(tmp_path: Path) -> None:
    files = two_classes()
    folder = arrived(files, tmp_path).folder
    assert {path: (folder / path).read_bytes() for path in files} == files


@pytest.mark.parametrize("top", ["my scans", "a/b/c"])
def test_folders_around_everything_are_peeled_off(tmp_path: Path, top: str) -> None:
    folder = arrived(two_classes(top=top) | {f"{top}/README.txt": b"words", "LICENSE": b"words"}, tmp_path).folder
    assert sorted(entry.name for entry in folder.iterdir()) == ["ill", "normal"]


def test_a_single_class_folder_is_not_peeled_off(tmp_path: Path) -> None:
    folder = arrived({"COVID/a.png": png(1), "COVID/b.png": png(2)}, tmp_path).folder
    assert index_dataset(folder).classes == ("COVID",)


def test_an_index_csv_in_the_zip_counts(tmp_path: Path) -> None:
    table = b"path,label,patient_id\nscans/a.png,ill,1\nscans/b.png,normal,2\n"
    files = {"set/index.csv": table, "set/scans/a.png": png(1), "set/scans/b.png": png(2)}
    dataset = index_dataset(arrived(files, tmp_path).folder)
    assert dataset.classes == ("ill", "normal")
    assert dataset.group_source == "patient"


def test_loose_files_get_the_class_chosen_for_them(tmp_path: Path) -> None:
    same_names = {"1.png": png(1), "2.png": png(2)}
    batches = [loose(same_names, "ill"), loose({"1.png": png(3), "2.png": png(4)}, "not ill")]
    folder = receive(batches, into=tmp_path, name="x").folder
    assert index_dataset(folder).table["label"].tolist() == ["ill", "ill", "not ill", "not ill"]


def test_a_folder_of_loose_files_says_the_classes_itself(tmp_path: Path) -> None:
    folder = receive([loose(two_classes(top="chosen folder"))], into=tmp_path, name="x").folder
    assert index_dataset(folder).classes == ("ill", "normal")


def test_several_folders_of_one_class_stay_in_that_class(tmp_path: Path) -> None:
    folder = receive([loose({"p1/a.png": png(1), "p2/a.png": png(2)}, "ill")], into=tmp_path, name="x").folder
    assert left_behind(folder) == ["ill", "ill/p1", "ill/p1/a.png", "ill/p2", "ill/p2/a.png"]


def test_what_is_no_scan_is_kept_out_and_told(tmp_path: Path) -> None:
    strangers = {
        "ill/notes.txt": b"words",
        "ill/run.sh": b"#!/bin/sh\nrm -rf /\n",
        "ill/model.pkl": b"\x80\x04\x95.",
        "ill/inner.zip": zipped(two_classes()).getvalue(),
        "ill/inner.tar": b"\0" * 257 + b"ustar" + b"\0" * 200,
        "ill/lying.png": b"no image at all",
        "ill/empty.png": b"",
        "loose.png": png(99),
        "ill/index.csv": b"path,label\n",
        "__MACOSX/ill/._0.png": b"words",
        ".ct-explorer/decisions.json": b"[]",
        "ill/.hidden.png": png(98),
    }
    result = arrived(two_classes() | strangers, tmp_path)
    assert {one.path for one in result.kept_out} == set(strangers)
    assert all(one.reason for one in result.kept_out)
    assert result.files == 6
    assert sorted(left_behind(result.folder)) == sorted(["ill", "normal", *two_classes()])


def test_no_decisions_are_taken_over_with_a_zip(tmp_path: Path) -> None:
    files = two_classes(top="set") | {"set/.ct-explorer/patient.key": b"k", "set/.ct-explorer/decisions.json": b"[]"}
    assert not (arrived(files, tmp_path).folder / ".ct-explorer").exists()


def test_what_begins_as_a_scan_and_is_damaged_is_left_to_the_index(tmp_path: Path) -> None:
    folder = arrived(two_classes() | {"ill/cut.png": png(5)[:60]}, tmp_path).folder
    table = index_dataset(folder).table.set_index("path")
    assert table.loc["ill/cut.png", "problem"]


def test_dicom_is_known_by_what_it_holds_or_by_its_name(tmp_path: Path) -> None:
    files = two_classes() | {
        "ill/IM0001": b"\0" * 128 + b"DICM" + b"\0" * 50,
        "ill/old.DCM": b"\x08\0\x05\0CS\x0a\0ISO_IR 100",
    }
    assert arrived(files, tmp_path).files == 8


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["sars-cov-2-ct", "ucsd-covid-ct", "covid-radiography"])
def test_real_sets_arrive_whole_under_the_names_that_they_have(tmp_path: Path, name: str) -> None:
    if not (REAL_DATA / name).is_dir():
        pytest.skip(f"the real images {REAL_DATA / name} are not there")
    every_tenth = sorted(path for path in (REAL_DATA / name).rglob("*") if path.suffix != ".csv" and path.is_file())[
        ::10
    ]
    files = {path.relative_to(REAL_DATA).as_posix(): path.read_bytes() for path in every_tenth}
    result = arrived(files, tmp_path)
    assert (result.files, result.kept_out) == (len(files), ())
    assert {f"{name}/{path}" for path in left_behind(result.folder) if "." in path} == set(files)


def test_flat_scans_need_a_class(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="2 scans in no folder in new: put each class into a folder"):
        arrived({"a.png": png(1), "b.png": png(2)}, tmp_path / "data")
    assert left_behind(tmp_path / "data") == []
    assert arrived({"a.png": png(1), "b.png": png(2)}, tmp_path / "data", label="ill").files == 2


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "expected scans, found no file"),
        ({"ill/a.txt": b"words"}, "no scans in new: .* found none"),
        ({"index.csv": b"path,label\n", "a.png": png()}, "new/index.csv lists no scans"),
        ({"index.csv": b"a,b\n1,2\n", "a.png": png()}, "new/index.csv has no column 'path'"),
        ({"a": png(), "a/b.png": png(1)}, "'a' is both a file and a folder"),
    ],
)
def test_what_can_be_no_dataset_is_refused_in_a_line(tmp_path: Path, files, reason: str) -> None:
    with pytest.raises(DatasetError, match=reason) as refused:
        arrived(files, tmp_path / "data")
    assert "partial" not in str(refused.value)
    assert left_behind(tmp_path / "data") == []


def test_a_name_that_is_taken_is_refused_and_what_is_there_stays(tmp_path: Path) -> None:
    arrived(two_classes(), tmp_path, name="Lungs")
    before = left_behind(tmp_path)
    for name in ("Lungs", "lungs", " LUNGS. "):
        with pytest.raises(DatasetError, match="there is already a dataset named"):
            arrived(two_classes(), tmp_path, name=name)
    assert left_behind(tmp_path) == before


def test_too_much_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    cases = [
        (Limits(entries=3), "6 files, at most 3 are taken"),
        (Limits(total_bytes=100), "in all, at most 100 bytes are taken"),
        (Limits(file_bytes=10), "at most 10 bytes of a file are read"),
        (Limits(free_bytes=2**62), "free in .* make room"),
    ]
    for limits, reason in cases:
        with pytest.raises(DatasetError, match=reason):
            receive([loose(two_classes())], into=tmp_path / "data", name="x", limits=limits)
    assert not (tmp_path / "data").exists()


def test_a_table_too_large_to_read_is_refused(tmp_path: Path) -> None:
    files = two_classes() | {"index.csv": b"path,label\n" * 100}
    with pytest.raises(DatasetError, match=r"'index\.csv' goes on beyond the 500 bytes"):
        arrived(files, tmp_path, limits=Limits(table_bytes=500))
    assert left_behind(tmp_path) == []


def test_it_is_not_there_while_it_is_being_written(tmp_path: Path) -> None:
    seen = []
    told = []

    def progress(done: int, total: int) -> None:
        seen.append([entry.name for entry in tmp_path.iterdir() if not entry.name.startswith(".")])
        told.append((done, total))

    arrived(two_classes(), tmp_path, progress=progress)
    assert not any(seen)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == sum(len(content) for content in two_classes().values())


def test_who_stops_it_leaves_nothing_behind(tmp_path: Path) -> None:
    class StopError(BaseException):
        pass

    def stop(done: int, total: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        arrived(two_classes(), tmp_path, progress=stop)
    assert left_behind(tmp_path) == []


def test_nothing_that_arrives_can_be_run(tmp_path: Path) -> None:
    folder = arrived(two_classes(), tmp_path).folder
    assert all(path.stat().st_mode & 0o111 == 0 for path in folder.rglob("*.png"))


@pytest.mark.parametrize(
    "name",
    [
        *("../a.png", "a/../../b.png", "/etc/passwd", "//host/a.png", "C:/a.png", "c:a.png", "a\\b.png", "..\\a.png"),
        *(
            "a\nb.png",
            "a\0.png",
            "a\x7f.png",
            "\u202egnp.a",
            "",
            "/",
            ".",
            "..",
            "a//b.png",
            "a/ /b.png",
            "a/.../b.png",
        ),
        *("CON/a.png", "x/nul.png", "LPT1", "com9.tar.gz", "x" * 300, "/".join("x" * 20), "\udcff.png"),
    ],
)
def test_names_that_lead_elsewhere_or_harm_are_refused(name: str) -> None:
    with pytest.raises(DatasetError, match="refused: the name") as refused:
        safe_path(name)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "COVID/Covid (128).png",
        "a/b c/ü.png",
        "2020.02.10%0.png",
        "日本/1.dcm",
        "..a.png",
        "a..b/c.png",
        "con\u202fsole.png",
    ],
)
def test_ordinary_names_pass_as_they_are(name: str) -> None:
    assert safe_path(name) == name


@given(st.text(max_size=40))
def test_a_path_that_passes_stays_inside(name: str) -> None:
    try:
        path = safe_path(name)
    except DatasetError:
        return
    assert (Path("/root/set") / path).resolve().is_relative_to("/root/set")
    assert safe_path(path) == path


@pytest.mark.parametrize(
    ("one", "other"), [("A.png", "a.PNG"), ("e\u0301.png", "\u00e9.png"), ("a.", "a"), ("x /a", "x/a"), ("ß", "SS")]
)
def test_names_that_are_one_file_somewhere_meet(tmp_path: Path, one: str, other: str) -> None:
    assert meeting_key(one) == meeting_key(other)
    with pytest.raises(DatasetError, match="are one name on some systems"):
        arrived({f"ill/{one}": png(1), f"ill/{other}": png(2)}, tmp_path / "data")
    assert left_behind(tmp_path / "data") == []


def test_folders_that_differ_by_case_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'COVID' and 'covid' are one name"):
        arrived({"COVID/a.png": png(1), "covid/b.png": png(2)}, tmp_path)


@pytest.mark.parametrize(("typed", "name"), [("  my  set ", "my set"), ("a/b\\c:d", "a-b-c-d"), (".hidden", "hidden")])
def test_a_typed_name_becomes_one_that_can_stand(typed: str, name: str) -> None:
    assert clean_folder_name(typed, what="the dataset") == name


@given(st.text(max_size=80))
def test_a_cleaned_name_is_one_visible_folder(typed: str) -> None:
    try:
        name = clean_folder_name(typed, what="the dataset")
    except DatasetError:
        return
    assert safe_path(name) == name
    assert "/" not in name
    assert not name.startswith(".")
    assert clean_folder_name(name, what="the dataset") == name
