"""Tables that can be taken along: what is shown, and the same as CSV."""

from collections.abc import Collection

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig


def table_with_download(
    table: pd.DataFrame, name: str, *, alt: str, percents: Collection[str] = (), height: int | None = None
) -> None:
    """Show a table with a button for its CSV, whose numbers are not rounded.

    Args:
        table: what to show; an index with a name becomes the first column.
        name: of the file, without ending; unique on its page.
        alt: what the table holds, in a few words.
        percents: columns of shares, in [0, 1], shown in percent.
        height: in pixels; by default as high as the rows need, up to ten.
    """
    rows = table.reset_index() if table.index.name else table
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        height=height or "auto",
        column_config={column: _format(rows[column], column in percents) for column in rows.columns},
        alt=alt,
    )
    st.download_button(
        "Download CSV",
        data=lambda: rows.to_csv(index=False),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"download-{name}",
        on_click="ignore",
    )


def _format(column: pd.Series, percent: bool) -> ColumnConfig:
    if percent:
        return st.column_config.NumberColumn(format="percent")
    if pd.api.types.is_float_dtype(column):
        return st.column_config.NumberColumn(format="%.4f")
    if pd.api.types.is_integer_dtype(column):
        return st.column_config.NumberColumn(format="localized")
    return st.column_config.Column()
