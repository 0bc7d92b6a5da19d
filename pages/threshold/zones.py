"""Two thresholds: chosen by two targets, and what becomes of whom on validation and on test."""

import streamlit as st

from core.charts.zones import zones_figure
from core.evaluation.decision.rules import Zones
from core.evaluation.decision.zones import MEANING, ZoneFigures
from pages.shared import charts
from pages.shared.estimates import show_rate
from pages.shared.words import SPLIT_NAMES, literal, score_text
from pages.threshold import draft, rules_form
from pages.threshold.certainty import zones_of
from pages.threshold.subject import Subject


def show_zones(subject: Subject) -> None:
    """The two targets with `Pick both on validation`, then the three zones of each split at what is being tried."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rules_form.show_percent(subject, "rule_out", f"Rule out at most, % of {literal(subject.positive)}")
        rules_form.show_sure(subject, "rule_out", "95 % sure")
        rules_form.show_percent(subject, "rule_in", "Rule in at most, % of the others")
        rules_form.show_sure(subject, "rule_in", "95 % sure ")
        st.button(
            "Pick both on validation",
            icon=":material/my_location:",
            key=f"pick-zones-{subject.run.id}",
            on_click=rules_form.pick,
            args=(subject, _asked),
        )
    rules_form.say_problem_of(subject)
    st.caption(f"{Zones.reason} {MEANING}")
    rule = rules_form.asked_or_said(subject, _asked)
    if isinstance(rule, Zones):
        for target in (rule.below, rule.above):
            rules_form.say_promise(subject, target)
    tried = draft.current(subject)
    if tried.upper is None:
        st.info("One threshold is being tried: nobody is referred. Pick both to see the zones.", icon=":material/info:")
        return
    if tried.upper == tried.threshold:
        st.info(
            f"One threshold, {score_text(tried.threshold)}, keeps both targets: no scan needs a reader.",
            icon=":material/info:",
        )
    figures = {split: zones_of(subject, split, tried.threshold, tried.upper) for split in subject.splits}
    charts.show(
        zones_figure(
            {SPLIT_NAMES[split]: of for split, of in figures.items()},
            positive=subject.positive,
            negative_name=subject.negative_name,
        ),
        key=f"zones-{subject.run.id}",
    )
    for split, of in figures.items():
        _show_split(subject, split, of)


def _asked(subject: Subject) -> Zones:
    rule_out, rule_in = (rules_form.share(subject, name) for name in ("rule_out", "rule_in"))
    return Zones(rule_out, rule_in, *(rules_form.confidence(subject, name) for name in ("rule_out", "rule_in")))


def _show_split(subject: Subject, split: str, of: ZoneFigures) -> None:
    here = "where it is as frequent as here"
    rates = (
        ("Missed (FNR)", of.fnr, f"Share of all {literal(subject.positive)} scans that are ruled out."),
        ("False alarms (FPR)", of.fpr, "Share of all other scans that are ruled in."),
        ("Referred", of.referred, "Share of all scans that a reader has to see."),
        ("NPV, ruled out", of.npv, f"Share of the ruled out that are rightly so, {here}."),
        ("PPV, ruled in", of.ppv, f"Share of the ruled in that are rightly so, {here}."),
    )
    chosen_here = ":blue-badge[chosen here]" if split == "val" else ":gray-badge[only reported]"
    st.markdown(f"**{SPLIT_NAMES[split]}** {chosen_here}")
    with st.grid(5, min_column_width=183):
        for label, rate, meaning in rates:
            show_rate(label, rate, meaning=meaning)
    how = "from drawing whole groups" if of.by_groups else "Wilson"
    st.caption(f"With 95 % intervals ({how}).")
