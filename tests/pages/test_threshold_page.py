"""The threshold page reports on test, saves exactly what was tried, and hands the browser what it needs to count."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from changed_runs import older_run_beside, with_three_classes, without_test_scans
from conftest import plain
from streamlit.testing.v1 import AppTest

from core.decided import point_in_force, save_point
from core.evaluation.at_threshold import rates_at
from core.evaluation.confusion import counts_at, rates
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.decision.rules import MaxFnr
from core.evaluation.decision.zones import zone_figures
from core.evaluation.scored import Scored
from core.results import split_results
from core.runs import Run
from pages.shared import state
from pages.threshold.certainty import interval_words
from pages.threshold.draft import Draft
from pages.threshold.finger.payload import content_key
from pages.threshold.outcome import outcome_table
from pages.threshold.subject import Subject

PAGE = "threshold/page.py"
Opened = Callable[..., AppTest]


def test_without_a_run_the_page_says_what_to_do_and_has_the_button(app: Opened) -> None:
    at = app(PAGE)
    assert not at.exception
    assert at.title[0].value == "Where do we cut?"
    assert "no finished run" in at.info[0].value
    assert at.button[0].label == "Try it on synthetic scans"


def test_the_dials_start_at_the_threshold_in_force(app: Opened, tiny_run: Run) -> None:
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.375))
    at = app(PAGE)
    dials = _dials(at)
    assert (dials["threshold"], dials["upper"], dials["in_force"], dials["turn"]) == (0.375, None, 0.375, 0)
    assert at.button(key=f"use-{tiny_run.id}").disabled


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5, 0.7, 1.0])
def test_the_table_holds_the_rates_of_both_splits_as_core_has_them(tiny_run: Run, threshold: float) -> None:
    table = outcome_table(_subject(tiny_run), Draft(threshold, "default"))
    for split in ("val", "test"):
        counts = counts_at(split_results(tiny_run, split).scored, threshold)
        rows = table[table["split"] == split].set_index("rate")
        for name, rate in {"Missed (FNR)": rates(counts).fnr, "PPV": rates(counts).ppv}.items():
            np.testing.assert_equal(rows.loc[name, "value"], rate.value)
        assert rows["missed"].unique().tolist() == [counts.fn]
        assert rows["false alarms"].unique().tolist() == [counts.fp]


def test_the_table_of_two_thresholds_holds_the_zones(tiny_run: Run) -> None:
    table = outcome_table(_subject(tiny_run), Draft(0.3, "fixed=0.3", upper=0.6))
    for split in ("val", "test"):
        zones = zone_figures(split_results(tiny_run, split).scored, 0.3, 0.6)
        rows = table[table["split"] == split].set_index("rate")
        assert rows.loc["Referred", "value"] == zones.referred.value
        assert rows["positives ruled out"].unique().tolist() == [zones.positives[0]]
        assert rows["others ruled in"].unique().tolist() == [zones.others[2]]


def test_what_the_split_keeps_together_is_said_beside_the_figures(app: Opened, tiny_run: Run) -> None:
    def warned() -> bool:
        return any("may be on both sides" in warning.value for warning in app(PAGE).warning)

    tiny_run = tiny_run.updated(group_source="blocks", decisions=("two scans are left out",))
    assert warned()
    assert any("two scans are left out" in caption.value for caption in app(PAGE).caption)
    tiny_run.updated(group_source="patient")
    assert not warned()


def test_what_a_rule_picked_is_saved_to_the_last_bit(app: Opened, tiny_run: Run) -> None:
    predictions = pd.read_parquet(tiny_run.folder / "predictions.parquet").astype({"COVID": float})
    positive = (predictions["label"] == "COVID") & (predictions["split"] == "val")
    predictions.loc[positive, "COVID"] = [0.5006 + 0.1 * k for k in range(positive.sum())]
    predictions["non-COVID"] = 1 - predictions["COVID"]
    predictions.to_parquet(tiny_run.folder / "predictions.parquet")
    exact = chosen(split_results(tiny_run, "val").scored, MaxFnr(0.0))
    at = _tried(app(PAGE), tiny_run, Draft(exact.threshold, exact.rule, exact.promise))
    assert _dials(at)["threshold"] == exact.threshold
    assert f"Exactly {exact.threshold!r}" in _said(at)
    at.button(key=f"use-{tiny_run.id}").click().run()
    saved = point_in_force(tiny_run)
    assert (saved.threshold, saved.rule, saved.promise) == (exact.threshold, exact.rule, exact.promise)
    assert saved.fnr.value == 0


def test_saving_writes_the_point_and_the_sidebar_follows(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    assert at.sidebar.metric[0].value == "0.500"
    at = _tried(at, tiny_run, Draft(0.3, "fixed=0.3"))
    assert at.sidebar.metric[0].value == "0.500", "trying is not saving"
    assert not (tiny_run.folder / "operating_point.json").exists()
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert not at.exception
    saved = json.loads((tiny_run.folder / "operating_point.json").read_text())
    assert (saved["threshold"], saved["rule"], saved["split"], saved["upper"]) == (0.3, "fixed=0.3", "val", None)
    assert at.sidebar.metric[0].value == "0.300"
    assert "0.300" in at.toast[0].value
    assert at.button(key=f"use-{tiny_run.id}").disabled
    at.run()
    assert not at.toast, "said once"


def test_two_thresholds_are_saved_together(app: Opened, tiny_run: Run) -> None:
    at = _tried(app(PAGE), tiny_run, Draft(0.3, "fixed=0.3", upper=0.6))
    assert at.button(key=f"use-{tiny_run.id}").label == "Use these thresholds"
    at.button(key=f"use-{tiny_run.id}").click().run()
    point = point_in_force(tiny_run)
    assert (point.threshold, point.upper) == (0.3, 0.6)
    assert at.button(key=f"use-{tiny_run.id}").disabled


def test_other_pages_say_what_is_being_tried_and_what_is_in_force(app: Opened, tiny_run: Run) -> None:
    at = _tried(app(PAGE), tiny_run, Draft(0.3, "fixed=0.3"))
    assert not _being_tried(at), "there it moves while the sidebar stands still"
    at.switch_page("performance/page.py").run()
    assert "0.300. It is not in force" in _being_tried(at)[0]
    assert at.sidebar.metric[0].value == "0.500"


def test_other_pages_do_not_call_tried_what_is_in_force_or_of_other_scores(app: Opened, tiny_run: Run) -> None:
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.3))
    at = app("performance/page.py")
    for tried, said in (
        (Draft(0.3, "fixed=0.3"), 0),
        (Draft(0.3, "fixed=0.3", upper=0.5), 1),
        (Draft(0.4, "fixed=0.4", score_kind="calibrated"), 0),
    ):
        assert len(_being_tried(_tried(at, tiny_run, tried))) == said


def test_going_back_undoes_what_was_tried(app: Opened, tiny_run: Run) -> None:
    at = _tried(app(PAGE), tiny_run, Draft(0.9, "fixed=0.9", upper=0.95))
    at.button(key=f"back-{tiny_run.id}").click().run()
    assert (_dials(at)["threshold"], _dials(at)["upper"]) == (0.5, None)
    assert at.button(key=f"use-{tiny_run.id}").disabled


def test_intervals_over_scans_of_few_groups_are_those_of_the_other_pages(app: Opened, tiny_run: Run) -> None:
    at = app(PAGE)
    splits = _header(at)["splits"]
    assert [split["by_groups"] for split in splits] == [True, True]
    assert all("from drawing whole groups" in split["note"] for split in splits)
    drawn = json.loads(_mounted(at, "intervals").json)
    assert (drawn["threshold"], drawn["upper"]) == (0.5, None)
    table = outcome_table(_subject(tiny_run), Draft(0.5, "default"))
    for split in ("val", "test"):
        results = split_results(tiny_run, split)
        at_half, everywhere = rates_at(results.scored, 0.5), results.evaluated(0.5)
        assert drawn["splits"][split]["fnr"] == [at_half.fnr.low, at_half.fnr.high]
        assert drawn["splits"][split]["npv"] == [at_half.npv.low, at_half.npv.high]
        assert drawn["splits"][split]["fnr"] == [everywhere.fnr.low, everywhere.fnr.high]
        row = table[(table["split"] == split) & (table["rate"] == "Missed (FNR)")].iloc[0]
        assert drawn["splits"][split]["fnr"] == [row["low"], row["high"]]
    at = _tried(at, tiny_run, Draft(0.3, "fixed=0.3", upper=0.6))
    drawn = json.loads(_mounted(at, "intervals").json)
    zones = zone_figures(split_results(tiny_run, "val").scored, 0.3, 0.6)
    assert (drawn["threshold"], drawn["upper"]) == (0.3, 0.6)
    assert drawn["splits"]["val"]["referred"] == [zones.referred.low, zones.referred.high]


def test_independent_scans_have_wilsons_intervals_and_nothing_is_drawn(app: Opened, tiny_run: Run) -> None:
    predictions = pd.read_parquet(tiny_run.folder / "predictions.parquet")
    predictions["group"] = [f"patient-{row}" for row in range(len(predictions))]
    predictions.to_parquet(tiny_run.folder / "predictions.parquet", index=False)
    at = app(PAGE)
    assert not at.exception
    assert [split["by_groups"] for split in _header(at)["splits"]] == [False, False]
    assert not [part for part in at.get("bidi_component") if part.proto.component_name == "threshold_intervals"]
    assert interval_words(Scored.of([0.1, 0.9], [0, 1])) == "With 95 % intervals (Wilson)."


def test_a_threshold_being_tried_stays_with_its_run(app: Opened, tiny_run: Run) -> None:
    other = older_run_beside(tiny_run)
    at = _tried(app(PAGE, query={"run": tiny_run.id}), tiny_run, Draft(0.9, "fixed=0.9"))
    at.selectbox(key="picked_run").select(other.id).run()
    assert _dials(at)["threshold"] == 0.5
    at.selectbox(key="picked_run").select(tiny_run.id).run()
    assert _dials(at)["threshold"] == 0.9


def test_a_run_without_test_scans_says_so(app: Opened, tiny_run: Run) -> None:
    without_test_scans(tiny_run)
    at = app(PAGE)
    assert not at.exception
    assert any("no test split" in caption.value for caption in at.caption)
    assert [split["name"] for split in _header(at)["splits"]] == ["val"]


def test_the_page_says_what_looking_at_test_does(app: Opened, tiny_run: Run) -> None:
    assert any("exploratory" in caption.value for caption in app(PAGE).caption)


def test_a_damaged_point_is_one_line_and_can_be_replaced_here(app: Opened, tiny_run: Run) -> None:
    (tiny_run.folder / "operating_point.json").write_text('{"threshold": ')
    at = app(PAGE)
    assert not at.exception
    assert any("operating_point.json" in plain(error.value) and "\n" not in error.value for error in at.main.error)
    at.button(key=f"use-{tiny_run.id}").click().run()
    assert not at.error
    assert point_in_force(tiny_run).threshold == 0.5


def test_damaged_predictions_are_one_line_and_no_traceback(app: Opened, tiny_run: Run) -> None:
    (tiny_run.folder / "predictions.parquet").write_bytes(b"PAR1 this is not it")
    at = app(PAGE)
    assert not at.exception
    assert any("predictions.parquet" in error.value for error in at.main.error)
    assert all("\n" not in error.value for error in at.error)


def test_three_classes_are_cut_between_the_positive_and_the_others(app: Opened, tiny_run: Run) -> None:
    run = with_three_classes(tiny_run)
    at = app(PAGE)
    assert not at.exception
    header = _header(at)
    assert header["words"]["others"] == "the others"
    scored = split_results(run, "val").scored
    assert (header["splits"][0]["positives"], header["splits"][0]["others"]) == (scored.positives, scored.negatives)


def _subject(run: Run) -> Subject:
    validation, test = (split_results(run, split).scored for split in ("val", "test"))
    subject = Subject(run, validation, test, point_in_force(run))
    return replace(subject, key=content_key(subject.splits, subject.words))


def _tried(at: AppTest, run: Run, draft: Draft) -> AppTest:
    """The page after a finger or a rule has chosen this."""
    at.session_state[state.THRESHOLD_DRAFTS] = {run.id: draft}
    return at.run()


def _mounted(at: AppTest, name: str):
    return next(part.proto for part in at.get("bidi_component") if part.proto.component_name == f"threshold_{name}")


def _dials(at: AppTest) -> dict:
    return json.loads(_mounted(at, "dials").json)


def _header(at: AppTest) -> dict:
    content = _mounted(at, "scores").bytes
    return json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])


def _said(at: AppTest) -> str:
    return next(caption.value for caption in at.caption if caption.value.startswith("Exactly"))


def _being_tried(at: AppTest) -> list[str]:
    return [caption.value for caption in at.sidebar.caption if "Being tried" in caption.value]
