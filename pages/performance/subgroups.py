"""For whom is it worse? Figures of each subgroup of the scans, the worst first."""

import pandas as pd
import streamlit as st

from core.charts.subgroups import MOST_SHOWN, subgroups_figure
from core.evaluation.confusion import FALSE_ALARM, MISSED
from core.evaluation.subgroups import Subgroup, Subgroups
from core.review.worklists.filters import ANY, Filters
from core.runs import Run
from pages.performance.cached_checks import subgroups as subgroups_of_split
from pages.shared import cached, charts, links, state
from pages.shared.tables import download_button, table_with_download
from pages.shared.words import literal

_SHARES = ("FNR", "FNR low", "FNR high", "FPR", "FPR low", "FPR high")
_FAINT = "color: #7F8794"


def show_subgroups(run: Run, split: str, threshold: float) -> None:
    """Chart, gaps and table of every column's parts, by scan; what was left out, with the reason."""
    st.subheader("For whom is it worse?", anchor="subgroups")
    found = subgroups_of_split(run, split, threshold)
    if not found.parts:
        st.info("Nothing that is known of these scans parts them into subgroups.", icon=":material/group_off:")
        _say_left_out(found)
        return
    st.markdown(_gap_words(found))
    if found.caution:
        st.warning(found.caution, icon=":material/casino:")
    overall = cached.evaluation(run, split, threshold).fnr.value
    charts.show(subgroups_figure(found, overall_fnr=overall), key="subgroups")
    if len(found.parts) > MOST_SHOWN:
        st.caption(f"The chart shows the first {MOST_SHOWN} of {len(found.parts)} subgroups, the table all of them.")
    _show_table(found, f"{run.id}-{split}-subgroups")
    _lead_to_scans(run, split, found)
    if found.gaps:
        with st.expander("How much more is missed in each column's worst part"):
            table_with_download(
                gaps_table(found),
                f"{run.id}-{split}-gaps",
                alt="For each column the worst part's FNR less that of all other scans",
                percents=("gap", "low", "high"),
            )
    _say_left_out(found)
    st.caption(f"Always by scan. {found.method} The worst first: by the lower bound of FNR.")


def subgroups_table(found: Subgroups) -> pd.DataFrame:
    """A row a subgroup, the worst first; `too small because` is there where any has too few positives."""
    rows = [
        {
            "column": part.column,
            "part": part.part,
            "scans": part.n,
            "positive": part.positives,
            "too small because": part.too_small,
            "FNR": part.fnr.value,
            "FNR low": part.fnr.low,
            "FNR high": part.fnr.high,
            "FPR": part.fpr.value,
            "FPR low": part.fpr.low,
            "FPR high": part.fpr.high,
            "AUC": part.auc.value,
            "AUC low": part.auc.low,
            "AUC high": part.auc.high,
        }
        for part in found.parts
    ]
    table = pd.DataFrame(rows)
    return table if any(part.too_small for part in found.parts) else table.drop(columns="too small because")


def gaps_table(found: Subgroups) -> pd.DataFrame:
    """A row a column: its worst part, and how much more is missed there than in all other scans."""
    rows = [(gap.column, gap.worst, gap.fnr.value, gap.fnr.low, gap.fnr.high) for gap in found.gaps]
    return pd.DataFrame(rows, columns=["column", "worst part", "gap", "low", "high"])


def worklist_of(part: Subgroup, split: str) -> links.Case:
    """The scans of a subgroup: its misses where there are some, else its false alarms, else all of them."""
    cell = MISSED if part.missed else FALSE_ALARM if part.alarms else ANY
    where = Filters(subgroups=((part.column, part.part),)).to_query()["where"]
    return links.Case(cell, split, where=where)


def _lead_to_scans(run: Run, split: str, found: Subgroups) -> None:
    """A way from each subgroup to its scans, the worst first as in the table."""
    parts = {(part.column, part.part): part for part in found.parts}  # their places change with the threshold
    key = f"{state.SUBGROUP_PICKED}{run.id}-{split}"
    kept = st.session_state.get(key)
    st.session_state[state.SUBGROUP_SHOWN] = kept if kept in parts else next(iter(parts))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.selectbox(
            "Look at the scans of",
            list(parts),
            format_func=": ".join,
            key=state.SUBGROUP_SHOWN,
            on_change=_keep_pick,
            args=(key,),
            width=380,
        )
        part = parts[picked]
        what = f"{part.missed:,} missed" if part.missed else f"{part.alarms:,} false alarms" if part.alarms else "scans"
        if st.button(f"Review the {what}", key="review-subgroup", icon=":material/list_alt:"):
            case = worklist_of(part, split)
            links.open_case(case)
            st.switch_page("review/page.py", query_params=links.address_of(run.id, case))


def _keep_pick(key: str) -> None:
    """Callback: another subgroup was picked."""
    st.session_state[key] = st.session_state[state.SUBGROUP_SHOWN]


def _gap_words(found: Subgroups) -> str:
    if not found.gaps:
        return (
            "No column has two parts with enough positive scans of which one misses more, so there is no gap to tell."
        )
    gap = found.gaps[0]
    points = f"{gap.fnr.value * 100:.1f} percentage points higher"
    return (
        f"The widest gap: where **{literal(gap.column)}** is **{literal(gap.worst)}**, the share missed (FNR) is "
        f"**{points}** than in all other scans ({_gap_interval(gap.fnr.low, gap.fnr.high)})."
    )


def _gap_interval(low: float, high: float) -> str:
    if low != low:  # NaN
        return "no interval"
    words = f"95 %: {low * 100:+.1f} to {high * 100:+.1f}"
    return words if low > 0 or high < 0 else f"{words}, so there may be none"


def _show_table(found: Subgroups, name: str) -> None:
    rows = subgroups_table(found)
    faint = [bool(part.too_small) for part in found.parts]
    styled = rows.style.apply(lambda row: [_FAINT if faint[row.name] else ""] * len(row), axis=1)
    shares = {column: st.column_config.NumberColumn(format="percent") for column in _SHARES}
    areas = {column: st.column_config.NumberColumn(format="%.3f") for column in ("AUC", "AUC low", "AUC high")}
    st.dataframe(
        styled,
        hide_index=True,
        width="stretch",
        column_config=shares | areas,
        alt="Each subgroup with its scans, FNR, FPR and AUC; grey where there are too few positives",
    )
    download_button(rows, name)


def _say_left_out(found: Subgroups) -> None:
    if found.left_out:
        with st.expander(f"{len(found.left_out)} columns make no subgroups"):
            st.markdown("\n".join(f"- **{literal(name)}**: {literal(why)}" for name, why in found.left_out.items()))
