"""Tables that can be taken along: what is shown, and the same as CSV."""

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.spreadsheets import no_formula
from pages.shared.words import score_decimals

_MOST_ROWS_AT_ONCE = 1000  # of larger tables the browser gets what it shows, and the rest as it is scrolled to
_SMALL = 0.001  # below it, four decimals say nothing: learning rates, for instance
_DECIMALS = 4
_DIGITS = 3  # of columns with smaller numbers
_MOST_DECIMALS = 9  # tell the float32 nearest to 1 from it; the bound of an interval may come nearer still


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
        lazy=True if len(rows) > _MOST_ROWS_AT_ONCE else None,
        column_config={column: _format(rows[column], column in percents) for column in rows.columns},
        alt=alt,
    )
    download_button(rows, name)


def download_button(rows: pd.DataFrame, name: str) -> None:
    """A button for the rows as CSV, named so; it holds what `csv_text` says."""
    st.download_button(
        "Download CSV",
        data=lambda: csv_text(rows),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"download-{name}",
        on_click="ignore",
    )


def file_button(
    label: str,
    data: Callable[[], bytes | str],
    file_name: str,
    mime: str,
    *,
    disabled: bool = False,
    help_words: str | None = None,
) -> None:
    """A button for a file that is no table, or one that core writes so that it can be read back.

    Args:
        label: on the button.
        data: makes the file once somebody asks for it; what a spreadsheet opens is safe already.
        file_name: with its ending; unique on its page.
        mime: its kind.
        disabled: whether there is nothing to take along yet.
        help_words: what is in it.
    """
    st.download_button(
        label,
        data=data,
        file_name=file_name,
        mime=mime,
        icon=":material/download:",
        key=f"download-{file_name}",
        on_click="ignore",
        disabled=disabled,
        help=help_words,
    )


def csv_text(rows: pd.DataFrame) -> str:
    """The rows as CSV without their index.

    A text that a spreadsheet would take for a formula gets an apostrophe in front: names of files, classes and
    patients come from outside. Numbers stay numbers, negative ones too.
    """
    safe = rows.rename(columns=_safe)
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = safe[column].map(_safe)
    return safe.to_csv(index=False)


def _safe(value: Any) -> Any:
    return no_formula(value) if isinstance(value, str) else value


def _format(column: pd.Series, percent: bool) -> ColumnConfig:
    if percent:
        return st.column_config.NumberColumn(format="percent")
    if pd.api.types.is_float_dtype(column):
        return st.column_config.NumberColumn(format=_decimals(column))
    if pd.api.types.is_integer_dtype(column):
        return st.column_config.NumberColumn(format="localized")
    return st.column_config.Column()


def _decimals(column: pd.Series) -> str:
    """A format for all of a column in which no score or threshold near 1 looks like 1, and none near 0 like 0."""
    near_one = column[(column > 0.5) & (column < 1)]
    needed = 0 if near_one.empty or (column > 1).any() else min(_MOST_DECIMALS, score_decimals(float(near_one.max())))
    if column.abs()[column != 0].min() < _SMALL:
        return f"%.{max(_DIGITS, needed)}g"
    return f"%.{max(_DECIMALS, needed)}f"
