"""Which scans? Chips of cells and splits, and all other choices behind one button."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from core.evaluation.confusion import MISSED
from core.evaluation.decision.operating_point import OperatingPoint
from core.results import splits_of
from core.review.worklists.filters import ANY, CELLS, ONLY, ORDERS, Filters
from core.review.worklists.worklist import counts
from core.runs import Run
from pages.review import cached_review
from pages.review.narrowing import CELL_WORDS, SPLIT_WORDS, ask, asked_now, start_over
from pages.shared import links, state
from pages.shared.errors import errors_in_a_line
from pages.shared.words import literal

_ONLY_HELP = (
    "Near the threshold: the tenth of each split whose scores lie nearest. Probably mislabelled: networks that never "
    "saw the label find another one likelier. Heat outside the lungs: less than half of it lies in them; where maps "
    "have few cells, as 3 x 3, an even map often does no better. Not yet read: no reader has given a verdict, in "
    "whatever run."
)


def filters_in_address(run: Run) -> Filters:
    """The worklist that the address asks for, which is put in order there; what it means nothing by is said."""
    splits = _splits(run)
    asked = dict(links.asked_worklist())
    found, ignored = Filters.from_query(asked, Filters(cells=(MISSED,), split=splits[0]))
    if found.split not in splits:
        found = replace(found, split=splits[0])
    classes = run.record.classes
    if any(name not in ("", *classes) for name in (found.truth, found.predicted)):
        found = replace(found, truth="", predicted="")  # of another run
    if ignored:
        st.caption(f"Not understood in the address, and left out: {literal('; '.join(ignored))}.")
    links.ask_for_worklist(found.to_query())
    return found


def show_filters(run: Run, point: OperatingPoint, filters: Filters, numbers: Mapping[str, Mapping[str, int]]) -> None:
    """Draw all choices; each acts by a callback, before the page runs again.

    Args:
        run: whose scans they are.
        point: the thresholds in force.
        filters: what is chosen.
        numbers: how many scans each choice would give, as `core.review.worklists.worklist.counts`.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _chips(
            "Lists",
            CELLS,
            list(filters.cells),
            lambda name: f"{CELL_WORDS[name]} {numbers['cell'].get(name, 0):,}",
            lambda chosen: {"cells": tuple(name for name in CELLS if name in chosen)},
        )
        splits = _splits(run)
        _set("split", filters.split)
        st.segmented_control(
            "Split",
            splits,
            key=_key("split"),
            format_func=lambda name: f"{SPLIT_WORDS[name]} {numbers['split'].get(name, 0):,}",
            required=True,
            label_visibility="collapsed",
            on_change=_choose,
            args=("split", lambda chosen: {"split": chosen}),
        )
        popover = st.popover("Narrow and sort", icon=":material/filter_list:", key=state.NARROW_OPEN, on_change="rerun")
        if popover.open:  # what stands in it is worked out for who looks
            with popover, errors_in_a_line():
                _more(run, point, filters)


def _more(run: Run, point: OperatingPoint, filters: Filters) -> None:
    numbers = counts(cached_review.known(run, point, filters.with_only(list(ONLY))), filters)
    _select("order", "Sorted by", list(ORDERS), filters.order, lambda name: ORDERS[name], lambda name: {"order": name})
    _chips(
        "Only scans that are",
        tuple(ONLY),
        list(filters.only),
        lambda name: f"{ONLY[name]} {numbers[name][name]:,}" if name in numbers else ONLY[name],
        lambda chosen: filters_of_only(chosen),
        help=_ONLY_HELP,
    )
    left, right = st.columns(2)
    for place, name, label in ((left, "truth", "Labelled"), (right, "predicted", "Called")):
        with place:
            _select(
                name,
                label,
                ["", *run.record.classes],
                getattr(filters, name),
                lambda value, name=name: f"{value} ({numbers[name].get(value, 0):,})" if value else "Any class",
                lambda value, name=name: {name: value},
            )
    _set("score", (filters.score_low, filters.score_high))
    st.slider(
        f"Score for {literal(run.record.positive)}",
        0.0,
        1.0,
        step=0.01,
        key=_key("score"),
        on_change=_choose,
        args=("score", lambda value: {"score_low": float(value[0]), "score_high": float(value[1])}),
    )
    with errors_in_a_line():
        _subgroups(cached_review.parts(run, point, filters.split), filters)
    _set("group", filters.group)
    st.text_input(
        "Group",
        key=_key("group"),
        placeholder="All scans of one, by its name",
        help="A patient where the dataset knows patients. Facts of a scan have a button for its group.",
        on_change=_choose,
        args=("group", lambda value: {"group": value.strip()}),
    )
    st.button("Start over", icon=":material/restart_alt:", on_click=start_over)


def filters_of_only(chosen: list[str]) -> dict[str, Any]:
    """The fields of `Filters` that stand for some keys of `ONLY`."""
    asked = Filters().with_only(chosen)
    return {name: getattr(asked, name) for name in ("near_threshold", "mislabelled", "outside_lungs", "unread")}


def _subgroups(parts: Mapping[str, list[str]], filters: Filters) -> None:
    if not parts:
        return
    named = {f"{column}: {part}": (column, part) for column, values in parts.items() for part in values}
    named |= {f"{column}: {part}": (column, part) for column, part in filters.subgroups}
    _set("where", [f"{column}: {part}" for column, part in filters.subgroups])
    st.multiselect(
        "Subgroups",
        list(named),
        key=_key("where"),
        placeholder="Any",
        help="Several parts of one column are alternatives; different columns must all fit.",
        on_change=_choose,
        args=("where", lambda chosen: {"subgroups": tuple(named[name] for name in chosen)}),
    )


def _chips(
    label: str,
    options: tuple[str, ...],
    chosen: list[str],
    words: Callable[[str], str],
    changes: Callable[[list[str]], dict[str, Any]],
    *,
    help: str | None = None,
) -> None:
    _set(label, chosen)
    st.pills(
        label,
        options,
        selection_mode="multi",
        key=_key(label),
        format_func=words,
        label_visibility="visible" if help else "collapsed",
        help=help,
        on_change=_choose,
        args=(label, changes),
    )


def _select(
    name: str,
    label: str,
    options: list[str],
    value: str,
    words: Callable[[str], str],
    changes: Callable[[str], dict[str, Any]],
) -> None:
    _set(name, value)
    st.selectbox(label, options, key=_key(name), format_func=words, on_change=_choose, args=(name, changes))


def _choose(name: str, changes: Callable[[Any], dict[str, Any]]) -> None:
    """Callback: a widget was used; what it holds now becomes a part of the worklist in the address."""
    ask(replace(asked_now(), **changes(st.session_state[_key(name)])))


def _splits(run: Run) -> list[str]:
    present = splits_of(run)
    return [*(name for name in ("test", "val", "train") if name in present), ANY]


def _key(name: str) -> str:
    return f"{state.WORKLIST_CHOICE}{name}"


def _set(name: str, value: Any) -> None:
    """The address is what counts: the widget follows it."""
    st.session_state[_key(name)] = value
