"""How to split: the same choice on the dataset page and in the training form, remembered by dataset."""

import streamlit as st

from core.data.dataset import Dataset
from core.data.split_ways import MAX_FOLDS, SplitWay, split_way
from core.data.splits import SLICE_WARNING, as_value
from core.errors import ConfigError
from pages.shared import state
from pages.shared.words import literal, sentence

_WORDS = {
    "given": "as the dataset gives it",
    "group": "by group, drawn at random",
    "slice": "by slice, whatever their groups",
    "column": "leave one value of a column out",
    "fold": "one of several folds",
}
_MOST_VALUES = 50  # a column with more tells scans apart, not sites


def choose_split(dataset: Dataset, page: str) -> SplitWay:
    """The way to split that stands in the boxes; `page` keeps those of two pages apart."""
    key = f"{page}-{dataset.root}"
    kept = _kept(dataset)
    columns = columns_to_leave_out(dataset)
    kinds = [kind for kind in _WORDS if (kind != "given" or dataset.has_given_split) and (kind != "column" or columns)]
    default = kept.kind if kept.kind in kinds else kinds[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "Split",
            kinds,
            index=kinds.index(default),
            key=f"{state.SPLIT_KIND}{key}",
            format_func=_WORDS.__getitem__,
            width=300,
        )
        way = SplitWay("" if kind == kinds[0] else kind)  # the first is what "" means
        if kind == "column":
            way = _left_out(columns, kept, key)
        elif kind == "fold":
            way = _fold(kept, key)
    if kind == "slice":
        st.warning(literal(sentence(SLICE_WARNING)), icon=":material/warning:")
    ways = st.session_state.get(state.SPLIT_WAYS, {})
    st.session_state[state.SPLIT_WAYS] = {**ways, str(dataset.root): way.text}
    return way


def columns_to_leave_out(dataset: Dataset) -> dict[str, list[str]]:
    """The further columns of index.csv with their values, where these are few enough to be sites or scanners."""
    found = {}
    for name in dataset.further_columns:
        values = sorted({as_value(value) for value in dataset.usable[name].unique()} - {""})
        if 2 <= len(values) <= _MOST_VALUES:
            found[name] = values
    return found


def _kept(dataset: Dataset) -> SplitWay:
    try:
        return split_way(st.session_state.get(state.SPLIT_WAYS, {}).get(str(dataset.root), ""))
    except ConfigError:
        return SplitWay()


def _left_out(columns: dict[str, list[str]], kept: SplitWay, key: str) -> SplitWay:
    names = list(columns)
    column = st.selectbox(
        "Column",
        names,
        index=names.index(kept.column) if kept.column in names else 0,
        key=f"{state.SPLIT_COLUMN}{key}",
        width=200,
    )
    values = columns[column]
    value = st.selectbox(
        "Left out for test",
        values,
        index=values.index(kept.value) if kept.value in values else 0,
        key=f"{state.SPLIT_VALUE}{key}-{column}",
        help="A hospital, scanner or paper the model never saw: the nearest thing to taking it elsewhere.",
        width=220,
    )
    return SplitWay("column", column=column, value=value)


def _fold(kept: SplitWay, key: str) -> SplitWay:
    folds = int(st.number_input("Folds", 2, MAX_FOLDS, kept.folds, key=f"{state.SPLIT_FOLDS}{key}", width=120))
    fold = int(
        st.number_input("Test is fold", 1, folds, min(kept.fold, folds), key=f"{state.SPLIT_FOLD}{key}", width=140)
    )
    return SplitWay("fold", fold=fold, folds=folds)
