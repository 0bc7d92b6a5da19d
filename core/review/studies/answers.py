"""The answers of a reading study as arrays a reader, and as a table to take along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.evaluation.reader_agreement import Calls
from core.review.studies.study import AIDED, LEFT_OUT, UNAIDED, Answer, Study, called_positive, order_for, reader_key
from core.spreadsheets import no_formula

COLUMNS = (
    *("study", "run", "reader", "position", "case", "path", "content", "group", "label", "model_score"),
    *("model_called", "phase", "rating", "called_positive", "seconds", "at"),
)
_TEXTS = ("study", "reader", "path", "group", "label", "model_called")


@dataclass(frozen=True, eq=False)
class Readings:
    """One reader's answers to the cases read both ways, in the order of their numbers.

    Attributes:
        reader: the name.
        numbers: of the cases, shape (n,).
        before: ratings without the model, shape (n,), 1 to 6.
        after: with it, likewise.
        seconds: that a case took without the model and with it, shape (n, 2).
    """

    reader: str
    numbers: NDArray[np.intp]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    seconds: NDArray[np.float64]

    @cached_property
    def calls(self) -> Mapping[str, Calls]:
        """Whether each case was called positive, by phase."""
        return {
            UNAIDED: np.array([called_positive(rating) for rating in self.before], dtype=bool),
            AIDED: np.array([called_positive(rating) for rating in self.after], dtype=bool),
        }


def readings(answers: Sequence[Answer]) -> tuple[Readings, ...]:
    """Each reader's complete cases, in the order in which the readers began."""
    names: dict[str, str] = {}
    said: dict[str, dict[int, dict[str, Answer]]] = {}
    for answer in answers:
        key = reader_key(answer.reader)
        names.setdefault(key, answer.reader)
        if answer.rating != LEFT_OUT:
            said.setdefault(key, {}).setdefault(answer.number, {})[answer.phase] = answer
    found = []
    for key, cases in said.items():
        both = [(number, phases) for number, phases in sorted(cases.items()) if len(phases) == 2]
        if both:
            found.append(
                Readings(
                    names[key],
                    np.array([number for number, _ in both], np.intp),
                    np.array([phases[UNAIDED].rating for _, phases in both], np.intp),
                    np.array([phases[AIDED].rating for _, phases in both], np.intp),
                    np.array([[phases[UNAIDED].seconds, phases[AIDED].seconds] for _, phases in both]),
                )
            )
    return tuple(found)


def answers_table(study: Study, answers: Sequence[Answer]) -> pd.DataFrame:
    """A row an answer: who, when, the case and its place in the reader's order (from 1), truth and model."""
    places: dict[str, dict[int, int]] = {}
    rows = []
    for answer in answers:
        case = study.cases[answer.number]
        if answer.reader not in places:
            order = order_for(study, answer.reader)
            places[answer.reader] = {number: place for place, number in enumerate(order, start=1)}
        rows.append(
            (
                *(study.name, study.run, answer.reader, places[answer.reader][case.number], case.number),
                *(case.path, case.content, case.group, case.label, case.score, case.called),
                *(answer.phase, answer.rating),
                None if answer.rating == LEFT_OUT else called_positive(answer.rating),
                *(answer.seconds, answer.at),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def answers_csv(study: Study, answers: Sequence[Answer]) -> str:
    """The same as CSV of which a spreadsheet runs nothing (`core.spreadsheets`)."""
    table = answers_table(study, answers)
    for column in _TEXTS:
        table[column] = [no_formula(text) for text in table[column]]
    return table.to_csv(index=False)
