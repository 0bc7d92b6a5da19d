"""`python -m core threshold`: every rule, exactly one of them, its history and a step back."""

import json
import math
from dataclasses import replace

import pytest
from tiny_trainings import TINY, Finished, call, says_one_line

from core.decided import POINT_FILE, point_history, point_in_force
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.rules import Cost, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Youden, Zones
from core.files import write_json
from core.results import split_results


@pytest.fixture
def threshold(own_run, capsys):
    """What the command says about `own_run`."""

    def ask(*arguments: object, json_too: bool = True) -> Finished:
        asked = ["threshold", own_run.id, *arguments, "--runs", own_run.folder.parent]
        return call([*asked, "--json"] if json_too else asked, capsys)

    return ask


EPOCHS = TINY["epochs"]  # among which validation chose the network
RULES = [
    (["--max-fnr", "0.25"], MaxFnr(0.25)),
    (["--max-fnr", "0.8", "--confidence", "0.8"], MaxFnr(0.8, 0.8, EPOCHS)),
    (["--max-fpr", "0.25"], MaxFpr(0.25)),
    (["--max-fpr", "0.8", "--confidence", "0.8"], MaxFpr(0.8, 0.8, EPOCHS)),
    (["--cost", "10:1"], Cost(10)),
    (["--cost", "10:2", "--prevalence", "0.05"], Cost(10, 2, 0.05)),
    (["--youden"], Youden()),
    (["--f-beta", "2"], FBeta(2)),
    (["--ppv", "0.5", "--prevalence", "0.3"], Ppv(0.5, 0.3)),
    (["--value", "0.375"], Fixed(0.375)),
    (["--rule-out", "0.1", "--rule-in", "0.2"], Zones(0.1, 0.2)),
    (["--rule-out", "0.8", "--rule-in", "0.8", "--confidence", "0.8"], Zones(0.8, 0.8, 0.8, 0.8, EPOCHS)),
]


@pytest.mark.parametrize(("arguments", "rule"), RULES, ids=[" ".join(arguments) for arguments, _ in RULES])
def test_every_rule_chooses_on_validation_as_the_library_does(threshold, own_run, arguments, rule):
    facts = threshold(*arguments).facts
    point = chosen(split_results(own_run, "val").scored, rule)
    assert (facts["threshold"], facts["rule"]) == (point.threshold, rule.text)
    assert facts["chosen"] == {
        "rule": rule.text,
        "split": "val",
        "says": point.says,
        "chosen_at": "",
        "upper": point.upper,
    }
    assert facts["val"]["threshold"] == facts["test"]["threshold"] == point.threshold
    assert ("zones" in facts["val"]) == ("zones" in facts["test"]) == isinstance(rule, Zones)
    assert ("in_patients" in facts["test"]) == ("--prevalence" in arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "expected a rule to choose by (--max-fnr, --max-fpr, --cost, "),
        (["--save"], "expected a rule to choose by"),
        (["--prevalence", "0.1", "--save"], "expected a rule to choose by"),
        (["--max-fnr", "0.1", "--youden"], "expected one rule (--max-fnr, "),
        (["--max-fnr", "0.1", "--youden"], "found --max-fnr and --youden; keep one"),
        (["--value", "0", "--f-beta", "1"], "found --f-beta and --value; keep one"),
        (["--rule-out", "0.1"], "expected --rule-out and --rule-in together"),
        (["--rule-in", "0.1"], "expected --rule-out and --rule-in together"),
        (["--youden", "--confidence", "0.95"], "expected --confidence with --max-fnr"),
        (["--confidence", "0.95"], "expected --confidence with --max-fnr"),
        (["--ppv", "0.5"], "expected --prevalence with --ppv"),
        (["--ppv", "0.5", "--prevalence", "1.5"], "expected a prevalence between 0 and 1, found 1.5"),
        (["--cost", "10"], "expected --cost as a miss to a false alarm, such as 10:1"),
        (["--cost", "0:1"], "the cost of a miss must lie between 1e-09 and 1e+09, found 0"),
        (["--cost", "1e300:1e-300"], "the cost of a miss must lie between"),
        (["--f-beta", "0"], "beta must lie between 0.01 and 100, found 0"),
        (["--f-beta", "1e200"], "beta must lie between 0.01 and 100, found 1e+200"),
        (["--f-beta", "1e-200"], "beta must lie between 0.01 and 100, found 1e-200"),
        (["--max-fnr", "1e-320", "--confidence", "0.5"], "max_fnr must be at least 1e-12 to be promised"),
        (["--value", "2"], "threshold must lie in [0, 1], found 2"),
        (["--max-fnr", "0.01", "--confidence", "0.95"], "4 positives in val, on which one of 24 networks"),
        (["--max-fnr", "0.01", "--confidence", "0.95"], "it takes 615 positives, or a larger max_fnr"),
        (["--history", "--max-fnr", "0.1"], "expected --history or --back by itself"),
        (["--history", "--confidence", "0.9"], "expected --history or --back by itself"),
        (["--history", "--rule-in", "0"], "expected --history or --back by itself"),
        (["--history", "--prevalence", "0"], "expected --history or --back by itself"),
        (["--back", "--save"], "expected --history or --back by itself"),
        (["--back", "--rule-in", "0.3"], "expected --history or --back by itself"),
        (["--back", "0", "--confidence", "0.9"], "expected --history or --back by itself"),
        (["--back", "--history"], "not allowed with argument"),
        (["--back"], "expected a threshold to take back in run"),
        (["--back", "3"], "expected the number of a change from 0 to 0, found 3"),
        (["--back", "-1"], "expected the number of a change from 0 to 0, found -1"),
        (["--back", "1.5"], "invalid int value: '1.5'"),
    ],
)
def test_a_wrong_request_is_refused_in_one_line(threshold, own_run, arguments, words):
    finished = threshold(*arguments)
    assert finished.status == 2
    assert says_one_line(finished.stderr)
    assert words in finished.stderr
    assert not (own_run.folder / POINT_FILE).exists()


def test_a_prevalence_alone_tells_of_patients_at_the_threshold_in_force(threshold, own_run):
    facts = threshold("--prevalence", "0.05").facts
    assert (facts["threshold"], facts["rule"]) == (0.5, "default")
    assert facts["test"]["in_patients"]["says"].startswith("Of 1,000 people like these, 50 have it: ")
    assert facts["val"]["in_patients"]["prevalence"] == 0.05
    figures = {"prevalence", "ppv", "npv", "lr_positive", "lr_negative"}
    assert set(facts["val"]["in_patients"]) == {*figures, "interval_method", "says"}
    assert "95 % " in facts["val"]["in_patients"]["interval_method"]


def test_two_thresholds_tell_of_patients_in_three_outcomes(threshold, own_run):
    facts = threshold("--rule-out", "0", "--rule-in", "0", "--prevalence", "0.05").facts["test"]["in_patients"]
    for outcome in ("ruled in", "referred to a reader", "ruled out (missed)"):
        assert outcome in facts["says"]
    assert {"ppv", "npv", "lr_positive", "lr_negative"} < set(facts)


def test_changes_are_listed_and_taken_back(threshold, own_run):
    threshold("--value", "0.2", "--save")
    threshold("--max-fnr", "0.25", "--save")
    back = threshold("--back").facts
    assert (back["threshold"], back["rule"]) == (0.2, "fixed=0.2")
    listed = threshold("--history").facts["history"]
    assert [change["number"] for change in listed] == [1, 2, 3]
    assert [change["back_to"] for change in listed] == [None, None, 1]
    assert listed[1]["says"] == "chosen on validation: at most 25 % missed"
    assert all(change["data_fingerprint"] == own_run.record.data_fingerprint for change in listed)
    assert point_in_force(own_run).threshold == 0.2
    assert threshold("--back", "2").facts["rule"] == "max_fnr=0.25"
    assert threshold("--back", "0").facts["rule"] == "default"


@pytest.mark.parametrize(
    "arguments", [["-1"], ["3"], ["--rule-in", "0.3"], ["--confidence", "0.9"], ["--prevalence", "0.1"]]
)
def test_a_step_back_that_is_refused_changes_nothing(threshold, own_run, arguments):
    threshold("--value", "0.2", "--save")
    threshold("--value", "0.3", "--save")
    before = (own_run.folder / POINT_FILE).read_bytes()
    assert threshold("--back", *arguments).status == 2
    assert (own_run.folder / POINT_FILE).read_bytes() == before


def test_people_can_read_it_too(threshold):
    said = threshold("--rule-out", "0.1", "--rule-in", "0.2", "--prevalence", "0.05", json_too=False).stdout
    assert "Of 1,000 people like these, 50 have it" in said
    assert "ruled out" in said
    threshold("--value", "0.2", "--save")
    assert "set by hand" in threshold("--history", json_too=False).stdout


def test_the_history_says_what_each_change_promised_and_on_which_scores(threshold, own_run):
    threshold("--max-fnr", "0.25", "--save")
    threshold("--value", "0.2", "--save")
    first, second = threshold("--history").facts["history"]
    assert first["promise"].startswith("At most 0.25 are missed of the ")
    assert second["promise"] == ""
    assert first["scores"] == second["scores"] == "raw"
    changes = [replace(change.point, score_kind="calibrated") for change in point_history(own_run)]
    write_json(
        own_run.folder / POINT_FILE,
        changes[-1].to_json() | {"history": [{"back_to": None, "point": point.to_json()} for point in changes]},
    )
    assert [change["scores"] for change in threshold("--history").facts["history"]] == ["calibrated"] * 2


def test_people_can_read_the_history(threshold):
    assert "history  none" in threshold("--history", json_too=False).stdout
    facts = threshold("--max-fnr", "0.25", "--save").facts
    said = threshold("--history", json_too=False).stdout
    assert "{" not in said
    (fnr,) = (line.split(maxsplit=1)[1] for line in said.splitlines() if line.strip().startswith("fnr "))
    figure = facts["val"]["fnr"]
    assert fnr == f"{figure['value']:.4f}  (95 % {figure['low']:.4f} to {figure['high']:.4f})"
    assert facts["promise"] in said


def test_every_report_says_how_its_threshold_was_chosen(threshold, own_run, capsys):
    saved = threshold("--max-fnr", "0.25", "--save").facts
    assert saved["chosen"]["chosen_at"]
    where = ["--runs", own_run.folder.parent, "--json"]
    told = call(["evaluate", own_run.id, *where], capsys).facts["chosen"]
    assert told == saved["chosen"]
    assert (told["rule"], told["split"]) == ("max_fnr=0.25", "val")
    given = call(["evaluate", own_run.id, "--threshold", "0.3", *where], capsys).facts["chosen"]
    assert given["says"] == "given with the request"
    predicted = call(["predict", own_run.id, "covid/00.png", *where], capsys).facts
    assert predicted["says"] == "chosen on validation: at most 25 % missed"


def test_figures_that_are_not_finite_are_none_and_people_can_read_them(threshold, own_run):
    facts = threshold("--value", "1", "--prevalence", "0.1").facts["val"]["in_patients"]
    assert facts["lr_positive"]["value"] is None or math.isfinite(facts["lr_positive"]["value"])
    json.dumps(facts, allow_nan=False)
    for value in ("0", "0.2", "0.5", "0.8", "1"):
        told = threshold("--value", value, "--prevalence", "0.1", json_too=False)
        assert told.status == 0, told.stderr
        assert "lr_positive" in told.stdout


def test_a_request_that_fails_saves_nothing(threshold, own_run, monkeypatch):
    def fails(*_: object) -> None:
        raise RuntimeError("no figures")

    monkeypatch.setattr("core.evaluation.decision.population.in_population", fails)
    assert threshold("--value", "0.2", "--prevalence", "0.1", "--save").status == 1
    assert not (own_run.folder / POINT_FILE).exists()
