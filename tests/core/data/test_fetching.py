"""A public set is fetched whole or not at all; without a network one line says what to do by hand."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from arriving import left_behind, png

from core.data import fetching, kaggle_download
from core.data.fetching import DownloadError, Fetched, fetch
from core.data.index import index_dataset
from core.data.public_sets import PUBLIC_SETS, PublicSet, public_set
from core.errors import DatasetError, WorkError

NAME = "sars-cov-2-ct"
SECRET = "KGAT_0123456789abcdef"


def downloaded(known: PublicSet, folder: Path, progress) -> None:
    """What kagglehub leaves in a folder, with its own marker in it."""
    for label in known.classes:
        (folder / label).mkdir(parents=True)
        for number in range(3):
            (folder / label / f"{number}.png").write_bytes(png(number + len(label)))
    (folder / ".complete").mkdir()
    progress(10, 10)


def nothing_there(known: PublicSet, folder: Path, progress) -> None:
    folder.mkdir()


def failing(error: Exception):
    def download(known: PublicSet, folder: Path, progress) -> None:
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
        raise error

    return download


def test_what_is_fetched_is_a_dataset_with_its_source_beside_it(tmp_path: Path) -> None:
    told = []
    result = fetch(NAME, tmp_path / "sets", download=downloaded, progress=lambda *args: told.append(args))
    assert result == Fetched(tmp_path / "sets" / NAME, was_there=False)
    assert index_dataset(result.folder).classes == ("COVID", "non-COVID")
    assert told == [(10, 10)]
    assert sorted(entry.name for entry in result.folder.iterdir()) == ["COVID", "SOURCE.txt", "non-COVID"]
    assert "Licence: CC BY-NC-SA 4.0" in (result.folder / "SOURCE.txt").read_text(encoding="utf-8")
    assert [entry.name for entry in (tmp_path / "sets").iterdir()] == [NAME]


def test_folders_around_the_classes_are_looked_through(tmp_path: Path) -> None:
    def deeper(known: PublicSet, folder: Path, progress) -> None:
        downloaded(known, folder / "archive" / "inner", progress)

    assert index_dataset(fetch(NAME, tmp_path, download=deeper).folder).classes == ("COVID", "non-COVID")


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    fetch(NAME, tmp_path, download=downloaded)
    assert fetch(NAME, tmp_path, download=failing(AssertionError())) == Fetched(tmp_path / NAME, was_there=True)


def test_something_else_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DatasetError, match="found something without scans in the folders COVID"):
        fetch(NAME, tmp_path, download=downloaded)
    assert left_behind(tmp_path) == [NAME, f"{NAME}/mine.txt"]


def test_empty_class_folders_are_not_taken_for_the_set(tmp_path: Path) -> None:
    for label in ("COVID", "non-COVID"):
        (tmp_path / NAME / label).mkdir(parents=True)
    with pytest.raises(DatasetError, match="move it away"):
        fetch(NAME, tmp_path, download=downloaded)


def test_an_unknown_set_is_refused_with_the_names_of_those_known(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"expected one of the public sets .*sars-cov-2-ct.*, found 'mnist'"):
        fetch("mnist", tmp_path)


@pytest.mark.parametrize(
    ("download", "reason"),
    [
        (failing(DownloadError("no network")), "no network; download https://www.kaggle.com/datasets/plamen"),
        (nothing_there, "holds no scans in a folder named COVID; download https"),
    ],
)
def test_a_failure_says_what_to_do_by_hand_and_leaves_nothing(tmp_path: Path, download, reason: str) -> None:
    with pytest.raises(WorkError, match=reason) as failure:
        fetch(NAME, tmp_path, download=download)
    assert f"{tmp_path / NAME / 'COVID'} and {tmp_path / NAME / 'non-COVID'} hold its scans" in str(failure.value)
    assert "\n" not in str(failure.value)
    assert left_behind(tmp_path) == []


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="No space left"):
        fetch(NAME, tmp_path, download=failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    assert left_behind(tmp_path) == []


@pytest.fixture
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that refuses at once: where there is a network, it is not used either."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.mark.usefixtures("_nowhere")
def test_the_real_download_without_a_network_fails_in_a_line_without_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(WorkError, match=r"no network reaches api\.kaggle\.com") as failure:
        fetch(NAME, tmp_path / "sets")
    assert SECRET not in str(failure.value)
    assert capfd.readouterr() == ("", "")
    assert left_behind(tmp_path) == ["sets"]  # nothing at home either


def test_a_download_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hanging.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(fetching, "SECONDS_TO_BEGIN", 0.5)
    monkeypatch.setattr(kaggle_download, "__name__", "hanging")
    with pytest.raises(WorkError, match="nothing came from Kaggle for"):
        fetch(NAME, tmp_path / "sets")
    assert left_behind(tmp_path / "sets") == []


def test_the_download_ends_with_who_asked_for_it(tmp_path: Path) -> None:
    """Its input is a pipe that only its parent holds open."""
    lines = (
        f"import {kaggle_download.__name__} as d, time\nd._is_reachable = lambda: time.sleep(600)\nd.main('a/b', None)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", lines], stdin=subprocess.PIPE, cwd=Path(__file__).resolve().parents[3]
    )
    time.sleep(0.3)
    assert process.poll() is None
    process.communicate()  # closes it
    assert process.returncode == 1


def test_only_the_kind_of_a_failure_gets_out_of_the_download() -> None:
    from kagglehub.exceptions import CredentialError, DataCorruptionError, KaggleApiHTTPError, UnauthenticatedError
    from requests import ConnectionError as NoConnectionError
    from requests import Response, Timeout

    def answered(code: int) -> Exception:
        response = Response()
        response.status_code = code
        response.request = SimpleNamespace(headers={})
        return KaggleApiHTTPError(f"denied to {SECRET}", response=response)

    kinds = [
        (answered(401), kaggle_download.NO_ACCOUNT),
        (answered(403), kaggle_download.NO_ACCOUNT),
        (answered(404), kaggle_download.NOT_THERE),
        (answered(500), 1),
        (UnauthenticatedError(), kaggle_download.NO_ACCOUNT),
        (CredentialError(), kaggle_download.NO_ACCOUNT),
        (DataCorruptionError(), kaggle_download.DAMAGED),
        (NoConnectionError(), kaggle_download.NO_NETWORK),
        (Timeout(), kaggle_download.NO_NETWORK),
        (OSError(errno.ENOSPC, "full"), kaggle_download.NO_SPACE),
        (ValueError(SECRET), 1),
    ]
    assert [kaggle_download.status_of(error) for error, _ in kinds] == [status for _, status in kinds]
    assert not any(SECRET in reason for reason in kaggle_download.REASONS.values())


def test_every_public_set_says_what_it_is_and_on_what_terms() -> None:
    for known in PUBLIC_SETS:
        assert public_set(known.name) is known
        assert all((known.title, known.what, known.licence, known.citation, known.handle.count("/") == 1))
        assert known.address.endswith(known.handle)
