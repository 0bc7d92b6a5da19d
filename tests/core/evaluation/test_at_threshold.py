import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.evaluation.at_threshold import SCORES, SHARES, at_threshold, rates_at
from core.evaluation.classified import Classified
from core.evaluation.confusion import counts_at, rates
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores


def split_of(scored):
    labels = np.where(scored.labels, "sick", "well")
    probabilities = np.c_[scored.scores, 1 - scored.scores]
    return Classified.of(probabilities, labels, scored.groups, classes=("sick", "well"), positive="sick")


@given(labelled_scores(), st.floats(0, 1))
def test_independent_scans_have_scipys_wilson_intervals(scored, threshold):
    scored = Scored.of(scored.scores, scored.labels)
    counts = counts_at(scored, threshold)
    figures = at_threshold(split_of(scored), threshold, draws=20).figures
    for name, (successes, trials) in {
        "fnr": (counts.fn, scored.positives),
        "fpr": (counts.fp, scored.negatives),
        "precision": (counts.tp, counts.tp + counts.fp),
        "accuracy": (counts.tp + counts.tn, scored.n),
    }.items():
        if trials:
            theirs = stats.binomtest(successes, trials).proportion_ci(method="wilson")
            assert (figures[name].low, figures[name].high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
        else:
            assert math.isnan(figures[name].value)


@settings(max_examples=40, deadline=None)
@given(labelled_scores(), st.floats(0, 1), st.booleans())
def test_every_interval_holds_its_value_and_stays_in_range(scored, threshold, alone):
    scored = Scored.of(scored.scores, scored.labels) if alone else scored
    figures = at_threshold(split_of(scored), threshold, draws=50).figures
    assert set(figures) == {*SHARES, *SCORES}
    for name, estimate in figures.items():
        if not math.isnan(estimate.low):
            lowest = -1 if name in ("mcc", "kappa") else 0
            assert lowest - 1e-12 <= estimate.low <= estimate.value <= estimate.high <= 1 + 1e-12, name


@given(labelled_scores(), st.floats(0, 1))
def test_rates_of_one_class_are_those_of_the_whole_report(scored, threshold):
    figures, alone = at_threshold(split_of(scored), threshold, draws=50).figures, rates_at(scored, threshold, draws=50)
    plain = rates(counts_at(scored, threshold))
    for ours, theirs in {"fnr": "fnr", "fpr": "fpr", "precision": "ppv", "recall": "sensitivity", "npv": "npv"}.items():
        np.testing.assert_equal(getattr(alone, theirs).value, figures[ours].value)
        np.testing.assert_equal(getattr(alone, theirs).value, getattr(plain, theirs).value)
    if scored.independent:
        np.testing.assert_equal(vars(alone), vars(plain))


def test_groups_of_scans_that_agree_count_as_one_each():
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2 == 0
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    once = rates(counts_at(Scored.of(scores, labels), 0.5)).fnr
    often = rates_at(Scored.of(np.repeat(scores, 6), np.repeat(labels, 6), np.repeat(np.arange(40), 6)), 0.5).fnr
    assert often.high - often.low == pytest.approx(once.high - once.low, rel=0.25)


def test_no_misses_in_any_resample_are_bounded_by_the_number_of_groups():
    labels = np.repeat(np.arange(20) % 2 == 0, 10)
    scored = Scored.of(np.where(labels, 0.9, 0.1), labels, np.repeat(np.arange(20), 10))
    found = rates_at(scored, 0.5).fnr
    theirs = stats.binomtest(0, 10).proportion_ci(method="wilson")
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(theirs.high)


def test_five_scans_have_every_figure_with_an_interval():
    scored = Scored.of([0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0])
    for estimate in at_threshold(split_of(scored), 0.5).figures.values():
        assert estimate.low < estimate.value < estimate.high


def test_many_classes_without_a_mistake_claim_no_certainty():
    names = tuple("abcde")
    truth = np.repeat(np.arange(5), 8)
    split = Classified.of(np.eye(5)[truth], np.array(names)[truth], range(40), classes=names, positive="b")
    found = at_threshold(split, 0.5)
    for estimate in (found.figures["kappa"], found.figures["mcc"], found.averages["macro_f1"]):
        assert estimate.value == estimate.high == pytest.approx(1)
        assert estimate.low < 0.8


def test_one_groups_positives_do_not_tell_how_far_anothers_would_lie():
    found = rates_at(Scored.of([0.9, 0.1, 0.1, 0.2, 0.3], [1, 1, 0, 0, 0], list("aabcc")), 0.5)
    assert (found.fnr.value, found.sensitivity.value) == (0.5, 0.5)
    assert math.isnan(found.fnr.low)
    assert math.isnan(found.sensitivity.high)


def test_groups_that_all_agree_give_the_rest_the_mirrored_interval():
    found = rates_at(Scored.of([0.9, 0.1] * 3 + [0.1], [1, 1] * 3 + [0], list("aabbccd")), 0.5)
    assert (1 - found.fnr.high, 1 - found.fnr.low) == pytest.approx((found.sensitivity.low, found.sensitivity.high))


def test_of_several_classes_the_positive_one_has_one_interval_a_rate():
    rng = np.random.default_rng(0)
    names = ("a", "b", "c")
    truth, groups = rng.integers(3, size=240), np.arange(240) // 3
    probabilities = rng.dirichlet([1, 1, 1], 240) * 0.5 + np.eye(3)[truth] * 0.5
    split = Classified.of(probabilities, np.array(names)[truth], groups, classes=names, positive="b")
    found = at_threshold(split, 0.4)
    assert found.by_class["b"]["recall"] == found.figures["recall"] == rates_at(split.scored, 0.4).sensitivity
    assert found.by_class["b"]["precision"] == found.figures["precision"]
    assert found.by_class["b"]["f1"] == found.figures["f1"]


def test_a_split_of_one_class_of_three_warns_of_nothing():
    names = ("a", "b", "c")
    probabilities = np.random.default_rng(0).dirichlet([1, 1, 1], 30)
    split = Classified.of(probabilities, ["b"] * 30, np.arange(30) // 3, classes=names, positive="b")
    assert math.isnan(at_threshold(split, 0.3).figures["mcc"].value)  # a warning would be an error here
