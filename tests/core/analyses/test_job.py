"""Analyses in the background: one worker at a time, nothing half, nothing outdated, every end said."""

import errno
import json
import os
import shutil
import signal
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tiny_trainings import call, wait_until

from core.analyses import job, kinds
from core.analyses.kinds import Kind, Progress
from core.analyses.working import AnalysisStoppedError, carry_out
from core.errors import RequestError, RunNotFoundError, WorkError
from core.runs import Run, read_run

LONG = {
    "methods": "gradcam,hirescam,layercam,gradcam++,xgradcam",
    "per_cell": "50",
    "layer": "layer1",
    "split": "train",
}


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., None]], str]:
    """Puts a function in the place of a kind's work; gives back the kind."""

    def put(work: Callable[[Run, Path, Mapping[str, str], Progress], None]) -> str:
        module = types.ModuleType("made_up_work")
        module.work = work  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "made_up_work", module)
        monkeypatch.setitem(kinds.KINDS, "heat", Kind("something", "made_up_work"))
        return "heat"

    return put


def writes(text: str) -> Callable[[Run, Path, Mapping[str, str], Progress], None]:
    def work(_run: Run, folder: Path, _options: Mapping[str, str], progress: Progress) -> None:
        progress(0, 1)
        (folder / "result.txt").write_text(text)
        progress(1, 1)

    return work


def test_a_result_holds_until_the_predictions_are_others(own_run: Run, made_up) -> None:
    kind = made_up(writes("first"))
    assert job.state_of(own_run, kind).status == "none"
    assert carry_out(own_run, kind).status == "finished"
    assert job.finished_folder(own_run, kind) == own_run.folder / "analyses" / kind
    (own_run.folder / "predictions.parquet").write_bytes(b"others")
    found = job.state_of(own_run, kind)
    assert (found.status, found.says) == ("none", job.OUTDATED)
    assert job.finished_folder(own_run, kind) is None


def test_a_copied_run_keeps_its_results(own_run: Run, made_up, tmp_path: Path) -> None:
    kind = made_up(writes("first"))
    carry_out(own_run, kind)
    shutil.copytree(own_run.folder, tmp_path / "elsewhere", copy_function=shutil.copy)
    assert job.state_of(read_run(tmp_path / "elsewhere"), kind).status == "finished"


def test_other_options_are_another_result_and_empty_ones_are_none(own_run: Run, made_up) -> None:
    kind = made_up(writes("first"))
    carry_out(own_run, kind, {"a": "1", "b": ""})
    assert job.state_of(own_run, kind, {"a": "1"}).status == "finished"
    assert job.state_of(own_run, kind, {"a": "2"}).status == "none"
    assert job.state_of(own_run, kind).status == "none"


def test_what_is_finished_is_not_made_again_unless_asked(own_run: Run, made_up) -> None:
    kind = made_up(writes("first"))
    carry_out(own_run, kind)
    made_up(writes("second"))
    result = carry_out(own_run, kind).folder / "result.txt"
    assert result.read_text() == "first"
    carry_out(own_run, kind, again=True)
    assert result.read_text() == "second"


def test_a_second_worker_is_refused_while_the_first_works(own_run: Run, made_up) -> None:
    def work(run: Run, _folder: Path, _options: Mapping[str, str], progress: Progress) -> None:
        progress(0, 2)
        assert job.state_of(run, "heat").status == "running"
        with pytest.raises(RequestError, match="another process works"):
            carry_out(run, "heat")
        progress(1, 2)

    assert carry_out(own_run, made_up(work)).status == "finished"


def test_a_stop_is_heard_at_the_next_step_and_leaves_no_result(own_run: Run, made_up) -> None:
    def work(run: Run, folder: Path, _options: Mapping[str, str], progress: Progress) -> None:
        (folder / "half.txt").write_text("half")
        job.stop(run, "heat")
        progress(2, 2)

    kind = made_up(work)
    with pytest.raises(AnalysisStoppedError):
        carry_out(own_run, kind)
    assert job.state_of(own_run, kind).status == "stopped"
    assert job.finished_folder(own_run, kind) is None
    made_up(writes("whole"))
    assert carry_out(own_run, kind).status == "finished"
    assert not (own_run.folder / "analyses" / kind / "half.txt").exists()


def test_a_full_disk_is_said(own_run: Run, made_up) -> None:
    def work(_run: Run, folder: Path, _options: Mapping[str, str], _progress: Progress) -> None:
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise WorkError(f"cannot write {folder}: no space") from error

    kind = made_up(work)
    with pytest.raises(WorkError):
        carry_out(own_run, kind)
    found = job.state_of(own_run, kind)
    assert found.status == "failed"
    assert found.says.startswith("the disk is full: cannot write")


def test_a_disk_too_full_for_last_words_is_a_death(own_run: Run, made_up, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise WorkError("cannot write status.json: no space")

    def work(_run: Run, _folder: Path, _options: Mapping[str, str], _progress: Progress) -> None:
        monkeypatch.setattr("core.analyses.working.write_json", full)
        raise WorkError("no space")

    kind = made_up(work)
    with pytest.raises(WorkError):
        carry_out(own_run, kind)
    assert job.state_of(own_run, kind).status == "died"


def test_what_nobody_foresaw_is_said_in_a_line_and_kept_in_the_log(own_run: Run, made_up) -> None:
    def work(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    kind = made_up(work)
    with pytest.raises(ZeroDivisionError):
        carry_out(own_run, kind)
    found = job.state_of(own_run, kind)
    assert found.says == "unexpected ZeroDivisionError: by nothing; more is in its log.txt"
    assert "Traceback" in found.log_path.read_text()


def test_a_run_deleted_meanwhile_stays_deleted(own_run: Run, made_up) -> None:
    def work(run: Run, _folder: Path, _options: Mapping[str, str], progress: Progress) -> None:
        shutil.rmtree(run.folder)
        progress(1, 1)

    with pytest.raises(WorkError, match="deleted meanwhile"):
        carry_out(own_run, made_up(work))
    assert not own_run.folder.exists()
    assert job.state_of(own_run, "heat").status == "none"
    with pytest.raises(RunNotFoundError):
        job.start(own_run, "heat")
    assert not own_run.folder.exists()


def test_unknown_kinds_and_runs_without_results_are_refused(own_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RequestError, match="kind of analysis among heat"):
        job.state_of(own_run, "magic")
    finished = call(["analyse", own_run.folder, "magic"], capsys)
    assert (finished.status, finished.stderr.count("\n")) == (2, 1)
    finished = call(["analyse", own_run.folder, "faithfulness", "--set", "colour"], capsys)
    assert "--set KEY=VALUE" in finished.stderr
    (own_run.folder / "predictions.parquet").unlink()
    with pytest.raises(RequestError, match="expected a finished run"):
        job.start(own_run, "heat")


@pytest.mark.parametrize("content", ["", "[1]", '{"status": 3}', '{"status": "finished"}', '{"done": "x", "of": -1}'])
def test_a_damaged_status_is_no_result(own_run: Run, content: str) -> None:
    folder = own_run.folder / "analyses" / "heat"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(content)
    assert job.state_of(own_run, "heat").status == "none"


def test_two_starts_are_one_worker_and_a_kill_is_told(own_run: Run) -> None:
    first, second = (job.start(own_run, "faithfulness", LONG) for _ in range(2))
    assert (first.status, second.status) == ("running", "running")
    folder = first.folder
    wait_until(lambda: job.state_of(own_run, "faithfulness", LONG).done > 0)
    pid = json.loads((folder / "status.json").read_text())["pid"]
    assert pid == json.loads((folder / "worker.json").read_text())["pid"]
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: job.state_of(own_run, "faithfulness", LONG).status != "running")
    assert job.state_of(own_run, "faithfulness", LONG).status == "died"
    assert sorted(path.name for path in folder.glob("*.parquet")) == []


def test_a_stop_from_elsewhere_ends_the_process(own_run: Run) -> None:
    job.start(own_run, "faithfulness", LONG)
    wait_until(lambda: job.state_of(own_run, "faithfulness", LONG).done > 0)
    job.stop(own_run, "faithfulness", LONG)
    wait_until(lambda: job.state_of(own_run, "faithfulness", LONG).status != "running")
    assert job.state_of(own_run, "faithfulness", LONG).status == "stopped"
