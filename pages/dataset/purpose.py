"""Which class must not be missed, and the way on to training."""

import streamlit as st

from core.data.dataset import Dataset
from core.data.positive import guess_positive
from pages.shared import state
from pages.shared.errors import say_error
from pages.shared.split_preview import SplitPreview
from pages.shared.words import literal


def choose_positive(dataset: Dataset) -> str | None:
    """The class whose miss hurts: guessed from the names until somebody corrects it; None without a class."""
    if not dataset.classes:
        return None
    folder = state.get(state.DATA_FOLDER)
    kept = st.session_state.get(state.POSITIVE, {}).get(folder)
    guessed = guess_positive(dataset.classes)
    key = f"{state.POSITIVE_OF_FOLDER}{folder}"
    st.session_state.setdefault(key, kept if kept in dataset.classes else guessed)
    return st.selectbox(
        "Positive class",
        dataset.classes,
        key=key,
        on_change=_keep,
        args=(folder, key),
        help=f"The class whose miss hurts: misses and false alarms are about it. From the names: {literal(guessed)}.",
        width=340,
    )


def show_training_way(preview: SplitPreview) -> None:
    """The button that leads to training, or one line on why there is nothing to train."""
    if preview.refusal:
        say_error(preview.refusal, before="Cannot be trained on yet: ")
        return
    if st.button("Train on this dataset", type="primary", icon=":material/model_training:", key="train"):
        folder = state.get(state.DATA_FOLDER)
        st.switch_page("training/page.py", query_params={"data": folder})


def _keep(folder: str, key: str) -> None:
    st.session_state[state.POSITIVE] = {
        **st.session_state.get(state.POSITIVE, {}),
        folder: st.session_state[key],
    }
