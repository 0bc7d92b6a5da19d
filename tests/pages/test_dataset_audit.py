"""The dataset page's audit, groups and splits: what is said, what can be done about it, and undone."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.audit import keeping
from core.audit.findings import KEEP, Audit, Checked, Example, Finding, Offer
from core.data.decisions import history, read_decisions
from core.data.index import index_dataset

PAGE = "dataset/page.py"
TWINS = ("COVID/p00-0.png", "COVID/p00-1.png")
COPIES = Finding(
    kind="exact-duplicate",
    about="content",
    severity="medium",
    scans=2,
    says="2 scans are the same",
    means="they count twice",
    paths=TWINS,
    examples=(Example(TWINS, ("COVID", "COVID")),),
    offers=(Offer("exclude", "leave out 1 copy", TWINS[1:]), KEEP),
)
SHORTCUT = Finding(
    kind="shortcut", about="storage", severity="high", scans=40, says="the mode tells all", means="it fails elsewhere",
    figures={"features": [{"name": "mode=RGB", "auc": 0.9}]}, offers=(KEEP,),
)  # fmt: skip
ODD = Checked("odd-scan", "no blank scans among 40")


@pytest.fixture
def audited(app, tiny_dataset: Path):
    """The page of a dataset whose audit found two things."""
    dataset = index_dataset(tiny_dataset)
    keeping.kept_or_made(dataset, lambda _: Audit(40, (SHORTCUT, COPIES), (ODD,)), again=False, told=lambda *_: None)
    at: AppTest = app(PAGE)
    return at.text_input("dataset_typed").set_value(str(tiny_dataset)).run()


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.markdown, *at.caption, *at.success, *at.warning, *at.error])


def offer(at: AppTest, label: str):
    return next(button for button in at.button if button.label == label)


def test_findings_say_what_they_mean_and_what_was_not_found_is_said_too(audited):
    assert not audited.exception
    said = words(audited)
    for part in ("The mode tells all.", "It fails elsewhere.", "2 scans are the same.", "No blank scans among 40."):
        assert part in said


def test_a_kept_finding_is_settled_and_comes_back_when_undone(audited, tiny_dataset):
    offer(audited, "Leave out 1 copy")  # it is offered
    next(b for b in audited.button if b.key == f"offer-{SHORTCUT.id}-0").click().run()
    assert [decision.action for decision in read_decisions(tiny_dataset)] == ["keep"]
    assert "Keep everything as it is." in words(audited)
    assert not [b for b in audited.button if b.key == f"offer-{SHORTCUT.id}-0"]
    audited.button("undo-1").click().run()
    assert read_decisions(tiny_dataset) == ()
    assert [b for b in audited.button if b.key == f"offer-{SHORTCUT.id}-0"]


def test_leaving_out_changes_the_dataset_and_asks_for_a_new_audit(audited, tiny_dataset):
    offer(audited, "Leave out 1 copy").click().run()
    assert not audited.exception
    assert {m.label: m.value for m in audited.metric}["Usable"] == "39"
    assert "The mode tells all." not in words(audited)
    assert history(tiny_dataset)[0].paths == TWINS[1:]
    audited.button("undo-1").click().run()
    assert {m.label: m.value for m in audited.metric}["Usable"] == "40"


def test_a_dataset_is_grouped_by_what_a_pattern_yields(audited, tiny_dataset):
    kind = next(box for box in audited.selectbox if box.label == "Groups come from")
    kind.set_value("pattern").run()
    field = next(box for box in audited.text_input if box.label == "Pattern")
    field.set_value(r"/(p\d+)-").run()
    assert "**10 groups** of 40 scans." in words(audited)
    audited.button("group-dataset").click().run()
    dataset = index_dataset(tiny_dataset)
    assert (dataset.group_source, dataset.usable["group"].nunique()) == ("pattern", 10)
    assert "Decided" not in words(audited)  # that stands beside runs
    assert read_decisions(tiny_dataset)[0].group_by == r"pattern:/(p\d+)-"


def test_a_pattern_that_is_none_is_refused_in_a_line(audited):
    next(box for box in audited.selectbox if box.label == "Groups come from").set_value("pattern").run()
    next(box for box in audited.text_input if box.label == "Pattern").set_value("(").run()
    assert not audited.exception
    assert len(audited.error) == 1
    assert not [button for button in audited.button if button.key == "group-dataset"]


@pytest.mark.parametrize(
    ("kind", "says"),
    [("slice", "figures will be too good"), ("fold", "Fold 1 of 5"), ("group", "no group in two parts")],
)
def test_splits_are_previewed(audited, kind, says):
    box = next(box for box in audited.selectbox if box.label == "Split")
    box.set_value(kind).run()
    assert not audited.exception
    assert says in words(audited)


def test_an_audit_that_ended_early_says_why_and_can_be_begun_again(app, tiny_dataset, tmp_path, monkeypatch):
    def dies(arguments, log_path):
        log_path.write_text("error: the disk is full\n")
        return 0

    monkeypatch.setattr(keeping, "start_command", dies)
    at = app(PAGE).text_input("dataset_typed").set_value(str(tiny_dataset)).run()
    at.run()
    assert any("the disk is full" in error.value for error in at.error)
    assert at.button("audit")
