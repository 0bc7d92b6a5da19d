"""What a reading study found: each reader without and with the model, the model itself, and how far they agree.

A reader is judged by the cases read both ways, so that a study in the middle has figures too. Agreement among readers
is told over the cases that those concerned have all read.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.intervals import Estimate
from core.evaluation.reader_agreement import (
    FEW_CASES,
    Calls,
    Rates,
    Switches,
    auc_difference,
    cohen,
    fleiss,
    paired_difference,
    rates,
    switches,
)
from core.evaluation.resampled import auc_estimate
from core.evaluation.scored import Scored
from core.review.studies.answers import Readings, readings
from core.review.studies.study import AIDED, LEFT_OUT, PHASES, RATINGS, UNAIDED, Answer, Study


@dataclass(frozen=True)
class ReaderFigures:
    """One reader, without and with the model.

    Attributes:
        reader: the name.
        cases: how many were read both ways.
        positives: how many of them are positive.
        unaided, aided: how often right.
        sensitivity_gain, specificity_gain: with the model less without it, paired.
        auc_unaided, auc_aided, auc_gain: area under the ROC curve of the ratings; source: C. E. Metz, "Basic
            principles of ROC analysis", Seminars in Nuclear Medicine 8 (1978), 283-298.
        model: how often the model was right on the same cases.
        kappa_model_unaided, kappa_model_aided: Cohen's kappa of the reader and the model.
        switches: what became of calls when the model was seen.
        seconds_unaided, seconds_aided: median a case.
        few: that a rate rests on few cases; empty where it does not.
    """

    reader: str
    cases: int
    positives: int
    unaided: Rates
    aided: Rates
    sensitivity_gain: Estimate
    specificity_gain: Estimate
    auc_unaided: Estimate
    auc_aided: Estimate
    auc_gain: Estimate
    model: Rates
    kappa_model_unaided: Estimate
    kappa_model_aided: Estimate
    switches: Switches
    seconds_unaided: float
    seconds_aided: float
    few: str


@dataclass(frozen=True)
class Agreement:
    """How far two readers, or all of them, agree.

    Attributes:
        readers: their names.
        cases: that all of them read both ways.
        unaided, aided: kappa.
    """

    readers: tuple[str, ...]
    cases: int
    unaided: Estimate
    aided: Estimate


@dataclass(frozen=True)
class StudyFigures:
    """All of a study.

    Attributes:
        readers: those who have read a case both ways.
        model: on all cases of the study.
        model_scored: its scores there, for a ROC curve.
        pairs: Cohen's kappa of each two readers.
        together: Fleiss' kappa of all readers, of two readers also known as Scott's pi; None with fewer than two.
        left_out: number of answers that say that a scan could not be shown.
    """

    readers: tuple[ReaderFigures, ...]
    model: Rates
    model_scored: Scored
    pairs: tuple[Agreement, ...]
    together: Agreement | None
    left_out: int


def study_figures(study: Study, answers: Sequence[Answer]) -> StudyFigures:
    """Everything that a study says so far; a study without answers has the model's figures alone."""
    everybody = readings(answers)
    truth, groups, calls = _of_cases(study)
    scores = np.array([case.score for case in study.cases])
    together = _agreement(everybody, groups, fleiss) if len(everybody) > 1 else None
    return StudyFigures(
        readers=tuple(_reader(study, one) for one in everybody),
        model=rates(calls, truth, groups),
        model_scored=Scored(scores, truth, groups),
        pairs=tuple(_agreement(pair, groups, _of_two) for pair in itertools.combinations(everybody, 2)),
        together=together,
        left_out=sum(answer.rating == LEFT_OUT for answer in answers),
    )


def few_words(positives: int, negatives: int) -> str:
    """That the rates rest on few cases; empty where they do not."""
    fewest = min(positives, negatives)
    if fewest >= FEW_CASES:
        return ""
    kind = "positive" if positives <= negatives else "negative"
    return (
        f"only {fewest} {kind} case{'s' if fewest != 1 else ''}: {FEW_CASES} of each would begin to tell readers apart"
    )


def _reader(study: Study, one: Readings) -> ReaderFigures:
    every_truth, every_group, every_call = _of_cases(study)
    truth, groups, model = every_truth[one.numbers], every_group[one.numbers], every_call[one.numbers]
    before, after = one.calls[UNAIDED], one.calls[AIDED]
    right_before, right_after = before == truth, after == truth
    scored = [Scored(ratings / max(RATINGS), truth, groups) for ratings in (one.before, one.after)]
    median_seconds = np.median(one.seconds, axis=0)
    return ReaderFigures(
        reader=one.reader,
        cases=truth.size,
        positives=int(truth.sum()),
        unaided=rates(before, truth, groups),
        aided=rates(after, truth, groups),
        sensitivity_gain=paired_difference(right_before, right_after, truth, groups),
        specificity_gain=paired_difference(right_before, right_after, ~truth, groups),
        auc_unaided=auc_estimate(scored[0]),
        auc_aided=auc_estimate(scored[1]),
        auc_gain=auc_difference(*scored),
        model=rates(model, truth, groups),
        kappa_model_unaided=cohen(before, model, groups),
        kappa_model_aided=cohen(after, model, groups),
        switches=switches(before, after, model, truth, groups),
        seconds_unaided=float(median_seconds[0]),
        seconds_aided=float(median_seconds[1]),
        few=few_words(int(truth.sum()), int((~truth).sum())),
    )


def _agreement(some: Sequence[Readings], groups: NDArray[np.str_], kappa: Callable[..., Estimate]) -> Agreement:
    """Over the cases that all of them have read both ways; `kappa` takes calls (readers, n) and groups (n,)."""
    shared = sorted(set.intersection(*(set(one.numbers.tolist()) for one in some)))
    of = groups[np.array(shared, np.intp)]
    calls = {phase: np.stack([one.calls[phase][np.isin(one.numbers, shared)] for one in some]) for phase in PHASES}
    names = tuple(one.reader for one in some)
    return Agreement(names, len(shared), kappa(calls[UNAIDED], of), kappa(calls[AIDED], of))


def _of_two(calls: Calls, groups: NDArray[np.str_]) -> Estimate:
    return cohen(calls[0], calls[1], groups)


def _of_cases(study: Study) -> tuple[Calls, NDArray[np.str_], Calls]:
    """Truth, group and the model's call of each case by its number."""
    return (
        np.array([case.label == study.positive for case in study.cases], dtype=bool),
        np.array([case.group for case in study.cases], dtype=np.str_),
        np.array([case.score >= study.threshold for case in study.cases], dtype=bool),
    )
