"""From the form's preset to a sweep: what to vary, how often, and by what to rank."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import ConfigError
from core.training.presets import PRESETS
from pages.shared import cached, state
from pages.shared.errors import say_error
from pages.training.fields import SPECS, label_of

if TYPE_CHECKING:
    from core.sweeps.rule import Rule
    from core.sweeps.space import Choices, Range
    from pages.training.form import Asked

_BY_FPR, _BY_THRESHOLD = "at most so many false alarms", "one threshold for all"


def sweep_form(asked: "Asked") -> None:
    """Draw it, folded; begins the sweep where somebody presses its button."""
    with st.expander(
        "Try several values of it: a sweep",
        icon=":material/shuffle:",
        key=state.SWEEP_FORM_OPEN + asked.preset,
        on_change="rerun",
    ) as form:
        if not form.open:
            return
        st.caption(
            "Trains with each combination of the values, ranks the trainings by what they miss on validation, and "
            "leaves test alone: its figures are opened once, for the best one."
        )
        space = _space(asked.preset)
        if not space:
            return
        left, right = st.columns(2)
        with left:
            trials = _trials(space)
        with right:
            rule = _rule()
        if st.button("Start the sweep", type="primary", icon=":material/play_arrow:", key="start-sweep"):
            _begin(asked, space, trials, rule)


def _space(preset: str) -> "dict[str, Choices | Range]":
    """The fields to vary and their values; empty while they cannot be used."""
    from core.sweeps.space import KEPT, Choices, check_space, parse_space

    grid = PRESETS[preset].grid
    key = state.SWEEP_FIELDS + preset
    st.session_state.setdefault(key, list(grid))
    names = st.multiselect(
        "What to vary",
        [name for name in SPECS if name not in KEPT],
        format_func=label_of,
        key=key,
        persist_state="session",
        select_all=False,
    )
    texts = {}
    places = st.grid(3, min_column_width=230)
    for name in names:
        with places.cell():
            value_key = f"{state.SWEEP_VALUES}{preset}-{name}"
            usual = grid.get(name, (getattr(PRESETS[preset].config, name),))
            st.session_state.setdefault(value_key, ", ".join(map(str, usual)))
            texts[name] = st.text_input(
                label_of(name),
                key=value_key,
                persist_state="session",
                help=f"{SPECS[name].metadata['says']}. A list such as 16, 32, or a range such as 1e-4..1e-2.",
            )
    if not names:
        st.caption("Choose at least one field.")
        return {}
    try:
        space = parse_space(f"{name}={text}" for name, text in texts.items())
        check_space(space, PRESETS[preset].config)
    except ConfigError as error:
        say_error(error)
        return {}
    if all(isinstance(varied, Choices) and len(varied.values) == 1 for varied in space.values()):
        st.caption("Only one value of each: give another one, or a range.")
        return {}
    return space


def _trials(space: "dict[str, Choices | Range]") -> int:
    from core.sweeps.space import trials_in
    from core.sweeps.sweep import DEFAULT_TRIALS

    whole = trials_in(space)
    most = 1000 if whole is None else whole
    count = st.number_input(
        "Trials",
        1,
        most,
        DEFAULT_TRIALS if whole is None else most,
        key=f"sweep-trials-{most}",
        help="How many trainings at most. Fewer than there are combinations: some of them, drawn by the seed.",
    )
    if whole is not None:
        st.caption(f"{whole} combination{'s' if whole != 1 else ''} in all.")
    else:
        st.caption("Values of a range are drawn where earlier trials did well.")
    return int(count)


def _rule() -> "Rule":
    from core.evaluation.decision.budgets import USUAL_MAX_FPR
    from core.sweeps.rule import Rule

    way = st.radio("Ranked by what is missed on validation at", (_BY_FPR, _BY_THRESHOLD), key=state.SWEEP_RULE)
    if way == _BY_FPR:
        percent = st.number_input(
            "False alarms at most, percent", 0.0, 99.0, USUAL_MAX_FPR * 100, 1.0, format="%g", key="sweep-fpr"
        )
        return Rule(max_fpr=percent / 100)
    return Rule(threshold=st.number_input("Threshold", 0.0, 1.0, 0.5, 0.05, format="%g", key="sweep-threshold"))


def _begin(asked: "Asked", space: "dict[str, Choices | Range]", trials: int, rule: "Rule") -> None:
    from core.sweeps.status import start_in_background
    from core.sweeps.sweep import new_sweep

    fixed: dict[str, Any] = {name: value for name, value in asked.settings.items() if name not in space}
    sweep = new_sweep(
        cached.runs_folder(),
        data=asked.folder,
        preset=asked.preset,
        space=space,
        settings=fixed,
        rule=rule,
        trials=trials,
    )
    start_in_background(sweep)
    state.put(state.WATCHED_SWEEP, sweep.id)
    state.put(state.FORM_DONE, str(asked.folder))
    state.put(state.TRAINING_TAB_WANTED, "Sweeps")
    st.rerun()
