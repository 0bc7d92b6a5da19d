"""AUC within folds against a slow oracle; folds that keep groups whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.audit.folds import Judged, auc_of, auc_within_folds, group_folds


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(12, 60))
def test_no_group_is_learnt_from_and_judged_in_one_fold(seed: int, classes: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    labels, groups = np.arange(n) % classes, rng.integers(0, n // 2, n)
    for train, test in group_folds(labels, groups, seed=seed):
        assert not set(groups[train]) & set(groups[test])
        assert set(labels[train]) == set(range(classes))


def test_a_class_in_one_group_has_no_folds() -> None:
    assert group_folds(np.array([0, 0, 0, 1, 1]), np.array([1, 2, 3, 4, 4]), seed=0) == []


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_auc_counts_the_pairs_within_each_fold(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive, weights = rng.random(20) < 0.5, rng.integers(0, 3, 20).astype(float)
    folds = [
        Judged(rows, rng.integers(0, 4, (len(rows), 1)).astype(float))
        for rows in np.split(rng.permutation(20), [7, 13])
    ]
    right = pairs = 0.0
    for fold in folds:
        for i, one in enumerate(fold.rows):
            for j, other in enumerate(fold.rows):
                if positive[one] and not positive[other]:
                    weight, ahead = weights[one] * weights[other], fold.scores[i, 0] - fold.scores[j, 0]
                    pairs += weight
                    right += weight * (1.0 if ahead > 0 else 0.5 if ahead == 0 else 0.0)
    found = auc_of(folds, positive, 0)(weights[None])[0]
    np.testing.assert_allclose(found, right / pairs if pairs else np.nan)


def test_one_fold_alone_is_the_ordinary_auc() -> None:
    rng = np.random.default_rng(0)
    scores, positive = rng.normal(size=50), rng.random(50) < 0.4
    estimate = auc_within_folds([Judged(np.arange(50), scores[:, None])], positive, 0, np.arange(50), seed=0)
    assert estimate.value == pytest.approx(roc_auc_score(positive, scores))
    assert estimate.low < estimate.value < estimate.high


def test_a_faultless_result_claims_no_certainty() -> None:
    positive = np.arange(12) < 6
    estimate = auc_within_folds([Judged(np.arange(12), positive[:, None] * 1.0)], positive, 0, np.arange(12), seed=0)
    assert estimate.value == 1
    assert estimate.low < 0.7
