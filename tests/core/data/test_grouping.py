"""Groups hold together what one patient, one content, one file or the chosen way connects."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.bounded_clusters import size_limit
from core.data.group_ways import GROUP_SOURCES, GroupWay
from core.data.grouping import group_scans
from core.data.near_duplicates import NearPairs
from core.errors import ConfigError, DatasetError


def grouped(*rows, way=None, pixels=None, **more):
    table = pd.DataFrame(rows, columns=["path", "sha256", "patient_id", "problem"])
    table["pixels"] = table["sha256"] if pixels is None else pixels
    found = group_scans(table, table["patient_id"], way, **more)
    return found.names.tolist(), found.source, found.notes


def named(*paths):
    """Scans of these names, each with a content of its own, nobody's."""
    return [(path, f"s{number}", "", "") for number, path in enumerate(paths)]


def near(*pairs):
    """What a search for near-duplicates would find."""
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return lambda: NearPairs(rows, np.linspace(1, 0.95, len(rows), dtype=np.float32))


# --- by patient ---


def test_a_patient_id_cannot_collide_with_another_kind_of_group():
    groups, _, _ = grouped(("a.png", "s1", "", ""), ("b.png", "s2", "scan:a.png", ""), ("c.png", "s3", "a.png", ""))
    assert groups == ["scan:a.png", "patient:scan:a.png", "patient:a.png"]


def test_a_copy_without_patient_id_stays_with_the_patient():
    groups, source, notes = grouped(("a", "s1", "P", ""), ("b", "s1", "", ""), ("c", "s2", "Q", ""))
    assert groups == ["patient:P", "patient:P", "patient:Q"]
    assert source == "content"
    assert notes == ("only 2 of 3 usable scans have a patient id",)


def test_patients_that_share_an_image_count_as_one():
    groups, source, notes = grouped(
        ("a", "s1", "R", ""),
        ("b", "s1", "Q", ""),
        ("c", "s2", "Q", ""),
        ("d", "s2", "P", ""),
        ("e", "s3", "R", ""),
    )
    assert set(groups) == {"patient:P"}
    assert source == "patient"
    assert notes == ("the same image lies under several patient ids, which count as one patient: P, Q, R",)


def test_a_scan_with_a_problem_joins_no_one():
    groups, source, _ = grouped(("a", "s1", "", ""), ("b", "s1", "", "bad"), ("c", "", "P", "bad"))
    assert groups == ["scan:a", "scan:b", "patient:P"]
    assert source == "scan"


def test_asking_for_patients_where_there_are_none_is_refused():
    with pytest.raises(DatasetError, match="expected patient ids to group by, found none; group by a pattern"):
        grouped(("a", "s1", "", ""), ("b", "s2", "P", "bad"), way=GroupWay("patient"))


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("stuvwx"), st.sampled_from("klmnop"), st.sampled_from(["", "P", "Q", "R", "S"])),
        min_size=1,
        max_size=14,
    )
)
def test_groups_are_what_ids_contents_and_pixels_connect(rows):
    scans = [(f"{n}.png", sha, patient, "") for n, (sha, _, patient) in enumerate(rows)]
    groups, _, _ = grouped(*scans, pixels=[pixels for _, pixels, _ in rows])
    together = np.array([[a == b or c == d or (bool(p) and p == q) for b, d, q in rows] for a, c, p in rows])
    for _ in rows:  # the slow and obvious way: friends of friends, until nothing changes
        together = together @ together
    assert np.array_equal(together, np.array(groups)[:, None] == np.array(groups))


@settings(max_examples=40, deadline=None)
@given(
    ids=st.lists(st.sampled_from(["", "P", "Q"]), min_size=1, max_size=8),
    kind=st.sampled_from(["", "patient", "scan", "blocks", "pattern"]),
)
def test_what_was_used_gives_the_same_groups_when_asked_for_again(ids, kind):
    scans = [(f"{number}.png", f"s{number % 5}", patient, "") for number, patient in enumerate(ids)]
    table = pd.DataFrame(scans, columns=["path", "sha256", "patient_id", "problem"]).assign(pixels="")
    if kind == "patient" and not any(ids):
        return
    first = group_scans(table, table["patient_id"], GroupWay(kind, pattern=r"[0-3]" if kind == "pattern" else ""))
    again = group_scans(table, table["patient_id"], first.way)
    assert first.way.kind
    assert again.names.tolist() == first.names.tolist()
    assert (again.source, again.notes) == (first.source, first.notes)


# --- by what the names say ---


def test_a_pattern_names_the_groups_and_the_rest_is_said():
    scans = named("x/P1_0.png", "y/P1_1.png", "x/P2_0.png", "x/other.png")
    groups, source, notes = grouped(*scans, way=GroupWay("pattern", pattern=r"P(\d+)_"))
    assert groups == ["pattern:1", "pattern:1", "pattern:2", "scan:x/other.png"]
    assert source == "pattern"
    assert notes == ("1 of 4 usable scans are not matched by the pattern: each is a group by itself",)


def test_blocks_are_runs_of_numbers_in_one_folder():
    scans = named("x/s 0.png", "x/s 24.png", "x/s 25.png", "y/s 1.png", "x/t 1.png", "x/none.png")
    groups, source, notes = grouped(*scans, way=GroupWay("blocks", block_size=25))
    assert len(set(groups)) == 5
    assert groups[0] == groups[1] == "block:x/s #.png 0-24"
    assert source == "blocks"
    assert notes == ("1 of 6 usable scans have no number in their name: each is a group by itself",)


@pytest.mark.parametrize("kind", ["pattern", "blocks", "near-duplicates", "scan"])
def test_exact_copies_stay_together_whatever_the_way(kind):
    scans = [("a1.png", "s1", "", ""), ("b900.png", "s1", "", ""), ("c500.png", "s2", "", "")]
    groups, _, _ = grouped(*scans, way=GroupWay(kind, pattern="a|b" if kind == "pattern" else ""), near=near())
    assert groups[0] == groups[1] != groups[2]
    groups, _, _ = grouped(*named("a1.png", "b900.png"), pixels=["same", "same"], way=GroupWay(kind, pattern="a"))
    assert groups[0] == groups[1]


def test_a_pattern_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="expected a regular expression"):
        grouped(*named("a.png"), way=GroupWay("pattern", pattern="("))


# --- frames of one file ---


def test_frames_of_one_file_stay_together():
    files = pd.Series(["a.dcm", "a.dcm", "b.dcm", ""])
    scans = named("a.dcm#1", "a.dcm#2", "b.dcm#1", "c.dcm")
    groups, source, _ = grouped(*scans, files=files)
    assert groups == ["file:a.dcm", "file:a.dcm", "scan:b.dcm#1", "scan:c.dcm"]
    assert source == "content"
    assert "frames of one file" in GROUP_SOURCES[source]


# --- near-duplicates ---


def test_near_duplicates_are_numbered_among_the_usable_scans():
    scans = [("bad.png", "", "", "broken"), *named("a.png", "b.png", "c.png", "d.png")]
    groups, source, notes = grouped(*scans, way=GroupWay("near-duplicates"), near=near((0, 2), (2, 3)))
    assert groups == ["scan:bad.png", "near:a.png", "scan:b.png", "near:a.png", "near:a.png"]
    assert (source, notes) == ("near-duplicates", ())


def test_a_chain_of_near_duplicates_does_not_swallow_the_set():
    count = 400
    scans = named(*(f"{number:03}.png" for number in range(count)))
    chain = near(*((row, row + 1) for row in range(count - 1)))
    groups, _, notes = grouped(*scans, way=GroupWay("near-duplicates"), near=chain)
    assert pd.Series(groups).value_counts().max() == size_limit(count) == 50
    assert notes == ("7 of 399 near-duplicate pairs may be apart: no group grows beyond 50 scans",)


def test_every_source_says_what_it_can_promise():
    for source, says in GROUP_SOURCES.items():
        promises = "no patient is on two sides" in says or "as good as the pattern" in says
        assert promises != ("may be on both sides" in says), source
