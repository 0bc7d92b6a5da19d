"""What an index.csv says counts; a bad row costs that row, a useless file is one clear error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_folders import message, problems, put_csv, put_scan

from core.data.dataset import COLUMNS
from core.data.index import index_dataset
from core.errors import DatasetError


def test_index_csv_decides(folder):
    put_csv(
        folder,
        "path,label,patient_id,split,age,site,code",
        "COVID/0.png,sick,Patient 1,train,61,Rom,007",
        "normal/0.png,well,Patient 2,test,,Köln,008",
    )
    dataset = index_dataset(folder)
    assert tuple(dataset.table.columns) == (*COLUMNS, "age", "site", "code")
    assert dataset.table["path"].tolist() == ["COVID/0.png", "normal/0.png"]
    assert dataset.table["label"].tolist() == ["sick", "well"]
    assert dataset.table["group"].tolist() == ["patient:Patient 1", "patient:Patient 2"]
    assert dataset.table["split"].tolist() == ["train", "test"]
    assert dataset.table["age"].tolist() == pytest.approx([61, np.nan], nan_ok=True)
    assert dataset.table["site"].tolist() == ["Rom", "Köln"]
    assert dataset.table["code"].tolist() == ["007", "008"]
    assert dataset.group_source == "patient"
    assert dataset.group_meaning == "groups are patients: no patient is on two sides of the split"
    assert dataset.has_given_split
    assert dataset.notes == ("10 files in the folders are not listed in index.csv, and left out",)


def test_masks_are_not_unlisted_scans(folder):
    for number in range(6):
        put_scan(folder / "masks" / f"{number}.png")
    put_scan(folder / "COVID" / "0_mask.png")
    lines = [f"{c}/{n}.png,{c},masks/{n}.png" for c in ("COVID", "normal") for n in range(5)]
    put_csv(folder, "path,label,mask", *lines, "COVID/5.png,COVID,COVID/0_mask.png", "normal/5.png,normal,")
    assert index_dataset(folder).notes == ()


@pytest.mark.parametrize(
    ("line", "path", "problem"),
    [
        ("COVID/gone.png,x,train", "COVID/gone.png", "not found: there is no such file"),
        ("COVID,x,train", "COVID", "a folder, not a file"),
        (",x,train", "", "the path is empty"),
        ("COVID/1.png,,train", "COVID/1.png", "the label is empty in index.csv"),
        ("COVID/1.png, ,train", "COVID/1.png", "the label is empty in index.csv"),
        ("COVID/1.png,x,dev", "COVID/1.png", "unknown split 'dev': expected train, val or test"),
        ("COVID/1.png,x,", "COVID/1.png", "the split is empty while other rows have one"),
        ("COVID/1.png,x", "COVID/1.png", "the split is empty while other rows have one"),
        ("COVID/0.png,x,train", "COVID/0.png", "listed 2 times in index.csv: the first row counts"),
        (
            "../stolen.png,x,train",
            "../stolen.png",
            "refused: a path must be relative to the dataset's folder, without '..'",
        ),
        (
            "COVID\\..\\..\\x.png,x,train",
            "COVID/../../x.png",
            "refused: a path must be relative to the dataset's folder, without '..'",
        ),
        (
            "/etc/passwd,x,train",
            "/etc/passwd",
            "refused: a path must be relative to the dataset's folder, without '..'",
        ),
        (
            "COVID/link.png,x,train",
            "COVID/link.png",
            "refused: a link that leads outside the dataset's folder",
        ),
        ("a\0b.png,x,train", "a\0b.png", "refused: embedded null byte"),
    ],
)
def test_a_bad_row_is_reported_and_the_others_stay(folder, tmp_path_factory, line, path, problem):
    outside = tmp_path_factory.mktemp("outside") / "secret.png"
    put_scan(outside)
    (folder / "COVID" / "link.png").symlink_to(outside)
    put_csv(folder, "path,label,split", "COVID/0.png,x,train", line, "normal/0.png,y,train")
    dataset = index_dataset(folder)
    assert dataset.table["path"].tolist() == ["COVID/0.png", path, "normal/0.png"]
    assert dataset.table["problem"].tolist() == ["", problem, ""]


def test_rows_that_contradict_each_other_are_all_left_out(folder):
    put_csv(folder, "path,label", "COVID/0.png,x", "./COVID//0.png,y", "normal/0.png,y")
    assert index_dataset(folder).table["problem"].tolist() == [
        "listed 2 times in index.csv, and not with the same values",
        "listed 2 times in index.csv, and not with the same values",
        "",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["path,label", "COVID/0.png,NA", "normal/0.png,None"],
        ["\ufeffpath,label", "COVID/0.png,NA", "", "normal/0.png,None"],
        [" label , path ", "NA, COVID/0.png", "None ,normal\\0.png"],
        ['"path","label"', '"COVID/0.png","NA"', '"normal/0.png","None"'],
        ["path,label,split,patient_id", "COVID/0.png,NA,,", "normal/0.png,None,,"],
    ],
)
def test_ways_to_write_the_same_index_csv(folder, lines):
    put_csv(folder, *lines)
    dataset = index_dataset(folder)
    assert dataset.table["path"].tolist() == ["COVID/0.png", "normal/0.png"]
    assert dataset.table["label"].tolist() == ["NA", "None"]
    assert problems(dataset) == {}
    assert not dataset.has_given_split
    assert dataset.group_source == "scan"


def test_a_column_of_the_tables_own_name_is_kept_under_another(folder):
    put_csv(folder, "path,label,width,problem", "COVID/0.png,x,7,cough", "normal/0.png,y,8,none")
    table = index_dataset(folder).table
    assert table["width"].tolist() == [20, 20]
    assert table["width (index.csv)"].tolist() == [7, 8]
    assert table["problem (index.csv)"].tolist() == ["cough", "none"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "{csv} is empty: expected a first line with the columns path and label"),
        (b"\n \n", "{csv} is empty: expected a first line with the columns path and label"),
        (b"path,label\n", "{csv} lists no scans: expected a row for each below line 1"),
        (b"file,label\na,b\n", "{csv} has no column 'path': found file, label; add it"),
        (b"path,class\na,b\n", "{csv} has no column 'label': found path, class; add it"),
        (b"path;label\na;b\n", "{csv} has no column 'path': found path;label; add it"),
        (b"path,label,label\na,b,c\n", "{csv} has the column 'label' more than once: rename or remove one"),
        (
            b"path,label\na.png,x,y\n",
            "{csv} line 2: expected 2 values, found 3; put values with commas into double quotes",
        ),
        (
            "path,label\nKöln.png,x\n".encode("latin-1"),
            "{csv} is not UTF-8: save it as 'CSV UTF-8', separated by commas",
        ),
        (
            "path,label\na.png,x\n".encode("utf-16"),
            "{csv} is not UTF-8: save it as 'CSV UTF-8', separated by commas",
        ),
        (b'path,label\n"a.png,x\n', "{csv} line 2 is no CSV: unexpected end of data; correct it"),
    ],
)
def test_an_index_csv_of_no_use_is_an_error(folder, content, text):
    (folder / "index.csv").write_bytes(content)
    assert message(index_dataset, folder) == text.format(csv=folder / "index.csv")


def test_an_index_csv_without_read_rights(folder, monkeypatch):
    put_csv(folder, "path,label")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    expected = f"{folder / 'index.csv'} cannot be read: Permission denied; check its rights"
    assert message(index_dataset, folder) == expected


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=60) | st.text(alphabet='path,label\n\r"/.\\x0\0 é', max_size=60).map(str.encode))
def test_any_index_csv_gives_a_table_or_one_line(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp() / "any"
    put_scan(folder / "COVID" / "0.png")
    (folder / "index.csv").write_bytes(b"path,label,split\nCOVID/0.png,x,\n" + content)
    try:
        said = index_dataset(folder).table["path"].iloc[0]
    except DatasetError as error:
        said = str(error)
    assert said == "COVID/0.png" or (str(folder) in said and "\n" not in said)
