"""What a study found: readers without and with the model, and how far they agree."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from core.review.studies.store import StudyBook
from core.review.studies.study import Answer, Study
from pages.shared import charts, state
from pages.shared.tables import download_button
from pages.shared.words import SPLIT_NAMES, decimal, literal, percent, score_text, span
from pages.study import cached_figures

if TYPE_CHECKING:
    from core.evaluation.intervals import Estimate
    from core.review.studies.figures import StudyFigures

_MEANINGS = {
    "sensitivity": "Sensitivity: share of the positive cases called positive",
    "specificity": "Specificity: share of the others called negative",
    "AUC of ratings": "AUC of the six ratings: how well they rank positive cases above the others",
}


def show_results(book: StudyBook, study: Study) -> None:
    """On demand, as a reader in the middle should not see them."""
    if not st.toggle("Show the figures so far", key=f"{state.STUDY_FIGURES}{study.id}"):
        st.caption("They tell how often readers and model are right: who is still reading should not look.")
        return
    answers = book.answers(study)
    figures = cached_figures.figures(book.path, study, answers)
    _say_what_it_rests_on(study, figures)
    if figures.readers:
        _show_chart(study, figures)
        _show_readers(figures)
        _show_switches(figures)
        _show_agreement(figures)
        _show_every_answer(study, answers)
    else:
        st.info("Nobody has read a case both ways yet.", icon=":material/info:")


def _say_what_it_rests_on(study: Study, figures: "StudyFigures") -> None:
    positives = figures.model_scored.positives
    drawn = ", errors of the model preferred" if study.enriched else ""
    st.caption(
        f"{len(study.cases)} cases of the {SPLIT_NAMES[study.split].lower()} split{drawn}: {positives} "
        f"{literal(study.positive)}, {len(study.cases) - positives} others. The model is positive from "
        f"{score_text(study.threshold)} on. Intervals (95 %) say what other cases would give with the same readers, "
        "not what other readers would."
    )
    few = [f"{one.reader}: {one.few}" for one in figures.readers if one.few]
    if few:
        st.warning(literal(f"Few cases. {'; '.join(few)}."), icon=":material/warning:")
    if figures.left_out:
        st.caption(f"{figures.left_out} times a scan could not be shown; such cases are in no figure.")


def _show_chart(study: Study, figures: "StudyFigures") -> None:
    from core.charts.readers import ReaderPoint, readers_figure
    from core.evaluation.curves import roc_points

    points = [ReaderPoint(one.reader, one.unaided, one.aided) for one in figures.readers]
    figure = readers_figure(points, curve=roc_points(figures.model_scored), model=figures.model)
    charts.show(figure, key=f"study-roc-{study.id}")


def _show_readers(figures: "StudyFigures") -> None:
    from core.review.studies.tables import MEASURES, measures_of, readers_table

    for measure in MEASURES:
        st.markdown(f"**{_MEANINGS[measure]}**")
        rows = []
        for one in figures.readers:
            (unaided, aided, gain, model) = next(rest for name, *rest in measures_of(one) if name == measure)
            tell = _decimal_cell if model is None else _percent_cell
            row = {"Reader": literal(one.reader), "Cases": str(one.cases), "Alone": tell(unaided)}
            row |= {"With the model": tell(aided), "Difference": _gain_cell(gain, model is None)}
            rows.append(row if model is None else row | {"Model, same cases": tell(model)})
        st.table(pd.DataFrame(rows).set_index("Reader"), border="horizontal")
    download_button(readers_table(figures), "study-readers")


def _show_switches(figures: "StudyFigures") -> None:
    st.markdown("**What seeing the model did**")
    rows = [
        {
            "Reader": literal(one.reader),
            "Led astray by a wrong model": _of_cell(one.switches.led_astray, one.switches.could_be_led),
            "Put right by a right one": _of_cell(one.switches.put_right, one.switches.could_be_put),
            "Seconds a case, alone": f"{one.seconds_unaided:.0f}",
            "And with the model": f"{one.seconds_aided:.0f}",
        }
        for one in figures.readers
    ]
    st.table(pd.DataFrame(rows).set_index("Reader"), border="horizontal")
    st.caption(
        "Led astray: of the cases called rightly alone where the model is wrong, the share that turned wrong "
        "(automation bias). Put right: of those called wrongly alone where it is right, the share that turned right. "
        "Seconds are medians."
    )


def _show_agreement(figures: "StudyFigures") -> None:
    from core.review.studies.tables import agreement_table

    st.markdown("**Agreement beyond chance: Cohen's kappa of two, Fleiss' of all; 1 is full, 0 as by chance**")
    rows = [_kappas(" and ".join(pair.readers), pair.cases, pair.unaided, pair.aided) for pair in figures.pairs]
    if figures.together is not None:
        every = figures.together
        rows.append(_kappas(f"all {len(every.readers)} readers (Fleiss)", every.cases, every.unaided, every.aided))
    for one in figures.readers:
        kappas = (one.kappa_model_unaided, one.kappa_model_aided)
        rows.append(_kappas(f"{one.reader} and the model", one.cases, *kappas))
    st.table(pd.DataFrame(rows).set_index("Who"), border="horizontal")
    download_button(agreement_table(figures), "study-agreement")


def _show_every_answer(study: Study, answers: Sequence[Answer]) -> None:
    from core.review.studies.answers import answers_table

    st.markdown("**Every answer**, with the truth and the model's score of its case: not for who is still reading")
    download_button(answers_table(study, answers), f"study-{study.id}-answers")


def _kappas(who: str, cases: int, unaided: "Estimate", aided: "Estimate") -> dict[str, str]:
    return {
        "Who": literal(who),
        "Cases": str(cases),
        "Alone": _decimal_cell(unaided),
        "With the model": _decimal_cell(aided),
    }


def _percent_cell(estimate: "Estimate") -> str:
    return f"{percent(estimate)} ({span(estimate)})" if not math.isnan(estimate.value) else "not defined"


def _decimal_cell(estimate: "Estimate") -> str:
    if math.isnan(estimate.low):
        return f"{decimal(estimate)} (no interval)" if not math.isnan(estimate.value) else "not defined"
    return f"{decimal(estimate)} ({estimate.low:.3f} to {estimate.high:.3f})"


def _gain_cell(gain: "Estimate", as_decimal: bool) -> str:
    if math.isnan(gain.value):
        return "not defined"
    ends = (
        "no interval"
        if math.isnan(gain.low)
        else (f"{gain.low:+.3f} to {gain.high:+.3f}" if as_decimal else f"{gain.low:+.1%} to {gain.high:+.1%}")
    )
    return f"{gain.value:+.3f} ({ends})" if as_decimal else f"{gain.value:+.1%} ({ends})"


def _of_cell(estimate: "Estimate", of: int) -> str:
    return "no such case" if not of else f"{_percent_cell(estimate)} of {of}"
