"""Intervals keep their word: over many samples of a known truth they hold it about as often as they say."""

import numpy as np
import pytest
from scipy.stats import norm

from core.evaluation.at_threshold import at_threshold, rates_at
from core.evaluation.classified import Classified
from core.evaluation.decision.net_benefit import benefit_at
from core.evaluation.decision.population import in_population
from core.evaluation.delong import auc_delong
from core.evaluation.intervals import Estimate
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


@pytest.mark.parametrize(
    ("positives", "others", "sensitivity", "specificity"), [(10, 1000, 0.9, 0.95), (20, 500, 0.95, 0.9)]
)
def test_figures_of_few_positives_hold_the_truth_though_often_none_is_missed(
    positives, others, sensitivity, specificity
):
    labels = np.arange(positives + others) < positives
    prevalence = price = 0.05
    odds = sensitivity / (1 - specificity) * prevalence / (1 - prevalence)
    truths = {
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "lr_positive": sensitivity / (1 - specificity),
        "ppv": odds / (1 + odds),
        "net_benefit": prevalence * sensitivity - (1 - prevalence) * (1 - specificity) * price / (1 - price),
    }
    held = dict.fromkeys(truths, 0)
    rng = np.random.default_rng(0)
    for _ in range(SAMPLES):
        called = rng.random(labels.size) < np.where(labels, sensitivity, 1 - specificity)
        split = Classified.of(
            np.stack([called, ~called], axis=1).astype(float),
            np.where(labels, "COVID", "other"),
            np.arange(labels.size),
            classes=("COVID", "other"),
            positive="COVID",
        )
        there = in_population(split.scored, 0.5, prevalence, draws=400)
        benefit = benefit_at(split.scored, 0.5, prevalence=prevalence, probabilities=[price], draws=400).iloc[0]
        found = {
            "balanced_accuracy": at_threshold(split, 0.5, draws=400).figures["balanced_accuracy"],
            "lr_positive": there.lr_positive,
            "ppv": there.ppv,
            "net_benefit": Estimate(benefit.at_threshold, benefit.at_threshold_low, benefit.at_threshold_high),
        }
        for name, estimate in found.items():
            held[name] += estimate.low <= truths[name] <= estimate.high
    assert min(held.values()) / SAMPLES > 0.91, held
