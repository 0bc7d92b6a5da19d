"""What a worklist is narrowed by, in words, and how it is no longer."""

import streamlit as st

from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.review.worklists.filters import ANY, ONLY, Filters, without
from pages.shared import links
from pages.shared.words import SPLIT_NAMES, literal

CELL_WORDS = {MISSED: "Missed", FALSE_ALARM: "False alarms", FOUND: "Found", CLEARED: "Cleared"}
SPLIT_WORDS = {**SPLIT_NAMES, ANY: "All"}


def asked_now() -> Filters:
    """The worklist in the address, for callbacks: the page has put it in order there."""
    return Filters.from_query(links.asked_worklist())[0]


def ask(filters: Filters) -> None:
    """Put a worklist into the address and begin it at its first case; for callbacks."""
    links.ask_for_worklist(filters.to_query())
    links.forget_case()


def show_narrowing(filters: Filters) -> None:
    """A chip for each thing beside cells and split that the worklist is narrowed by, to drop it."""
    for name, words in _dropped_by(filters).items():
        st.button(
            words,
            icon=":material/close:",
            key=f"drop-{name}",
            help="No longer narrow the list by this.",
            on_click=drop,
            args=(name,),
        )


def drop(name: str) -> None:
    """Callback: no longer narrow the worklist by one part of the address, or by one of `ONLY`."""
    filters = asked_now()
    if name in ONLY:
        ask(filters.with_only([other for other in filters.only if other != name]))
    else:
        ask(without(filters, name))


def start_over() -> None:
    """Callback: the worklist that the page begins with."""
    links.ask_for_worklist({})
    links.forget_case()


def words_of(filters: Filters) -> dict[str, str]:
    """What the worklist is narrowed by, cells and split too, in words by name; Markdown, names as they are."""
    cells = {"cell": ", ".join(CELL_WORDS[name].lower() for name in filters.cells)} if filters.cells else {}
    split = {"split": SPLIT_WORDS[filters.split].lower()} if filters.split != ANY else {}
    return {**cells, **split, **_dropped_by(filters)}


def _dropped_by(filters: Filters) -> dict[str, str]:
    classes = [f"truth {literal(filters.truth)}"] * bool(filters.truth)
    found = {"truth": f"Only {classes[0]}"} if classes else {}
    if filters.predicted:
        found["predicted"] = f"Only called {literal(filters.predicted)}"
    if filters.subgroups:
        found["where"] = ", ".join(f"{literal(column)}: {literal(part)}" for column, part in filters.subgroups)
    if (filters.score_low, filters.score_high) != (0.0, 1.0):
        found["score"] = f"Score {filters.score_low:.3g} to {filters.score_high:.3g}"
    if filters.group:
        found["group"] = f"Group {literal(filters.group)}"
    found |= {name: ONLY[name] for name in filters.only}
    if filters.area:
        found["area"] = "Drawn on the map"
    return found
