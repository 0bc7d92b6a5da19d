import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.confusion import counts_at
from core.evaluation.decision.net_benefit import benefit_at, decision_curve
from core.evaluation.scored import Scored
from tests.core.evaluation.strategies_for_scores import labelled_scores

BOTH = labelled_scores(min_size=2, both_classes=True)


@given(BOTH, st.floats(0, 1))
def test_net_benefit_is_what_counting_gives(scored, threshold):
    table = decision_curve(scored, threshold=threshold, draws=20)
    for row in table.iloc[::7].itertuples():
        price = row.probability / (1 - row.probability)
        model, fixed = counts_at(scored, row.probability), counts_at(scored, threshold)
        assert row.model == pytest.approx(model.tp / scored.n - model.fp / scored.n * price)
        assert row.at_threshold == pytest.approx(fixed.tp / scored.n - fixed.fp / scored.n * price)
        assert row.treat_all == pytest.approx(scored.positives / scored.n - scored.negatives / scored.n * price)
        assert row.treat_none == 0


@given(BOTH, st.sampled_from([0.02, 0.5, 0.9]))
def test_another_prevalence_is_the_same_as_scans_repeated_to_it(scored, prevalence):
    """Repeating each class makes a sample of the wanted prevalence; its scores are carried over by Bayes' rule."""
    weight = np.where(scored.labels, prevalence / scored.positives, (1 - prevalence) / scored.negatives)
    odds = scored.scores / np.maximum(1 - scored.scores, 1e-300)
    shifted = odds * prevalence / (1 - prevalence) * scored.negatives / scored.positives
    table = decision_curve(scored, threshold=0.5, prevalence=prevalence, draws=20)
    for row in table.iloc[::9].itertuples():
        price = row.probability / (1 - row.probability)
        near = np.isclose(shifted, price, rtol=1e-9)  # on the edge rounding decides
        if near.any():
            continue
        called = shifted >= price
        slow = weight[called & scored.labels].sum() - weight[called & ~scored.labels].sum() * price
        assert row.model == pytest.approx(slow, abs=1e-12)


@given(BOTH)
def test_bands_hold_the_curves(scored):
    table = decision_curve(scored, threshold=0.5, draws=50)
    for name in ("model", "at_threshold"):
        known = table[table[f"{name}_low"].notna()]
        assert (known[f"{name}_low"] <= known[name]).all()
        assert (known[name] <= known[f"{name}_high"]).all()


@given(BOTH)
def test_the_order_of_scans_changes_nothing(scored):
    order = np.random.default_rng(0).permutation(scored.n)
    shuffled = Scored(scored.scores[order], scored.labels[order], scored.groups[order])
    one, other = (decision_curve(each, threshold=0.5, draws=30) for each in (scored, shuffled))
    np.testing.assert_allclose(one.to_numpy(), other.to_numpy(), atol=1e-12)


def test_a_perfect_model_is_worth_every_case_at_any_price():
    scored = Scored.of([1.0] * 20 + [0.0] * 80, [True] * 20 + [False] * 80)
    table = decision_curve(scored, threshold=0.5, prevalence=0.05)
    np.testing.assert_allclose(table["at_threshold"], 0.05)
    np.testing.assert_allclose(table["model"], 0.05)


def test_bands_of_fewer_groups_are_wider():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(60) % 2 == 0, 10)
    scores = np.clip(np.repeat(rng.normal(0.5, 0.2, 60), 10) + 0.1 * labels, 0, 1)

    def width(groups):
        table = decision_curve(Scored.of(scores, labels, groups), threshold=0.5).iloc[49]
        return table["model_high"] - table["model_low"]

    assert width(np.arange(600) // 10) > 1.5 * width(None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"prevalence": 1.0}, "prevalence must lie in"),
        ({"probabilities": [0.0, 0.5]}, "threshold probabilities must lie in"),
        ({"probabilities": [0.5, 0.4]}, "and rise"),
        ({"confidence": 1.0}, "confidence must lie"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        decision_curve(Scored.of([0.1, 0.9], [0, 1]), threshold=0.5, **arguments)


def test_one_class_absent_is_said():
    with pytest.raises(ValueError, match="net benefit needs both classes, found 0 positive and 2 others"):
        decision_curve(Scored.of([0.1, 0.9], [0, 0]), threshold=0.5)


def test_a_threshold_that_is_none_is_refused():
    with pytest.raises(ValueError, match="found nan"):
        benefit_at(Scored.of([0.9, 0.1], [1, 0]), math.nan)


def test_scores_that_a_stated_prevalence_takes_exactly_to_the_probability_reach_it():
    scored = Scored.of(np.r_[[0.7] * 6, [0.9] * 6, [0.7] * 6, [0.1] * 12], [1] * 12 + [0] * 18)
    curve = decision_curve(scored, threshold=0.5, prevalence=0.3, probabilities=[0.6], draws=10)  # 0.7 becomes 0.6
    assert curve["model"].iloc[0] == pytest.approx(0.3 - 0.7 * (6 / 18) * 1.5)
