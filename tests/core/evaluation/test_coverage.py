"""Intervals keep their word: over many samples of a known truth they hold it about as often as they say."""

import numpy as np
import pytest
from scipy.stats import norm

from core.evaluation.at_threshold import rates_at
from core.evaluation.delong import auc_delong
from core.evaluation.resampled import auc_estimate
from core.evaluation.scored import Scored

SAMPLES, PATIENTS, SCANS_EACH = 300, 60, 5
APART, WITHIN, BETWEEN = 1.2, 0.7, 1.0  # in logits: of the class means, and the two spreads
SPREAD = np.hypot(WITHIN, BETWEEN)
TRUE_AUC = norm.cdf(APART / SPREAD / np.sqrt(2))
TRUE_FNR = norm.cdf(-APART / 2 / SPREAD)


def patients(seed, scans_each):
    """Scans of patients: those of one have a mean of their own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(PATIENTS) % 2 == 0
    means = APART * (labels - 0.5) + rng.normal(0, BETWEEN, PATIENTS)
    values = np.repeat(means, scans_each) + rng.normal(0, WITHIN, PATIENTS * scans_each)
    return Scored.of(norm.cdf(values), np.repeat(labels, scans_each), np.repeat(np.arange(PATIENTS), scans_each))


@pytest.mark.parametrize("scans_each", [1, SCANS_EACH])
def test_intervals_hold_the_truth_as_often_as_they_say(scans_each):
    held = np.zeros(3)
    for seed in range(SAMPLES):
        scored = patients(seed, scans_each)
        fnr = rates_at(scored, 0.5, draws=400).fnr
        for number, (found, truth) in enumerate(
            [
                (auc_delong(scored), TRUE_AUC),
                (auc_estimate(scored, draws=400), TRUE_AUC),
                (fnr, TRUE_FNR),
            ]
        ):
            held[number] += found.low <= truth <= found.high
    coverage = held / SAMPLES
    # 95 % less what 300 samples leave open (three standard errors), and less what bootstraps of 30 patients lack.
    assert (coverage > 0.89).all(), coverage
    assert (coverage < 0.995).all(), coverage


def test_taking_the_scans_of_patients_as_independent_breaks_the_promise():
    held = 0
    for seed in range(SAMPLES):
        scored = patients(seed, SCANS_EACH)
        naive = auc_delong(Scored.of(scored.scores, scored.labels))
        held += naive.low <= TRUE_AUC <= naive.high
    assert held / SAMPLES < 0.8
