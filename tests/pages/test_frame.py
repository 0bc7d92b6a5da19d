"""What stands around every page: errors in one line, the sidebar, headers, session keys, CSV."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from changed_runs import older_run_beside
from conftest import plain
from streamlit.testing.v1 import AppTest

from core.decided import save_point
from core.errors import RunDamagedError
from core.evaluation.decision import operating_point
from core.evaluation.decision.operating_point import fixed_point
from core.evaluation.decision.zones import with_upper, zone_figures
from core.results import split_results
from core.runs import Run
from core.training.jobs import claimed
from pages.shared import errors, saved_point, state
from pages.shared.headers import CONTENT_SECURITY_POLICY
from pages.shared.progress import progress_words
from pages.shared.tables import _format, csv_text
from pages.shared.words import run_name, run_names

Opened = Callable[..., AppTest]
PAGES = Path(__file__).resolve().parents[2] / "pages"


def _broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("something nobody foresaw")


@pytest.mark.parametrize(
    ("page", "where"),
    [
        ("training/page.py", "pages.training.curves.read_history"),
        ("home/page.py", "pages.shared.progress.show_progress"),
        ("threshold/page.py", "pages.threshold.controls.show_controls"),
        ("review/page.py", "pages.shared.cached_viewed.picture"),
        ("performance/page.py", "core.results.split_results"),
    ],
)
def test_what_nobody_foresaw_is_one_line_and_the_footer_and_the_address_stay(
    app: Opened,
    tiny_run: Run,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    page: str,
    where: str,
) -> None:
    if page == "home/page.py":
        tiny_run.updated(status="running", phantoms={"count": 1, "seed": 0})
    monkeypatch.setattr(where, _broken)
    with claimed(tiny_run):
        at = app(page)
    assert not at.exception
    assert [error.value for error in at.main.error] == [errors.UNEXPECTED]
    assert any("not a medical device" in caption.value for caption in at.caption)
    if page == "performance/page.py":
        assert at.query_params["run"] == tiny_run.id
    assert "something nobody foresaw" in caplog.text
    caplog.clear()


def test_a_run_that_is_gone_while_it_is_watched_is_one_line(
    app: Opened, tiny_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise RunDamagedError("expected a run, found *nothing*")

    monkeypatch.setattr("pages.training.live.read_run", gone)
    at = app("training/page.py")
    assert [plain(error.value) for error in at.main.error] == ["expected a run, found *nothing*"]
    assert "\\*nothing\\*" in at.main.error[0].value  # no Markdown


def test_what_streamlit_catches_last_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(st, "error", lambda text, icon: shown.append(text))
    assert errors.on_script_error(RunDamagedError("a\nb *c*")) is True
    assert errors.on_script_error(KeyError("secret")) is True
    assert shown == [r"a b \*c\*", errors.UNEXPECTED]


def test_the_app_hands_its_errors_to_the_line() -> None:
    import streamlit_app

    assert streamlit_app.app._on_script_error is errors.on_script_error


def test_a_damaged_point_leaves_the_page_and_the_choice_of_another_run(app: Opened, tiny_run: Run) -> None:
    other = older_run_beside(tiny_run)
    (tiny_run.folder / saved_point.FILE).write_text('{"threshold": "NaN", "rule": 7, "fnr": 1, "fpr": {}}')
    at = app(query={"run": tiny_run.id})
    assert not at.exception
    [line] = [plain(error.value) for error in at.sidebar.error]
    assert saved_point.FILE in line
    at.selectbox(key=state.PICKED_RUN).select(other.id).run()
    assert not at.sidebar.error
    assert at.sidebar.metric[0].value == "0.500"


def test_a_sidebar_that_fails_in_a_new_way_leaves_the_page(
    app: Opened, tiny_run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("pages.shared.frame.saved_point", _broken)
    at = app("performance/page.py")
    assert [error.value for error in at.sidebar.error] == [errors.UNEXPECTED]
    assert at.selectbox(key=state.PICKED_RUN)
    assert at.main.metric
    caplog.clear()


def test_the_sidebar_says_the_saved_point_as_core_does(app: Opened, tiny_run: Run) -> None:
    point = fixed_point(split_results(tiny_run, "val").scored, 0.7)
    save_point(tiny_run, point)
    said = app().sidebar.caption[-1].value
    assert f"misses {point.fnr.value:.1%} and falsely alarms {point.fpr.value:.1%}" in said
    assert saved_point.DEFAULT_THRESHOLD == operating_point.DEFAULT_THRESHOLD


def test_of_two_thresholds_the_sidebar_calls_no_referred_scan_a_false_alarm(app: Opened, tiny_run: Run) -> None:
    point = fixed_point(split_results(tiny_run, "val").scored, 0.3)
    save_point(tiny_run, replace(point, upper=0.7))
    said = app().sidebar.caption[-1].value
    assert f"misses {point.fnr.value:.1%} and does not rule out {point.fpr.value:.1%} of the others." in said
    assert "falsely alarms" not in said
    scored = split_results(tiny_run, "val").scored
    save_point(tiny_run, with_upper(point, scored, 0.7))
    zones = zone_figures(scored, 0.3, 0.7)
    said = app().sidebar.caption[-1].value
    assert f"falsely alarms {zones.fpr.value:.1%} and refers {zones.referred.value:.1%}." in said


def test_the_frame_and_its_point_bring_neither_pandas_nor_scipy(tiny_run: Run) -> None:
    save_point(tiny_run, fixed_point(split_results(tiny_run, "val").scored, 0.7))
    code = (
        "import sys\nfrom pathlib import Path\nimport pages.shared.frame\nfrom core.runs import read_run\n"
        "from pages.shared.saved_point import saved_point\n"
        f"assert saved_point(read_run(Path({str(tiny_run.folder)!r}))).threshold == 0.7\n"
        "bad = {'scipy', 'core.results', 'core.evaluation.decision.operating_point', 'torch'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PAGES.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_default_is_said_without_reading_predictions(app: Opened, tiny_run: Run) -> None:
    (tiny_run.folder / "predictions.parquet").write_bytes(b"PAR1 this is not it")
    at = app()
    assert not at.sidebar.error
    assert at.sidebar.metric[0].value == "0.500"
    assert "default" in at.sidebar.caption[-1].value


def test_a_run_asked_for_in_the_address_is_no_markdown(app: Opened, tiny_run: Run) -> None:
    at = app(query={"run": "**bold** [x](http://y)"})
    assert r"\*\*bold\*\* \[x\](http\://y)" in at.sidebar.warning[0].value


def test_pages_may_connect_to_this_server_alone() -> None:
    assert "connect-src 'self' data: blob:;" in CONTENT_SECURITY_POLICY
    assert "ws:" not in CONTENT_SECURITY_POLICY


def test_every_kept_session_key_is_named_in_one_place() -> None:
    for path in PAGES.rglob("*.py"):
        if path.name == "state.py":
            continue
        text = path.read_text()
        assert not re.search(r"session_state(\.get\(|\.pop\(|\.setdefault\(|\[)f?[\"']", text), path
        assert not re.search(r"key=f?[\"'](map_|gallery|budget-|sure-|prediction_|split_on|dataset_)", text), path
        assert "worklist_row" not in text, path


def test_a_spreadsheet_runs_nothing_of_a_table() -> None:
    table = pd.DataFrame({"=name": ["=1+1", "+a", "-b", "@c", "d=e"], "delta": [-1.5, 2, 3, 4, 5]})
    lines = csv_text(table).splitlines()
    assert lines[0] == "'=name,delta"
    assert lines[1:] == ["'=1+1,-1.5", "'+a,2.0", "'-b,3.0", "'@c,4.0", "d=e,5.0"]


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        ([0.25, 0.5, 1.0], ["0.2500", "0.5000", "1.0000"]),
        ([0.5, 0.99998, 1.0], ["0.500000", "0.999980", "1.000000"]),
        ([2e-7, 0.99998, 0.5, 0.0], ["2e-07", "0.99998", "0.5", "0"]),
        ([float(np.nextafter(np.float32(1), np.float32(0))), 0.5], ["0.999999940", "0.500000000"]),
        ([1 - 1e-16, 0.5], ["1.000000000", "0.500000000"]),
        ([0.0003, 0.00003], ["0.0003", "3e-05"]),
        ([1.5, float("nan")], ["1.5000", "nan"]),
        ([1.5, 0.99946], ["1.5000", "0.9995"]),  # no scores
        ([float("nan"), float("nan")], ["nan", "nan"]),
    ],
)
def test_a_score_near_one_never_looks_like_one_in_a_table(column: list[float], shown: list[str]) -> None:
    says = _format(pd.Series(column), percent=False)["type_config"]["format"]
    assert [says % value for value in column] == shown


def test_every_download_goes_through_the_safe_table() -> None:
    users = [path.name for path in PAGES.rglob("*.py") if re.search(r"to_csv|st\.download_button", path.read_text())]
    assert sorted(users) == ["sheet.py", "tables.py"]  # the sheet of a case is no table


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Starting the process"),
        ({"phase": "training"}, "Training"),
        ({"phase": "training", "epoch": 2, "epochs": 4}, "Training: epoch 2 of 4"),
        ({"phase": "training", "epoch": 2, "epochs": "x", "seconds_left": None}, "Training"),
        ({"phase": "reading scans", "total": 9}, "Reading scans: 0 of 9"),
        ({"phase": "waiting", "ahead": "?"}, "Waiting for its turn: 1 run ahead"),
        ({"phase": "a_new_*phase*"}, r"A\_new\_\*phase\*"),
    ],
)
def test_progress_is_said_from_whatever_is_there(facts: dict[str, object], words: str) -> None:
    share, said = progress_words(facts)
    assert 0 <= share <= 1
    assert said == words


def test_runs_of_one_second_have_names_of_their_own(tiny_run: Run) -> None:
    twin = replace(tiny_run, folder=tiny_run.folder.with_name("another-1111"))
    later = older_run_beside(tiny_run)
    names = run_names([tiny_run, twin, later])
    assert len(set(names.values())) == 3
    assert names[twin.id].endswith("(1111)")
    assert names[later.id] == run_name(later)
