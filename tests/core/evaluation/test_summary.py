import json
import math

import numpy as np
import pytest
from sklearn import metrics

from core.evaluation.summary import evaluate

CLASSES = ("COVID", "non-COVID")


def sample(n=120, seed=0, groups=30):
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.4
    scores = np.clip(0.5 + 0.2 * (positive * 2 - 1) + rng.normal(0, 0.25, n), 0, 1)
    labels = np.where(positive, *CLASSES)
    return np.c_[scores, 1 - scores], labels, [f"p{k}" for k in rng.integers(groups, size=n)]


def report(probabilities, labels, groups, **changes):
    settings = {"classes": CLASSES, "positive": "COVID", "threshold": 0.4, "split": "test"} | changes
    return evaluate(probabilities, labels, groups, **settings)


def test_every_figure_agrees_with_scikit_learn():
    probabilities, labels, groups = sample()
    found = report(probabilities, labels, groups)
    truth, scores = labels == "COVID", probabilities[:, 0]
    called = scores >= 0.4
    assert found.n == 120
    assert found.positives == truth.sum()
    assert found.groups == len(set(groups))
    for ours, theirs in {
        found.accuracy.value: metrics.accuracy_score(truth, called),
        found.precision.value: metrics.precision_score(truth, called),
        found.recall.value: metrics.recall_score(truth, called),
        found.fnr.value: 1 - metrics.recall_score(truth, called),
        found.specificity.value: metrics.recall_score(~truth, ~called),
        found.fpr.value: 1 - metrics.recall_score(~truth, ~called),
        found.npv.value: metrics.precision_score(~truth, ~called),
        found.f1.value: metrics.f1_score(truth, called),
        found.auc.value: metrics.roc_auc_score(truth, scores),
        found.average_precision: metrics.average_precision_score(truth, scores),
        found.brier: metrics.brier_score_loss(truth, scores),
    }.items():
        assert ours == pytest.approx(theirs, abs=1e-12)
    predicted = np.where(called, *CLASSES)
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, predicted, labels=CLASSES))


def test_json_has_the_figures_people_ask_for_and_no_nan():
    found = json.loads(json.dumps(report(*sample()).to_json(), allow_nan=False))
    asked = "split threshold n positives accuracy auc fnr fpr precision recall f1 confusion"
    assert set(asked.split()) <= set(found)
    assert found["confusion"]["classes"] == list(CLASSES)
    assert sum(map(sum, found["confusion"]["matrix"])) == found["n"]
    for name in ("accuracy", "auc", "fnr", "fpr", "precision", "recall", "f1"):
        assert 0 <= found[name]["low"] <= found[name]["value"] <= found[name]["high"] <= 1


def test_the_order_of_scans_changes_nothing():
    probabilities, labels, groups = sample()
    order = np.random.default_rng(1).permutation(len(labels))
    shuffled = report(probabilities[order], labels[order], [groups[i] for i in order]).to_json()
    straight = report(probabilities, labels, groups).to_json()
    assert shuffled.pop("brier") == pytest.approx(straight.pop("brier"), abs=1e-12)
    assert shuffled == straight


@pytest.mark.parametrize("only", CLASSES)
def test_one_class_absent_is_said_as_none(only):
    found = report(np.array([[0.2, 0.8], [0.7, 0.3]]), [only, only], ["a", "b"]).to_json()
    absent, present = ("fpr", "fnr") if only == "COVID" else ("fnr", "fpr")
    nothing = {"value": None, "low": None, "high": None}
    assert found["auc"] == nothing
    assert found[absent] == nothing
    assert found[present]["value"] == 0.5
    assert found["average_precision"] is None
    json.dumps(found, allow_nan=False)


def test_five_scans_give_a_report():
    probabilities = np.array([[s, 1 - s] for s in (0.9, 0.8, 0.3, 0.6, 0.1)])
    found = report(probabilities, np.array(["COVID"] * 3 + ["non-COVID"] * 2), list("abcde"))
    assert found.confusion == ((2, 1), (1, 1))
    assert found.fnr.value == pytest.approx(1 / 3)


def test_three_classes_keep_the_same_misses_in_matrix_and_rates():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet([1, 1, 1], size=90)
    labels = rng.choice(["a", "b", "c"], size=90)
    found = report(probabilities, labels, range(90), classes=("a", "b", "c"), positive="b", threshold=0.3)
    matrix = np.array(found.confusion)
    assert found.positives == matrix[1].sum()
    assert found.fnr.value == (matrix[1, 0] + matrix[1, 2]) / matrix[1].sum()
    assert found.fpr.value == (matrix[0, 1] + matrix[2, 1]) / (matrix[0].sum() + matrix[2].sum())
    assert found.accuracy.value == np.trace(matrix) / 90


def test_a_split_without_scans_is_refused_in_one_line():
    with pytest.raises(ValueError, match="nothing to evaluate: the split test has no scans"):
        report(np.empty((0, 2)), [], [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"threshold": 1.5}, "threshold must lie in"),
        ({"positive": "pneumonia"}, "the positive class must be among"),
        ({"classes": ("COVID", "other")}, "labels must be among COVID, other; found 'non-COVID'"),
    ],
)
def test_wrong_requests_are_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        report(*sample(), **changes)


def test_fewer_groups_than_scans_is_owned_up_to():
    probabilities, labels, groups = sample()
    torn = report(probabilities, labels, groups)
    assert "30 groups: the true uncertainty is larger" in torn.interval_methods["rates"]
    alone = report(probabilities, labels, range(120))
    assert "larger" not in alone.interval_methods["rates"]


def test_scans_in_groups_that_agree_widen_the_interval_of_auc():
    rng = np.random.default_rng(4)
    positive = np.arange(40) % 2 == 0
    scores = np.clip(0.5 + 0.15 * (positive * 2 - 1) + rng.normal(0, 0.2, 40), 0, 1)
    repeated, labels = np.repeat(scores, 8), np.where(np.repeat(positive, 8), *CLASSES)
    probabilities = np.c_[repeated, 1 - repeated]
    honest = report(probabilities, labels, np.repeat(np.arange(40), 8))
    naive = report(probabilities, labels, range(320))
    assert honest.auc.value == naive.auc.value
    assert honest.auc.high - honest.auc.low > 2 * (naive.auc.high - naive.auc.low)
    assert math.isclose(honest.fnr.value, naive.fnr.value)
