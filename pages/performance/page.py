"""How good is it, and how sure are we? The performance page."""

import streamlit as st

from core.evaluation.confusion import counts_at
from core.results import splits_of
from core.runs import Run
from pages.performance.by_patient import joining_in_use, show_by_patient
from pages.performance.calibration import end_where_damaged, show_calibration
from pages.performance.curves import show_curves
from pages.performance.honest_words import remind, say_absent_class, show_honest_words
from pages.performance.matrix import show_matrix
from pages.performance.rates import show_rates
from pages.performance.report import show_tables
from pages.performance.subgroups import show_subgroups
from pages.shared import cached, frame, state
from pages.shared.words import SPLIT_NAMES, literal, score_text


def _pick_split(run: Run) -> str:
    """The split that somebody chose; else test where there is one: the only split on which nothing was chosen."""
    splits = [split for split in ("test", "val") if split in splits_of(run)]
    chosen = state.get(state.SPLIT_ON_PERFORMANCE)
    state.put(state.SPLIT_SHOWN, chosen if chosen in splits else splits[0])
    return str(
        st.segmented_control(
            "Split",
            splits,
            key=state.SPLIT_SHOWN,
            format_func=SPLIT_NAMES.__getitem__,
            required=True,
            on_change=_take_split,
        )
    )


def _take_split() -> None:
    """Callback: another split was chosen, here and for the worklist."""
    chosen = state.get(state.SPLIT_SHOWN)
    state.put(state.SPLIT_ON_PERFORMANCE, chosen)
    state.put(state.SPLIT, chosen)


st.title("Performance")
run = frame.run_or_empty_state()
end_where_damaged(run)
split = _pick_split(run)
point = cached.point_in_force(run)
threshold = point.threshold
joining = joining_in_use(run, split)
results = cached.results(run, split, joining)
evaluation = cached.evaluation(run, split, threshold, joining)
counts = counts_at(results.scored, threshold)

show_honest_words(run, split)
say_absent_class(run, evaluation)
st.caption(f"Threshold {score_text(threshold)}, {literal(point.says)}.")
if point.upper is not None:
    st.caption(
        f"It is the lower of two, the upper is {score_text(point.upper)}: positive means not ruled out, so a false "
        f"alarm here may be a {evaluation.unit} that is referred to a reader. The Threshold page counts the zones."
    )
show_rates(run, evaluation, counts, joining)
show_matrix(run, evaluation, counts, by_scan=not joining)
show_curves(run, results, evaluation)
remind(run, split)
show_calibration(run, results)
show_by_patient(run, split, threshold)
show_subgroups(run, split, threshold)
show_tables(run, results, evaluation)
