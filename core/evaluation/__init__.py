"""How good is a model, exactly, and how sure are we of it: a small library that a notebook can use by itself.

It needs NumPy, SciPy, pandas and scikit-learn; never a network, a page, a graphics card or a disk. Importing it loads
none of them: each name brings what it needs when it is first used.

Begin with `Scored`: a score, the truth and a group (the patient) for each scan. Say which class is meant by "positive"
by what is true in the labels.

>>> import numpy as np
>>> from core.evaluation import Cost, MaxFnr, Scored, auc_delong, chosen, in_population, rates_at, zone_figures
>>> rng = np.random.default_rng(3)
>>> sick = rng.random(1000) < 0.3
>>> scores = np.clip(rng.normal(0.35 + 0.35 * sick, 0.15), 0, 1)
>>> validation = Scored.of(scores[:500], sick[:500])
>>> test = Scored.of(scores[500:], sick[500:])

How well are the sick ranked above the others? A value and its 95 % interval:

>>> auc = auc_delong(test)
>>> f"{auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})"
'0.951 (0.928 to 0.967)'

Choose a threshold on validation: at most 5 % missed, promised for new ones with 95 % confidence.

>>> point = chosen(validation, MaxFnr(0.05, confidence=0.95))
>>> point.says
'chosen on validation: at most 5 % missed, promised for new ones with 95 % confidence'
>>> point.promise
'New scans like the 150 positive scans in val have an FNR of at most 0.05, at 0.95 confidence.'

Where validation has chosen the network too, as the best of 20 epochs, the promise can cover that:

>>> chosen(validation, MaxFnr(0.05, confidence=0.95, networks=20)).promise
'New scans like the 150 positive scans in val have an FNR of at most 0.05, at 0.95 confidence. The promise \
covers that this network, one of 20, was itself chosen on val.'

Report it on test, where nothing was chosen:

>>> at = rates_at(test, point.threshold)
>>> f"missed {at.fnr.value:.1%}, false alarms {at.fpr.value:.1%}"
'missed 2.0%, false alarms 39.0%'

What does that mean where 5 % have it?

>>> in_population(test, point.threshold, prevalence=0.05).people.says
'Of 1,000 people like these, 50 have it: 49 found, 1 missed, 371 alarmed for nothing.'

Other rules are chosen in the same way, and a rule can be had again from its text:

>>> from core.evaluation import parsed_rule
>>> chosen(validation, Cost(miss=10)).rule
'cost=10:1'
>>> parsed_rule("cost=10:1")
Cost(miss=10.0, false_alarm=1.0, prevalence=None)

Where several scans are of one patient, give their groups: intervals come from drawing whole patients then, and a
promise is about patients. `chosen` refuses what it cannot promise, and says what it would take:

>>> patients = np.arange(500) // 10
>>> chosen(Scored.of(scores[:500], sick[:500], patients), MaxFnr(0.05, confidence=0.95))
Traceback (most recent call last):
    ...
ValueError: 49 groups with positives in val cannot promise an FNR of at most 0.05 at 0.95 confidence: it takes 59 \
groups, or a larger max_fnr
"""

import importlib
from typing import Any

_HOMES = {
    "scored": ("Scored",),
    "intervals": ("Estimate", "group_bootstrap", "wilson_interval"),
    "confusion": ("Counts", "Rates", "counts_at", "rates"),
    "at_threshold": ("rates_at",),
    "curves": (
        "average_precision_score",
        "precision_recall_points",
        "roc_auc_score",
        "roc_points",
        "threshold_counts",
        "threshold_curve",
    ),
    "delong": ("auc_delong",),
    "resampled": ("auc_estimate",),
    "summary": ("Evaluation", "evaluate"),
    "decision.rules": ("Cost", "FBeta", "Fixed", "MaxFnr", "MaxFpr", "Ppv", "Youden", "Zones"),
    "decision.rule_texts": ("parsed_rule",),
    "decision.operating_point": ("OperatingPoint", "fixed_point"),
    "decision.choosing": ("chosen",),
    "decision.guarantee": ("units_needed",),
    "decision.zones": ("ZoneFigures", "zone_figures"),
    "decision.population": (
        "InPopulation",
        "People",
        "PeopleInZones",
        "ZonesInPopulation",
        "expected_cost",
        "in_population",
        "people_of",
    ),
    "decision.net_benefit": ("decision_curve",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    """Bring a name from its module when it is first asked for: the start page must not wait for SciPy."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
