"""The training page: the form, the refusal, the queue, a run as it goes."""

import json

import pytest
from conftest import plain

from core.runs import list_runs
from core.training.jobs import claimed, report
from pages.shared import cached, state


@pytest.fixture
def started(monkeypatch):
    runs = []
    monkeypatch.setattr("core.training.jobs.start_in_background", lambda run, command="resume": runs.append(run))
    return runs


def _button(at, label):
    return next(button for button in at.button if button.label == label)


def _with_folder(at, folder):
    at.text_input[0].set_value(str(folder)).run()
    _button(at, "Check this folder").click().run()
    assert not at.exception
    return at


def test_without_anything_the_page_says_what_to_do(app):
    at = app("training/page.py")
    assert not at.exception
    assert any("Choose a folder of scans" in info.value for info in at.info)
    assert _button(at, "Go to the Dataset page")


def test_start_makes_a_run_of_the_preset_with_what_was_changed(app, tiny_dataset, started):
    at = _with_folder(app("training/page.py"), tiny_dataset)
    next(n for n in at.number_input if n.label == "Epochs").set_value(7)
    next(n for n in at.number_input if n.label == "Batch size").set_value(8)
    at.run()
    _button(at, "Start training").click().run()
    assert not at.exception
    [run] = started
    assert run.record.preset == "quick"
    assert run.record.config["epochs"] == 7
    assert run.record.config["positive"] == "COVID"
    assert run.record.data == str(tiny_dataset.resolve())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: None, "no such folder"),
        (lambda folder: folder.mkdir(), "expected"),
    ],
    ids=["missing", "empty"],
)
def test_a_folder_of_no_use_gets_one_line(app, tmp_path, make, says):
    folder = tmp_path / "nothing"
    make(folder)
    at = _with_folder(app("training/page.py"), folder)
    [error] = [item.value for item in at.error]
    assert says in plain(error)
    assert "\n" not in error
    assert list_runs(cached.DEFAULT_RUNS)[0] == []


def test_a_network_without_hub_weights_in_reach_starts_from_scratch(app, tiny_dataset):
    at = _with_folder(app("training/page.py"), tiny_dataset)
    assert next(box for box in at.selectbox if box.label == "First weights").value == "scratch"


def test_a_run_at_work_shows_its_curves_and_can_be_stopped(app, tiny_run):
    run = tiny_run.updated(status="running")
    report(run, phase="training", epoch=3, epochs=9, step=1, steps=4, images_per_second=50.0, seconds_left=30.0)
    with claimed(run):
        at = app("training/page.py")
        assert not at.exception
        assert len(at.get("plotly_chart")) == 4
        _button(at, "Stop").click().run()
        assert (run.folder / "stop.request").exists()


def test_a_run_at_work_shows_pace_against_its_limit_memory_and_time_left(app, tiny_run):
    run = tiny_run.updated(status="running")
    pace = {"images_per_second": 58.2, "limit_images_per_second": 61.3}
    report(run, phase="training", epoch=3, epochs=9, step=1, steps=4, seconds_left=600.0, memory_gib=1.43, **pace)
    with claimed(run):
        at = app("training/page.py")
    shown = {metric.label: metric.value for metric in at.main.metric}
    assert shown["Images/s"] == "58 of 61"
    assert shown["Memory"] == "1.4 GiB"
    assert shown["Time left"] == "10 min"
    assert shown["Validation AUC"] == "0.500"


def test_a_run_at_work_that_has_not_told_anything_yet_has_the_same_places(app, tiny_run):
    run = tiny_run.updated(status="running")
    (run.folder / "status.json").unlink()
    (run.folder / "history.csv").unlink()
    with claimed(run):
        at = app("training/page.py")
    assert not at.exception
    assert [metric.value for metric in at.main.metric] == ["-"] * 6
    assert any("Curves appear after the first epoch" in caption.value for caption in at.caption)


def test_each_chart_marks_the_epoch_whose_weights_are_kept(app, tiny_run):
    at = app("training/page.py")
    for chart in at.get("plotly_chart"):
        assert "best epoch 2" in json.dumps(json.loads(chart.proto.spec)["layout"]["annotations"])


def test_what_is_to_be_known_about_a_run_is_said(app, tiny_run):
    config = dict(tiny_run.record.config)
    tiny_run.updated(
        notes=("features of the frozen backbone were kept",),
        weights_from="model.safetensors: 120 of 122 tensors",
        preset_config=config | {"epochs": 18},
    )
    at = app("training/page.py")
    said = [plain(item.value) for item in (*at.markdown, *at.caption)]
    assert ":material/info: Features of the frozen backbone were kept." in said
    assert "First weights: model.safetensors: 120 of 122 tensors." in said
    [table] = [frame.value for frame in at.dataframe if "Preset" in frame.value]
    assert table.to_dict("records") == [{"Field": "epochs", "Preset": "18", "Here": "3"}]


def test_the_first_batch_is_made_again_once_somebody_wants_to_see_it(app, tiny_run):
    at = app("training/page.py")
    assert not at.get("image")
    at.session_state[state.SEEN_OPEN + tiny_run.id] = True
    at.run()
    assert not at.exception
    assert len(at.get("image")) == 8  # a batch
    assert sum(caption.value in ("COVID", "non-COVID") for caption in at.caption) == 8


def test_a_first_batch_of_scans_that_are_gone_is_one_line(app, tiny_run):
    run = tiny_run.updated(data=str(tiny_run.folder / "gone"))
    at = app("training/page.py")
    at.session_state[state.SEEN_OPEN + run.id] = True
    at.run()
    assert not at.exception
    [line] = [plain(warning.value) for warning in at.warning]
    assert line.startswith("The first batch cannot be made again: ")


def test_a_failed_run_says_why_and_can_go_on(app, tiny_run, started):
    tiny_run.updated(status="failed", error="the training loss became nan in epoch 3")
    at = app("training/page.py")
    assert any("the training loss became nan" in error.value for error in at.error)
    _button(at, "Go on").click().run()
    assert [run.id for run in started] == [tiny_run.id]


def test_a_folder_of_the_address_is_indexed_only_when_asked_for(app, tiny_dataset, monkeypatch):
    asked = []
    indexed = cached.indexed
    monkeypatch.setattr(cached, "indexed", lambda folder: asked.append(folder) or indexed(folder))
    at = app("training/page.py", query={"data": str(tiny_dataset)})
    assert not at.exception
    assert asked == []
    assert not any(button.label == "Start training" for button in at.button)
    _button(at, "Check this folder").click().run()
    assert asked == [tiny_dataset]
    assert _button(at, "Start training")


def test_the_form_says_what_leaves_the_machine(app, tiny_dataset):
    at = _with_folder(app("training/page.py"), tiny_dataset)
    said = next(box for box in at.selectbox if box.label == "First weights").help
    assert "nothing is sent" in said


def test_going_on_leaves_the_record_to_the_one_who_starts_it(app, tiny_run, monkeypatch):
    calls = []
    monkeypatch.setattr("core.training.jobs.start_in_background", lambda *args, **named: calls.append((args, named)))
    tiny_run.updated(status="failed", error="it failed", phantoms={"count": 40, "seed": 0})
    at = app("training/page.py")
    _button(at, "Go on").click().run()
    [((run,), named)] = calls
    assert named == {}  # no command: what a demo goes on as is not the page's to say
    assert run.record.status == "failed"


def test_a_runs_name_is_no_markdown(app, tiny_run):
    tiny_run.updated(data="/data/*scans*_1")
    at = app("training/page.py")
    assert any(r"\*scans\*\_1" in heading.value for heading in at.subheader)
