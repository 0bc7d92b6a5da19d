"""Let a rule choose on validation: which one, its numbers, what it promises."""

import streamlit as st

from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.guarantee import units_needed, units_of
from core.evaluation.decision.rules import Cost, FBeta, Fixed, MaxFnr, MaxFpr, Ppv, Rule, Youden
from core.sweeps.compared import over_the_choice
from pages.shared import state
from pages.shared.errors import say_error
from pages.shared.words import literal
from pages.threshold import draft
from pages.threshold.subject import Subject

CONFIDENCE = 0.95
_KINDS: dict[str, tuple[str, type[Rule]]] = {
    "max_fnr": ("At most so many missed", MaxFnr),
    "max_fpr": ("At most so many false alarms", MaxFpr),
    "cost": ("Least cost", Cost),
    "ppv": ("Enough alarms right (PPV)", Ppv),
    "f_beta": ("Largest F-beta", FBeta),
    "youden": ("Largest Youden index", Youden),
    "fixed": ("A given threshold", Fixed),
}


def show_rules(subject: Subject) -> None:
    """The form, its reason in a sentence, and `Pick on validation`; what was picked is tried, and not yet in force."""
    run_id = subject.run.id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "Rule",
            list(_KINDS),
            format_func=lambda name: _KINDS[name][0],
            key=f"{state.RULE_KIND_OF_RUN}{run_id}",
            persist_state="session",
            width=300,
        )
        rule = over_the_choice(subject.run, _asked(subject, kind))
        st.button(
            "Pick on validation",
            icon=":material/my_location:",
            key=f"pick-{run_id}",
            on_click=pick,
            args=(subject, rule),
        )
    say_problem_of(subject)
    st.caption(f"{_KINDS[kind][1].reason} Of equally good thresholds the one with the fewest misses is taken.")
    if isinstance(rule, MaxFnr | MaxFpr):
        say_promise(subject, rule)


def number(subject: Subject, name: str, label: str, value: float, **limits: object) -> float:
    """A number of a rule, kept for the visit."""
    key = f"{state.RULE_NUMBER_OF_RUN}{name}-{subject.run.id}"
    st.session_state.setdefault(key, value)
    return float(st.number_input(label, key=key, persist_state="session", width=190, **limits))


def percent(subject: Subject, name: str, label: str, value: float, *, least: float = 0.0) -> float:
    """A share of a rule, asked for in percent."""
    return number(subject, name, label, value, min_value=least, max_value=99.0, step=1.0, format="%.1f") / 100


def sure(subject: Subject, name: str, label: str = "95 % sure for new scans") -> float | None:
    """Whether a target is to be promised, as the confidence that a rule takes."""
    asked = st.checkbox(
        label,
        key=f"{state.SURE_OF_RUN}{name}-{subject.run.id}",
        persist_state="session",
        help="Without it the share holds on these validation scans. With it, it is promised for new scans like these, "
        "which takes a safer threshold and enough scans.",
    )
    return CONFIDENCE if asked else None


def pick(subject: Subject, rule: Rule) -> None:
    """Callback: try what the rule chooses, or keep why it cannot."""
    try:
        draft.take_point(subject, chosen(subject.validation, rule))
    except ValueError as error:
        state.put(f"{state.PROBLEM_OF_RUN}{subject.run.id}", str(error))


def say_problem_of(subject: Subject) -> None:
    """Why nothing could be picked, said once."""
    problem = state.take(f"{state.PROBLEM_OF_RUN}{subject.run.id}")
    if problem:
        say_error(problem)


def say_promise(subject: Subject, rule: MaxFnr | MaxFpr) -> None:
    """What the promise is about, and whether there is enough for it; nothing where none is asked for."""
    if rule.bound_confidence is None:
        return
    positive = isinstance(rule, MaxFnr)
    budget = rule.max_fnr if isinstance(rule, MaxFnr) else rule.max_fpr
    if not 0 < budget < 1:
        return
    units = units_of(subject.validation, positive=positive)
    kind = literal(subject.positive) if positive else "other"
    needed = f"A promise takes at least {units_needed(budget, rule.bound_confidence):,}"
    among = f", as it covers that validation also chose this network, of {rule.networks:,}"
    among = among if rule.networks > 1 else ""
    if not units.by_groups:
        st.caption(f"{needed} {kind} scans{among}; validation has {units.scans:,}.")
        return
    event = "missed" if positive else "falsely alarmed"
    st.warning(
        f"The {units.scans:,} {kind} scans of validation come from {units.groups:,} groups, so they are not "
        f"independent. The promise is about new groups: the share of a group's {kind} scans that are {event}, in the "
        f"mean over groups. {needed} groups{among}.",
        icon=":material/group:",
    )


def _asked(subject: Subject, kind: str) -> Rule:
    """The rule with the numbers as they stand."""
    if kind == "max_fnr":
        most = percent(subject, "max_fnr", f"Miss at most, % of {literal(subject.positive)}", 5.0)
        return MaxFnr(most, sure(subject, "max_fnr"))
    if kind == "max_fpr":
        most = percent(subject, "max_fpr", "Falsely alarm at most, % of the others", 10.0)
        return MaxFpr(most, sure(subject, "max_fpr"))
    if kind == "cost":
        miss = number(subject, "miss", "A miss costs", 10.0, min_value=0.001, step=1.0, format="%.4g")
        false_alarm = number(subject, "false_alarm", "A false alarm costs", 1.0, min_value=0.001, format="%.4g")
        return Cost(miss, false_alarm, _elsewhere(subject))
    if kind == "ppv":
        ppv = percent(subject, "ppv", "At least, % of alarms right", 50.0, least=0.1)
        return Ppv(ppv, percent(subject, "ppv_prevalence", "where so many % have it", 5.0, least=0.1))
    if kind == "f_beta":
        return FBeta(number(subject, "beta", "Finding weighs (beta)", 2.0, min_value=0.01, step=0.5, format="%.2f"))
    if kind == "fixed":
        return Fixed(number(subject, "fixed", "Threshold", 0.5, min_value=0.0, max_value=1.0, step=0.01, format="%.4f"))
    return Youden()


def _elsewhere(subject: Subject) -> float | None:
    share = subject.validation.positives / max(subject.validation.n, 1)
    asked = percent(subject, "cost_prevalence", "where so many % have it", 0.0)
    st.caption(f"0 %: as frequent as in validation ({share:.1%}).", width=190)
    return asked or None
