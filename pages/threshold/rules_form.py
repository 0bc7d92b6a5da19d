"""Let a rule choose on validation: which one, its numbers, what it promises."""

from collections.abc import Callable

import streamlit as st

from core.errors import ExplorerError
from core.evaluation.decision.choosing import chosen
from core.evaluation.decision.guarantee import units_needed, units_of
from core.evaluation.decision.rules import (
    LEAST_BETA,
    MOST_BETA,
    MOST_COST,
    Cost,
    FBeta,
    Fixed,
    MaxFnr,
    MaxFpr,
    Ppv,
    Rule,
    Youden,
)
from pages.shared import cached, state
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
_PRICES = {"min_value": 0.001, "max_value": MOST_COST, "format": "%.4g"}
_BETAS = {"min_value": LEAST_BETA, "max_value": MOST_BETA}
_AT_FIRST = {
    "max_fnr": 5.0,
    "max_fpr": 10.0,
    "miss": 10.0,
    "false_alarm": 1.0,
    "cost_prevalence": 0.0,
    "ppv": 50.0,
    "ppv_prevalence": 5.0,
    "beta": 2.0,
    "fixed": 0.5,
    "rule_out": 2.0,
    "rule_in": 5.0,
}


def show_rules(subject: Subject) -> None:
    """The form, its reason in a sentence, and `Pick on validation`; what was picked is tried, and not yet in force."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "Rule",
            list(_KINDS),
            format_func=lambda name: _KINDS[name][0],
            key=_kind_key(subject),
            persist_state="session",
            width=300,
        )
        _show_fields(subject, kind)
        st.button(
            "Pick on validation",
            icon=":material/my_location:",
            key=f"pick-{subject.run.id}",
            on_click=pick,
            args=(subject, _asked),
        )
    say_problem_of(subject)
    st.caption(f"{_KINDS[kind][1].reason} Of equally good thresholds the one with the fewest misses is taken.")
    rule = asked_or_said(subject, _asked)
    if isinstance(rule, MaxFnr | MaxFpr):
        say_promise(subject, rule)


def show_number(subject: Subject, name: str, label: str, **limits: object) -> None:
    """A number of a rule, kept for the visit."""
    st.session_state.setdefault(_number_key(subject, name), _AT_FIRST[name])
    st.number_input(label, key=_number_key(subject, name), persist_state="session", width=190, **limits)


def show_percent(subject: Subject, name: str, label: str, *, least: float = 0.0) -> None:
    """A share of a rule, asked for in percent."""
    show_number(subject, name, label, min_value=least, max_value=99.0, step=1.0, format="%.1f")


def show_sure(subject: Subject, name: str, label: str = "95 % sure for new scans") -> None:
    """Whether a target is to be promised."""
    st.checkbox(
        label,
        key=_sure_key(subject, name),
        persist_state="session",
        help="Without it the share holds on these validation scans. With it, it is promised for new scans like these, "
        "which takes a safer threshold and enough scans.",
    )


def number(subject: Subject, name: str) -> float:
    """A number of a rule as it stands in its field, also where the script has not run since it was typed."""
    return float(st.session_state.get(_number_key(subject, name), _AT_FIRST[name]))


def share(subject: Subject, name: str) -> float:
    """What its field says in percent."""
    return number(subject, name) / 100


def confidence(subject: Subject, name: str) -> float | None:
    """What a promise is to hold with, as a rule takes it; None where none is asked for."""
    return CONFIDENCE if st.session_state.get(_sure_key(subject, name)) else None


def pick(subject: Subject, asked: Callable[[Subject], Rule]) -> None:
    """Callback: try what the rule chooses, or keep why it cannot.

    `asked` reads the fields: a click right after typing comes along with the number, before the script has seen it.
    """
    try:
        rule = cached.over_the_choice(subject.run, asked(subject))
    except (ExplorerError, ValueError):
        return  # the form says it: it asks for the same rule right after
    try:
        draft.take_point(subject, chosen(subject.validation, rule))
    except ValueError as error:
        state.put(f"{state.PROBLEM_OF_RUN}{subject.run.id}", str(error))


def asked_or_said(subject: Subject, asked: Callable[[Subject], Rule]) -> Rule | None:
    """The rule as its fields stand, its promise covering the choice of the network; None where none has such numbers.

    Why is said then. Raises as `cached.over_the_choice`.
    """
    try:
        return cached.over_the_choice(subject.run, asked(subject))
    except ValueError as error:
        say_error(str(error))
        return None


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
    needed = units_needed(budget, rule.bound_confidence)
    among = f", as it covers that this network, one of {rule.networks:,}, was itself chosen on validation"
    among = among if rule.networks > 1 else ""
    if not units.by_groups:
        takes = _counted(needed, f"{kind} scan")
        st.caption(f"A promise takes at least {takes}{among}; validation has {units.scans:,}.")
        return
    event = "missed" if positive else "falsely alarmed"
    st.warning(
        f"The {units.scans:,} {kind} scans of validation come from {_counted(units.groups, 'group')}, so they are not "
        f"independent. The promise is about new groups: the share of a group's {kind} scans that are {event}, in the "
        f"mean over groups. A promise takes at least {_counted(needed, 'group')}{among}.",
        icon=":material/group:",
    )


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _show_fields(subject: Subject, kind: str) -> None:
    if kind == "max_fnr":
        show_percent(subject, "max_fnr", f"Miss at most, % of {literal(subject.positive)}")
        show_sure(subject, "max_fnr")
    elif kind == "max_fpr":
        show_percent(subject, "max_fpr", "Falsely alarm at most, % of the others")
        show_sure(subject, "max_fpr")
    elif kind == "cost":
        show_number(subject, "miss", "A miss costs", step=1.0, **_PRICES)
        show_number(subject, "false_alarm", "A false alarm costs", **_PRICES)
        show_percent(subject, "cost_prevalence", "where so many % have it")
        as_here = subject.validation.positives / max(subject.validation.n, 1)
        st.caption(f"0 %: as frequent as in validation ({as_here:.1%}).", width=190)
    elif kind == "ppv":
        show_percent(subject, "ppv", "At least, % of alarms right", least=0.1)
        show_percent(subject, "ppv_prevalence", "where so many % have it", least=0.1)
    elif kind == "f_beta":
        show_number(subject, "beta", "Finding weighs (beta)", step=0.5, format="%.2f", **_BETAS)
    elif kind == "fixed":
        show_number(subject, "fixed", "Threshold", min_value=0.0, max_value=1.0, step=0.01, format="%.4f")


def _asked(subject: Subject) -> Rule:
    """The rule with the numbers as they stand."""
    kind = st.session_state[_kind_key(subject)]
    if kind == "max_fnr":
        return MaxFnr(share(subject, "max_fnr"), confidence(subject, "max_fnr"))
    if kind == "max_fpr":
        return MaxFpr(share(subject, "max_fpr"), confidence(subject, "max_fpr"))
    if kind == "cost":
        elsewhere = share(subject, "cost_prevalence") or None
        return Cost(number(subject, "miss"), number(subject, "false_alarm"), elsewhere)
    if kind == "ppv":
        return Ppv(share(subject, "ppv"), share(subject, "ppv_prevalence"))
    if kind == "f_beta":
        return FBeta(number(subject, "beta"))
    if kind == "fixed":
        return Fixed(number(subject, "fixed"))
    return Youden()


def _kind_key(subject: Subject) -> str:
    return f"{state.RULE_KIND_OF_RUN}{subject.run.id}"


def _number_key(subject: Subject, name: str) -> str:
    return f"{state.RULE_NUMBER_OF_RUN}{name}-{subject.run.id}"


def _sure_key(subject: Subject, name: str) -> str:
    return f"{state.SURE_OF_RUN}{name}-{subject.run.id}"
