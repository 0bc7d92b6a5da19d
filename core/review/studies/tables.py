"""The figures of a reading study as tables of numbers, for spreadsheets and the command line."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from core.evaluation.intervals import Estimate
from core.review.studies.figures import ReaderFigures, StudyFigures

MEASURES = ("sensitivity", "specificity", "AUC of ratings")


def measures_of(reader: ReaderFigures) -> Iterator[tuple[str, Estimate, Estimate, Estimate, Estimate | None]]:
    """Each measure of a reader: its name, without the model, with it, the difference, and the model's own.

    A reader's AUC is that of six ratings and the model's that of its scores: the two are not compared.
    """
    one, two, model = reader.unaided, reader.aided, reader.model
    yield "sensitivity", one.sensitivity, two.sensitivity, reader.sensitivity_gain, model.sensitivity
    yield "specificity", one.specificity, two.specificity, reader.specificity_gain, model.specificity
    yield "AUC of ratings", reader.auc_unaided, reader.auc_aided, reader.auc_gain, None


def readers_table(figures: StudyFigures) -> pd.DataFrame:
    """A row a reader and measure: without the model, with it, the difference, the model's own, each with its ends."""
    rows = []
    for reader in figures.readers:
        for name, unaided, aided, gain, model in measures_of(reader):
            row: dict[str, Any] = {"reader": reader.reader, "cases": reader.cases, "positives": reader.positives}
            row |= {"measure": name, **_named("unaided", unaided), **_named("aided", aided), **_named("gain", gain)}
            rows.append(row | ({} if model is None else _named("model", model)))
    return pd.DataFrame(rows)


def agreement_table(figures: StudyFigures) -> pd.DataFrame:
    """A row a pair of readers, all of them together, and each with the model: kappa without the model and with it."""
    rows = []
    for pair in figures.pairs:
        rows.append(_agreement("Cohen", " and ".join(pair.readers), pair.cases, pair.unaided, pair.aided))
    if figures.together is not None:
        every = figures.together
        rows.append(_agreement("Fleiss", "all readers", every.cases, every.unaided, every.aided))
    for one in figures.readers:
        kappas = (one.kappa_model_unaided, one.kappa_model_aided)
        rows.append(_agreement("Cohen", f"{one.reader} and the model", one.cases, *kappas))
    return pd.DataFrame(rows)


def figures_json(figures: StudyFigures) -> dict[str, Any]:
    """All figures by name, null where one is not defined."""
    return {
        "model": {
            "sensitivity": figures.model.sensitivity.to_json(),
            "specificity": figures.model.specificity.to_json(),
        },
        "readers": [_reader_json(reader) for reader in figures.readers],
        "agreement": [
            {
                "readers": list(agreement.readers),
                "cases": agreement.cases,
                "kappa": kind,
                "unaided": agreement.unaided.to_json(),
                "aided": agreement.aided.to_json(),
            }
            for kind, agreement in [
                *(("Cohen", pair) for pair in figures.pairs),
                *([("Fleiss", figures.together)] if figures.together else []),
            ]
        ],
        "left_out": figures.left_out,
    }


def _reader_json(reader: ReaderFigures) -> dict[str, Any]:
    return {
        "reader": reader.reader,
        "cases": reader.cases,
        "positives": reader.positives,
        "few": reader.few,
        **{
            name: {
                "unaided": unaided.to_json(),
                "aided": aided.to_json(),
                "gain": gain.to_json(),
                "model": None if model is None else model.to_json(),
            }
            for name, unaided, aided, gain, model in measures_of(reader)
        },
        "kappa_with_model": {
            "unaided": reader.kappa_model_unaided.to_json(),
            "aided": reader.kappa_model_aided.to_json(),
        },
        "led_astray": {**reader.switches.led_astray.to_json(), "of": reader.switches.could_be_led},
        "put_right": {**reader.switches.put_right.to_json(), "of": reader.switches.could_be_put},
        "median_seconds": {"unaided": reader.seconds_unaided, "aided": reader.seconds_aided},
    }


def _agreement(kind: str, who: str, cases: int, unaided: Estimate, aided: Estimate) -> dict[str, Any]:
    return {"kappa": kind, "who": who, "cases": cases, **_named("unaided", unaided), **_named("aided", aided)}


def _named(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
