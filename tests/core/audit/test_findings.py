"""Findings as JSON and back."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit.findings import KEEP, KINDS, SEVERITIES, Audit, Checked, Example, Finding, audit_from_json
from core.evaluation.intervals import Estimate

texts = st.text(max_size=8)
unit = st.floats(0, 1)
figures = st.dictionaries(
    st.sampled_from(["auc", "by_slice", "sets"]),
    st.one_of(st.integers(0, 9), texts, st.builds(Estimate, unit, unit, unit), st.lists(texts, max_size=2)),
)
findings = st.builds(
    Finding,
    kind=st.sampled_from(KINDS),
    about=texts,
    severity=st.sampled_from(SEVERITIES),
    scans=st.integers(0, 99),
    says=texts,
    means=texts,
    figures=figures,
    paths=st.lists(texts, max_size=3).map(tuple),
    examples=st.just((Example(("a", "b"), ("x", "y")),)),
    offers=st.just((KEEP,)),
    settled=texts,
)


@given(st.lists(findings, max_size=2), st.lists(st.builds(Checked, texts, texts, figures), max_size=2))
def test_an_audit_comes_back_from_json_as_it_was(found: list[Finding], checked: list[Checked]) -> None:
    audit = Audit(7, tuple(found), tuple(checked))
    assert audit_from_json(json.loads(json.dumps(audit.to_json()))) == audit


@given(findings)
def test_the_id_stays_while_the_scans_do(finding: Finding) -> None:
    later = replace(finding, says="otherwise", figures={}, paths=finding.paths[::-1], severity="low")
    assert later.id == finding.id
    assert replace(finding, paths=(*finding.paths, "another")).id != finding.id


def test_a_settled_finding_is_not_open() -> None:
    finding = Finding("shortcut", "noise", "low", 3, "", "")
    audit = Audit(3, (finding, replace(finding, about="edges", settled="kept")), ())
    assert audit.open == (finding,)


@pytest.mark.parametrize("data", [{}, {"scans": 1, "findings": [{}], "checked": []}, {"scans": 1, "findings": 3}])
def test_what_is_no_audit_is_refused(data: dict) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        audit_from_json(data)
