import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from core.evaluation.at_threshold import SHARES, rates_at
from core.evaluation.classified import Classified
from core.evaluation.ranking import ranking_of
from core.evaluation.scored import Scored
from core.evaluation.summary import METHOD_OF, evaluate, evaluation_at

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
        found.auc_delong.value: metrics.roc_auc_score(truth, scores),
        found.average_precision.value: metrics.average_precision_score(truth, scores),
        found.brier.value: metrics.brier_score_loss(truth, scores),
        found.log_loss.value: metrics.log_loss(truth, scores),
        found.balanced_accuracy.value: metrics.balanced_accuracy_score(truth, called),
        found.f2.value: metrics.fbeta_score(truth, called, beta=2),
        found.mcc.value: metrics.matthews_corrcoef(truth, called),
        found.kappa.value: metrics.cohen_kappa_score(truth, called),
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
    with_interval = [name for name in METHOD_OF if not name.startswith(("macro_", "micro_"))]
    assert len(with_interval) == 17
    for name in with_interval:
        assert -1 <= found[name]["low"] < found[name]["value"] < found[name]["high"]
        assert METHOD_OF[name] in found["interval_methods"]


def test_the_order_of_scans_changes_nothing():
    probabilities, labels, groups = sample()
    order = np.random.default_rng(1).permutation(len(labels))
    shuffled = report(probabilities[order], labels[order], [groups[i] for i in order]).to_json()
    straight = report(probabilities, labels, groups).to_json()
    for name in ("brier", "log_loss", "auc_delong"):  # sums in another order
        assert shuffled.pop(name) == pytest.approx(straight.pop(name), abs=1e-12)
    assert shuffled == straight


@pytest.mark.parametrize("only", CLASSES)
def test_one_class_absent_is_said_as_none(only):
    found = report(np.array([[0.2, 0.8], [0.7, 0.3]]), [only, only], ["a", "b"]).to_json()
    absent, present = ("fpr", "fnr") if only == "COVID" else ("fnr", "fpr")
    nothing = {"value": None, "low": None, "high": None}
    assert found["auc"] == nothing
    assert found[absent] == nothing
    assert found[present]["value"] == 0.5
    for name in ("auc_delong", "average_precision", "balanced_accuracy", "mcc", "kappa"):
        assert found[name] == nothing
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


def test_intervals_say_how_they_were_made():
    probabilities, labels, groups = sample()
    grouped = report(probabilities, labels, groups).interval_methods
    assert "2000 resamples of whole groups (30 groups of 120 scans" in grouped["rates"]
    assert "30 groups as units" in grouped["delong"]
    alone = report(probabilities, labels, range(120)).interval_methods
    assert "Wilson score interval over 120 scans" in alone["rates"]


@pytest.mark.parametrize("unit", ["scan", "patient", "group"])
def test_figures_name_what_they_count_and_nothing_else(unit):
    probabilities, labels, _ = sample()
    split = Classified.of(probabilities[:30], labels[:30], range(30), classes=CLASSES, positive="COVID")
    found = evaluation_at(split, 0.4, split="test", unit=unit)
    assert found.to_json()["counted"] == f"{unit}s"
    said = " ".join(found.interval_methods.values())
    for words in (f"over 30 {unit}s", f"single {unit}s (30 {unit}s", f"a mean over 30 {unit}s", f"each of the {unit}s"):
        assert words in said
    assert unit == "scan" or "scan" not in said


@pytest.mark.parametrize("positive", CLASSES)
def test_rates_are_those_of_the_other_pages_to_the_last_bit(positive):
    probabilities, labels, groups = sample()
    found = report(probabilities, labels, groups, positive=positive)
    column = CLASSES.index(positive)
    rates = rates_at(Scored.of(probabilities[:, column], labels == positive, groups), found.threshold)
    for name in SHARES:
        assert getattr(found, name) == getattr(rates, name)


def test_intervals_from_few_groups_are_said_to_be_too_narrow():
    probabilities, labels, _ = sample()
    number_in_class = pd.Series(labels).groupby(labels).cumcount().astype(str).to_numpy()

    def said(per_group):
        groups = [f"{label}-{int(number) // per_group}" for label, number in zip(labels, number_in_class, strict=True)]
        fewest = min(len({group for group in groups if group.startswith(f"{name}-")}) for name in CLASSES)
        return fewest, report(probabilities, labels, groups).interval_methods["rates"]

    fewest, words = said(20)
    assert fewest < 30
    assert "too narrow" in words
    assert words.endswith("it takes 30")
    fewest, words = said(1)
    assert fewest >= 30
    assert "too narrow" not in words


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
    assert honest.fnr.high - honest.fnr.low > 2 * (naive.fnr.high - naive.fnr.low)


def test_a_new_threshold_gives_the_same_figures_with_the_ranking_made_before(monkeypatch):
    probabilities, labels, groups = sample()
    split = Classified.of(probabilities, labels, groups, classes=CLASSES, positive="COVID")
    ranking = ranking_of(split)
    monkeypatch.setattr("core.evaluation.summary.ranking_of", None)  # not made again
    kept = evaluation_at(split, 0.7, split="test", ranking=ranking)
    monkeypatch.undo()
    assert kept == report(probabilities, labels, groups, threshold=0.7)


def test_three_classes_have_averages_and_figures_of_each_class_as_scikit_learn_has_them():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet([1, 1, 1], size=90)
    labels = rng.choice(["a", "b", "c"], size=90)
    found = report(probabilities, labels, range(90), classes=("a", "b", "c"), positive="b", threshold=0.3)
    called = np.where(probabilities[:, 1] >= 0.3, "b", np.where(probabilities[:, 0] >= probabilities[:, 2], "a", "c"))
    three = {"average": "macro"}
    truth = labels[:, None] == np.array(["a", "b", "c"])
    for name, theirs in {
        "macro_precision": metrics.precision_score(labels, called, **three),
        "macro_recall": metrics.recall_score(labels, called, **three),
        "macro_f1": metrics.f1_score(labels, called, **three),
        "micro_f1": metrics.f1_score(labels, called, average="micro"),
        "macro_auc": metrics.roc_auc_score(truth, probabilities, average="macro"),
        "micro_auc": metrics.roc_auc_score(truth, probabilities, average="micro"),
    }.items():
        assert found.averages[name].value == pytest.approx(theirs, abs=1e-12)
        assert found.averages[name].low < theirs < found.averages[name].high
    assert found.log_loss.value == pytest.approx(metrics.log_loss(labels, probabilities))
    assert found.mcc.value == pytest.approx(metrics.matthews_corrcoef(labels, called))
    for number, name in enumerate("abc"):
        of_class = found.by_class[name]
        assert of_class["recall"].value == pytest.approx(metrics.recall_score(labels == name, called == name))
        assert of_class["f1"].value == pytest.approx(metrics.f1_score(labels == name, called == name))
        assert of_class["auc"].value == pytest.approx(metrics.roc_auc_score(truth[:, number], probabilities[:, number]))
    json.dumps(found.to_json(), allow_nan=False)


def test_macro_auc_has_no_interval_where_a_class_has_one_group_only():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet([1, 1, 1], size=90)
    three = {"classes": ("a", "b", "c"), "positive": "a", "threshold": 0.3}
    alone = report(probabilities, ["a"] * 45 + ["b"] * 44 + ["c"], range(90), **three)
    grouped = report(probabilities, ["a"] * 40 + ["b"] * 40 + ["c"] * 10, [row // 10 for row in range(90)], **three)
    for found in (alone, grouped):
        macro_auc = found.averages["macro_auc"]
        assert macro_auc.value == pytest.approx(np.mean([found.by_class[name]["auc"].value for name in "abc"]))
        assert math.isnan(found.by_class["c"]["auc"].low)
        assert math.isnan(macro_auc.low)
        assert math.isnan(macro_auc.high)
    two = report(probabilities, ["a"] * 45 + ["b"] * 43 + ["c"] * 2, range(90), **three).averages["macro_auc"]
    assert two.low < two.value < two.high


def test_two_classes_have_no_averages():
    found = report(*sample())
    assert found.averages == found.by_class == {}


def test_faultless_figures_claim_no_certainty():
    truth = np.arange(20) % 2 == 0
    found = report(np.c_[truth, ~truth].astype(float), np.where(truth, *CLASSES), range(20))
    for name in ("fnr", "fpr", "brier"):
        figure = getattr(found, name)
        assert (figure.value, figure.low) == (0, 0)
        assert 0.1 < figure.high < 0.4
    for name in ("accuracy", "auc", "auc_delong", "average_precision", "balanced_accuracy", "f1", "f2", "mcc", "kappa"):
        figure = getattr(found, name)
        assert (figure.value, figure.high) == (1, 1)
        assert 0.3 < figure.low < 0.9


def test_a_run_of_one_group_has_figures_and_no_intervals():
    probabilities, labels, _ = sample()
    found = report(probabilities, labels, ["only"] * 120)
    for name in METHOD_OF:
        if not name.startswith(("macro_", "micro_")):
            assert math.isnan(getattr(found, name).low)
            assert not math.isnan(getattr(found, name).value)


def test_macro_auc_and_delong_say_that_a_class_is_scarce():
    probabilities, labels, groups = sample()
    methods = report(probabilities, labels, groups).interval_methods
    assert "logit scale" in methods["macro_auc"]
    scarce = evaluate(
        np.full((12, 3), 1 / 3),
        ["a"] * 6 + ["b"] * 4 + ["c"] * 2,
        range(12),
        classes=("a", "b", "c"),
        positive="a",
        threshold=0.5,
        split="val",
    ).interval_methods
    assert "too narrow, as one class has only 2 scans" in scarce["macro_auc"]
    assert "too narrow, as one class has only 6 scans" in scarce["delong"]
