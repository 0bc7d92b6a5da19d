"""What is joined to a worklist: subgroups, notes, other runs, places on the map; and the command that lists scans."""

import json
import shutil

import pandas as pd
import pytest

from core.cli import main
from core.decided import point_in_force
from core.evaluation.subgroup_cuts import cut_column
from core.results import split_results, splits_of
from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.review.notes.verdicts import VERDICTS
from core.review.worklists.case_table import case_table, parts_by_column, with_parts
from core.review.worklists.filters import ANY, Filters
from core.review.worklists.joined import with_known
from core.review.worklists.other_runs import other_runs
from core.review.worklists.scan_facts import file_facts, findings_on
from core.review.worklists.worklist import PART, worklist
from core.runs import Run, read_index, read_run
from core.subgroup_columns import run_columns


def table_of_run(run: Run) -> pd.DataFrame:
    return case_table(run, splits_of(run), point_in_force(run))


def another(run: Run, name: str, *, negated: bool = False) -> Run:
    """A copy of the run beside it; `negated` says the contrary of everything."""
    folder = run.folder.with_name(name)
    shutil.copytree(run.folder, folder)
    if negated:
        predictions = pd.read_parquet(folder / "predictions.parquet")
        first, second = run.record.classes
        predictions[[first, second]] = predictions[[second, first]].to_numpy()
        predictions.to_parquet(folder / "predictions.parquet", index=False)
    return read_run(folder).updated(id=name)


def test_a_table_has_every_scan_of_the_run_with_its_content(own_run):
    table = table_of_run(own_run)
    index = read_index(own_run)
    assert sorted(table["path"]) == sorted(index["path"])
    assert table.set_index("path")["content"].to_dict() == index.set_index("path")["sha256"].to_dict()
    assert table["path"].is_monotonic_increasing


def test_parts_of_a_split_are_those_of_the_performance_page(own_run):
    index = read_index(own_run)
    index["age"] = range(len(index))
    index.to_parquet(own_run.folder / "index.parquet", index=False)
    table = with_parts(table_of_run(own_run), own_run, ["age", "nothing"], "test")
    assert PART + "nothing" not in table.columns
    results = split_results(own_run, "test")
    expected = cut_column(run_columns(own_run, results)["age"]).parts
    here = table[table["split"] == "test"].set_index("path")[PART + "age"]
    assert here.astype(str).to_dict() == dict(zip(results.table["path"], expected.astype(str), strict=True))
    in_test = table[table["split"] == "test"].reset_index(drop=True)
    assert set(parts_by_column(in_test, own_run)["age"]) == set(here)
    part = str(here.iloc[0])
    listed = worklist(table, Filters(split="test", subgroups=(("age", part),)))["path"]
    assert sorted(listed) == sorted(here.index[here == part])


def test_what_a_reader_has_said_anything_about_is_read(own_run):
    table = table_of_run(own_run)
    scan = table.iloc[3]
    verdict = next(iter(VERDICTS))
    notes_of(own_run).save(
        Note(content=scan["content"], reader="R. Eader", verdict=verdict, run=own_run.id, path=scan["path"])
    )
    known = with_known(table, own_run, Filters(unread=True))
    assert known.loc[known["read"], "path"].tolist() == [scan["path"]]
    assert len(worklist(known, Filters(unread=True))) == len(table) - 1


def test_other_runs_agree_and_disagree_by_content_wherever_their_scans_lie(own_run):
    same, contrary = another(own_run, "same"), another(own_run, "contrary", negated=True)
    for name in ("index.parquet", "predictions.parquet"):  # another folder, the same pictures
        moved = pd.read_parquet(contrary.folder / name)
        moved["path"] = "elsewhere/" + moved["path"]
        moved.to_parquet(contrary.folder / name, index=False)
    table = table_of_run(own_run)
    said = other_runs(table, own_run)
    assert {run.id for run in said.runs} == {same.id, contrary.id}
    calls = {opinion.run.id: opinion for opinion in said.on(0)}
    assert calls["same"].predicted == table["predicted"].iloc[0]
    assert calls["same"].split == table["split"].iloc[0]
    assert calls["contrary"].score == pytest.approx(1 - table["score"].iloc[0], abs=1e-6)
    expected = [
        sum(opinion.predicted != row.predicted for opinion in said.on(k)) / 2
        for k, row in enumerate(table.itertuples())
    ]
    assert said.disagreement.tolist() == expected
    assert said.spread[0] == pytest.approx(abs(1 - 2 * table["score"].iloc[0]) / 2, abs=1e-6)


def test_runs_of_other_classes_are_not_asked_and_damaged_ones_are_named(own_run):
    another(own_run, "renamed").updated(positive=own_run.record.classes[1])
    damaged = another(own_run, "damaged")
    (damaged.folder / "predictions.parquet").write_bytes(b"damaged")
    said = other_runs(table_of_run(own_run), own_run)
    assert said.runs == ()
    assert [str(damaged.folder) in line for line in said.left_out] == [True]
    assert pd.isna(said.disagreement).all()


def test_places_on_the_map_are_joined_where_an_area_is_asked_for(own_run):
    everything = "pca:-1,-1;1.1,-1;1.1,1.1;-1,1.1"
    filters = Filters(area=everything)
    known = with_known(table_of_run(own_run), own_run, filters)
    assert len(worklist(known, filters)) >= 0.9 * len(known)
    nothing = Filters(area="pca:5,5;6,5;6,6")
    assert worklist(with_known(known, own_run, nothing), nothing).empty


def test_facts_of_a_file_say_size_and_depth_and_no_more_than_the_index():
    facts = file_facts(
        {
            "path": "a.png",
            "width": 40,
            "height": 30,
            "mode": "I;16",
            "format": "PNG",
            "bytes": 2048,
            "metadata": "dpi=96; exif",
            "remark": "",
            "sha256": "ab",
            "site": "north",
            "age": float("nan"),
        }
    )
    assert facts == {
        "Size": "40 x 30 px",
        "Pixels": "16 bits, grey",
        "Format": "PNG",
        "File size": "2 KiB",
        "Header: dpi": "96",
        "Header: exif": "yes",
        "site": "north",
    }


def test_without_an_audit_there_are_no_findings_to_tell(own_run):
    assert findings_on(own_run, "anything.png") is None


def asked(capsys, *arguments: object) -> tuple[int, str, str]:
    status = main(["worklist", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_the_command_lists_what_the_page_lists_and_gives_its_link(own_run, capsys):
    status, out, _ = asked(
        capsys, own_run.folder, "--cell", "found", "--cell", "missed", "--split", "any", "--order", "group", "--json"
    )
    facts = json.loads(out)
    filters = Filters(cells=("found", "missed"), split=ANY, order="group")
    table = with_known(table_of_run(own_run), own_run, filters)
    expected = worklist(table, Filters(cells=("missed", "found"), split=ANY, order="group"))
    assert status == 0
    assert facts["count"] == len(expected)
    assert [scan["path"] for scan in facts["scans"]] == expected["path"].head(20).tolist()
    assert "cell=missed%2Cfound&split=any&order=group" in facts["address"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--cell", "lost"), "expected one of missed"),
        (("--truth", "nobody"), "expected --truth to be one of"),
        (("--only", "outside"), "has not been worked out"),
        (("--where", "nothing=x"), "makes no subgroups"),
        (("--most", "0"), "at least 1"),
        (("--area", "pca:1"), "expected an area"),
    ],
)
def test_a_list_that_cannot_be_made_is_refused_in_a_line(own_run, capsys, arguments, words):
    status, _, err = asked(capsys, own_run.folder, *arguments)
    assert status == 2
    assert words in err
    assert err.count("\n") == 1
