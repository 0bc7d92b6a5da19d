import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_trainings import ROOT, TINY, Finished, call, says_one_line, train_arguments, write_scans

from core.commands import evaluation, trainings
from core.decided import point_in_force
from core.errors import WorkError
from core.narration import Narrator
from core.parser import build_parser
from core.runs import Run, list_runs, read_run

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
COMMANDS = [
    "demo",
    "phantoms",
    "fetch",
    "index",
    "audit",
    "decide",
    "train",
    "resume",
    "stop",
    "sweep",
    "runs",
    "queue",
    "evaluate",
    "calibrate",
    "threshold",
    "predict",
    "explain",
    "faithful",
    "analyse",
    "notes",
    "relabel",
    "study",
    "sheet",
    "similar",
    "worklist",
    "doubts",
]
FIGURES = {
    *(
        "split",
        "threshold",
        "n",
        "positives",
        "accuracy",
        "auc",
        "fnr",
        "fpr",
        "precision",
        "recall",
        "f1",
        "confusion",
    ),
}


@pytest.fixture
def answer(own_run, capsys):
    """What a command says about `own_run`, which it finds by its id."""

    def ask(command: str, *arguments: object) -> Finished:
        return call([command, own_run.id, *arguments, "--runs", own_run.folder.parent, "--json"], capsys)

    return ask


def refused(finished: Finished, *, status: int = 2) -> str:
    """The one line of a refused command."""
    assert finished.status == status
    assert says_one_line(finished.stderr), finished.stderr
    assert finished.stdout == ""
    return finished.stderr.removeprefix("error: ").strip()


def test_the_commands_are_those_there_should_be():
    (subcommands,) = (action for action in build_parser()._actions if action.choices and "train" in action.choices)
    assert list(subcommands.choices) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(command, capsys):
    finished = call([command, "--help"], capsys)
    assert finished.status == 0
    assert "--json" in finished.stdout
    assert "--runs" in finished.stdout


def test_python_m_core_is_the_command_line():
    done = subprocess.run([sys.executable, "-m", "core", "runs", "--colour"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: unrecognized arguments: --colour; see python -m core --help\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["train"], "the following arguments are required: "),
        (["train", "DATA", "--speed", "3"], "unrecognized arguments: --speed 3"),
        (["train", "DATA", "--preset", "better"], "expected a preset among quick, best, transfer, keras-notebook, "),
        (["train", "DATA", "--set", "speed=3"], "expected the name of a setting, found 'speed'; did you mean seed?"),
        (["train", "DATA", "--set", "epochs"], "expected key=value, found 'epochs'"),
        (["train", "DATA", "--set", "epochs=soon"], "expected epochs to be a whole number, found 'soon'"),
        (["train", "DATA", "--set", "epochs=0"], "expected epochs between 1 and 1000, found 0"),
        (["train", "DATA", "--set", "learning_rate=nan"], "expected learning_rate to be a finite number, found nan"),
        (["train", "DATA", "--set", "learning_rate=inf"], "expected learning_rate to be a finite number, found inf"),
        (["train", "gone"], "expected a dataset's folder, found nothing at gone"),
        (["train", "DATA/covid/00.png"], "expected a dataset's folder, found a file at "),
        (["index", "gone"], "gone"),
        (["resume", "none"], "found none for 'none'; `python -m core runs` lists the runs there are"),
        (["stop", "../none"], "found none for '../none'"),
        (["evaluate", "none"], "found none for 'none'"),
        (["evaluate", "x" * 5000], "found none for 'xxx"),
        (["threshold", "none"], "expected a rule to choose by (--max-fnr, "),
        (["explain", "none", "scan"], "required: --out"),
        (["predict", "none"], "required: SCAN"),
        (["demo", "none"], "found none for 'none'"),
        (["phantoms", "new", "--count", "3"], "at least 10 phantoms, found 3"),
        (["phantoms", "new", "--count", "some"], "invalid int value: 'some'"),
        (["phantoms", "DATA", "--count", "12"], "DATA"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_wrong_request_exits_with_2_in_one_line_and_makes_no_run(
    arguments, words, scans, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    runs = [] if not arguments or arguments == ["dance"] else ["--runs", "runs"]
    given = [argument.replace("DATA", str(scans)) for argument in arguments]
    line = refused(call([*given, *runs], capsys))
    assert words.replace("DATA", str(scans)) in line
    assert list_runs(tmp_path / "runs") == ([], [])


def nothing(folder: Path) -> None:
    folder.mkdir()


def one_class(folder: Path) -> None:
    write_scans(folder, classes=("covid",))


def two_scans(folder: Path) -> None:
    write_scans(folder, per_class=1)


def no_images(folder: Path) -> None:
    for path in write_scans(folder).glob("*/*.png"):
        path.write_bytes(b"no image")


def no_label_column(folder: Path) -> None:
    write_scans(folder)
    (folder / "index.csv").write_text("path,diagnosis\ncovid/00.png,covid\n")


def unknown_paths(folder: Path) -> None:
    write_scans(folder)
    (folder / "index.csv").write_text("path,label\n" + "".join(f"gone/{n}.png,a\ngone/b{n}.png,b\n" for n in range(9)))


def conflicting_labels(folder: Path) -> None:
    write_scans(folder, per_class=8)
    for path in (folder / "covid").glob("*.png"):
        shutil.copy(path, folder / "normal" / path.name)


DATASETS = [nothing, one_class, two_scans, no_images, no_label_column, unknown_paths, conflicting_labels]


@pytest.mark.parametrize("made", DATASETS, ids=lambda made: made.__name__)
def test_a_dataset_that_cannot_be_trained_on_exits_with_2_and_the_run_says_why(made, tmp_path, capsys):
    made(tmp_path / "data")
    finished = call(train_arguments(tmp_path / "data", tmp_path / "runs"), capsys)
    assert (finished.status, finished.stdout) == (2, "")
    line = finished.stderr.splitlines()[-1].removeprefix("error: ")
    assert finished.stderr.count("error: ") == 1
    assert "Traceback" not in finished.stderr
    (run,), problems = list_runs(tmp_path / "runs")
    assert problems == []
    assert (run.record.status, " ".join(run.record.error.split())) == ("failed", line)


def test_scans_with_problems_are_left_out_and_the_rest_is_trained_on(tmp_path, capsys):
    data = write_scans(tmp_path / "data")
    (data / "covid" / "00.png").write_bytes(b"no image")
    torn = data / "normal" / "01.png"
    torn.write_bytes(torn.read_bytes()[:-300])
    shutil.copy(data / "covid" / "02.png", data / "normal" / "copy.png")
    facts = call(["index", data, "--json"], capsys).facts
    assert (facts["scans"], facts["usable"], len(facts["problems"])) == (49, 45, 4)
    finished = call(train_arguments(data, tmp_path / "runs", epochs=1), capsys)
    assert finished.facts["status"] == "finished"


@pytest.mark.parametrize(
    ("settings", "status", "words"),
    [
        ({"batch_size": 31}, 2, "expected batch_size at most 30, the scans in the training split, found 31"),
        ({"learning_rate": 1e6, "optimizer": "sgd", "warmup_epochs": 0}, 1, "train again with a lower one"),
        ({"backbone": "resnet1000"}, 2, "expected a timm image classifier as backbone, found 'resnet1000'"),
        ({"optimizer": "fastest"}, 2, "expected a timm optimizer, found 'fastest'"),
        ({"init": "imagenet"}, 1, "expected --init to be hub, scratch, a weights file or a run, found 'imagenet'"),
        ({"positive": "flu"}, 2, "expected positive to be one of covid, normal, found 'flu'"),
    ],
    ids=["batch", "diverged", "backbone", "optimizer", "init", "positive"],
)
def test_a_training_that_cannot_go_on_ends_with_one_error_line(settings, status, words, scans, tmp_path, capsys):
    finished = call(train_arguments(scans, tmp_path / "runs", **settings), capsys)
    assert (finished.status, finished.stdout) == (status, "")
    assert finished.stderr.count("error: ") == 1
    line = finished.stderr.splitlines()[-1]
    assert line.startswith("error: ")
    assert words in line
    (run,), _ = list_runs(tmp_path / "runs")
    assert (run.record.status, "error: " + run.record.error) == ("failed", line)


def test_init_is_a_setting_like_another(scans, tmp_path, capsys):
    arguments = [*train_arguments(scans, tmp_path / "runs"), "--init", "nowhere"]
    assert "found 'nowhere'" in call(arguments, capsys).stderr
    assert list_runs(tmp_path / "runs")[0][0].record.config["init"] == "nowhere"


def test_failed_work_exits_with_1_in_one_line(monkeypatch, capsys):
    def fail(_folder: Path) -> None:
        raise WorkError("the disk\nis full")

    monkeypatch.setattr(trainings, "runs", fail)
    assert refused(call(["runs"], capsys), status=1) == "the disk is full"


def test_what_the_system_refuses_exits_with_1_in_one_line(monkeypatch, capsys):
    def fail(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(trainings, "runs", fail)
    line = refused(call(["runs"], capsys), status=1)
    assert line == "the system refused /somewhere: Permission denied; look at its rights and space"


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_mistake_of_our_own_is_one_line_and_its_traceback_is_in_the_log(answer, own_run, monkeypatch, debug):
    def fail(*_arguments: object, **_options: object) -> None:
        raise ValueError("a number\ntoo many")

    monkeypatch.setenv("CT_EXPLORER_DEBUG", debug)
    monkeypatch.setattr(evaluation, "evaluate", fail)
    finished = answer("evaluate")
    assert finished.stderr.splitlines()[-1] == "error: unexpected ValueError: a number; please report it"
    assert finished.status == 1
    assert ("Traceback" in finished.stderr) == bool(debug)
    assert "Traceback" in own_run.log_path.read_text()


def test_first_weights_from_a_file_are_found_from_wherever_the_run_is_resumed(scans, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.pt").touch()
    for init, kept in (("first.pt", str(tmp_path / "first.pt")), ("scratch", "scratch"), ("a-run", "a-run")):
        run = trainings.new_run(scans, preset="quick", settings={"init": init}, runs_folder=tmp_path / "runs")
        assert run.record.config["init"] == kept


def test_the_keyboard_stops_in_one_line(monkeypatch, capsys):
    def interrupt(_folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(trainings, "runs", interrupt)
    assert refused(call(["runs"], capsys), status=1) == "stopped by the keyboard"


def test_index_tells_what_is_there(scans, capsys):
    facts = call(["index", scans, "--json"], capsys).facts
    assert {"scans", "usable", "classes", "groups", "problems"} <= set(facts)
    assert (facts["scans"], facts["classes"]) == (48, {"covid": 24, "normal": 24})


def test_phantoms_are_written_with_their_masks(tmp_path, capsys):
    facts = call(["phantoms", tmp_path / "p", "--count", "12", "--seed", "3", "--json"], capsys).facts
    assert {"folder": str(tmp_path / "p"), "scans": 12, "seed": 3}.items() <= facts.items()
    index = pd.read_csv(tmp_path / "p" / "index.csv")
    assert len(index) == 12
    for row in index.itertuples():
        assert (tmp_path / "p" / row.path).is_file()
        assert isinstance(row.mask, str) == (row.label == "lesion")


def test_runs_lists_what_there_is_and_what_is_damaged(own_run, capsys):
    other = own_run.folder.parent / "damaged"
    other.mkdir()
    (other / "run.json").write_text("{")
    facts = call(["runs", "--runs", own_run.folder.parent, "--json"], capsys).facts
    assert [row["run"] for row in facts["runs"]] == [own_run.id]
    assert (facts["runs"][0]["status"], facts["runs"][0]["backbone"]) == ("finished", TINY["backbone"])
    assert len(facts["problems"]) == 1


def test_no_runs_is_an_answer_too(tmp_path, capsys):
    assert call(["runs", "--runs", tmp_path / "none", "--json"], capsys).facts == {"runs": [], "problems": []}


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_evaluate_gives_every_figure_with_its_interval(answer, own_run, split):
    facts = answer("evaluate", "--split", split).facts
    assert FIGURES | {"run", "torn_groups"} <= set(facts)
    assert (facts["run"], facts["split"], facts["n"]) == (own_run.id, split, own_run.record.split_sizes[split])
    for name in ("accuracy", "auc", "fnr", "fpr", "precision", "recall", "f1"):
        assert set(facts[name]) == {"value", "low", "high"}
        assert facts[name]["low"] <= facts[name]["value"] <= facts[name]["high"]
    matrix = np.array(facts["confusion"]["matrix"])
    assert matrix.sum() == facts["n"]
    assert facts["confusion"]["classes"] == ["covid", "normal"]


def test_evaluate_takes_another_threshold(answer):
    facts = answer("evaluate", "--threshold", "0").facts
    assert (facts["threshold"], facts["fnr"]["value"], facts["fpr"]["value"]) == (0, 0, 1)


def test_evaluate_on_another_dataset_keeps_the_threshold(answer, tmp_path):
    chosen = answer("threshold", "--max-fnr", "0.3", "--save").facts["threshold"]
    other = write_scans(tmp_path / "other", per_class=7, classes=("COVID", "Normal"))
    facts = answer("evaluate", "--data", other).facts
    assert FIGURES | {"run", "data"} <= set(facts)
    assert (facts["threshold"], facts["n"], facts["split"]) == (chosen, 14, "all")


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("evaluate", ["--threshold", "2"], "expected a threshold between 0 and 1, found 2.0"),
        ("evaluate", ["--threshold", "nan"], "expected a threshold between 0 and 1, found nan"),
        ("evaluate", ["--threshold", "high"], "invalid float value: 'high'"),
        ("evaluate", ["--split", "all"], "invalid choice: 'all'"),
        ("evaluate", ["--data", "gone"], "gone"),
        ("threshold", ["--max-fnr", "1.5"], "max_fnr must lie in [0, 1), found 1.5"),
        ("threshold", ["--max-fnr", "-0.1"], "max_fnr must lie in [0, 1), found -0.1"),
        ("threshold", ["--max-fnr", "nan"], "max_fnr must lie in [0, 1), found nan"),
        ("threshold", ["--max-fnr", "0.1", "--confidence", "2"], "confidence"),
        (
            "threshold",
            ["--max-fnr", "0.1", "--confidence", "0.95"],
            "4 positives in val, on which one of 24 networks was chosen",
        ),
        ("explain", ["gone.png", "--out", "maps"], "found neither at 'gone.png'"),
        ("explain", ["covid/00.png", "--out", "maps", "--method", "magic"], "expected a method among gradcam, "),
        ("explain", ["covid/00.png", "--out", "maps", "--target", "flu"], "expected a class among covid, normal, "),
        ("predict", ["covid/00.png", "--out", "table.xlsx"], "expected --out to end in .csv or .parquet, found"),
        ("stop", [], "expected a queued or running run to stop, found "),
        ("resume", [], "is finished already; start a new one to train again"),
    ],
)
def test_a_wrong_question_about_a_run_exits_with_2_in_one_line(
    answer, tmp_path, monkeypatch, command, arguments, words
):
    monkeypatch.chdir(tmp_path)
    assert words in refused(answer(command, *arguments))


@pytest.mark.parametrize("command", [["evaluate"], ["threshold", "--max-fnr", "0.1"], ["predict", "covid/00.png"]])
@pytest.mark.parametrize("status", ["queued", "running", "failed", "stopped"])
def test_a_run_that_is_not_finished_has_nothing_to_say(answer, own_run, command, status):
    own_run.updated(status=status)
    line = refused(answer(command[0], *command[1:]))
    assert line == f"expected a finished run, found {own_run.id} {status}; finish it with resume first"


def test_a_split_that_the_dataset_does_not_give_is_told(tmp_path, capsys):
    data = write_scans(tmp_path / "data", per_class=12)
    rows = [f"{path.relative_to(data)},{path.parent.name},{'val' if path.stem < '04' else 'train'}"
            for path in sorted(data.glob("*/*.png"))]  # fmt: skip
    (data / "index.csv").write_text("path,label,split\n" + "\n".join(rows) + "\n")
    runs = tmp_path / "runs"
    facts = call(train_arguments(data, runs, epochs=1), capsys).facts
    assert "test" not in facts
    line = refused(call(["evaluate", facts["run"], "--runs", runs], capsys))
    assert line == f"expected a split among train, val, found 'test', which has no scans in run {facts['run']}"
    assert call(["threshold", facts["run"], "--max-fnr", "0.2", "--runs", runs, "--json"], capsys).facts["test"] is None


def test_threshold_is_chosen_on_validation_and_reported_on_test(answer, own_run):
    facts = answer("threshold", "--max-fnr", "0.25").facts
    what_was_used = {"sweep", "group_source", "group_by", "split_how", "decisions", "corrected"}
    told = {
        "run",
        "threshold",
        "rule",
        "promise",
        "chosen",
        "scores",
        "saved",
        "torn_groups",
        "cautions",
        "val",
        "test",
    }
    assert set(facts) == told | what_was_used
    assert facts["promise"].startswith("At most 0.25 are missed of the 4 positive scans in val; ")
    assert facts["torn_groups"] == 0
    assert facts["val"]["fnr"]["value"] <= 0.25
    assert (facts["val"]["split"], facts["test"]["split"]) == ("val", "test")
    assert set(facts["val"]) >= FIGURES
    assert set(facts["test"]) >= FIGURES
    assert facts["val"]["threshold"] == facts["test"]["threshold"] == facts["threshold"]
    assert not facts["saved"]
    assert point_in_force(own_run).rule == "default"


def test_a_saved_threshold_is_in_force_for_every_command(answer, own_run):
    facts = answer("threshold", "--max-fnr", "0.25", "--save").facts
    assert facts["saved"]
    assert point_in_force(own_run).threshold == facts["threshold"]
    assert answer("evaluate").facts["threshold"] == facts["threshold"]
    assert answer("predict", "covid/00.png").facts["threshold"] == facts["threshold"]


def test_explain_draws_a_map_a_scan(answer, own_run, tmp_path):
    scan = Path(own_run.record.data) / "normal" / "03.png"
    facts = answer("explain", "covid/00.png", scan, "--method", "gradcam", "--out", tmp_path / "maps").facts
    assert [row["scan"] for row in facts["maps"]] == ["covid/00.png", str(scan)]
    for row in facts["maps"]:
        assert {"scan", "class", "score", "maximum", "method", "picture"} <= set(row)
        heat = np.load(Path(row["picture"]).with_suffix(".npy"), allow_pickle=False)
        with Image.open(row["picture"]) as picture:
            assert picture.size == (32, 32)
        assert (heat.shape, heat.dtype) == ((32, 32), np.float32)
        assert 0 <= heat.min() <= heat.max() <= 1
        said = "no positive evidence for covid" if row["maximum"] <= 0 else "it cannot say where"  # one cell at 32 px
        assert said in row["says"]


def test_maps_go_nowhere_where_a_file_is_in_the_way(answer, tmp_path):
    (tmp_path / "maps").write_text("")
    finished = answer("explain", "covid/00.png", "--out", tmp_path / "maps")
    assert "File exists; choose another" in refused(finished, status=1)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_predict_scores_scans_and_writes_the_same_table(answer, tmp_path, ending):
    (tmp_path / "text.png").write_text("no image")
    out = tmp_path / f"table.{ending}"
    facts = answer("predict", "covid/00.png", tmp_path / "text.png", "--out", out).facts
    assert {"run", "threshold", "rule", "predictions"} <= set(facts)
    good, bad = facts["predictions"]
    assert (good["scan"], good["decision"], good["problem"]) == ("covid/00.png", "covid", "")
    assert good["score"] == pytest.approx(good["covid"])
    assert (bad["score"], bool(bad["problem"])) == (None, True)
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert table["scan"].tolist() == [row["scan"] for row in facts["predictions"]]
    assert table["score"][0] == pytest.approx(good["score"])


def test_a_scan_that_is_nowhere_has_a_problem_and_holds_up_no_others(answer):
    names = ["gone.png", "covid/00.png", "x" * 5000]
    rows = answer("predict", *names).facts["predictions"]
    assert [row["scan"] for row in rows] == names
    assert [row["decision"] for row in rows] == ["", "covid", ""]
    assert rows[0]["problem"] == "expected a file, or a path in the run's index, found neither at 'gone.png'"
    assert (rows[0]["score"], rows[1]["problem"]) == (None, "")


def test_predict_has_failed_where_no_scan_could_be_scored(answer):
    finished = answer("predict", "gone.png")
    assert finished.status == 1
    facts = json.loads(finished.stdout)
    assert facts["status"] == "failed"
    assert [(row["score"], row["decision"]) for row in facts["predictions"]] == [(None, "")]
    assert answer("predict", "gone.png", "covid/00.png").facts["status"] == "finished"


def test_a_group_in_two_splits_is_counted(answer, own_run):
    path = own_run.folder / "predictions.parquet"
    table = pd.read_parquet(path)
    for group, first, second in (("one", "train", "test"), ("two", "train", "val"), ("whole", "val", "val")):
        for split in (first, second):
            row = table[(table["split"] == split) & ~table["group"].isin(["one", "two", "whole"])].index[0]
            table.loc[row, "group"] = group
    table.to_parquet(path)
    assert answer("evaluate").facts["torn_groups"] == 2
    assert answer("threshold", "--max-fnr", "0.25").facts["torn_groups"] == 2


def test_a_table_cannot_be_written_into_a_folder_that_is_not_there(answer, tmp_path):
    finished = answer("predict", "covid/00.png", "--out", tmp_path / "gone" / "table.csv")
    assert "No such file or directory" in refused(finished, status=1)


def test_damaged_predictions_exit_with_1_in_one_line(answer, own_run):
    (own_run.folder / "predictions.parquet").write_bytes(b"PAR1")
    line = refused(answer("evaluate"), status=1)
    assert "predictions.parquet" in line
    assert line.endswith("restore the file, resume the run or train again")


@pytest.mark.parametrize("command", [["explain", "covid/00.png", "--out", "maps"], ["predict", "covid/00.png"]])
def test_damaged_weights_exit_with_1_in_one_line(answer, own_run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    own_run.weights_path.write_bytes(b"damaged")
    assert "are damaged or of another network" in refused(answer(command[0], *command[1:]), status=1)


def test_without_json_the_same_figures_are_lines_for_people(own_run, capsys):
    arguments = ["evaluate", own_run.id, "--runs", own_run.folder.parent]
    text = call(arguments, capsys).stdout
    facts = call([*arguments, "--json"], capsys).facts
    fnr = facts["fnr"]
    assert f"fnr                {fnr['value']:.4f}  (95 % {fnr['low']:.4f} to {fnr['high']:.4f})" in text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text.splitlines()[-1])


def test_figures_that_do_not_exist_are_said_to_be_undefined(own_run, tmp_path, capsys):
    other = write_scans(tmp_path / "other", per_class=7, classes=("normal",))
    finished = call(["evaluate", own_run.id, "--runs", own_run.folder.parent, "--data", other], capsys)
    assert any(line.split() == ["fnr", "not", "defined"] for line in finished.stdout.splitlines())


def test_a_terminal_gets_a_progress_bar_and_a_log_gets_lines(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told = Narrator(plain=False)
    told("training", 0.5, "epoch 1 of 2")
    told("epoch", 0.5, "epoch 1: done")
    told.close()
    bar = capsys.readouterr().err
    assert "epoch 1: done" in bar
    assert "50 %" in bar
    plain = Narrator(plain=True)
    for share in (0.1, 0.2):
        plain("reading scans", share, "")
    assert capsys.readouterr().err == "reading scans\n"


def test_runs_and_data_are_looked_for_where_the_environment_says(own_run):
    arguments = [sys.executable, "-m", "core", "runs", "--json"]
    environment = {"CT_EXPLORER_RUNS": str(own_run.folder.parent), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert [row["run"] for row in json.loads(done.stdout)["runs"]] == [own_run.id]


def test_a_run_can_be_meant_by_its_folder(own_run: Run, capsys):
    assert call(["evaluate", own_run.folder, "--json"], capsys).facts["run"] == own_run.id
    assert read_run(own_run.folder).record.status == "finished"
