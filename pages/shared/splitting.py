"""What the split can promise, in words: the same beside every figure of a test split."""

import streamlit as st

from core.data.group_ways import GROUP_SOURCES
from core.runs import Run
from core.sweeps.opening import sweep_words
from pages.shared import cached
from pages.shared.words import literal, sentence


def say_how_split(run: Run) -> None:
    """What groups are and keep apart, and how the split came about."""
    torn = _say_torn_groups(run)
    groups = group_words(run)
    if run.record.group_source != "patient":
        st.warning(groups, icon=":material/warning:")
    elif not torn:
        st.caption(groups)
    if run.record.split_how:
        st.caption(literal(sentence(f"How it was split: {run.record.split_how}")))
    if words := sweep_words(run):
        st.warning(literal(words), icon=":material/rule:")
    if run.record.corrected:
        words = f"Trained on corrected labels, and counted by them: {run.record.corrected}."
        st.info(literal(words), icon=":material/edit_note:")
    if run.record.decisions:
        st.caption(literal(sentence(f"Decided about the dataset: {'; '.join(run.record.decisions)}")))


def group_words(run: Run) -> str:
    """What the groups of a run keep apart, as Markdown."""
    return literal(sentence(GROUP_SOURCES.get(run.record.group_source, GROUP_SOURCES["scan"])))


def _say_torn_groups(run: Run) -> int:
    """Warn where groups lie in more than one split; gives back how many do."""
    from core.cautions import torn_caution

    torn = cached.torn_groups(run)
    caution = torn_caution(torn)
    if caution is not None:
        st.warning(sentence(caution.text), icon=":material/call_split:")
    return torn
