"""What is in this folder, and can it be trained on? The dataset page."""

from pathlib import Path

import streamlit as st

from core.data.folders import dataset_signature
from pages.dataset.audit import show_audit
from pages.dataset.chooser import choose_folder, show_empty_state
from pages.dataset.counts import show_counts
from pages.dataset.gallery import show_gallery
from pages.dataset.grouping import show_grouping
from pages.dataset.headline import show_headline
from pages.dataset.opening import opened
from pages.dataset.problems import show_problems
from pages.dataset.purpose import choose_positive, show_training_way
from pages.dataset.uploads import show_arrival, show_ways_in
from pages.dataset.whole_index import show_index
from pages.shared import cached
from pages.shared.split_preview import show_split


def _show(folder: Path) -> None:
    signature = dataset_signature(folder)
    dataset, below = cached.dataset(folder, signature), st.container
    if dataset is None:
        place = st.empty()  # takes the place of what was shown of the folder before
        dataset, below = opened(folder, signature, place), place.container
    with below():
        show_headline(dataset)
        way_on = st.container(horizontal=True, vertical_alignment="bottom")
        show_problems(dataset)
        show_audit(dataset)
        st.subheader("Groups and split")
        grid = st.grid(2, min_column_width=420, gap="medium")
        with grid.cell():
            show_grouping(dataset)
        with grid.cell():
            preview = show_split(dataset, "dataset")
        with way_on:
            positive = choose_positive(dataset)
            show_training_way(preview)
        show_counts(dataset, preview, positive)
        show_gallery(dataset, preview.split)
        show_index(dataset, preview.split)


st.title("Dataset")
chosen = choose_folder()
show_ways_in(expanded=chosen is None)
if chosen is None:
    show_empty_state()
else:
    show_arrival(chosen)
    _show(chosen)
