"""Whether one can train on a dataset, or one line on why not."""

import pytest
from tiny_folders import message, put_csv, put_scan

from core.data.index import index_dataset
from core.data.split_ways import split_way
from core.data.trainable import RESERVED_CLASSES, check_trainable


def trainable_message(folder):
    return message(check_trainable, index_dataset(folder))


def test_a_sound_dataset_is_trainable(folder):
    check_trainable(index_dataset(folder))


def test_too_few_scans(folder):
    for number in range(3):
        (folder / "COVID" / f"{number}.png").write_bytes(b"")
    expected = f"expected at least 10 usable scans in {folder}, found 9 (3 more have problems); add scans"
    assert trainable_message(folder) == expected


def test_no_usable_scan_at_all(tmp_path):
    (tmp_path / "COVID").mkdir()
    (tmp_path / "COVID" / "a.png").touch()
    expected = f"expected at least 10 usable scans in {tmp_path}, found 0 (1 more have problems); add scans"
    assert trainable_message(tmp_path) == expected


def test_one_class(tmp_path):
    for number in range(12):
        put_scan(tmp_path / "COVID" / f"{number}.png")
    assert trainable_message(tmp_path) == (
        f"expected at least two classes in {tmp_path}, found only 'COVID'; add a folder or rows of another class"
    )


def test_too_few_groups_of_a_class(folder):
    rows = [f"COVID/{n}.png,COVID,P{n % 4}" for n in range(6)] + [f"normal/{n}.png,normal,N{n}" for n in range(6)]
    put_csv(folder, "path,label,patient_id", *rows)
    assert trainable_message(folder) == (
        f"expected at least 5 groups of every class in {folder}, found 4 of 'COVID' (grouped by patient); "
        "add scans of other patients, group otherwise, or give a split in index.csv"
    )
    for way in ("slice", "column:patient_id=P1"):
        check_trainable(index_dataset(folder), split_way(way))
    check_trainable(index_dataset(folder, group_by="scan"))
    put_csv(folder, "path,label,patient_id,split", *(f"{row},train" for row in rows))
    check_trainable(index_dataset(folder))


@pytest.mark.parametrize("name", sorted(RESERVED_CLASSES))
def test_a_class_named_as_a_column_of_the_results_is_refused(folder, name):
    (folder / "COVID").rename(folder / name)
    assert trainable_message(folder) == (
        f"expected class names other than the columns of the results, found '{name}' in {folder}; "
        f"rename the class, for instance to '{name}-class'"
    )


def test_a_given_split_without_train(folder):
    rows = [f"{c}/{n}.png,{c},{'val' if n else 'test'}" for c in ("COVID", "normal") for n in range(6)]
    put_csv(folder, "path,label,split", *rows)
    expected = f"expected scans in the split 'train' in {folder}, found only test, val; add some"
    assert trainable_message(folder) == expected
