"""Labels that readers agree on: a corrected copy beside the untouched original, and what it does to the figures."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from noted_runs import CLASSES, write_dataset, write_run
from sklearn.metrics import confusion_matrix

from core.cli import main
from core.data.corrected_labels import CORRECTION_COLUMNS, corrected_words, labels_before
from core.data.decisions import Decision, decide
from core.data.index import index_dataset
from core.errors import DatasetError, RequestError, WorkError
from core.review.notes import corrected_copy as module
from core.review.notes.corrected_copy import corrected_copy
from core.review.notes.corrected_figures import corrected_figures
from core.review.notes.corrections import corrections
from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.runs import read_index, read_predictions
from core.subgroup_columns import run_columns

A = "a" * 64


def contents(folder: Path) -> dict[str, str]:
    table = index_dataset(folder).table
    return dict(zip(table["path"], table["sha256"], strict=True))


def wrong(content: str, right: str, reader: str = "Ada") -> Note:
    return Note(content, reader, "label-wrong", right_label=right, at="2026-01-02T03:04:05.678+00:00", id=reader)


def states(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(params=[True, False], ids=["index.csv", "class folders"])
def data(request, tmp_path) -> Path:
    return write_dataset(tmp_path / "data", with_csv=request.param)


def test_the_copy_differs_in_the_corrected_labels_alone_and_the_original_in_nothing(data, tmp_path):
    before, said = states(data), contents(data)
    notes = [wrong(said["ill/p5-0.png"], "healthy"), wrong(said["healthy/p1-1.png"], "ill")]
    made = corrected_copy(data, tmp_path / "out" / "copy", notes)
    assert (made.scans, made.changed, made.not_applied) == (20, 2, ())
    assert {name: state for name, state in states(data).items() if not name.startswith(".ct-explorer")} == before
    first, copy = index_dataset(data), index_dataset(made.folder)
    assert (copy.table["problem"] == "").all()
    unlike = copy.table["label"] != first.table["label"]
    assert copy.table.loc[unlike, "path"].tolist() == ["healthy/p1-1.png", "ill/p5-0.png"]
    columns = [name for name in first.table.columns if name not in ("label", "group")]
    pd.testing.assert_frame_equal(copy.table[columns], first.table[columns])
    changed = copy.table.loc[unlike, list(CORRECTION_COLUMNS)]
    assert changed.to_numpy().tolist() == [
        ["healthy", "Ada", "2026-01-02T03:04:05.678+00:00"],
        ["ill", "Ada", "2026-01-02T03:04:05.678+00:00"],
    ]
    assert (copy.table.loc[~unlike, list(CORRECTION_COLUMNS)] == "").all(axis=None)
    assert labels_before(copy.table).tolist() == first.table["label"].tolist()
    assert "2 of 20 labels corrected by readers" in copy.notes
    assert first.group_source == copy.group_source
    assert not set(CORRECTION_COLUMNS) & set(copy.further_columns)
    assert [path.name for path in made.folder.parent.iterdir()] == ["copy"]


def test_scans_are_not_stored_twice(data, tmp_path):
    notes = [wrong(contents(data)["ill/p5-0.png"], "healthy")]
    made = corrected_copy(data, tmp_path / "copy", notes)
    assert (made.folder / "ill/p5-1.png").samefile(data / "ill/p5-1.png")


def test_where_the_disk_knows_no_hard_links_scans_are_copied(data, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(module.os, "link", refuse)
    made = corrected_copy(data, tmp_path / "copy", [wrong(contents(data)["ill/p5-0.png"], "healthy")])
    assert made.changed == 1
    assert not (made.folder / "ill/p5-1.png").samefile(data / "ill/p5-1.png")
    assert (index_dataset(made.folder).table["problem"] == "").all()


def test_scans_behind_a_link_inside_the_dataset_are_in_the_copy_too(tmp_path):
    data = write_dataset(tmp_path / "data", with_csv=True)
    (data / "linked").symlink_to(data / "ill")
    (data / "index.csv").write_text((data / "index.csv").read_text().replace("ill/p7-", "linked/p7-"))
    made = corrected_copy(data, tmp_path / "copy", [wrong(contents(data)["linked/p7-0.png"], "healthy", "=Ada()")])
    table = index_dataset(made.folder).table.set_index("path")
    assert (table["problem"] == "").all()
    assert table.loc["linked/p7-0.png", "corrected_by"] == "'=Ada()"


def test_what_was_decided_about_the_dataset_holds_for_its_copy(data, tmp_path):
    decide(data, Decision("odd-scan", "exclude", "blank", paths=("ill/p6-0.png",)))
    made = corrected_copy(data, tmp_path / "copy", [wrong(contents(data)["ill/p5-0.png"], "healthy")])
    table = index_dataset(made.folder).table.set_index("path")
    assert table.loc["ill/p6-0.png", "problem"] == "left out by decision: blank"


def test_a_copy_of_a_copy_remembers_the_first_label_and_forgets_what_is_put_back(data, tmp_path):
    said = contents(data)
    once = corrected_copy(data, tmp_path / "one", [wrong(said["ill/p5-0.png"], "healthy")])
    back = [wrong(said["ill/p5-0.png"], "ill"), wrong(said["ill/p6-0.png"], "healthy")]
    twice = corrected_copy(once.folder, tmp_path / "two", back)
    table = index_dataset(twice.folder).table.set_index("path")
    assert twice.changed == 2
    assert table.loc["ill/p5-0.png", ["label", *CORRECTION_COLUMNS]].tolist() == ["ill", "", "", ""]
    assert table.loc["ill/p6-0.png", ["label", "label_before"]].tolist() == ["healthy", "ill"]
    assert corrected_words(table) == "1 of 20 labels corrected by readers"


def test_a_contradiction_of_two_copies_of_one_scan_is_settled_by_its_readers(data, tmp_path):
    if (data / "index.csv").exists():
        pytest.skip("the second copy is not in index.csv")
    (data / "healthy" / "again.png").write_bytes((data / "ill" / "p5-0.png").read_bytes())
    before = index_dataset(data).table
    assert (before["problem"] != "").sum() == 2
    made = corrected_copy(data, tmp_path / "copy", [wrong(contents(data)["ill/p5-0.png"], "healthy")])
    assert (index_dataset(made.folder).table["problem"] == "").all()


def test_labels_that_look_like_numbers_stay_as_they_are(tmp_path):
    data = write_dataset(tmp_path / "data", with_csv=True)
    text = (data / "index.csv").read_text().replace(",healthy,", ",0,").replace(",ill,", ",1,")
    (data / "index.csv").write_text(text)
    made = corrected_copy(data, tmp_path / "copy", [wrong(contents(data)["ill/p5-0.png"], "0")])
    table = index_dataset(made.folder).table
    assert sorted(set(labels_before(table))) == ["0", "1"]
    assert labels_before(table).tolist() == index_dataset(data).table["label"].tolist()


@pytest.mark.parametrize(
    ("out", "says"),
    [("data/copy", "outside the dataset"), ("data", "something at"), ("taken", "something at")],
)
def test_a_copy_takes_no_place_that_is_taken_or_in_the_dataset(data, tmp_path, out, says):
    (tmp_path / "taken").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RequestError, match=says):
        corrected_copy(data, tmp_path / out, [wrong(contents(data)["ill/p5-0.png"], "healthy")])


def test_without_a_label_to_change_no_copy_is_made_and_why_is_said(data, tmp_path):
    content = contents(data)["ill/p5-0.png"]
    for notes, says in (
        ([], "found none; say 'label wrong'"),
        ([wrong(content, "ill")], "found none"),
        ([wrong(content, "")], "nobody says which is right"),
        ([wrong(content, "tired")], "'tired' is no class here"),
        ([wrong(A, "healthy")], "found none"),
    ):
        with pytest.raises(RequestError, match=says):
            corrected_copy(data, tmp_path / "copy", notes)
    assert not (tmp_path / "copy").exists()


def test_a_name_that_no_index_can_hold_is_said_and_leaves_nothing_behind(tmp_path):
    data = write_dataset(tmp_path / "data", with_csv=False)
    (data / "ill" / "p5-0.png").rename(data / "ill" / " p5-0.png ")
    with pytest.raises(DatasetError, match="rename the file"):
        corrected_copy(data, tmp_path / "copy", [wrong(contents(data)["ill/p5-1.png"], "healthy")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_a_disk_that_is_full_half_way_leaves_no_copy(data, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    notes = [wrong(contents(data)["ill/p5-0.png"], "healthy")]
    monkeypatch.setattr(module.os, "link", refuse)
    monkeypatch.setattr(module.shutil, "copy2", refuse)
    with pytest.raises(WorkError, match="No space left on device; free some space"):
        corrected_copy(data, tmp_path / "copy", notes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.parametrize(
    ("verdicts", "label", "says"),
    [
        ({"Ada": "ill"}, "ill", ""),
        ({"Ada": "ill", "Bob": "ill"}, "ill", ""),
        ({"Ada": "ill", "Bob": "model-wrong"}, "", "of 2 readers 1 for 'ill', which is no majority"),
        ({"Ada": "ill", "Bob": "ill", "Cy": "poor-image"}, "ill", ""),
        ({"Ada": "ill", "Bob": "healthy", "Cy": "ill"}, "ill", ""),
        ({"Ada": "ill", "Bob": "healthy"}, "", "1 for 'ill' and 1 for 'healthy', which is no majority"),
        ({"Ada": "model-wrong"}, "", ""),
    ],
)
def test_a_label_is_changed_where_more_than_half_of_its_readers_agree(verdicts, label, says):
    notes = [
        wrong(A, said, reader) if said in CLASSES else Note(A, reader, said, at="2026-01-01", id=reader)
        for reader, said in verdicts.items()
    ]
    found = corrections(notes, {A: "scan.png"}, CLASSES)
    assert found.label(A, "as before") == (label or "as before")
    assert says in " ".join(found.not_applied)
    assert bool(found.not_applied) == bool(says)


ERRORS = ("ill/p5-1.png", "ill/p6-1.png", "healthy/p1-1.png")


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "runs", write_dataset(tmp_path / "data", with_csv=True), errors=ERRORS)


def noted(run, *said: tuple[str, str, str]) -> None:
    keys = dict(zip(read_index(run)["path"], read_index(run)["sha256"], strict=True))
    for path, verdict, right in said:
        notes_of(run).save(Note(keys[path], "Ada", verdict, right_label=right, run=run.id, path=path))


def test_a_reader_who_writes_the_name_in_two_ways_has_one_voice_and_the_last_word_counts():
    other, label = CLASSES
    wrong = Note(A, "Ada", "label-wrong", right_label=label, at="2026-01-01")
    again, against = replace(wrong, reader="ADA", at="2026-01-02"), Note(A, "Bo", "model-wrong", at="2026-01-01")
    assert not corrections([wrong, again, against], {A: "scan.png"}, CLASSES).by_content
    said_later = replace(again, right_label=other)
    assert corrections([said_later, wrong], {A: "scan.png"}, CLASSES).by_content[A].label == other


def test_figures_under_corrected_labels_are_those_of_the_corrected_table(run):
    noted(run, ("ill/p5-1.png", "label-wrong", "healthy"), ("ill/p7-1.png", "label-wrong", "healthy"))
    noted(run, ("healthy/p1-1.png", "model-wrong", ""), ("ill/p6-0.png", "label-wrong", "healthy"))
    found = corrected_figures(run, "test", notes_of(run).standing(), 0.5)
    test = read_predictions(run).query("split == 'test'")
    labels = test["label"].where(~test["path"].isin(["ill/p5-1.png", "ill/p7-1.png"]), "healthy")
    called = (test["ill"] >= 0.5).map({True: "ill", False: "healthy"})
    for evaluation, truth in ((found.before, test["label"]), (found.after, labels)):
        assert evaluation.confusion == tuple(map(tuple, confusion_matrix(truth, called, labels=CLASSES).tolist()))
    assert (found.changed, found.mended, found.spoilt) == (2, 1, 1)
    assert (found.errors, found.errors_read, found.right, found.right_read) == (3, 2, 5, 1)
    assert found.read_words == "Read so far: 2 of 3 errors and 1 of 5 right calls."
    assert "flatter the model" in found.warning


def test_no_warning_where_right_calls_were_read_as_much_as_errors(run):
    assert corrected_figures(run, "test", (), 0.5).warning == ""
    table = read_predictions(run)
    noted(run, *((path, "model-wrong", "") for path in table["path"]))
    found = corrected_figures(run, "test", notes_of(run).standing(), 0.5)
    assert (found.errors_read, found.right_read, found.warning) == (3, 5, "")
    assert found.before is found.after


def test_a_run_on_corrected_labels_shows_its_figures_by_the_first_ones_too(run, tmp_path):
    noted(run, ("ill/p5-1.png", "label-wrong", "healthy"))
    copy = corrected_copy(run.record.data, tmp_path / "copy", notes_of(run).standing())
    second = write_run(tmp_path / "later", copy.folder, errors=())
    found = corrected_figures(second, "test", (), 0.5)
    assert (found.changed, found.mended, found.spoilt) == (1, 1, 0)
    assert found.before.positives == found.after.positives + 1
    assert not set(CORRECTION_COLUMNS) & set(run_columns(second, _test_split(second)).columns)


def _test_split(run):
    from core.results import split_results

    return split_results(run, "test")


def test_a_run_of_the_copy_says_that_its_labels_were_corrected(run, tmp_path):
    from core.training.config import TrainingConfig
    from core.training.material import read_table

    noted(run, ("ill/p5-1.png", "label-wrong", "healthy"))
    index = read_index(run)
    splits = dict(zip(index["path"], index["split"], strict=True))
    copy = corrected_copy(run.record.data, tmp_path / "copy", notes_of(run).standing(), splits=splits)
    folder = tmp_path / "later" / "run-2"
    folder.mkdir(parents=True)
    record = replace(run.record, id="run-2", data=str(copy.folder), classes=(), status="running")

    class Silent:
        def preparing(self, *_):
            pass

    begun, table = read_table(type(run)(folder, record), TrainingConfig(), Silent())
    assert begun.record.corrected == "1 of 20 labels corrected by readers"
    assert dict(zip(table["path"], table["split"], strict=True)) == splits


def told(capsys, *arguments: str) -> dict:
    status = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    assert status == 0, err
    return json.loads(out.splitlines()[-1] if out.count("\n") == 1 else out)


def test_the_command_lists_exports_and_imports_notes(run, tmp_path, capsys):
    noted(run, ("ill/p5-1.png", "label-wrong", "healthy"), ("ill/p5-1.png", "both-defensible", ""))
    listed = told(capsys, "notes", str(run.folder))
    assert [(entry["verdict"], entry["stands"]) for entry in listed["entries"]] == [
        ("label-wrong", False),
        ("both-defensible", True),
    ]
    for name in ("notes.csv", "notes.json"):
        assert told(capsys, "notes", str(run.folder), "--export", str(tmp_path / name))["written"] == 2
        other = tmp_path / f"other-{name}"
        other.mkdir()
        for new in (2, 0):
            found = told(capsys, "notes", str(other), "--import", str(tmp_path / name))
            assert (found["new"], found["known"]) == (new, 2 - new)
        assert told(capsys, "notes", "--runs", str(other))["entries"] == listed["entries"]
    assert main(["notes", str(run.folder)]) == 0
    assert "followed by another" in capsys.readouterr().out


def test_the_command_makes_a_copy_with_the_split_of_a_run_and_tells_the_figures(run, tmp_path, capsys):
    noted(run, ("ill/p5-1.png", "label-wrong", "healthy"))
    facts = told(capsys, "relabel", str(run.folder), "--out", str(tmp_path / "copy"))
    assert (facts["changed"], facts["scans"]) == (1, 20)
    test = facts["figures"]["test"]
    assert test["fnr"]["after"]["value"] < test["fnr"]["before"]["value"]
    assert "flatter" in test["warning"]
    copy = index_dataset(tmp_path / "copy").table
    assert copy["split"].tolist() == read_index(run)["split"].tolist()
    by_data = told(capsys, "relabel", run.record.data, "--out", str(tmp_path / "b"), "--runs", str(run.folder.parent))
    assert by_data["changed"] == 1
    assert "figures" not in by_data
    assert main(["relabel", str(run.folder), "--out", str(tmp_path / "copy")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["notes", "nowhere"], "expected a run's folder"),
        (["notes", "--export", "a.xlsx"], "ends in .csv or .json"),
        (["notes", "--export", "a.csv", "--import", "a.csv"], "found both"),
        (["notes", "--import", "none.json"], "No such file"),
        (["relabel", "nowhere", "--out", "copy"], "expected a run's folder"),
    ],
)
def test_a_wrong_request_is_said_in_one_line(tmp_path, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    assert main([*arguments, "--runs", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
