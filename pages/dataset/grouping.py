"""What belongs together: chosen, tried on the names with a live preview, and kept with the dataset."""

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.data.decisions import Decision, decide
from core.data.group_ways import BLOCK_SIZE, GROUP_SOURCES, MAX_PATTERN_LENGTH, GroupWay, group_way
from core.data.names import block_of, pattern_preview
from core.errors import ConfigError
from pages.shared import state
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.words import literal, sentence

_WORDS = {
    "patient": "patient ids",
    "pattern": "a pattern over the file names",
    "near-duplicates": "clusters of near-duplicates",
    "blocks": "blocks of consecutive numbers in the names",
    "scan": "each scan by itself",
}
_EXAMPLE = r"^[^/]*/(\w+?)_"
_PATHS_SHOWN = 3


def show_grouping(dataset: Dataset) -> None:
    """The boxes, what they would yield, and the button that makes it so."""
    way = _tried(dataset)
    if way is None:
        return
    is_used = way.text == dataset.group_by
    st.caption(literal(sentence(GROUP_SOURCES["scan" if way.kind == "scan" else way.kind])))
    st.button(
        "This is how it is grouped" if is_used else "Group the dataset this way",
        icon=":material/group_work:",
        key="group-dataset",
        disabled=is_used,
        on_click=_group,
        args=(dataset, way),
        help="Kept with the dataset, undone under Decisions. A run keeps the groups it was trained with.",
    )


def _tried(dataset: Dataset) -> GroupWay | None:
    """The way that stands in the boxes; None while it cannot be used."""
    used = group_way(dataset.group_by)
    has_patients = dataset.table["group"].str.startswith("patient:").any()
    kinds = [kind for kind in _WORDS if kind != "patient" or has_patients or used.kind == "patient"]
    kind = st.selectbox(
        "Groups come from",
        kinds,
        index=kinds.index(used.kind) if used.kind in kinds else 0,
        key=f"{state.GROUP_KIND}{dataset.root}-{dataset.group_by}",
        format_func=_WORDS.__getitem__,
        help="What a split must not tear apart.",
        width=380,
    )
    if kind == "pattern":
        return _pattern(dataset, used)
    if kind == "blocks":
        return _blocks(dataset, used)
    if kind == "near-duplicates" and used.kind != kind:
        st.caption("The clusters are searched for once you choose this.")
    return GroupWay(kind)


def _pattern(dataset: Dataset, used: GroupWay) -> GroupWay | None:
    pattern = st.text_input(
        "Pattern",
        value=used.pattern,
        key=f"{state.GROUP_PATTERN}{dataset.root}",
        max_chars=MAX_PATTERN_LENGTH,
        placeholder=_EXAMPLE,
        help="A regular expression, searched for in each path; what its first brackets match names the group.",
    ).strip()
    paths = dataset.usable["path"].tolist()
    if not pattern:
        some = ", ".join(paths[:_PATHS_SHOWN])
        st.caption(literal(f"Paths look like {some}. {_EXAMPLE} would take what stands before the first _ of a name."))
        return None
    try:
        way = group_way(f"pattern:{pattern}")
        preview = pattern_preview(paths, way.pattern)
    except ConfigError as error:
        say_error(error)
        return None
    unmatched = f", {preview.unmatched:,} scans match nothing" if preview.unmatched else ""
    st.markdown(f"**{preview.groups:,} groups** of {len(paths):,} scans{unmatched}.")
    if preview.examples:
        st.dataframe(
            pd.DataFrame(
                [
                    {"group": name, "scans": len(found), "such as": ", ".join(found[:_PATHS_SHOWN])}
                    for name, found in preview.examples
                ]
            ),
            hide_index=True,
            width="stretch",
            alt="The first groups that the pattern yields",
        )
    return way if preview.groups else None


def _blocks(dataset: Dataset, used: GroupWay) -> GroupWay | None:
    size = int(
        st.number_input(
            "Numbers in a block",
            2,
            10_000,
            used.block_size if used.kind == "blocks" else BLOCK_SIZE,
            key=f"{state.GROUP_BLOCK}{dataset.root}",
            help="About as many as one patient has slices, better too many than too few.",
            width=200,
        )
    )
    blocks = [block_of(path, size) for path in dataset.usable["path"]]
    found = len(set(blocks) - {""})
    without = blocks.count("")
    st.markdown(
        f"**{found:,} blocks** of {len(blocks):,} scans"
        + (f", {without:,} have no number in their name." if without else ".")
    )
    return GroupWay("blocks", block_size=size) if found else None


def _group(dataset: Dataset, way: GroupWay) -> None:
    with errors_in_a_line():
        says = f"grouped by {_WORDS[way.kind]}" + (f" ({way.text.partition(':')[2]})" if ":" in way.text else "")
        decide(dataset.root, Decision(kind="grouping", action="group", says=says, group_by=way.text))
