"""Groups hold together what one patient or one content connects."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from core.data.grouping import group_scans


def grouped(*rows):
    table = pd.DataFrame(rows, columns=["path", "sha256", "patient_id", "problem"])
    groups, source, notes = group_scans(table, table["patient_id"])
    return groups.tolist(), source, notes


def test_a_patient_id_cannot_collide_with_another_kind_of_group():
    groups, _, _ = grouped(("a.png", "s1", "", ""), ("b.png", "s2", "scan:a.png", ""), ("c.png", "s3", "a.png", ""))
    assert groups == ["scan:a.png", "patient:scan:a.png", "patient:a.png"]


def test_a_copy_without_patient_id_stays_with_the_patient():
    groups, source, notes = grouped(("a", "s1", "P", ""), ("b", "s1", "", ""), ("c", "s2", "Q", ""))
    assert groups == ["patient:P", "patient:P", "patient:Q"]
    assert source == "content"
    assert notes == ("only 2 of 3 usable scans have a patient id",)


def test_patients_that_share_a_file_count_as_one():
    groups, source, notes = grouped(
        ("a", "s1", "R", ""),
        ("b", "s1", "Q", ""),
        ("c", "s2", "Q", ""),
        ("d", "s2", "P", ""),
        ("e", "s3", "R", ""),
    )
    assert set(groups) == {"patient:P"}
    assert source == "patient"
    assert notes == ("the same file lies under several patient ids, which count as one patient: P, Q, R",)


def test_a_scan_with_a_problem_joins_no_one():
    groups, source, _ = grouped(("a", "s1", "", ""), ("b", "s1", "", "bad"), ("c", "", "P", "bad"))
    assert groups == ["scan:a", "scan:b", "patient:P"]
    assert source == "scan"


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("stuvwx"), st.sampled_from(["", "P", "Q", "R", "S"])),
        min_size=1,
        max_size=14,
    )
)
def test_groups_are_what_ids_and_contents_connect(rows):
    groups, _, _ = grouped(*((f"{n}.png", sha, patient, "") for n, (sha, patient) in enumerate(rows)))
    together = np.array([[a == b or (bool(p) and p == q) for b, q in rows] for a, p in rows])
    for _ in rows:  # the slow and obvious way: friends of friends, until nothing changes
        together = together @ together
    assert np.array_equal(together, np.array(groups)[:, None] == np.array(groups))
