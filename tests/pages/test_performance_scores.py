"""The performance page: calibration and its switch, figures by patient, subgroups."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.calibration import CALIBRATION_FILE, read_calibration
from core.decided import point_in_force, save_point
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.decision.rules import MaxFnr
from core.evaluation.patients import parsed_joining
from core.evaluation.temperature import Temperature
from core.results import raw_results, split_results
from core.runs import Run
from core.scores_in_force import use_calibrated_scores
from pages.performance import curves, rates, subgroups
from pages.performance.calibration import temperature_words
from pages.shared import cached, state, tables
from tests.pages.conftest import plain

Opened = Callable[..., AppTest]
PAGE = "performance/page.py"


def _texts(at: AppTest) -> str:
    return plain(" | ".join(part.value for kind in (at.markdown, at.caption, at.info, at.warning) for part in kind))


def _toggle(at: AppTest, label: str):
    return next(toggle for toggle in at.toggle if toggle.label == label)


def _files(monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """The tables that the next runs of the page offer as files, by name, filled as they are drawn."""
    offered: dict[str, pd.DataFrame] = {}
    for place in (tables, curves, rates, subgroups):
        monkeypatch.setattr(place, "download_button", lambda rows, name: offered.update({name: rows}))
    return offered


def _metrics(at: AppTest, label: str) -> list[str]:
    return [metric.value for metric in at.metric if metric.label == label]


def _more_patients(run: Run, *, site: Mapping[str, str] | None = None) -> None:
    """Twelve times as many scans, so that subgroups are large enough; the index has them too."""
    for name in ("predictions.parquet", "index.parquet"):
        table = pd.read_parquet(run.folder / name)
        copies = [
            table.assign(path=table["path"] + f"-{copy}", group=table["group"] + f"-{copy}") for copy in range(12)
        ]
        table = pd.concat(copies, ignore_index=True)
        if name == "predictions.parquet":
            table["brightness"] = np.linspace(0, 1, len(table), dtype=np.float32)
        else:
            table["site"] = ["north", "south"] * (len(table) // 2)
            table["accession"] = [f"a{row}" for row in range(len(table))]
        table.to_parquet(run.folder / name, index=False)


def test_reliability_is_drawn_before_and_after_on_test_and_validation(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    alts = [chart.proto.alt for chart in at.get("plotly_chart")]
    assert sum(alt.startswith("Reliability of 8 scans") for alt in alts) == 4
    assert "Temperature **4.41**, fitted on 8 validation scans" in _texts(at)
    assert "a class has only 2 patients there" in _texts(at)


@pytest.mark.parametrize(("groups", "few"), [(None, "8 scans"), (8, "8 scans"), (1, "1 patient"), (3, "3 patients")])
def test_a_rough_temperature_says_how_few_there_are_of_what_it_counts(groups: int | None, few: str) -> None:
    assert f"a class has only {few} there" in temperature_words(Temperature(1.4, "val", 40, 8, groups), "patient")


def test_the_switch_puts_calibrated_scores_in_force_everywhere_and_back(app: Opened, tiny_run: Run) -> None:
    save_point(tiny_run, chosen(raw_results(tiny_run, "val").scored, MaxFnr(0.3)))
    before = point_in_force(tiny_run)
    at = app(PAGE)
    missed = _metrics(at, "Missed (FNR)")
    _toggle(at, "Use calibrated scores everywhere").set_value(True).run()
    assert read_calibration(tiny_run).in_force
    assert _metrics(at, "Missed (FNR)") == missed
    carried = point_in_force(tiny_run)
    assert _metrics(at, "Threshold in force") == [f"{carried.threshold:.3f}"]
    assert carried.threshold != before.threshold
    assert "Calibrated scores, on every page" in _texts(at)
    at.switch_page("review/page.py").run()
    shown = split_results(tiny_run, "test").with_cells(carried.threshold)
    assert not at.exception
    assert (shown["cell"] == "missed").sum() == int(float(missed[0].rstrip("%")) / 100 * 4)
    at.switch_page(PAGE).run()
    _toggle(at, "Use calibrated scores everywhere").set_value(False).run()
    assert point_in_force(tiny_run) == before
    assert "Calibrated scores, on every page" not in _texts(at)


@pytest.mark.parametrize("calibrated", [False, True])
def test_the_default_threshold_is_that_of_core_and_read_once(
    app: Opened, tiny_run: Run, monkeypatch: pytest.MonkeyPatch, calibrated: bool
) -> None:
    if calibrated:
        use_calibrated_scores(tiny_run)
    assert cached.point_in_force(tiny_run) == point_in_force(tiny_run)
    at = app(PAGE)
    monkeypatch.setattr("core.results.read_predictions", None)  # a rerun reads no predictions
    at.run()
    assert not at.error
    assert not at.exception


def test_the_switch_shows_what_lies_with_the_run_not_what_the_session_remembers(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    assert not _toggle(at, "Use calibrated scores everywhere").value
    use_calibrated_scores(tiny_run)
    at.run()
    assert _toggle(at, "Use calibrated scores everywhere").value


def test_a_run_that_cannot_be_calibrated_says_why_and_offers_no_switch(app: Opened, tiny_run: Run) -> None:
    path = tiny_run.folder / "predictions.parquet"
    table = pd.read_parquet(path)
    table["COVID"] = (table["label"] == "COVID") * 0.9 + 0.05
    table["non-COVID"] = 1 - table["COVID"]
    table.to_parquet(path, index=False)
    at = app(PAGE)
    assert "told apart without an error" in _texts(at)
    assert not [toggle for toggle in at.toggle if "calibrated" in toggle.label]


@pytest.mark.parametrize("content", ["{", '{"in_force": true}'])
def test_a_damaged_calibration_is_one_line_with_its_cure_and_the_button_for_it(
    app: Opened, tiny_run: Run, content: str
) -> None:
    (tiny_run.folder / CALIBRATION_FILE).write_text(content, encoding="utf-8")
    for page in (PAGE, "threshold/page.py"):
        at = app(page)
        assert not at.exception
        said = [plain(error.value) for error in at.main.error]
        assert len(said) == 1
        assert "calibration.json" in said[0]
        assert f"`python -m core calibrate {tiny_run.id} --off`" in said[0]
    at.switch_page(PAGE).run()
    at.button(key="drop-calibration").click().run()
    assert not at.exception
    assert not at.error
    assert _metrics(at, "Missed (FNR)")
    assert not (tiny_run.folder / CALIBRATION_FILE).exists()


@pytest.mark.parametrize("way", ["mean", "2-of-n"])
def test_figures_by_patient_stand_beside_those_by_scan(app: Opened, tiny_run: Run, way: str) -> None:
    at = app(PAGE)
    at.selectbox(key=state.JOINING).set_value(way).run()
    scans = split_results(tiny_run, "test")
    expected = [scans.evaluated(0.5), scans.joined(parsed_joining(way)).evaluated(0.5)]
    shown = [f"{evaluation.fnr.value:.1%}" for evaluation in expected]
    assert _metrics(at, "Missed (FNR)")[-2:] == shown
    assert "**By scan**  \n8 scans, 4 positive" in _texts(at)
    assert "**By patient**  \n4 patients, 2 positive" in _texts(at)


def test_the_page_can_count_patients_throughout_and_says_so_on_top(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    at.selectbox(key=state.JOINING).set_value("max").run()
    at.toggle(key=state.BY_PATIENT).set_value(True).run()
    assert not at.exception
    expected = split_results(tiny_run, "test").joined(parsed_joining("max")).evaluated(0.5)
    assert _metrics(at, "Missed (FNR)")[0] == f"{expected.fnr.value:.1%}"
    assert "counts patients, not scans" in _texts(at)
    alts = [chart.proto.alt for chart in at.get("plotly_chart")]
    assert sum(alt.startswith("Reliability of 4 patients") for alt in alts) == 4


def test_by_patient_every_word_file_and_table_says_so(
    app: Opened, tiny_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_scan = _files(monkeypatch)
    at = app(PAGE)
    at.toggle(key=state.BY_PATIENT).set_value(True)
    by_patient = _files(monkeypatch)
    at.run()
    assert not at.exception
    always = {f"{tiny_run.id}-test-{name}" for name in ("by-patient-mean", "subgroups", "gaps")}
    both = (set(by_scan) & set(by_patient)) - always
    assert both == set(), "a file by patient must not be called as one by scan"
    named = {name.replace("-by-patient-mean", ""): table for name, table in by_patient.items() if name not in always}
    assert set(named) == set(by_scan) - always
    assert {f"{tiny_run.id}-test-{name}" for name in ("figures", "roc", "confusion", "report")} < set(named)
    for name, table in named.items():
        counted = by_scan[name].columns.tolist()
        assert "scans" in counted or (by_scan[name]["counted"] == "scans").all()
        assert "patients" in table.columns or (table["counted"] == "patients").all()
        assert "scans" not in table.columns
    alts = [chart.proto.alt for chart in at.get("plotly_chart")]
    assert any(alt.startswith("Confusion matrix of 4 patients") for alt in alts)
    said = " ".join(plain(caption.value) for caption in at.caption)
    assert "Wilson score interval over 4 patients" in said
    assert "only 2 patients" in said
    assert "resamples of single patients (4 patients, seed 0)" in said


def test_groups_that_are_no_patients_are_called_groups_and_explained(app: Opened, tiny_run: Run) -> None:
    tiny_run.updated(group_source="blocks")
    at = app(PAGE)
    assert "By group" in [heading.value for heading in at.subheader]
    assert "blocks of consecutive numbers" in _texts(at)


def test_where_each_scan_is_its_own_group_there_is_nothing_to_join(app: Opened, tiny_run: Run) -> None:
    path = tiny_run.folder / "predictions.parquet"
    table = pd.read_parquet(path)
    table.assign(group=table["path"]).to_parquet(path, index=False)
    at = app(PAGE)
    assert "by patient and by scan are the same" in _texts(at)
    assert not [box for box in at.selectbox if box.key == state.JOINING]


def test_contradicting_labels_within_a_patient_are_counted(app: Opened, tiny_run: Run) -> None:
    path = tiny_run.folder / "predictions.parquet"
    table = pd.read_parquet(path)
    first = table[table["split"] == "test"].index[0]
    table.loc[first, "label"] = {"COVID": "non-COVID"}.get(table.loc[first, "label"], "COVID")
    table.to_parquet(path, index=False)
    assert "1 patient has scans of different classes" in _texts(app(PAGE))


def test_subgroups_of_every_column_are_drawn_and_what_is_left_out_is_said(app: Opened, tiny_run: Run) -> None:
    _more_patients(tiny_run)
    at = app(PAGE)
    assert not at.exception
    alts = [chart.proto.alt for chart in at.get("plotly_chart")]
    assert any("subgroups with 95 % intervals, the worst first" in alt for alt in alts)
    table = next(frame.value for frame in at.dataframe if "too small because" in frame.value.columns)
    assert {"site", "brightness"} <= set(table["column"])
    assert "subgroups were looked at" in _texts(at)
    assert "accession: 96 different values in 96 scans" in _texts(at).replace("**", "")


def test_the_subgroup_picked_is_the_same_after_a_change_of_threshold(app: Opened, tiny_run: Run) -> None:
    _more_patients(tiny_run)
    at = app(PAGE)
    box = at.selectbox(key=state.SUBGROUP_SHOWN)
    before = box.options
    assert box.value == tuple(before[0].split(": ")), "the worst, where nobody picked"
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.7))
    box = at.run().selectbox(key=box.key)
    assert box.options[0] != before[0], "the case must be one whose order changes"
    assert box.value == tuple(box.options[0].split(": ")), "the worst, where nobody picked"
    picked = box.options[2]
    box.set_value(tuple(picked.split(": "))).run()
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.5))
    box = at.run().selectbox(key=box.key)
    assert box.options.index(picked) != 2, "the case must be one whose order changes"
    assert box.value == tuple(picked.split(": "))


def test_without_large_enough_subgroups_the_reasons_stand_in_the_table(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    assert not at.exception
    table = next(frame.value for frame in at.dataframe if "too small because" in frame.value.columns)
    assert (table["too small because"] != "").all()
    assert "there is no gap to tell" in _texts(at)
    assert "not kept when this run's scans were scored" in _texts(at)
