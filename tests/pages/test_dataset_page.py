"""The dataset page: what is in a folder, what is wrong with it, and whether it can be trained on."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.index import index_dataset
from core.data.split_ways import SplitWay
from core.runs import Run
from pages.dataset.counts import counts_by_split, giveaways, stored_by_class
from pages.dataset.gallery import PER_PAGE
from pages.shared import cached, state
from pages.shared.split_preview import preview_split
from pages.shared.words import literal

PAGE = "dataset/page.py"
Opened = Callable[..., AppTest]


@pytest.fixture
def opened(app: Callable[..., AppTest]) -> Opened:
    """The page with a folder typed in."""

    def open_folder(folder: Path | str) -> AppTest:
        at = app(PAGE)
        return at.text_input("dataset_typed").set_value(str(folder)).run()

    return open_folder


def captions(at: AppTest) -> str:
    return "\n".join(element.value for element in at.caption)


def figures(at: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in at.metric}


def pictures(at: AppTest) -> int:
    return len(at.image)


def spoil(dataset: Path) -> list[str]:
    """Break two scans and copy one under the other label; returns the paths with a problem."""
    (dataset / "index.csv").unlink()
    (dataset / "COVID/p00-0.png").write_bytes(b"no image")
    (dataset / "COVID/p00-1.png").write_bytes(b"")
    twin = (dataset / "COVID/p01-0.png").read_bytes()
    (dataset / "non-COVID/twin.png").write_bytes(twin)
    return ["COVID/p00-0.png", "COVID/p00-1.png", "COVID/p01-0.png", "non-COVID/twin.png"]


def test_without_a_folder_the_page_says_what_it_takes_and_offers_synthetic_scans(app) -> None:
    at = app(PAGE)
    assert not at.exception
    assert not at.error
    assert any("Class folders" in text.value and "index.csv" in text.value for text in at.markdown)
    at.button("to-start").click().run()
    assert at.title[0].value == "CT Explorer"


def test_a_folder_that_is_not_there_is_one_line(opened, tmp_path: Path) -> None:
    at = opened(tmp_path / "nowhere")
    assert not at.exception
    assert at.error[0].value.lower().startswith("no such folder")
    assert at.text_input("dataset_typed").value == str(tmp_path / "nowhere")
    assert not [box for box in at.selectbox if box.key == "dataset_known"]  # nothing is known here


def test_a_folder_without_scans_says_what_was_expected(opened, tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    at = opened(tmp_path / "void")
    assert not at.exception
    assert "expected one subfolder of images per class" in at.error[0].value


def test_the_headline_counts_scans_classes_and_groups(opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    assert not at.exception
    assert not at.error
    shown = figures(at)
    assert (shown["Scans"], shown["Usable"], shown["Classes"], shown["Groups"]) == ("40", "40", "2", "20")
    assert "Groups are patients" in captions(at)


def test_unknown_patients_are_warned_about(opened, tiny_dataset: Path) -> None:
    (tiny_dataset / "index.csv").unlink()
    at = opened(tiny_dataset)
    assert any("figures will be too good" in warning.value for warning in at.warning)


def test_the_address_carries_the_folder_and_opens_it_again(app, opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    assert at.query_params["data"] == str(tiny_dataset)
    again = app(PAGE, query={"data": str(tiny_dataset)})
    assert figures(again)["Scans"] == "40"


def test_a_folder_that_only_the_address_asks_for_is_left_alone_until_it_is_opened(
    app, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = []
    monkeypatch.setattr("core.data.folders.walk", lambda root: walked.append(root) or iter(()))
    at = app(PAGE, query={"data": str(tiny_dataset)})
    assert not at.exception
    assert walked == []
    assert at.text_input("dataset_typed").value == str(tiny_dataset)
    assert any('Press "Open"' in info.value for info in at.info)
    assert not figures(at)
    monkeypatch.undo()


def test_open_looks_at_the_folder_of_the_address(app, tiny_dataset: Path) -> None:
    at = app(PAGE, query={"data": str(tiny_dataset)})
    at.button("open").click().run()
    assert figures(at)["Scans"] == "40"


@pytest.mark.parametrize("query", [f"{end}" for end in ("/..", "/../..", "/COVID")])
def test_a_way_out_of_a_known_folder_is_not_known(app, tiny_run: Run, query: str) -> None:
    at = app(PAGE, query={"data": tiny_run.record.data + query})
    assert not at.exception
    assert any('Press "Open"' in info.value for info in at.info)


def test_every_problem_has_a_row_and_the_scans_are_left_out(opened, tiny_dataset: Path) -> None:
    broken = spoil(tiny_dataset)
    at = opened(tiny_dataset)
    assert not at.exception
    assert figures(at)["Usable"] == str(41 - len(broken))
    tables = [element.value for element in at.dataframe if "problem" in element.value.columns]
    assert sorted(tables[0]["path"]) == sorted(broken)
    assert (tables[0]["problem"] != "").all()
    assert any("download-tiny-problems" in str(element.proto.id) for element in at.get("download_button"))


def test_scans_with_a_problem_can_be_looked_through_alone(opened, tiny_dataset: Path) -> None:
    broken = spoil(tiny_dataset)
    at = opened(tiny_dataset)
    at.selectbox("gallery_state").set_value("With a problem").run()
    assert not at.exception
    assert f"{len(broken)} scans, 1 to {len(broken)} shown" in captions(at)
    assert pictures(at) == 4
    alts = [picture.proto.imgs[0].alt for picture in at.image]
    assert sorted(alts) == [
        "No picture of p00-0.png",
        "No picture of p00-1.png",
        "Scan p01-0.png, COVID",
        "Scan twin.png, non-COVID",
    ]
    assert any("not an image" in text.value for text in at.markdown)


def test_the_gallery_shows_a_page_at_a_time_with_alternative_texts(opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    assert f"40 scans, 1 to {PER_PAGE} shown" in captions(at)
    assert pictures(at) == PER_PAGE
    first = at.image[0].proto.imgs[0]
    assert first.alt == "Scan p00-0.png, COVID"


def test_the_gallery_can_be_narrowed_to_a_class_and_a_split(opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    at.selectbox("gallery_class").set_value("non-COVID").run()
    assert "20 scans" in captions(at)
    at.selectbox("gallery_split").set_value("test").run()
    split = preview_split(index_dataset(tiny_dataset), SplitWay()).split
    expected = sum(
        split[i] == "test" for i, path in enumerate(index_dataset(tiny_dataset).table["path"]) if "non-" in path
    )
    assert f"{expected} scans" in captions(at)
    assert pictures(at) == expected


def test_slices_stand_in_reading_order(opened, tmp_path: Path) -> None:
    for number in (10, 9, 1):
        for label in "ab":
            path = tmp_path / "series" / label / f"slice {number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (20, 20), number + 100 * (label == "b")).save(path)
    at = opened(tmp_path / "series")
    alts = [element.proto.imgs[0].alt for element in at.image]
    assert alts[:3] == ["Scan slice 1.png, a", "Scan slice 9.png, a", "Scan slice 10.png, a"]


def test_a_folder_too_small_to_train_on_says_so_in_one_line(opened, tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / "few" / label).mkdir(parents=True)
        Image.new("L", (20, 20), ord(label)).save(tmp_path / "few" / label / "scan.png")
    at = opened(tmp_path / "few")
    assert not at.exception
    assert "expected at least 10 usable scans" in at.error[0].value
    assert "train" not in [button.key for button in at.button]


def test_the_positive_class_is_guessed_and_what_people_choose_is_kept(opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    choice = next(box for box in at.selectbox if box.label == "Positive class")
    assert choice.value == "COVID"
    choice.set_value("non-COVID").run()
    assert at.session_state[state.POSITIVE] == {str(tiny_dataset): "non-COVID"}
    at.switch_page("home/page.py").run()
    at.switch_page(PAGE).run()
    assert next(box for box in at.selectbox if box.label == "Positive class").value == "non-COVID"


def test_the_way_to_training_carries_the_folder(opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    at.button("train").click().run()
    assert not at.exception
    assert at.title[0].value == "Training"
    assert at.session_state[state.DATA_FOLDER] == str(tiny_dataset)


def test_charts_say_in_words_what_they_show(opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    charts = at.get("plotly_chart")
    assert len(charts) == 2
    for chart in charts:
        assert json.loads(chart.proto.spec)["data"]
        assert chart.proto.alt


def test_the_whole_index_is_sent_once_it_is_opened(opened, tiny_dataset: Path) -> None:
    at = opened(tiny_dataset)
    assert not any("sha256" in element.value.columns for element in at.dataframe)
    at.session_state["whole_index"] = True
    at.run()
    table = next(element.value for element in at.dataframe if "sha256" in element.value.columns)
    assert len(table) == 40
    assert set(table["split"]) == {"train", "val", "test"}


def test_datasets_of_runs_and_those_made_here_are_offered(app, tiny_run: Run) -> None:
    made = cached.data_folder() / "phantoms"
    made.mkdir(parents=True)
    at = app(PAGE)
    offered = at.selectbox("dataset_known")
    assert offered.options == [
        f"tiny in {Path(tiny_run.record.data).parent}",
        f"phantoms in {made.parent}",
    ]
    offered.set_value(tiny_run.record.data).run()
    assert figures(at)["Scans"] == "40"
    assert at.text_input("dataset_typed").value == tiny_run.record.data


def test_an_opened_folder_is_not_indexed_twice(opened, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(tiny_dataset)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("indexed again")

    monkeypatch.setattr("pages.dataset.opening.index_dataset", never)
    at.run()
    assert not at.exception
    assert figures(at)["Scans"] == "40"


def test_counts_add_up(tiny_dataset: Path) -> None:
    dataset = index_dataset(tiny_dataset)
    usable = dataset.usable.assign(split=preview_split(dataset, SplitWay()).split)
    counts = counts_by_split(usable)
    assert list(counts.columns) == ["train", "val", "test", "all"]
    assert counts["all"].to_dict() == {"COVID": 20, "non-COVID": 20}
    assert (counts[["train", "val", "test"]].sum(axis=1) == counts["all"]).all()
    assert stored_by_class(usable).loc["PNG L"].to_dict() == {"COVID": 20, "non-COVID": 20}


def test_a_pixel_mode_of_one_class_alone_is_warned_about(opened, tiny_dataset: Path) -> None:
    assert giveaways(index_dataset(tiny_dataset).usable) == []
    for patient in range(3):
        path = tiny_dataset / f"COVID/p{patient:02d}-0.png"
        Image.open(path).convert("RGB").save(path)
    at = opened(tiny_dataset)
    assert any(warning.value.startswith("All 3 scans stored as PNG RGB are COVID") for warning in at.warning)


def test_a_scan_with_a_problem_is_in_no_drawn_split(tiny_dataset: Path) -> None:
    spoil(tiny_dataset)
    dataset = index_dataset(tiny_dataset)
    split = preview_split(dataset, SplitWay()).split
    assert ((split == "") == (dataset.table["problem"] != "")).all()


def test_a_files_name_is_shown_as_it_is() -> None:
    assert literal("a_b*[x](http://y) :red[z] $1$") == r"a\_b\*\[x\](http\://y) \:red\[z\] \$1\$"
    assert literal("Covid (12).png") == "Covid (12).png"
