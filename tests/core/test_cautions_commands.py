"""`evaluate` and `threshold` say what makes their figures too good; and which scans of another dataset are known."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from tiny_trainings import Finished, call, says_one_line, write_scans

from core.runs import Run, read_index, read_predictions

Asked = Callable[..., Finished]


@pytest.fixture
def answer(own_run: Run, capsys: pytest.CaptureFixture[str]) -> Asked:
    """What a command says about `own_run`."""

    def ask(command: str, *arguments: object, json_too: bool = True) -> Finished:
        asked = [command, own_run.id, *arguments, "--runs", own_run.folder.parent]
        return call([*asked, "--json"] if json_too else asked, capsys)

    return ask


def overlapping(run: Run) -> None:
    """Make the first test scan the very picture of the first that the run learnt from."""
    index = read_index(run)
    rows = [index.index[index["split"] == split][0] for split in ("train", "test")]
    index.loc[rows[1], "pixels"] = index.loc[rows[0], "pixels"]
    index.to_parquet(run.folder / "index.parquet", index=False)


def test_a_run_without_cautions_says_that_there_are_none(answer: Asked) -> None:
    assert answer("evaluate").facts["cautions"] == []
    assert answer("threshold", "--max-fnr", "0.25").facts["cautions"] == []


def test_both_commands_tell_what_touches_the_splits_they_show(answer: Asked, own_run: Run) -> None:
    overlapping(own_run)
    (told,) = answer("evaluate").facts["cautions"]
    assert told.startswith("1 scan is the very picture of one that training has seen")
    assert answer("evaluate", "--split", "val").facts["cautions"] == []
    assert answer("threshold", "--max-fnr", "0.25").facts["cautions"] == [f"test: {told}"]


def test_torn_groups_are_a_caution_of_both_commands(answer: Asked, own_run: Run) -> None:
    table = read_predictions(own_run)
    rows = [table.index[table["split"] == split][0] for split in ("train", "test")]
    table.loc[rows, "group"] = "one"
    table.to_parquet(own_run.folder / "predictions.parquet", index=False)
    for command in (("evaluate",), ("threshold", "--max-fnr", "0.25")):
        (told,) = answer(*command).facts["cautions"]
        assert told.startswith("1 group lies in more than one split: the network is tested on groups")


def test_people_read_each_caution_on_a_line_of_its_own(answer: Asked, own_run: Run) -> None:
    overlapping(own_run)
    for command in (("evaluate",), ("threshold", "--max-fnr", "0.25")):
        lines = answer(*command, json_too=False).stdout.splitlines()
        told = lines[lines.index("cautions") + 1]
        assert "1 scan is the very picture of one that training has seen" in told


def test_a_table_that_cannot_be_read_is_a_caution_and_takes_no_figures_away(
    answer: Asked, own_run: Run, scans: Path
) -> None:
    before = answer("evaluate").facts
    (own_run.folder / "index.parquet").write_bytes(b"PAR1")
    after = answer("evaluate").facts
    assert after | {"cautions": []} == before
    elsewhere = answer("evaluate", "--data", scans).facts
    assert elsewhere["own_scans"] is None
    for facts in (after, elsewhere):
        (told,) = facts["cautions"]
        assert told.startswith("whether the run has seen these scans before cannot be told (")


def test_a_runs_own_scans_are_known_again_in_another_dataset(answer: Asked, own_run: Run, scans: Path) -> None:
    sizes = own_run.record.split_sizes
    facts = answer("evaluate", "--data", scans).facts
    assert facts["own_scans"] == {"train": sizes["train"], "val": sizes["val"]}
    assert facts["n"] == sum(sizes.values())
    learnt, chosen = facts["cautions"]
    assert learnt.startswith(
        f"{sizes['train']} of 48 scans here are the very pictures of scans that training has learnt"
    )
    assert chosen.startswith(f"{sizes['val']} of 48 scans here are the very pictures of scans of the run's validation")


def test_a_picture_saved_anew_under_another_name_is_known_again(answer: Asked, own_run: Run, tmp_path: Path) -> None:
    index = read_index(own_run)
    other = write_scans(tmp_path / "other", per_class=3, side_px=40)
    path = index.loc[index["split"] == "train", "path"].iloc[0]
    label = path.split("/")[0]
    Image.open(Path(own_run.record.data) / path).save(other / label / "renamed.bmp")
    facts = answer("evaluate", "--data", other).facts
    assert facts["own_scans"] == {"train": 1, "val": 0}
    assert facts["cautions"][0].startswith("1 of 7 scans here is the very picture")


def test_a_dataset_that_the_run_never_saw_has_no_cautions(answer: Asked, tmp_path: Path) -> None:
    facts = answer("evaluate", "--data", write_scans(tmp_path / "other", per_class=3, side_px=40)).facts
    assert (facts["own_scans"], facts["torn_groups"], facts["cautions"]) == ({"train": 0, "val": 0}, 0, [])


def test_new_scans_of_a_group_that_the_run_knows_are_counted(answer: Asked, own_run: Run, tmp_path: Path) -> None:
    index = read_index(own_run)
    path = index.loc[index["split"] == "train", "path"].iloc[0]
    other = write_scans(tmp_path / "other", per_class=3, side_px=40)
    label = path.split("/")[0]
    shutil.copy(Path(own_run.record.data) / path, other / label / "old.png")
    rows = [
        {"path": f"{file.parent.name}/{file.name}", "label": file.parent.name, "patient_id": f"{file.parent.name} one"}
        for file in sorted(other.glob("*/*.png"))
    ]
    pd.DataFrame(rows).to_csv(other / "index.csv", index=False)
    facts = answer("evaluate", "--data", other).facts
    assert (facts["own_scans"], facts["torn_groups"]) == ({"train": 1, "val": 0}, 1)
    assert facts["cautions"][1].startswith("3 of 7 scans here are of groups that hold such scans")


def test_a_split_of_another_dataset_is_refused_in_one_line(answer: Asked, scans: Path) -> None:
    for split in ("val", "test"):
        finished = answer("evaluate", "--data", scans, "--split", split)
        assert finished.status == 2
        assert says_one_line(finished.stderr)
        assert "expected --split or --data, found both" in finished.stderr
