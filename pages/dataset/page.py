"""What is in this folder, and can it be trained on? The dataset page."""

from pathlib import Path

import streamlit as st

from pages.dataset.chooser import choose_folder, show_empty_state
from pages.dataset.counts import show_counts
from pages.dataset.gallery import show_gallery
from pages.dataset.headline import show_headline
from pages.dataset.opening import opened
from pages.dataset.problems import show_problems
from pages.dataset.purpose import choose_positive, show_training_way
from pages.dataset.split import preview_split
from pages.dataset.whole_index import show_index


def _show(folder: Path, place: st.delta_generator.DeltaGenerator) -> None:
    dataset = opened(folder, place)
    preview = preview_split(dataset)
    with place.container():
        show_headline(dataset)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            positive = choose_positive(dataset)
            show_training_way(preview)
        show_problems(dataset)
        show_counts(dataset, preview, positive)
        show_gallery(dataset, preview.split)
        show_index(dataset, preview.split)


st.title("Dataset")
chosen = choose_folder()
below = st.empty()  # so that nothing of the folder before stays in sight while the next one is opened
if chosen is None:
    with below.container():
        show_empty_state()
else:
    _show(chosen, below)
