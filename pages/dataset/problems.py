"""What cannot be used, and why: nothing is dropped silently."""

import streamlit as st

from core.data.dataset import Dataset
from pages.shared.tables import table_with_download


def show_problems(dataset: Dataset) -> None:
    """A row a scan that is left out; nothing where there is none."""
    broken = dataset.table.loc[dataset.table["problem"] != "", ["path", "label", "problem"]]
    if broken.empty:
        return
    st.subheader(f"Problems ({len(broken):,})")
    st.caption("These scans are left out of training and of every figure. Mend the files, then open the folder again.")
    table_with_download(
        broken, f"{dataset.root.name}-problems", alt="Scans that cannot be used, with the reason for each"
    )
