import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decided import point_in_force
from core.errors import ExplorerError, RequestError, RunDamagedError, RunNotFoundError, WorkError
from core.models.weights import load_run_model
from core.run_record import STATUSES, RunRecord
from core.runs import (
    HISTORY_COLUMNS,
    Run,
    create_run,
    find_run,
    list_runs,
    read_history,
    read_index,
    read_json,
    read_predictions,
    read_run,
)

CONFIG = {"backbone": "resnet18.a1_in1k", "image_size": 128, "seed": 7}


def new_run(folder: Path, **config) -> Run:
    return create_run(folder, config=CONFIG | config, data=Path("scans"), preset="quick")


def renamed(run: Run, name: str) -> Run:
    return read_run(run.folder.rename(run.folder.with_name(name)))


def rewrite_record(run: Run, **changes) -> None:
    path = run.folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_new_run_is_queued_and_comes_back_as_it_was_written(tmp_path):
    run = create_run(
        tmp_path / "deep" / "runs", config=CONFIG, data=tmp_path / "x", preset="demo", phantoms={"count": 12, "seed": 0}
    )
    assert read_run(run.folder) == run
    assert (run.record.status, run.record.seed, run.record.preset) == ("queued", 7, "demo")
    assert run.record.data == str(tmp_path / "x")
    assert run.id == run.record.id == run.folder.name


def test_the_id_tells_the_backbone_in_letters_that_any_file_system_takes(tmp_path):
    run = new_run(tmp_path, backbone="hf/Ünet 18.tag")
    assert run.id[16:-5] == "hf-Ünet-18"


TEXT = st.text(max_size=8)
RECORD_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "positive": st.just("covid"),
        "classes": st.lists(TEXT).map(lambda names: ("covid", *names)),
        "split_sizes": st.dictionaries(TEXT, st.integers(0, 10**6)),
        "input_mean": st.floats(0, 1),
        "best_epoch": st.none() | st.integers(0, 1000),
        "error": TEXT,
        "versions": st.dictionaries(TEXT, TEXT),
    },
)


@given(changes=RECORD_CHANGES)
def test_whatever_is_updated_is_read_back(tmp_path_factory, changes):
    folder = tmp_path_factory.getbasetemp() / "round-trip"
    folder.mkdir(exist_ok=True)
    run = Run(
        folder, RunRecord("id", "queued", "2026-01-01T00:00:00+00:00", "quick", CONFIG, "/data", positive="covid")
    ).updated(**changes)
    assert read_run(folder) == run
    assert {name: getattr(run.record, name) for name in changes} == changes


def test_starts_in_the_same_second_get_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(16) as threads:
        runs = list(threads.map(lambda _: new_run(tmp_path / "runs"), range(64)))
    assert len({run.folder for run in runs}) == 64
    assert {run.id for run in list_runs(tmp_path / "runs")[0]} == {run.id for run in runs}


def test_a_runs_folder_that_is_a_file_is_said_in_one_line(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(WorkError, match=r"^cannot make the runs folder .*runs: .*; choose another with --runs$"):
        new_run(tmp_path / "runs")


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_a_folder_without_run_json_is_no_run(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunNotFoundError, match=r"found no run\.json there"):
        read_run(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\x00", b"[]", b"7", b"null", b"{}", b'{"schema": 1}', b"[" * 100_000],
    ids=["empty", "torn", "no text", "list", "number", "null", "no schema", "no fields", "deep"],
)
def test_a_run_json_that_is_none_is_said_in_one_line(tmp_path, content):
    run = new_run(tmp_path)
    (run.folder / "run.json").write_bytes(content)
    with pytest.raises(RunDamagedError, match=r"run\.json") as caught:
        read_run(run.folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("schema", [None, 0, 2, "1"])
def test_another_schema_is_refused_with_a_word_on_what_to_do(tmp_path, schema):
    run = new_run(tmp_path)
    rewrite_record(run, schema=schema)
    with pytest.raises(RunDamagedError, match=f"has schema {schema}, this version reads 1; use the version that wrote"):
        read_run(run.folder)


@pytest.mark.parametrize("field", [f.name for f in fields(RunRecord) if f.name != "schema"])
@pytest.mark.parametrize("value", [3.5j, [1], {"a": "b"}], ids=["number", "list", "object"])
def test_a_value_of_the_wrong_kind_is_said_in_one_line(tmp_path, field, value):
    if isinstance(value, dict) and field in ("config", "versions", "preset_config"):
        return
    if value == 3.5j:
        numbers = ("seed", "best_epoch", "input_mean", "input_std", "bare_images_per_second", "micro_batch")
        value = "many" if field in numbers else 3.5
    run = new_run(tmp_path)
    rewrite_record(run, **{field: value})
    with pytest.raises(RunDamagedError, match=rf"run\.json.*damaged \({field} is .*restore the file"):
        read_run(run.folder)


def test_a_status_nobody_knows_is_refused(tmp_path):
    run = new_run(tmp_path)
    rewrite_record(run, status="paused")
    with pytest.raises(RunDamagedError, match=r"status is 'paused'"):
        read_run(run.folder)


def test_a_positive_that_is_none_of_the_classes_is_damage(own_run):
    rewrite_record(own_run, positive="flu")
    with pytest.raises(RunDamagedError, match=r"run\.json.*\(positive is 'flu', none of the classes\); restore"):
        read_run(own_run.folder)


@pytest.mark.parametrize("name", ["backbone", "image_size"])
@pytest.mark.parametrize("value", [None, 7.5, ["resnet18"]])
def test_a_finished_run_that_does_not_tell_its_network_is_damaged(own_run, name, value):
    rewrite_record(own_run, config=dict(own_run.record.config) | {name: value})
    with pytest.raises(RunDamagedError, match=rf"run\.json.*\(config has {name} .*restore the file"):
        read_run(own_run.folder)


def test_fields_of_a_later_version_are_passed_over(tmp_path):
    run = new_run(tmp_path)
    rewrite_record(run, mood="good")
    assert read_run(run.folder) == run


def test_one_damaged_run_does_not_hide_the_others(tmp_path):
    first, second, third = (new_run(tmp_path) for _ in range(3))
    (second.folder / "run.json").write_text("{")
    (tmp_path / "a file").write_text("")
    (tmp_path / "no run").mkdir()
    runs, problems = list_runs(tmp_path)
    assert {run.id for run in runs} == {first.id, third.id}
    assert len(problems) == 1
    assert str(second.folder) in problems[0]


def test_runs_are_listed_newest_first(tmp_path):
    moments = ["2026-01-02T00:00:00+00:00", "2026-03-01T00:00:00+00:00", "2025-12-31T00:00:00+00:00"]
    for moment in moments:
        new_run(tmp_path).updated(created=moment)
    assert [run.record.created for run in list_runs(tmp_path)[0]] == sorted(moments, reverse=True)


def test_no_runs_folder_is_no_runs(tmp_path):
    assert list_runs(tmp_path / "gone") == ([], [])


def test_a_run_is_found_by_folder_id_and_the_beginning_of_its_id(tmp_path):
    run = renamed(new_run(tmp_path), "20260101-resnet-aaaa")
    renamed(new_run(tmp_path), "20260102-resnet-bbbb")
    for name in (str(run.folder), run.id, "20260101", "20260101-resnet-a"):
        assert find_run(name, tmp_path).folder == run.folder


def test_a_beginning_of_several_ids_is_refused(tmp_path):
    for end in ("aaaa", "bbbb"):
        renamed(new_run(tmp_path), f"20260101-resnet-{end}")
    with pytest.raises(RunNotFoundError, match="found 2 that begin so for '20260101'; `python -m core runs` lists"):
        find_run("20260101", tmp_path)


def test_a_whole_id_wins_over_longer_ones(tmp_path):
    run = renamed(new_run(tmp_path), "run-1")
    renamed(new_run(tmp_path), "run-12")
    assert find_run("run-1", tmp_path).folder == run.folder


@pytest.mark.parametrize(
    "name",
    ["", "*", "?", "[a-z]*", "**", "..", "../other/run-1", "x/../../other", "a\x00", "a" * 5000, "a/" * 3000, "b"],
    ids=lambda name: name[:20] or "empty",
)  # fmt: skip
def test_no_name_leads_out_of_the_runs_folder_or_stands_for_several(tmp_path, monkeypatch, name):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    renamed(new_run(tmp_path / "deep" / "runs"), "run-1")
    renamed(new_run(tmp_path / "deep" / "other"), "run-1")
    with pytest.raises(RunNotFoundError, match="expected a run's folder or its id under") as caught:
        find_run(name, tmp_path / "deep" / "runs")
    assert "\n" not in str(caught.value)


def read_point(run: Run) -> object:
    (run.folder / "operating_point.json").touch()  # without one the default is in force
    return point_in_force(run)


READERS = {
    "index.parquet": read_index,
    "predictions.parquet": read_predictions,
    "operating_point.json": read_point,
    "best.safetensors": load_run_model,
    "history.csv": read_history,
}


@pytest.mark.parametrize("content", [b"", b"PAR1 of no use", b"\xff\xfe\x00\x01" * 50], ids=["empty", "text", "bytes"])
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_of_a_run_is_named_in_one_line_that_says_what_to_do(own_run, name, content):
    (own_run.folder / name).write_bytes(content)
    with pytest.raises(RunDamagedError, match=name.replace(".", r"\.")) as caught:
        READERS[name](own_run)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith("expected ")
    assert any(advice in text for advice in ("restore the file", "save one again"))


@pytest.mark.parametrize("name", ["index.parquet", "predictions.parquet", "best.safetensors"])
def test_a_missing_file_of_a_run_is_called_missing(own_run, name):
    (own_run.folder / name).unlink()
    with pytest.raises(RunDamagedError, match=rf"{name}.* (it is|they are) missing; restore the file"):
        READERS[name](own_run)


def test_predictions_without_a_class_of_the_run_are_refused(own_run):
    path = own_run.folder / "predictions.parquet"
    pd.read_parquet(path).drop(columns="normal").to_parquet(path)
    with pytest.raises(RunDamagedError, match="lacks the column 'normal'; train again"):
        read_predictions(own_run)


def test_weights_of_another_network_are_refused(own_run):
    with pytest.raises(RunDamagedError, match="damaged or of another network"):
        load_run_model(own_run.updated(config=own_run.record.config | {"backbone": "test_vit"}))


def test_history_is_empty_before_the_first_epoch(tmp_path):
    assert read_history(new_run(tmp_path)).empty


def test_a_history_of_an_earlier_version_is_read_without_what_that_did_not_know(own_run):
    path = own_run.folder / "history.csv"
    pd.read_csv(path).drop(columns="val_fnr_at_fpr").to_csv(path, index=False)
    assert list(read_history(own_run).columns) == [name for name in HISTORY_COLUMNS if name != "val_fnr_at_fpr"]


@pytest.mark.parametrize("column", [name for name in HISTORY_COLUMNS if name != "val_fnr_at_fpr"])
@pytest.mark.parametrize("damage", ["gone", "text"])
def test_a_history_without_one_of_its_columns_is_damaged(own_run, column, damage):
    path = own_run.folder / "history.csv"
    table = pd.read_csv(path)
    (table.drop(columns=column) if damage == "gone" else table.assign(**{column: "much"})).to_csv(path, index=False)
    with pytest.raises(RunDamagedError, match=r"history\.csv.*it is damaged .*restore the file"):
        read_history(own_run)


@pytest.mark.parametrize("content", ["[]", "{", "7"])
def test_a_json_file_that_holds_no_object_is_damaged(tmp_path, content):
    run = new_run(tmp_path)
    (run.folder / "notes.json").write_text(content)
    with pytest.raises(RunDamagedError, match=r"notes\.json"):
        read_json(run, "notes.json")


def test_results_are_there_only_once_finished_and_written(own_run):
    assert own_run.has_results
    assert not own_run.updated(status="running").has_results
    (own_run.folder / "predictions.parquet").unlink()
    assert not own_run.updated(status="finished").has_results


def test_a_run_copied_elsewhere_opens_there(own_run, tmp_path):
    there = read_run(shutil.copytree(own_run.folder, tmp_path / "elsewhere" / "renamed"))
    assert there.id == "renamed"
    assert len(read_predictions(there)) == 48


@pytest.mark.parametrize("error", [RunDamagedError, RunNotFoundError])
def test_readers_raise_what_the_command_line_can_tell(error):
    assert issubclass(error, ExplorerError)
    assert issubclass(error, RequestError) == (error is RunNotFoundError)
