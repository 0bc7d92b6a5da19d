"""The whole table, to look through and to take along."""

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from pages.shared import state
from pages.shared.tables import table_with_download


def show_index(dataset: Dataset, split: pd.Series) -> None:
    """Every row, sent to the browser only once somebody opens it."""
    part = st.expander(
        f"The whole index ({len(dataset.table):,} rows)",
        on_change="rerun",
        key=state.WHOLE_INDEX,
        icon=":material/table:",
    )
    if not part.open:
        return
    with part:
        table_with_download(
            dataset.table.assign(split=split),
            f"{dataset.root.name}-index",
            alt="Every scan of the dataset with its facts",
            height=400,
        )
        st.caption("The split is the one that a training with seed 0 would use, where the dataset can be trained on.")
