import json
import os
import resource
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file
from tiny_trainings import (
    TINY,
    call,
    ended,
    epochs_done,
    kill_group,
    only_run,
    says_one_line,
    started,
    train_arguments,
    wait_until,
    write_scans,
)

from core.data.decisions import Decision, decide
from core.errors import ConfigError, DatasetError, DivergedError, RequestError, WorkError
from core.models.weights import save_weights
from core.runs import Run, create_run, list_runs, read_history, read_index, read_predictions, read_run
from core.training.config import TrainingConfig
from core.training.execute import execute
from core.training.fit import HISTORY_COLUMNS
from core.training.jobs import current_status, is_claimed, progress_of, request_stop

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def new_run(runs: Path, data: Path, **settings) -> Run:
    return create_run(runs, config=TrainingConfig(**(TINY | settings)).to_json(), data=data, preset="quick")


def assert_same_outcome(run: Run, expected: Run) -> None:
    """Weights, predictions and history of two runs are equal to the last bit, all but the seconds taken."""
    weights, wanted = load_file(run.weights_path), load_file(expected.weights_path)
    assert weights.keys() == wanted.keys()
    assert all(torch.equal(weights[name], wanted[name]) for name in wanted)
    pd.testing.assert_frame_equal(read_predictions(run), read_predictions(expected))
    pd.testing.assert_frame_equal(
        read_history(run).drop(columns="seconds"), read_history(expected).drop(columns="seconds")
    )
    assert run.record.best_epoch == expected.record.best_epoch


def test_train_ends_with_one_json_object_last_on_standard_output(trained):
    assert trained.finished.stdout.count("\n") == 1
    facts = trained.finished.facts
    assert (facts["run"], facts["status"]) == (trained.run.id, "finished")
    assert facts["test"]["auc"]["value"] > 0.9
    assert facts["val"]["split"] == "val"


def test_progress_goes_to_standard_error_an_epoch_a_line(trained):
    lines = trained.finished.stderr.splitlines()
    assert lines[0] == f"run {trained.run.id}"
    told = [line for line in lines if line.startswith("epoch ")]
    assert len(told) == len(read_history(trained.run)) == TINY["epochs"]
    assert trained.run.log_path.read_text().splitlines() == told


def test_a_finished_run_leaves_the_files_it_should_and_no_others(trained):
    left = {path.name for path in trained.run.folder.iterdir()} - {".lock"}
    assert left == {
        "run.json",
        "status.json",
        "history.csv",
        "index.parquet",
        "best.safetensors",
        "predictions.parquet",
        "embeddings.npy",
        "log.txt",
    }


def test_the_record_says_what_was_done(trained):
    record = trained.run.record
    assert (record.status, record.error, record.preset, record.device) == ("finished", "", "quick", "cpu")
    assert (record.positive, record.classes, record.weights_from) == ("covid", ("covid", "normal"), "from scratch")
    assert record.config == TrainingConfig(**(TINY)).to_json() | {"seed": 0} | {
        name: value for name, value in record.config.items() if name not in TINY
    }
    assert record.split_sizes == {"train": 30, "val": 8, "test": 10}
    assert "seed 0" in record.split_how
    assert record.created <= record.started <= record.ended
    assert {"python", "torch", "timm"} <= set(record.versions)
    history = read_history(trained.run)
    assert record.best_epoch == history["val_loss"].idxmin() + 1
    assert tuple(history.columns) == HISTORY_COLUMNS
    assert progress_of(trained.run)["phase"] == "finished"


def test_predictions_embeddings_and_index_go_row_by_row(trained):
    predictions, index = read_predictions(trained.run), read_index(trained.run)
    embeddings = np.load(trained.run.folder / "embeddings.npy", allow_pickle=False)
    assert list(predictions.columns) == ["path", "label", "split", "group", "brightness", "covid", "normal"]
    for column in ("path", "label", "split", "group"):
        assert predictions[column].tolist() == index[column].tolist()
    np.testing.assert_allclose(predictions[["covid", "normal"]].sum(axis=1), 1, rtol=1e-6)
    assert embeddings.dtype == np.float16
    assert embeddings.shape[0] == len(predictions) == 48
    assert np.isfinite(embeddings).all()


def interrupt(*_arguments: object, **_options: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def killed(scans, tmp_path_factory) -> Run:
    """A run like `trained` whose process was killed in the middle of its training. Not to be changed."""
    runs = tmp_path_factory.mktemp("killed") / "runs"
    with started(train_arguments(scans, runs)) as process:
        wait_until(lambda: epochs_done(runs) >= 2, process)
        kill_group(process)
    return only_run(runs)


@pytest.fixture
def own_killed(killed: Run, tmp_path: Path) -> Run:
    """A copy of the killed run."""
    return read_run(shutil.copytree(killed.folder, tmp_path / "own" / killed.id))


def test_a_killed_run_is_readable_and_reported_as_failed(killed, capsys):
    assert killed.record.status == "running"
    assert 2 <= len(read_history(killed)) < TINY["epochs"]
    (row,) = call(["runs", "--runs", killed.folder.parent, "--json"], capsys).facts["runs"]
    assert row["status"] == "failed"
    assert row["error"].startswith("its process ended without a word")


def test_two_resume_a_killed_run_at_once_and_one_of_them_finishes_it_as_if_nothing_had_happened(
    own_killed, trained, capsys
):
    arguments = ["resume", own_killed.id, "--runs", str(own_killed.folder.parent), "--json"]
    with started(arguments) as process:
        wait_until(lambda: is_claimed(own_killed), process)
        os.killpg(process.pid, signal.SIGSTOP)  # so that it cannot be done before the other has tried
        second = call(arguments, capsys)
        os.killpg(process.pid, signal.SIGCONT)
        assert second.status == 2
        assert says_one_line(second.stderr)
        assert "already being worked on by another process" in second.stderr
        assert ended(process).facts["status"] == "finished"
    assert_same_outcome(read_run(own_killed.folder), trained.run)
    assert not own_killed.resume_path.exists()


def test_a_killed_run_that_was_then_stopped_can_still_be_resumed(own_killed, trained, capsys):
    runs = own_killed.folder.parent
    assert call(["stop", own_killed.folder, "--runs", runs, "--json"], capsys).facts["status"] == "stopped"
    assert call(["resume", own_killed.folder, "--runs", runs, "--json"], capsys).facts["status"] == "finished"
    assert_same_outcome(read_run(own_killed.folder), trained.run)


def test_a_stop_meant_for_a_process_that_died_does_not_stop_the_next(own_killed):
    (own_killed.folder / "stop.request").touch()
    assert execute(own_killed).record.status == "finished"


@pytest.mark.parametrize("status", ["failed", "stopped", "running"])
def test_a_stop_left_behind_by_an_ended_run_does_not_stop_the_next(own_killed, status):
    own_killed.updated(status=status)
    (own_killed.folder / "stop.request").touch()
    assert execute(own_killed).record.status == "finished"


def test_a_run_that_cannot_report_its_end_has_ended_all_the_same(own_killed):
    def fail(run: Run, *, phase: str, **facts: object) -> None:
        if phase == "failed":
            assert read_run(run.folder).record.status == "failed"  # the record first
            raise WorkError("the disk is full")

    own_killed.resume_path.write_bytes(b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.jobs.report", fail)
        assert "is damaged; delete the file" in failed(own_killed, WorkError)


def test_a_run_says_where_it_went_on_with_other_threads_than_it_began_with(own_killed):
    own_killed.updated(versions={**own_killed.record.versions, "threads": "99"})
    (note,) = execute(read_run(own_killed.folder)).record.notes
    assert note.startswith("Gone on with after epoch ")
    assert f"otherwise than before (threads 99, now {torch.get_num_threads()})" in note


def test_a_run_killed_in_its_first_epoch_keeps_the_arithmetic_that_was_timed(scans, tmp_path):
    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    run = new_run(tmp_path, scans, epochs=1, precision="auto")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.carry_out.fit", killed)
        with pytest.raises(KeyboardInterrupt):
            execute(run)
    timed = read_run(run.folder)
    other = "fp32" if timed.record.precision == "bf16" else "bf16"
    timed.updated(precision=other)
    assert execute(timed).record.precision == other


def test_what_a_kill_left_half_written_is_removed_by_the_next_start(own_killed):
    left = own_killed.folder / ".resume.pt.abcd1234.tmp"
    pages_own = own_killed.folder / ".operating_point.json.abcd1234.tmp"
    for path in (left, pages_own):
        path.write_bytes(b"half")
    execute(own_killed)
    assert not left.exists()
    assert pages_own.exists()


def test_progress_left_in_a_finished_run_is_removed(own_run):
    own_run.resume_path.write_bytes(b"of a process killed just after it had finished")
    with pytest.raises(RequestError, match="is finished already"):
        execute(own_run)
    assert not own_run.resume_path.exists()


def test_a_death_between_progress_and_best_weights_loses_nothing(scans, trained, tmp_path):
    run = new_run(tmp_path, scans)
    losses = read_history(trained.run)["val_loss"]
    better = next(row + 1 for row in range(1, len(losses)) if losses[row] < losses[:row].min())

    def save_or_die(tensors, path):
        if len(read_history(run)) == better - 1:
            assert torch.load(run.resume_path, weights_only=True)["best_epoch"] == better
            raise KeyboardInterrupt
        save_weights(tensors, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.reporting.save_weights", save_or_die)
        with pytest.raises(KeyboardInterrupt):
            execute(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.carry_out.fit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            execute(run)
    weights, progress = load_file(run.weights_path), torch.load(run.resume_path, weights_only=True)
    assert all(torch.equal(tensor, progress["network"][name]) for name, tensor in weights.items())
    assert_same_outcome(execute(run), trained.run)


@pytest.mark.parametrize(("change", "words"), [("other", "found it changed"), ("gone", "found it missing")])
def test_a_scan_that_changed_since_stops_a_resume_with_its_name(own_killed, scans, tmp_path, change, words):
    data = Path(shutil.copytree(scans, tmp_path / "data"))
    path = data / "normal" / "03.png"
    path.unlink()
    if change == "other":
        shutil.copy(data / "normal" / "04.png", path)
    text = failed(own_killed.updated(data=str(data)), DatasetError)
    assert text == (
        f"expected normal/03.png in {data} as it was when the run began, {words}; bring it back, or start a new run"
    )


def test_a_death_between_two_files_of_an_epoch_loses_no_row_of_the_history(own_killed, trained):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.carry_out._write_predictions", interrupt)  # all epochs are done then
        with pytest.raises(KeyboardInterrupt):
            execute(own_killed)
    rows = read_history(own_killed)
    rows[:-1].to_csv(own_killed.folder / "history.csv", index=False)
    execute(own_killed)
    assert len(read_history(own_killed)) == len(read_history(trained.run))


def test_a_stopped_run_goes_on_where_it_was(scans, trained, tmp_path):
    run = new_run(tmp_path / "runs", scans)

    def stop_after_three(phase: str, share: float, words: str) -> None:
        if phase == "epoch" and words.startswith("epoch 3:"):
            request_stop(run.updated(status="running"))
            time.sleep(0.3)  # it is looked for a few times a second

    stopped = execute(run, told=stop_after_three)
    assert stopped.record.status == read_run(run.folder).record.status == "stopped"
    assert 3 <= len(read_history(stopped)) < TINY["epochs"]
    assert not (run.folder / "stop.request").exists()
    assert_same_outcome(execute(stopped), trained.run)


def test_a_finished_run_is_not_trained_again(own_run):
    before = own_run.weights_path.read_bytes()
    with pytest.raises(RequestError, match="is finished already; start a new one to train again"):
        execute(own_run)
    with pytest.raises(RequestError, match="is finished already"):  # read before another process finished it
        execute(Run(own_run.folder, own_run.updated(status="stopped").updated(status="finished").record))
    assert own_run.weights_path.read_bytes() == before


def test_who_waited_for_a_run_that_was_finished_meanwhile_leaves_it_alone(own_run):
    read_earlier = own_run.updated(status="failed")
    own_run.updated(status="finished")
    with pytest.raises(RequestError, match="is finished already"):
        execute(read_earlier)


def test_two_trainings_at_once_take_turns_and_both_finish(scans, tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    arguments = train_arguments(scans, runs, epochs=3)
    most_running = 0
    with started(arguments) as first, started(arguments) as second:
        with FileLock(runs / ".device.lock"):  # as if a third were training
            wait_until(lambda: [progress_of(run).get("phase") for run in list_runs(runs)[0]] == ["waiting"] * 2, first)
        while first.poll() is None or second.poll() is None:
            most_running = max(most_running, sum(run.record.status == "running" for run in list_runs(runs)[0]))
        assert {ended(process).facts["status"] for process in (first, second)} == {"finished"}
    assert most_running == 1
    assert_same_outcome(*list_runs(runs)[0])


def test_a_queued_training_can_be_stopped_and_the_one_at_work_as_well(scans, tmp_path, capsys):
    runs = tmp_path / "runs"
    with started(train_arguments(scans, runs, epochs=1000, patience=1000)) as process:
        wait_until(lambda: epochs_done(runs) >= 1, process)
        at_work = only_run(runs)
        with started(train_arguments(scans, runs)) as other:
            wait_until(lambda: any(run.id != at_work.id and is_claimed(run) for run in list_runs(runs)[0]), other)
            (queued,) = (run for run in list_runs(runs)[0] if run.id != at_work.id)
            wait_until(lambda: progress_of(queued).get("phase") == "waiting", other)
            assert current_status(queued) == ("queued", "")
            assert call(["stop", queued.id, "--runs", runs, "--json"], capsys).facts["asked"]
            assert ended(other).facts == {
                "run": queued.id,
                "status": "stopped",
                "folder": str(queued.folder),
                "best_epoch": None,
            }
        assert process.poll() is None
        assert call(["stop", at_work.id, "--runs", runs], capsys).status == 0
        finished = ended(process)
    assert (finished.status, finished.facts["status"]) == (0, "stopped")
    assert read_run(at_work.folder).resume_path.exists()


def failed(run: Run, error: type[Exception]) -> str:
    """Execute a run that must fail so; the text, which is one line and stands in the record too."""
    with pytest.raises(error) as caught:
        execute(run)
    record = read_run(run.folder).record
    assert (record.status, record.error) == ("failed", str(caught.value))
    assert "\n" not in record.error
    return record.error


def test_a_batch_larger_than_the_training_split_is_told(scans, tmp_path):
    text = failed(new_run(tmp_path, scans, batch_size=31), ConfigError)
    assert text == ("expected batch_size at most 30, the scans in the training split, found 31; choose a smaller one")


def test_a_training_that_diverges_is_written_down_as_failed(scans, tmp_path):
    run = new_run(tmp_path, scans, learning_rate=1e6, optimizer="sgd", warmup_epochs=0)
    assert "train again with a lower one" in failed(run, DivergedError)


def test_a_positive_class_that_is_none_is_told(scans, tmp_path):
    text = failed(new_run(tmp_path, scans, positive="flu"), ConfigError)
    assert text == "expected positive to be one of covid, normal, found 'flu'; set positive=..."


def test_the_positive_class_can_be_chosen(scans, tmp_path):
    run = execute(new_run(tmp_path, scans, positive="normal", epochs=1))
    assert run.record.positive == "normal"


def test_damaged_progress_is_told_and_can_be_thrown_away(own_killed, trained):
    own_killed.resume_path.write_bytes(own_killed.resume_path.read_bytes()[:1000])
    text = failed(own_killed, WorkError)
    assert text.endswith("but it is damaged; delete the file to train it from the beginning")
    own_killed.resume_path.unlink()
    assert_same_outcome(execute(own_killed), trained.run)


def test_a_damaged_index_of_a_run_is_told(own_killed):
    (own_killed.folder / "index.parquet").write_bytes(b"PAR1")
    assert "index.parquet" in failed(own_killed, WorkError)


def test_scans_that_are_gone_since_are_told(own_killed, tmp_path):
    moved = own_killed.updated(data=str(tmp_path / "moved"))
    failed(moved, DatasetError)


@contextmanager
def largest_file(bytes_: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_from_the_start_fails_the_run_in_one_line(scans, trained, tmp_path):
    run = new_run(tmp_path, scans)
    with largest_file(trained.run.weights_path.stat().st_size - 1000):
        text = failed(run, WorkError)
    assert text.startswith(f"cannot write {run.resume_path}: ")
    assert not list(run.folder.glob(".*.tmp"))


def test_a_disk_that_fills_up_later_keeps_what_was_finished(own_killed, trained):
    before = own_killed.resume_path.read_bytes()
    with largest_file(len(before) - 1000):
        assert failed(own_killed, WorkError).startswith(f"cannot write {own_killed.resume_path}: ")
    assert own_killed.resume_path.read_bytes() == before
    assert not list(own_killed.folder.glob(".*.tmp"))
    assert_same_outcome(execute(own_killed), trained.run)


def test_a_run_stopped_by_the_keyboard_while_it_waits_is_stopped(scans, tmp_path):
    run = new_run(tmp_path, scans)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.training.queue.waiting_before", interrupt)
        with pytest.raises(KeyboardInterrupt):
            execute(run)
    assert read_run(run.folder).record.status == "stopped"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 20.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_out_of_memory_says_what_to_do(scans, tmp_path, monkeypatch, error):
    def fit(*_arguments, **_options):
        raise error

    monkeypatch.setattr("core.training.carry_out.fit", fit)
    text = failed(new_run(tmp_path, scans), WorkError)
    assert text == "out of memory; train again with a smaller batch_size or image_size"


def test_phantoms_are_made_where_they_are_not_there_yet(tmp_path):
    config = TrainingConfig(**(TINY | {"epochs": 1, "batch_size": 4})).to_json()
    run = create_run(tmp_path / "runs", config=config, data=tmp_path / "p", phantoms={"count": 60, "seed": 0})
    run = execute(run)
    assert run.record.status == "finished"
    assert run.record.positive == "lesion"
    assert run.record.group_source == "patient"


def test_what_groups_and_splits_were_made_of_is_kept_with_the_run(tmp_path):
    data = write_scans(tmp_path / "scans")
    decide(data, Decision("odd-scan", "exclude", "covid/00.png is blank", paths=("covid/00.png",)))
    decide(data, Decision("grouping", "group", "grouped by blocks of 4", group_by="blocks:4"))
    run = execute(new_run(tmp_path / "runs", data, epochs=1, split_by="fold:2/3"))
    assert run.record.group_by == "blocks:4"
    assert run.record.group_source == "blocks"
    assert run.record.decisions == ("covid/00.png is blank", "grouped by blocks of 4")
    assert run.record.split_how.startswith("Fold 2 of 3 by class and group is test, no group in two parts")
    assert read_run(run.folder).record == run.record
    table = read_index(run)
    assert "covid/00.png" not in set(table["path"])
    assert (table.groupby("group")["split"].nunique() == 1).all()
    other = execute(new_run(tmp_path / "runs", data, epochs=1, group_by="scan", split_by="slice"))
    assert (other.record.group_by, other.record.group_source) == ("scan", "scan")
    assert "figures will be too good" in other.record.split_how


def test_three_classes_are_trained_and_scored(tmp_path):
    data = write_scans(tmp_path / "three", classes=("covid", "flu", "normal"), per_class=16)
    run = execute(new_run(tmp_path / "runs", data, epochs=2))
    probabilities = read_predictions(run)[list(run.record.classes)]
    assert run.record.classes == ("covid", "flu", "normal")
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_classes_too_rare_to_be_split_can_be_trained_on_once_joined(tmp_path):
    data = write_scans(tmp_path / "three", classes=("covid", "flu", "normal"), per_class=16)
    for path in sorted((data / "flu").iterdir())[3:]:
        path.unlink()
    assert "found 3 of 'flu'" in failed(new_run(tmp_path / "runs", data), DatasetError)
    run = execute(new_run(tmp_path / "runs", data, epochs=1, join="sick=covid+flu", positive="sick"))
    assert run.record.classes == ("normal", "sick")
    assert read_index(run)["class_in_data"].value_counts().to_dict() == {"covid": 16, "normal": 16, "flu": 3}


@pytest.mark.parametrize(
    ("join", "words"),
    [
        ("label=covid", "expected class names other than the columns of the results, found 'label'"),
        ("all=covid+normal", "found 'all' alone once joined"),
        ("sick=flu", "expected join to name classes among covid, normal, found 'flu'"),
    ],
)
def test_classes_joined_to_what_cannot_be_trained_on_are_told(scans, tmp_path, join, words):
    assert words in failed(new_run(tmp_path, scans, join=join), RequestError)


def test_weights_of_another_run_start_a_training(scans, trained, tmp_path):
    run = execute(new_run(tmp_path, scans, init=str(trained.run.folder), epochs=1, learning_rate=1e-12))
    assert run.record.weights_from.startswith(f"run {trained.run.id}: ")


def test_a_status_is_always_whole_while_training(scans, tmp_path):
    seen = []
    run = new_run(tmp_path, scans, epochs=2)

    def look(phase: str, share: float, words: str) -> None:
        seen.append((phase, json.loads((run.folder / "status.json").read_text())))
        assert 0 <= share <= 1

    execute(run, told=look)
    training = [status for phase, status in seen if phase == "training"]
    assert {"epoch", "epochs", "step", "steps", "images_per_second", "seconds_left", "pid", "heartbeat"} <= set(
        training[-1]
    )
    assert training[0]["images_per_second"] is None  # after a single step nobody knows, which is not the same as 0
    assert training[0]["seconds_left"] is None
