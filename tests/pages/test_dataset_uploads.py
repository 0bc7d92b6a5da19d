"""Uploads on the dataset page: they become a dataset that is opened, or one line says why not."""

import io
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.fetching import DownloadError
from core.data.public_sets import PublicSet
from pages.dataset import public_sets
from pages.shared import state

PAGE = "dataset/page.py"
NAME = "sars-cov-2-ct"


@pytest.fixture
def page(app: Callable[..., AppTest]) -> AppTest:
    return app(PAGE)


def png(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (24, 24), value).save(buffer, "PNG")
    return buffer.getvalue()


def scans(count: int = 6) -> dict[str, bytes]:
    return {
        f"{label}/{number}.png": png(start + number)
        for label, start in (("ill", 0), ("ok", 99))
        for number in range(count)
    }


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_zip(page: AppTest, content: bytes, name: str = "my scans.zip") -> AppTest:
    return page.file_uploader[0].set_value((name, content, "application/zip")).run()


def made(page: AppTest) -> AppTest:
    return page.button("make-dataset").click().run()


def figures(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def datasets(tmp_path: Path) -> list[str]:
    folder = tmp_path / "datasets"
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def captions(at: AppTest) -> str:
    return "\n".join(caption.value for caption in at.caption)


def test_a_zip_becomes_a_dataset_and_is_opened(page: AppTest, tmp_path: Path) -> None:
    at = made(with_zip(page, zipped(scans())))
    assert not at.exception
    assert figures(at)["Scans"] == "12"
    assert at.query_params["data"] == str(tmp_path / "datasets" / "my scans")
    assert at.text_input(state.DATASET_TYPED).value == str(tmp_path / "datasets" / "my scans")
    assert "12 files written to" in at.success[0].value
    assert at.file_uploader[0].value is None  # the server need not keep it


def test_the_page_says_where_uploads_are_kept_and_how_large_they_may_be(page: AppTest, tmp_path: Path) -> None:
    words = captions(page).replace("\\", "")
    assert f"Kept in {tmp_path / 'datasets'} on the machine this app runs on" in words
    assert "At most 500 MB a file" in words


def test_without_a_file_there_is_nothing_to_press(page: AppTest) -> None:
    assert page.button("make-dataset").disabled


def test_a_refused_zip_is_one_line_and_the_page_stays_as_it_was(page: AppTest, tmp_path: Path) -> None:
    at = made(with_zip(page, zipped(scans() | {"../outside.png": png(1)})))
    assert not at.exception
    assert len(at.error) == 1
    assert "leads out of the dataset's folder" in at.error[0].value
    assert not figures(at)
    assert datasets(tmp_path) == []
    assert at.file_uploader[0].value is not None
    assert any("Class folders" in text.value for text in at.markdown)


def test_a_name_that_is_taken_can_be_typed_anew(page: AppTest, tmp_path: Path) -> None:
    at = made(with_zip(page, zipped(scans())))
    at = made(with_zip(at, zipped(scans(7))))
    assert "there is already a dataset named" in at.error[0].value
    at.text_input("arrival-name-1").set_value("second").run()
    at = made(at)
    assert figures(at)["Scans"] == "14"
    assert datasets(tmp_path) == ["my scans", "second"]


def test_what_was_kept_out_is_listed(page: AppTest) -> None:
    at = made(with_zip(page, zipped(scans() | {"ill/notes.txt": b"words", "ill/inner.zip": zipped(scans())})))
    tables = [table.value for table in at.dataframe if "why" in table.value.columns]
    assert sorted(tables[0]["file"]) == ["ill/inner.zip", "ill/notes.txt"]


def test_a_folder_from_the_browser_says_the_classes_itself(page: AppTest) -> None:
    at = page.segmented_control(state.ARRIVAL_KIND).set_value("folder").run()
    at.file_uploader[0].set_value([(f"chosen/{path}", content, "image/png") for path, content in scans().items()]).run()
    at = made(at)
    assert not at.exception
    assert (figures(at)["Scans"], figures(at)["Classes"]) == ("12", "2")
    assert at.query_params["data"].endswith("/chosen")


def test_single_files_get_the_class_typed_for_them(page: AppTest) -> None:
    at = page.segmented_control(state.ARRIVAL_KIND).set_value("files").run()
    at.button("more-classes").click().run()
    for number in range(3):
        at.text_input(f"arrival-class-0-{number}").set_value(f"class {number}").run()
        files = [(f"{n}.png", png(10 * number + n), "image/png") for n in range(4)]
        at.file_uploader[number].set_value(files).run()
    at.text_input("arrival-name-0").set_value("by class").run()
    at = made(at)
    assert not at.exception
    assert (figures(at)["Scans"], figures(at)["Classes"]) == ("12", "3")


def test_single_files_without_a_class_are_asked_for_one(page: AppTest, tmp_path: Path) -> None:
    at = page.segmented_control(state.ARRIVAL_KIND).set_value("files").run()
    at.file_uploader[1].set_value([("a.png", png(1), "image/png")]).run()
    at = made(at)
    assert "expected a name for class 2, found none" in at.error[0].value
    assert datasets(tmp_path) == []


@pytest.fixture
def download(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Kaggle as a test wants it: it waits for `go`, then leaves a set or fails with `error`."""
    told: dict[str, object] = {"go": threading.Event(), "error": None}

    def fill(known: PublicSet, folder: Path, progress: Callable[[int, int], None]) -> None:
        progress(100_000_000, 470_000_000)
        while not told["go"].wait(0.02):
            progress(100_000_000, 470_000_000)
        if told["error"]:
            raise told["error"]
        for label in known.classes:
            (folder / label).mkdir(parents=True)
            for number in range(6):
                (folder / label / f"{number}.png").write_bytes(png(number + 20 * len(label)))

    monkeypatch.setattr("core.data.fetching.download_from_kaggle", fill)
    return told


def fetching(page: AppTest) -> AppTest:
    at = page.segmented_control(state.ARRIVAL_KIND).set_value("public").run()
    return at.button(f"fetch-{NAME}").click().run()


def ended() -> None:
    public_sets._jobs()[NAME].wait(20)


def test_a_public_set_is_fetched_beside_the_page_and_then_opened(page: AppTest, download, tmp_path: Path) -> None:
    at = fetching(page)
    assert not at.exception
    assert [button.key for button in at.button if button.key == f"stop-{NAME}"]
    assert datasets(tmp_path) == [] or all(name.startswith(".") for name in datasets(tmp_path))
    download["go"].set()
    ended()
    at = at.run()
    assert figures(at)["Scans"] == "12"
    assert at.query_params["data"] == str(tmp_path / "datasets" / NAME)


def test_a_failed_fetch_is_a_line_that_says_what_to_do(page: AppTest, download, tmp_path: Path) -> None:
    download["error"] = DownloadError("no network")
    download["go"].set()
    at = fetching(page)
    ended()
    at = at.run()
    assert not at.exception
    assert "download https" in at.error[0].value
    assert "by hand" in at.error[0].value
    assert datasets(tmp_path) == []
    assert at.button(f"fetch-{NAME}")  # it can be tried again


def test_a_fetch_can_be_stopped_and_leaves_nothing(page: AppTest, download, tmp_path: Path) -> None:
    at = fetching(page)
    at.button(f"stop-{NAME}").click().run()
    ended()
    at = at.run()
    assert not at.error
    assert at.button(f"fetch-{NAME}")
    assert datasets(tmp_path) == []


def test_a_public_set_that_is_there_is_opened(page: AppTest, tmp_path: Path) -> None:
    for path, content in scans().items():
        file = tmp_path / "datasets" / NAME / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    at = page.segmented_control(state.ARRIVAL_KIND).set_value("public").run()
    at = at.button(f"open-{NAME}").click().run()
    assert figures(at)["Scans"] == "12"
