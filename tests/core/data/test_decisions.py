"""Decisions: kept with the dataset, carried out by the index, taken back without a trace in the table."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_folders import message, problems, put_scan

from core.data.decisions import Decision, decide, group_by_of, history, read_decisions, undo
from core.data.folders import DECISIONS_FILE, OWN_FOLDER, dataset_signature
from core.data.index import index_dataset, summary
from core.errors import ConfigError, DatasetError, WorkError

EXCLUDE = Decision("exact-duplicate", "exclude", "a copy of 1.png", paths=("COVID/0.png", "COVID/gone.png"))
GROUP = Decision("grouping", "group", "grouped by blocks of 25 numbers", group_by="blocks:25")
KEEP = Decision("odd-scan", "keep", "small, but fine", finding="odd-scan-1", paths=("COVID/1.png",))


def file_of(folder):
    return folder / OWN_FOLDER / DECISIONS_FILE


def test_none_were_made(folder):
    assert read_decisions(folder) == history(folder) == ()
    assert not (folder / OWN_FOLDER).exists()


def test_a_decision_comes_back_as_it_was_made(folder):
    kept = decide(folder, KEEP)
    assert (kept.id, kept.undone) == ("1", "")
    assert kept.made.endswith("+00:00")
    assert replace(kept, id="", made="") == KEEP
    assert read_decisions(folder) == (kept,)


def test_an_excluded_scan_is_left_out_and_says_why(folder):
    before = index_dataset(folder)
    decide(folder, EXCLUDE)
    dataset = index_dataset(folder)
    assert problems(dataset) == {"COVID/0.png": "left out by decision: a copy of 1.png"}
    assert dataset.fingerprint != before.fingerprint
    assert summary(dataset)["decisions"] == ["a copy of 1.png"]


def test_leaving_one_of_two_labels_out_settles_their_conflict(folder):
    put_scan(folder / "COVID" / "a.png", seed=5)
    put_scan(folder / "normal" / "a.png", seed=5)
    assert set(problems(index_dataset(folder))) == {"COVID/a.png", "normal/a.png"}
    decide(folder, replace(EXCLUDE, paths=("normal/a.png",)))
    assert set(problems(index_dataset(folder))) == {"normal/a.png"}


def test_the_newest_way_to_group_in_force_counts(folder):
    first = decide(folder, GROUP)
    second = decide(folder, replace(GROUP, group_by="blocks:2"))
    assert index_dataset(folder).group_by == "blocks:2"
    assert index_dataset(folder, group_by="scan").group_by == "scan"
    undo(folder, second.id)
    assert index_dataset(folder).group_by == "blocks:25"
    undo(folder, first.id)
    assert group_by_of(read_decisions(folder)) == ""
    assert index_dataset(folder).group_by == "scan"


def test_what_is_undone_leaves_no_trace_in_the_table_and_stays_in_the_history(folder):
    before = index_dataset(folder)
    made = [decide(folder, decision) for decision in (EXCLUDE, GROUP, KEEP)]
    for decision in made:
        assert undo(folder, decision.id).undone
    after = index_dataset(folder)
    pd.testing.assert_frame_equal(after.table, before.table)
    assert (after.group_by, after.decisions, after.fingerprint) == (before.group_by, (), before.fingerprint)
    assert [replace(decision, undone="") for decision in history(folder)] == made


def test_a_decision_changes_the_signature(folder):
    seen = [dataset_signature(folder)]
    kept = decide(folder, KEEP)
    seen.append(dataset_signature(folder))
    undo(folder, kept.id)
    seen.append(dataset_signature(folder))
    assert len(set(seen)) == 3


def test_an_id_is_never_given_twice(folder):
    undo(folder, decide(folder, KEEP).id)
    assert decide(folder, KEEP).id == "2"


@pytest.mark.parametrize("wanted", ["2", "", "x"])
def test_what_is_not_in_force_cannot_be_undone(folder, wanted):
    kept = decide(folder, KEEP)
    expected = f"expected the id of a decision in force (1), found {wanted!r}"
    assert message(undo, folder, wanted) == expected
    undo(folder, kept.id)
    assert message(undo, folder, kept.id) == "expected the id of a decision in force (none), found '1'"


# --- what must not be kept ---


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.png", "a/../../x.png", ""])
def test_a_path_out_of_the_folder_is_a_mistake(folder, path):
    with pytest.raises(ValueError, match="paths that are not relative"):
        decide(folder, replace(EXCLUDE, paths=(path,)))
    assert history(folder) == ()


def test_a_way_to_group_that_is_none_is_refused(folder):
    with pytest.raises(ConfigError, match="expected group_by"):
        decide(folder, replace(GROUP, group_by="magic"))
    assert history(folder) == ()


def test_a_folder_that_cannot_be_written_is_said(folder):
    (folder / OWN_FOLDER).write_text("something else in its place")
    with pytest.raises(WorkError, match="cannot make the folder"):
        decide(folder, KEEP)


# --- damage ---


@pytest.mark.parametrize(
    "content",
    [
        *(
            "",
            "{",
            "[]",
            "null",
            "3",
            '{"schema": 2, "decisions": []}',
            '{"schema": 1}',
            '{"schema": 1, "decisions": 3}',
        ),
        *('{"schema": 1, "decisions": [3]}', '{"schema": 1, "decisions": [{}]}', "[" * 100_000),
    ],
)
def test_damage_is_said_in_one_line_and_nothing_is_lost(folder, content):
    (folder / OWN_FOLDER).mkdir()
    file_of(folder).write_text(content)
    for call in (read_decisions, history, index_dataset):
        assert message(call, folder).startswith(f"expected decisions in {file_of(folder)}, found damage (")
    with pytest.raises(DatasetError):
        decide(folder, KEEP)
    assert file_of(folder).read_text() == content


json_values = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.lists(st.text(max_size=4), max_size=2)
)


@settings(max_examples=60, deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(["kind", "action", "says", "paths", "group_by", "id", "made", "undone", "new"]), json_values
    )
)
def test_hostile_values_are_damage_or_a_decision(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / OWN_FOLDER).mkdir()
    entry = {"kind": "k", "action": "keep", "says": "s", "id": "1", "made": "m"} | changes
    file_of(folder).write_text(json.dumps({"schema": 1, "decisions": [entry]}))
    try:
        found = history(folder)
    except DatasetError as error:
        told = str(error)
    else:
        told = ""
        assert all(isinstance(path, str) and path and not path.startswith("/") for path in found[0].paths)
    assert "\n" not in told


# --- several at once ---


def test_nothing_is_lost_where_several_decide_at_once(folder):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: decide(folder, KEEP), range(20)))
    assert [decision.id for decision in read_decisions(folder)] == [str(number) for number in range(1, 21)]
