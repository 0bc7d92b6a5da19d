"""The command about reading studies: made, listed, figures, every answer; what cannot be done is said in a line."""

import json
from pathlib import Path

import pandas as pd
import pytest

from core.cli import main
from core.review.studies.store import StudyBook
from core.review.studies.study import AIDED, UNAIDED, order_for
from core.runs import Run, read_run
from tests.pages.conftest import write_finished_run, write_tiny_dataset


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of two classes that nobody trained."""
    folder = tmp_path_factory.mktemp("study-command")
    return read_run(write_finished_run(folder / "runs", write_tiny_dataset(folder / "tiny")).folder)


def said(capsys: pytest.CaptureFixture[str], run: Run, *words: str, status: int = 0) -> dict:
    assert main(["study", run.id, *words, "--runs", str(run.folder.parent), "--json"]) == status
    printed = capsys.readouterr()
    return json.loads(printed.out.splitlines()[-1]) if status == 0 else {"error": printed.err}


def test_a_study_is_made_listed_read_and_told(finished_run, capsys, tmp_path: Path):
    made = said(capsys, finished_run, "--make", "First", "--cases", "4", "--several", "--enrich", "--seed", "3")
    assert (made["name"], made["cases"], made["cases_read"]) == ("First", 4, {})
    assert [study["study"] for study in said(capsys, finished_run)["studies"]] == [made["study"]]
    book = StudyBook.of(finished_run.folder.parent)
    study = book.study("first")
    for number in order_for(study, "Ada"):
        for phase in (UNAIDED, AIDED):
            book.commit(study, "Ada", number=number, phase=phase, rating=6, seconds=2.0)
    export = tmp_path / "answers.csv"
    told = said(capsys, finished_run, "First", "--figures", "--export", str(export))
    (ada,) = told["readers"]
    assert ada["sensitivity"]["unaided"]["value"] == 1
    assert ada["specificity"]["aided"]["value"] == 0
    assert (ada["cases"], ada["median_seconds"]) == (4, {"unaided": 2.0, "aided": 2.0})
    table = pd.read_csv(export)
    assert len(table) == 8
    assert table["reader"].unique().tolist() == ["Ada"]
    assert main(["study", finished_run.id, "First", "--figures", "--runs", str(finished_run.folder.parent)]) == 0
    assert "1.000 (" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nothing"], "list them first"),
        (["--figures"], "name one after the run"),
        (["other", "--make", "a"], "expected --make by itself"),
        (["--make", "a", "--cases", "900"], "ask for fewer"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(finished_run, capsys, words, says):
    assert says in said(capsys, finished_run, *words, status=2)["error"]
