import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn import metrics

from core.evaluation.curves import roc_auc_score
from core.evaluation.delong import auc_delong, auc_influence
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

Z = 1.959963984540054


def components(scored):
    """Each positive against each other, one by one: AUC, and the two structural components."""
    won = np.array(
        [
            [(x > y) + 0.5 * (x == y) for y in scored.scores[~scored.labels]]
            for x in scored.scores[scored.labels]
        ]
    )  # fmt: skip
    return won.mean(), won.mean(axis=1), won.mean(axis=0)


def slow_variance(scored):
    """DeLong's variance for single scans, Obuchowski's for groups, as the papers write them."""
    area, v10, v01 = components(scored)
    names = np.unique(scored.groups)
    of_positives, of_others = scored.groups[scored.labels], scored.groups[~scored.labels]
    ten = np.array([(v10[of_positives == name] - area).sum() for name in names])
    one = np.array([(v01[of_others == name] - area).sum() for name in names])
    m, n = v10.size, v01.size
    groups_10, groups_01, groups = np.unique(of_positives).size, np.unique(of_others).size, names.size
    s10 = groups_10 / ((groups_10 - 1) * m) * (ten**2).sum()
    s01 = groups_01 / ((groups_01 - 1) * n) * (one**2).sum()
    s11 = groups / (groups - 1) * (ten * one).sum()
    return s10 / m + s01 / n + 2 * s11 / (m * n)


def has_interval(scored):
    return min(np.unique(scored.groups[side]).size for side in (scored.labels, ~scored.labels)) > 1


@given(labelled_scores(min_size=4, max_size=20, both_classes=True), st.booleans())
def test_it_is_what_the_papers_compute_pair_by_pair(scored, alone):
    if alone:
        scored = Scored.of(scored.scores, scored.labels)
    found = auc_delong(scored)
    assert found.value == pytest.approx(metrics.roc_auc_score(scored.labels, scored.scores), abs=1e-12)
    if not has_interval(scored):
        assert math.isnan(found.low)
        return
    variance = slow_variance(scored)
    if variance > 1e-12 and 1e-9 < found.value < 1 - 1e-9:
        reach = Z * math.sqrt(variance) / (found.value * (1 - found.value))
        assert found.low == pytest.approx(expit(logit(found.value) - reach), abs=1e-9)
        assert found.high == pytest.approx(expit(logit(found.value) + reach), abs=1e-9)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_ten_scans_by_hand():
    """Against the plain sample variances of the two components."""
    scored = Scored.of([0.9, 0.8, 0.7, 0.6, 0.35, 0.65, 0.4, 0.3, 0.2, 0.1], [1] * 5 + [0] * 5)
    area, v10, v01 = components(scored)
    found = auc_delong(scored)
    assert found.value == roc_auc_score(scored) == pytest.approx(area) == pytest.approx(22 / 25)
    assert slow_variance(scored) == pytest.approx(v10.var(ddof=1) / 5 + v01.var(ddof=1) / 5)
    se = math.sqrt(slow_variance(scored))
    assert logit(found.high) - logit(found.low) == pytest.approx(2 * Z * se / (area * (1 - area)))


@given(labelled_scores(min_size=2, both_classes=True))
def test_influences_add_up_to_nothing(scored):
    value, influence = auc_influence(scored)
    assert value == pytest.approx(metrics.roc_auc_score(scored.labels, scored.scores), abs=1e-12)
    assert influence.sum() == pytest.approx(0, abs=1e-12)


def test_repeating_every_scan_of_a_group_changes_nothing():
    rng = np.random.default_rng(0)
    labels = rng.random(60) < 0.5
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    once = auc_delong(Scored.of(scores, labels))
    often = auc_delong(Scored.of(np.repeat(scores, 5), np.repeat(labels, 5), np.repeat(np.arange(60), 5)))
    naive = auc_delong(Scored.of(np.repeat(scores, 5), np.repeat(labels, 5)))
    assert often.low == pytest.approx(once.low, abs=0.002)
    assert often.high == pytest.approx(once.high, abs=0.002)
    assert naive.high - naive.low < 0.6 * (once.high - once.low)


@given(labelled_scores(min_size=2, both_classes=True), st.permutations(range(6)))
def test_the_order_of_scans_changes_nothing(scored, order):
    rows = np.array(sorted(range(scored.n), key=lambda row: order[row % 6]))
    turned = Scored.of(scored.scores[rows], scored.labels[rows], scored.groups[rows])
    one, other = auc_delong(scored), auc_delong(turned)
    np.testing.assert_allclose(
        [one.value, one.low, one.high], [other.value, other.low, other.high], atol=1e-9, equal_nan=True
    )


def test_bad_cases_are_said_not_crashed():
    for labels in ([True] * 3, [False] * 3):
        assert math.isnan(auc_delong(Scored.of([0.1, 0.5, 0.9], labels)).value)
    one_positive = auc_delong(Scored.of([0.1, 0.5, 0.9], [False, True, False]))
    assert one_positive.value == 0.5
    assert math.isnan(one_positive.low)
    constant = auc_delong(Scored.of([0.5] * 20, [True] * 10 + [False] * 10))
    assert constant.value == 0.5
    assert constant.low < 0.3
    assert constant.high > 0.7
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        auc_delong(Scored.of([0.1, 0.5], [False, True]), confidence=1)
    with pytest.raises(ValueError, match="an AUC needs both classes, found 3 positives of 3 scans"):
        auc_influence(Scored.of([0.1, 0.5, 0.9], [True] * 3))


@pytest.mark.parametrize("right", [True, False])
def test_a_faultless_small_sample_claims_no_certainty(right):
    labels = np.arange(20) % 2 == 0
    found = auc_delong(Scored.of(np.where(labels == right, 0.9, 0.1), labels))
    assert found.value == right
    assert 0.2 < found.high - found.low < 0.5
