import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit, logsumexp, softmax
from sklearn.metrics import log_loss

from core.evaluation.temperature import HIGHEST, LOWEST, Temperature, fit_temperature

TEMPERATURES = st.floats(LOWEST, HIGHEST)
SCORES = st.floats(0, 1, width=32)
ONE_BITS = int(np.float32(1).view(np.int32))


def temperature(value):
    return Temperature(value, "val", 100, 50)


def overconfident(classes, *, n=600, true_temperature=2.5, seed=0, dtype=np.float32):
    """Probabilities that are right but for a temperature, and labels drawn from the right ones."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(n, classes))
    truth = np.array([rng.choice(classes, p=row) for row in softmax(logits / true_temperature, axis=1)])
    names = [f"c{k}" for k in range(classes)]
    return softmax(logits, axis=1).astype(dtype), np.array(names)[truth], names


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_fitted_temperature_has_the_least_log_loss(classes):
    probabilities, labels, names = overconfident(classes)
    fitted = fit_temperature(probabilities, labels, classes=names, positive="c1")
    truth = np.array([names.index(label) for label in labels])
    logs = np.log(probabilities.astype(np.float64))

    def loss(value):
        scaled = logs / value
        return (logsumexp(scaled, axis=1) - scaled[np.arange(truth.size), truth]).mean()

    best = minimize_scalar(loss, bounds=(0.1, 10), options={"xatol": 1e-10}).x
    assert fitted.value == pytest.approx(best, rel=1e-4)
    assert fitted.value == pytest.approx(2.5, rel=0.25)
    before = probabilities.astype(np.float64) / probabilities.sum(axis=1, keepdims=True, dtype=np.float64)
    assert log_loss(labels, fitted.applied(probabilities, positive=1)) < log_loss(labels, before)


def test_single_sigmoids_divided_by_their_sum_are_calibrated_as_the_softmax_of_their_logarithms():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(400, 3)) * 3
    sigmoids = expit(logits)
    probabilities = (sigmoids / sigmoids.sum(axis=1, keepdims=True)).astype(np.float32)
    labels = np.array([f"c{rng.choice(3, p=row / row.sum())}" for row in probabilities**0.5])
    fitted = fit_temperature(probabilities, labels, classes=["c0", "c1", "c2"], positive="c0")
    assert fitted.value == pytest.approx(2, rel=0.25)
    expected = softmax(np.log(sigmoids) / fitted.value, axis=1)
    np.testing.assert_allclose(fitted.applied(probabilities), expected, atol=1e-5)


@given(TEMPERATURES, st.lists(st.integers(0, ONE_BITS), min_size=1, max_size=50))
def test_any_two_neighbouring_float32_scores_keep_their_order(value, bits):
    upper = np.maximum(np.array(bits, np.int32), 1)
    higher, lower = upper.view(np.float32), (upper - 1).view(np.float32)
    calibrated = temperature(value)
    # By a margin that no processor's logarithm can cross.
    assert (calibrated.score(higher) > calibrated.score(lower) * (1 + 1e-14)).all()


def test_scores_next_to_one_and_next_to_nothing_keep_their_order_too():
    bits = np.r_[np.arange(0, 50_000), np.arange(ONE_BITS - 50_000, ONE_BITS + 1)].astype(np.int32)
    for value in (LOWEST, 0.5, 1, 5, HIGHEST):
        assert (np.diff(temperature(value).score(bits.view(np.float32))) > 0).all()


@given(TEMPERATURES, st.lists(SCORES, min_size=1, max_size=40), st.data())
def test_the_carried_threshold_calls_exactly_the_same_scans_positive(value, scores, data):
    calibrated = temperature(value)
    scores = np.array(scores, dtype=np.float64)
    near = np.r_[scores, np.nextafter(scores, 2), np.nextafter(scores, -1)]
    threshold = data.draw(
        st.one_of(st.sampled_from(np.clip(near, 0, 1).tolist()), st.floats(0, 1), st.just(0.5), st.just(1.0))
    )
    carried = calibrated.threshold(threshold)
    assert 0 <= carried <= 1
    np.testing.assert_array_equal(calibrated.score(scores) >= carried, scores >= threshold)
    back = calibrated.raw_threshold(carried)
    np.testing.assert_array_equal(scores >= back, scores >= threshold)


@given(TEMPERATURES, st.lists(SCORES, min_size=1, max_size=40), st.floats(0, 1), st.booleans())
def test_a_threshold_chosen_on_calibrated_scores_calls_the_same_scans_positive_on_raw_ones(
    value, scores, threshold, is_a_score
):
    calibrated = temperature(value)
    scores = np.array(scores, dtype=np.float64)
    after = calibrated.score(scores)
    threshold = float(after[0]) if is_a_score else threshold
    raw = calibrated.raw_threshold(threshold)
    if threshold <= calibrated.score(1.0):  # else nothing is positive, which no raw threshold in [0, 1] can say
        np.testing.assert_array_equal(scores >= raw, after >= threshold)


@given(TEMPERATURES, st.lists(st.tuples(SCORES, SCORES, SCORES), min_size=1, max_size=10), st.integers(2, 3))
def test_calibrated_probabilities_are_probabilities_even_of_certain_and_impossible_classes(value, rows, classes):
    probabilities = np.array(rows, dtype=np.float64)[:, :classes]
    probabilities[0] = [1, *[0] * (classes - 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = temperature(value).applied(probabilities)
    assert np.isfinite(after).all()
    assert (after >= 0).all()
    assert (after <= 1).all()
    np.testing.assert_allclose(after.sum(axis=1), 1)


@given(TEMPERATURES, st.lists(SCORES, min_size=2, max_size=20))
def test_the_order_of_scans_changes_nothing(value, scores):
    calibrated = temperature(value).score(np.array(scores))
    np.testing.assert_array_equal(temperature(value).score(np.array(scores[::-1])), calibrated[::-1])


def test_a_temperature_of_one_changes_next_to_nothing():
    probabilities = np.random.default_rng(0).dirichlet([1, 1, 1], size=200)
    np.testing.assert_allclose(temperature(1).applied(probabilities), probabilities, atol=1e-7)
    np.testing.assert_allclose(temperature(1).score(probabilities[:, 0]), probabilities[:, 0], atol=1e-7)


def test_a_half_stays_a_half_and_a_certain_score_is_certain_no_longer():
    assert temperature(3).score(0.5) == 0.5
    assert temperature(3).threshold(0.5) == 0.5
    assert temperature(3).threshold(0.0) == 0.0
    assert 0.9 < temperature(3).score(1.0) < 1
    assert 0 < temperature(3).score(0.0) < 0.1


@pytest.mark.parametrize("absent", ["sick", "well"])
def test_a_class_without_scans_is_refused(absent):
    labels = ["well", "well"] if absent == "sick" else ["sick", "sick"]
    with pytest.raises(ValueError, match=f"scans of every class, found none of {absent} in val"):
        fit_temperature([[0.5, 0.5], [0.2, 0.8]], labels, classes=["sick", "well"], positive="sick")


@pytest.mark.parametrize("classes", [2, 3])
def test_scans_told_apart_without_an_error_are_refused(classes):
    probabilities = np.full((4 * classes, classes), 0.1) + np.tile(np.eye(classes), (4, 1)) * (1 - 0.1 * classes)
    names = [f"c{k}" for k in range(classes)]
    with pytest.raises(ValueError, match="told apart without an error, so no temperature is best"):
        fit_temperature(probabilities, names * 4, classes=names, positive="c0")


def test_scores_that_say_nothing_are_refused():
    rng = np.random.default_rng(0)
    scores = rng.random(200)
    labels = np.where(rng.random(200) < 1 - scores, "sick", "well")  # the wrong way round
    with pytest.raises(ValueError, match="say too little about the truth"):
        fit_temperature(np.stack([scores, 1 - scores], 1), labels, classes=["sick", "well"], positive="sick")


def test_five_scans_give_a_temperature_that_is_called_rough():
    scores = np.array([0.9, 0.8, 0.3, 0.7, 0.2])
    labels = ["sick", "sick", "sick", "well", "well"]
    fitted = fit_temperature(np.stack([scores, 1 - scores], 1), labels, classes=["sick", "well"], positive="sick")
    assert fitted.is_rough
    assert fitted.n == 5
    assert fitted.fewest == 2


def test_scans_of_few_groups_give_a_temperature_that_is_called_rough():
    rng = np.random.default_rng(0)
    scores = rng.random(80)
    labels = np.where(rng.random(80) < scores, "sick", "well")
    fit = {"classes": ["sick", "well"], "positive": "sick"}
    probabilities = np.stack([scores, 1 - scores], 1)
    alone, grouped = (fit_temperature(probabilities, labels, groups, **fit) for groups in (None, np.arange(80) // 10))
    assert grouped.value == alone.value
    assert alone.fewest_groups == alone.fewest == grouped.fewest > 20
    assert not alone.is_rough
    assert grouped.fewest_groups == 8
    assert grouped.is_rough
    with pytest.raises(ValueError, match="labels and groups must be equally many, found 80 and 2"):
        fit_temperature(probabilities, labels, ["a", "b"], **fit)


@pytest.mark.parametrize("value", [0, -1, LOWEST / 2, HIGHEST * 2, math.nan, math.inf])
def test_what_is_no_temperature_is_refused(value):
    with pytest.raises(ValueError, match="a temperature lies between"):
        temperature(value)


@pytest.mark.parametrize("probabilities", [[[0.5, math.nan]], [[0.5, math.inf]], [[1.5, -0.5]], [0.5, 0.5]])
def test_what_is_no_probability_is_refused(probabilities):
    with pytest.raises(ValueError, match=r"probabilities must|two or more different classes"):
        temperature(2).applied(probabilities)


def test_scores_that_tell_nearly_all_and_lie_near_each_other_are_refused_for_that():
    scores = np.array([0.9, 0.8, 0.5, 0.2, 0.1])
    with pytest.raises(ValueError, match="tell the scans apart so well, or lie so near to each other"):
        fit_temperature(np.c_[1 - scores, scores], list("pppnn"), classes=("n", "p"), positive="p")
