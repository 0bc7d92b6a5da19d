"""The threshold in patients: what an alarm means where the model is used, what errors cost, whether it is worth it."""

import math

import pandas as pd
import streamlit as st

from core.charts.decision_curve import decision_curve_figure
from core.charts.people import people_figure
from core.evaluation.confusion import counts_at
from core.evaluation.decision.net_benefit import benefit_at, model_curve
from core.evaluation.decision.population import (
    ExpectedCost,
    InPopulation,
    ZonesInPopulation,
    expected_cost,
    in_population,
)
from core.evaluation.decision.rules import MOST_COST, Cost
from core.evaluation.intervals import Estimate
from core.evaluation.scored import Scored
from pages.shared import charts, state
from pages.shared.estimates import show_rate
from pages.shared.tables import download_button
from pages.shared.words import SPLIT_NAMES, literal
from pages.threshold import draft
from pages.threshold.subject import Subject

_PERCENTS = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0)
_USUAL_PERCENT, _USUAL_COST = 5.0, 10.0


def show_in_patients(subject: Subject) -> None:
    """Prevalence and prices, then people, predictive values, likelihood ratios, cost and the decision curve."""
    prevalence, split, cost = _asked(subject)
    scored, tried = subject.splits[split], draft.current(subject)
    lower = _in_population(subject.key, split, tried.threshold, prevalence, scored)
    found: InPopulation | ZonesInPopulation = lower
    if tried.upper is not None:
        found = ZonesInPopulation(lower, _in_population(subject.key, split, tried.upper, prevalence, scored))
    if found.people is None:
        st.info(
            f"{SPLIT_NAMES[split]} lacks one of the two classes: nothing can be said of people.", icon=":material/info:"
        )
        return
    st.markdown(f"**{found.people.says}**")
    charts.show(people_figure(found.people), key=f"people-{subject.run.id}")
    _show_values(subject, found)
    st.caption(
        f"FNR and FPR are those of {SPLIT_NAMES[split].lower()}, taken to be the same elsewhere: the same kind of "
        f"patients, scanners and severity. {_interval_words(found)}"
    )
    st.markdown("**What errors cost**")
    if tried.upper is not None:
        st.caption(
            "What errors cost and whether the model is worth using are told for one threshold, the lower: whoever is "
            "referred to a reader counts as an alarm there."
        )
    st.markdown(_cost_words(expected_cost(counts_at(scored, tried.threshold), cost), cost))
    st.markdown("**Is it worth using the model?**")
    own = _model_curve(subject.key, split, prevalence, scored)  # no threshold changes it
    table = own.join(_benefit_at(subject.key, split, tried.threshold, prevalence, scored))
    charts.show(
        decision_curve_figure(table, marked=cost.false_alarm / (cost.miss + cost.false_alarm)),
        key=f"decision-curve-{subject.run.id}",
    )
    st.caption(
        "Net benefit: cases found, less false alarms at their price (Vickers and Elkin, 2006), with 95 % bands. Where "
        "a line lies above both calling everybody and calling nobody, the model is worth using. The solid line takes "
        "scores for probabilities, so it is as good as their calibration."
    )
    download_button(table, f"{subject.run.id}-{split}-decision-curve")


def _asked(subject: Subject) -> tuple[float, str, Cost]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state.setdefault(state.PREVALENCE_PERCENT, _USUAL_PERCENT)
        percent = st.select_slider(
            f"Prevalence: of 100 people so many have {literal(subject.positive)}",
            _PERCENTS,
            format_func=lambda value: f"{value:g} %",
            key=state.PREVALENCE_PERCENT,
            persist_state="session",
            width=420,
        )
        st.session_state.setdefault(state.MISS_COST, _USUAL_COST)
        miss = st.number_input(
            "A miss costs, in false alarms",
            0.01,
            MOST_COST,
            step=1.0,
            format="%.4g",
            key=state.MISS_COST,
            persist_state="session",
            width=220,
        )
        if st.session_state.get(state.PATIENTS_SPLIT) not in subject.splits:
            st.session_state[state.PATIENTS_SPLIT] = "test" if "test" in subject.splits else "val"
        split = st.segmented_control(
            "Rates of",
            list(subject.splits),
            format_func=SPLIT_NAMES.__getitem__,
            key=state.PATIENTS_SPLIT,
            required=True,
            persist_state="session",
        )
    prevalence = percent / 100
    return prevalence, str(split), Cost(miss, 1.0, prevalence)


# `key` is what the scores are known by.
@st.cache_resource(show_spinner="Drawing groups", max_entries=32)
def _model_curve(key: str, split: str, prevalence: float, _scored: Scored) -> pd.DataFrame:  # noqa: ARG001
    return model_curve(_scored, prevalence=prevalence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _benefit_at(key: str, split: str, threshold: float, prevalence: float, _scored: Scored) -> pd.DataFrame:  # noqa: ARG001
    return benefit_at(_scored, threshold, prevalence=prevalence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _in_population(key: str, split: str, threshold: float, prevalence: float, _scored: Scored) -> InPopulation:  # noqa: ARG001
    return in_population(_scored, threshold, prevalence)


def _show_values(subject: Subject, found: InPopulation | ZonesInPopulation) -> None:
    positive, where = literal(subject.positive), f"where {found.prevalence:.1%} have it"
    if isinstance(found, ZonesInPopulation):
        of = (", ruled in", ", ruled out")
        alarms, cleared = "the ruled in who rightly are", "the ruled out who rightly are"
        alarm, clearing = "being ruled in", "being ruled out"
    else:
        of = ("", "")
        alarms, cleared = "alarms that are right", "the cleared who rightly are"
        alarm, clearing = "an alarm", "being cleared"
    with st.grid(4, min_column_width=220):
        show_rate(f"PPV{of[0]}", found.ppv, meaning=f"Share of {alarms}, {where}.")
        show_rate(f"NPV{of[1]}", found.npv, meaning=f"Share of {cleared}, {where}.")
        _show_ratio(
            f"LR+{of[0]}", found.lr_positive, f"How many times likelier {alarm} is with {positive} than without."
        )
        _show_ratio(
            f"LR-{of[1]}", found.lr_negative, f"How many times likelier {clearing} is with {positive} than without."
        )


def _show_ratio(label: str, ratio: Estimate, meaning: str) -> None:
    st.metric(
        label,
        _ratio(ratio.value),
        _ratio_interval(ratio),
        delta_color="off",
        delta_arrow="off",
        help=meaning,
        border=True,
        height="stretch",
    )


def _ratio_interval(ratio: Estimate) -> str:
    if math.isnan(ratio.low):
        return "no interval"
    if math.isinf(ratio.low):
        return "95 %: unbounded"
    return f"95 %: {_ratio(ratio.low)} to {_ratio(ratio.high)}"


def _ratio(value: float) -> str:
    if math.isnan(value):
        return "not defined"
    return "unbounded" if math.isinf(value) else f"{value:.3g}"


def _interval_words(found: InPopulation | ZonesInPopulation) -> str:
    if isinstance(found, ZonesInPopulation):
        ruled_in, ruled_out = _interval_words(found.upper), _interval_words(found.lower)
        return ruled_in if ruled_in == ruled_out else f"Ruled in: {ruled_in} Ruled out: {ruled_out}"
    few = f" They are {found.few}." if found.few else ""
    if found.by_groups:
        return f"95 % intervals from drawing whole groups.{few}"
    if found.resampled:
        why = "as one of the four counts is 0; all agree on it, so it is put in doubt"
        return f"95 % intervals from resamples, {why}.{few}"
    return "95 % intervals of the likelihood ratios by Simel (1991); PPV and NPV follow from them."


def _cost_words(cost: ExpectedCost, rule: Cost) -> str:
    least = min(cost.call_everybody, cost.call_nobody)
    verdict = "less than either" if cost.model < least else "no less than the better of the two"
    return (
        f"If a miss costs {rule.miss:.4g} times a false alarm, errors among 1,000 people cost as much as "
        f"**{cost.model:,.0f} false alarms**; calling everybody costs {cost.call_everybody:,.0f}, calling nobody "
        f"{cost.call_nobody:,.0f}: {verdict}."
    )
