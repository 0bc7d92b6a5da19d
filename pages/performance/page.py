"""How good is it, and how sure are we? The performance page."""

import streamlit as st

from core.evaluation.confusion import counts_at
from core.results import point_in_force, splits_of
from core.runs import Run
from pages.performance.curves import show_curves
from pages.performance.matrix import show_matrix
from pages.performance.rates import show_honest_words, show_rates
from pages.performance.report import show_tables
from pages.shared import cached, frame, state
from pages.shared.words import SPLIT_NAMES


def _pick_split(run: Run) -> str:
    """Test where there is one: the only split on which nothing was chosen."""
    splits = [split for split in ("test", "val") if split in splits_of(run)]
    if st.session_state.get(state.SPLIT_ON_PERFORMANCE) not in splits:
        asked = state.get(state.SPLIT)
        st.session_state[state.SPLIT_ON_PERFORMANCE] = asked if asked in splits else splits[0]
    split = str(
        st.segmented_control(
            "Split", splits, key=state.SPLIT_ON_PERFORMANCE, format_func=SPLIT_NAMES.__getitem__, required=True
        )
    )
    state.put(state.SPLIT, split)
    return split


st.title("Performance")
run = frame.run_or_empty_state()
split = _pick_split(run)
threshold = point_in_force(run).threshold
results = cached.results(run, split)
scored = results.scored
evaluation = cached.evaluation(run, split, threshold)
counts = counts_at(scored, threshold)

show_honest_words(run, split)
show_rates(evaluation, counts)
show_matrix(run, evaluation, counts)
show_curves(run, results, evaluation)
show_tables(run, results, evaluation)
