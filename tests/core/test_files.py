import errno
import json
import math
import os
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WorkError
from core.files import is_disk_full, make_folder, write_array, write_json, write_text, write_whole


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "kept.txt"
    path.write_text("old")
    return path


def test_a_reader_sees_the_old_content_until_the_new_is_whole(kept):
    seen = []

    def write(temporary: Path) -> None:
        with temporary.open("w") as file:
            for part in ("n", "e", "w"):
                file.write(part)
                file.flush()
                seen.append(kept.read_text())

    write_whole(kept, write)
    assert seen == ["old"] * 3
    assert kept.read_text() == "new"


def test_a_writer_that_dies_in_the_middle_changes_nothing(kept):
    def write(temporary: Path) -> None:
        temporary.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(kept, write)
    assert kept.read_text() == "old"
    assert list(kept.parent.iterdir()) == [kept]


def test_an_error_of_the_writer_itself_is_passed_on(kept):
    def write(temporary: Path) -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        write_whole(kept, write)
    assert list(kept.parent.iterdir()) == [kept]


def test_a_full_disk_keeps_the_old_content_and_says_so_in_one_line(kept):
    def write(temporary: Path) -> None:
        temporary.write_text("ne")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(WorkError) as caught:
        write_whole(kept, write)
    assert str(caught.value) == (
        f"cannot write {kept}: No space left on device; free some space or choose another folder"
    )
    assert kept.read_text() == "old"
    assert list(kept.parent.iterdir()) == [kept]


def test_a_file_that_outgrows_its_limit_keeps_the_old_content(kept):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(WorkError, match="File too large"):
            write_text(kept, "x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert kept.read_text() == "old"
    assert list(kept.parent.iterdir()) == [kept]


def test_a_missing_folder_is_said_in_one_line(tmp_path):
    with pytest.raises(WorkError, match=r"cannot write .*gone/a\.txt: No such file or directory; free some space"):
        write_text(tmp_path / "gone" / "a.txt", "")


def test_a_file_in_a_folders_place_is_said_in_one_line(kept):
    with pytest.raises(WorkError, match=r"cannot make the folder .*kept\.txt: File exists; choose another"):
        make_folder(kept)


def test_written_files_can_be_read_by_others(kept):
    write_text(kept, "new")
    assert kept.stat().st_mode & 0o777 == 0o644


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(value=st.recursive(SIMPLE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_json_comes_back_as_it_was(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    assert json.loads(path.read_text(encoding="utf-8")) == value


def test_json_refuses_nan_and_keeps_the_old_content(kept):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(kept, {"auc": math.nan})
    assert kept.read_text() == "old"


@pytest.mark.parametrize("values", [np.eye(3, dtype=np.float16), np.zeros((0, 2)), np.arange(4)])
def test_an_array_comes_back_under_the_very_name_it_was_given(tmp_path, values):
    write_array(tmp_path / "values.bin", values)
    np.testing.assert_array_equal(np.load(tmp_path / "values.bin", allow_pickle=False), values)
    assert [path.name for path in tmp_path.iterdir()] == ["values.bin"]


def test_an_array_of_objects_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_array(tmp_path / "values.npy", np.array([{}]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)])
def test_an_error_that_a_full_disk_caused_is_known_as_such(tmp_path, number, full):
    def write(_path: Path) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(WorkError) as caught:
        write_whole(tmp_path / "file", write)
    assert is_disk_full(caught.value) == full
    assert not is_disk_full(WorkError("something else"))
