"""The prediction page: what the network says about uploads, good and bad ones."""

import io
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.charts.palette import NEGATIVE, POSITIVE
from core.decided import save_point
from core.evaluation.decision.operating_point import fixed_point
from core.explanation import maps
from core.models.weights import load_run_model
from core.prediction import predict_scan
from core.results import split_results
from core.runs import Run, read_index
from pages.prediction.results import MOST_PROBLEMS, PER_PAGE
from pages.prediction.verdict import verdict_html
from pages.shared import cached

PAGE = "prediction/page.py"


def png(seed: int = 0, side_px: int = 48) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (side_px, side_px), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def uploaded(app: Callable[..., AppTest], tiny_run: Run) -> Callable[..., AppTest]:
    """The page of a run with these files handed in."""

    def hand_in(*files: tuple[str, bytes]) -> AppTest:
        at = app(PAGE)
        for name, content in files:
            at.file_uploader("uploads").upload(name, content)
        return at.run()

    return hand_in


def answers(at: AppTest):
    return next(element.value for element in at.dataframe if "decision" in element.value.columns)


def words(at: AppTest) -> str:
    return "\n".join(
        str(element.value) for kind in ("caption", "markdown", "info", "warning") for element in at.get(kind)
    )


def test_without_a_run_the_page_says_what_to_do_next(app) -> None:
    at = app(PAGE)
    assert not at.exception
    assert "no finished run" in at.info[0].value
    assert not at.file_uploader


def test_before_an_upload_the_page_says_what_it_is_not_and_from_where_it_is_positive(app, tiny_run: Run) -> None:
    at = app(PAGE)
    assert not at.exception
    assert any("Research use only, not a medical device" in warning.value for warning in at.warning)
    assert "Positive from 0.500 on" in words(at)
    assert not at.dataframe


def test_an_upload_gets_the_same_figures_as_on_the_command_line(uploaded, tiny_run: Run, tmp_path: Path) -> None:
    at = uploaded(("scan.png", png()))
    assert not at.exception
    assert not at.error
    (tmp_path / "scan.png").write_bytes(png())
    expected = predict_scan(load_run_model(tiny_run), tmp_path / "scan.png", threshold=0.5)
    row = answers(at).iloc[0]
    assert row["scan"] == "scan.png"
    assert row["score"] == pytest.approx(expected["score"], abs=1e-5)
    assert row["decision"] == expected["decision"]
    assert row["COVID"] + row["non-COVID"] == pytest.approx(1, abs=1e-5)
    shown = next(metric.value for metric in at.metric if metric.label == "Score for COVID")
    assert shown == f"{expected['score']:.3f}"


def test_bad_files_say_why_and_hold_up_no_good_one(uploaded) -> None:
    at = uploaded(
        ("text.png", b"not an image"),
        ("good.png", png()),
        ("empty.jpg", b""),
        ("cut.png", png(1)[:200]),
        ("tiny.png", png(2, side_px=8)),
    )
    assert not at.exception
    table = answers(at).set_index("scan")
    assert table.loc["good.png", "problem"] == ""
    assert table.loc["good.png", "decision"] in ("COVID", "non-COVID")
    for name in ("text.png", "empty.jpg", "cut.png", "tiny.png"):
        assert table.loc[name, "problem"]
        assert table.loc[name, "decision"] == ""
        assert np.isnan(table.loc[name, "score"])
        assert any(name.replace("_", r"\_") in error.value and "\n" not in error.value for error in at.error)
    assert at.image
    assert all(picture.proto.imgs[0].alt.startswith("Scan good.png") for picture in at.image)


def test_many_bad_files_do_not_bury_the_page(uploaded) -> None:
    count = MOST_PROBLEMS + 3
    at = uploaded(*((f"{number}.png", b"no") for number in range(count)))
    assert len(at.error) == MOST_PROBLEMS + 1
    assert "3 more cannot be read" in at.error[-1].value
    assert len(answers(at)) == count


def test_the_decision_follows_the_threshold_in_force(uploaded, tiny_run: Run) -> None:
    scored = split_results(tiny_run, "val").scored
    for threshold, decision in ((0.0, "COVID"), (1.0, "non-COVID")):
        save_point(tiny_run, fixed_point(scored, split="val", threshold=threshold))
        at = uploaded(("scan.png", png()))
        assert answers(at)["decision"].tolist() == [decision]
        assert answers(at)["threshold"].tolist() == [threshold]
        assert f"Called {decision}" in at.html[0].value


@pytest.mark.parametrize(
    ("lower", "upper", "zone", "decision"),
    [(0.0, 1.0, "referred", "COVID"), (0.0, 0.0, "ruled in", "COVID"), (1.0, 1.0, "ruled out", "non-COVID")],
)
def test_of_two_thresholds_every_upload_has_its_zone(uploaded, tiny_run, lower, upper, zone, decision) -> None:
    point = fixed_point(split_results(tiny_run, "val").scored, split="val", threshold=lower)
    save_point(tiny_run, replace(point, upper=upper))
    at = uploaded(("scan.png", png()), ("text.png", b"not an image"))
    assert not at.exception
    table = answers(at).set_index("scan")
    assert table.loc["scan.png", ["zone", "decision", "threshold", "upper"]].tolist() == [zone, decision, lower, upper]
    assert table.loc["text.png", "zone"] == ""
    assert zone in at.html[0].value.lower()
    assert f"Called {decision}" in at.html[0].value
    assert f"thresholds {lower:.3f} and {upper:.3f}" in at.html[0].value
    assert "Positive means not ruled out" in words(at)


def test_with_one_threshold_no_zone_is_spoken_of(uploaded, app, tiny_run: Run) -> None:
    at = uploaded(("scan.png", png()))
    assert not {"zone", "upper"} & set(answers(at).columns)
    assert "ruled" not in words(at) + at.html[0].value


def test_before_an_upload_both_thresholds_are_said(app, tiny_run: Run) -> None:
    save_point(tiny_run, replace(fixed_point(split_results(tiny_run, "val").scored, 0.2), upper=0.7))
    assert "Ruled out below 0.200, ruled in from 0.700 on, referred to a reader in between" in words(app(PAGE))


def test_the_same_bytes_are_computed_once(uploaded, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = maps.explain
    monkeypatch.setattr(maps, "explain", lambda *args, **kwargs: asked.append(1) or real(*args, **kwargs))
    at = uploaded(("one.png", png()), ("again.png", png()))
    assert len(asked) == 1
    at.slider("prediction_opacity").set_value(0.9).run()
    assert not at.exception
    assert len(asked) == 1
    at.selectbox("prediction_target").set_value("non-COVID").run()
    assert len(asked) == 2
    assert answers(at)["score"].nunique() == 1


def test_a_map_without_evidence_is_said_in_words(uploaded, tiny_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    real = maps.explain

    def without_evidence(model, scan, *, target, method, square=None, temperature=None):
        found = real(model, scan, target=target, method=method)
        return maps.ScanMap(np.zeros_like(found.heat), 0.0, target, found.target_score, method, "layer4", (1, 1))

    monkeypatch.setattr(maps, "explain", without_evidence)
    at = uploaded(("scan.png", png()))
    assert not at.exception
    assert "No positive evidence for COVID" in words(at)
    assert len(at.image) == 1


def test_a_map_of_one_cell_is_said_to_say_nowhere(uploaded, monkeypatch: pytest.MonkeyPatch) -> None:
    def flat(model, scan, *, target=None, method="gradcam", square=None, temperature=None):
        return maps.ScanMap(np.ones(scan.shape, np.float32), 0.7, target, 0.2, method, "layer4", (1, 1))

    monkeypatch.setattr(maps, "explain", flat)
    at = uploaded(("one.png", png()))
    assert "it cannot say where" in words(at)


def test_pictures_have_alternative_texts_and_maps_their_unscaled_maximum(uploaded) -> None:
    at = uploaded(("scan.png", png()))
    assert at.image[0].proto.imgs[0].alt == "Scan scan.png"
    assert "Unscaled maximum of the map" in [metric.label for metric in at.metric]


def test_a_scan_that_the_network_learnt_from_is_told(uploaded, tiny_run: Run) -> None:
    index = read_index(tiny_run)
    for split, says in (("train", "learnt from this very scan"), ("test", "in the run's test split")):
        path = index.loc[index["split"] == split, "path"].iloc[0]
        at = uploaded(("renamed.png", (Path(tiny_run.record.data) / path).read_bytes()))
        assert says in words(at)
    assert "very scan" not in words(uploaded(("new.png", png())))


def test_many_scans_come_a_page_at_a_time(uploaded) -> None:
    at = uploaded(*((f"{number}.png", png(number)) for number in range(PER_PAGE + 1)))
    assert not at.exception
    assert len(at.html) == PER_PAGE
    assert len(answers(at)) == PER_PAGE + 1


def test_nothing_of_an_upload_is_written(uploaded, tiny_run: Run) -> None:
    def files() -> set[Path]:
        return {path for path in cached.runs_folder().parent.rglob("*") if path.is_file()}

    before = files()
    uploaded(("scan.png", png()))
    assert files() == before


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.says = ""

    def handle_starttag(self, tag: str, _attrs: list) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.says += data


def test_a_verdict_colours_the_class_it_was_called() -> None:
    classes = ("COVID", "normal")
    positive = verdict_html("COVID", 0.8, threshold=0.5, classes=classes, positive="COVID")
    negative = verdict_html("normal", 0.2, threshold=0.5, classes=classes, positive="COVID")
    assert POSITIVE in positive
    assert NEGATIVE not in positive
    assert NEGATIVE in negative
    assert "reaches the threshold" in positive
    assert "is below the threshold" in negative


def test_the_zone_leads_and_a_scan_for_a_reader_has_no_classs_colour() -> None:
    of = {"threshold": 0.2, "upper": 0.7, "classes": ("COVID", "normal"), "positive": "COVID"}
    out, between, in_ = (verdict_html(*called, **of) for called in (("normal", 0.1), ("COVID", 0.2), ("COVID", 0.7)))
    assert "Ruled out" in out
    assert NEGATIVE in out
    assert "is below the lower threshold 0.200; the upper is 0.700. Called normal." in out
    assert "Referred to a reader" in between
    assert f"border-radius:50%;background:{POSITIVE}" not in between
    assert (
        "reaches the lower threshold 0.200 but not the upper 0.700. Called COVID, for it is not ruled out." in between
    )
    assert "Ruled in" in in_
    assert f"border-radius:50%;background:{POSITIVE}" in in_
    assert "reaches the lower threshold 0.200 and the upper 0.700. Called COVID." in in_


def test_a_score_at_the_threshold_is_positive() -> None:
    says = verdict_html("COVID", 0.5, threshold=0.5, classes=("COVID", "normal"), positive="COVID")
    assert "reaches the threshold" in says


def test_a_class_cannot_bring_markup_into_the_page() -> None:
    evil = "<script>alert(1)</script>"
    read = _Words()
    read.feed(verdict_html(evil, 0.8, threshold=0.5, classes=(evil, "normal"), positive=evil))
    assert set(read.tags) == {"div", "span"}
    assert f"Called {evil}" in read.says
