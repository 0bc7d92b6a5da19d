"""Leaks, shortcuts, duplicates: found by itself, shown side by side, and what to do about each."""

from pathlib import PurePosixPath

import pandas as pd
import streamlit as st

from core.audit import keeping
from core.audit.findings import Audit, Finding, Offer
from core.data.dataset import Dataset
from core.data.decisions import decide, undo
from core.errors import ExplorerError
from pages.shared import cached_scans, state
from pages.shared.errors import errors_in_a_line, say_error
from pages.shared.progress import progress_words
from pages.shared.tables import table_with_download
from pages.shared.words import literal, sentence

_SEVERITY = {
    "high": (":red[:material/error:]", "makes figures worthless"),
    "medium": (":orange[:material/warning:]", "makes figures doubtful"),
    "low": (":blue[:material/info:]", "worth knowing"),
}
_BY_ITSELF_UP_TO = 5000  # scans: more take many minutes, which somebody should want
_OFFER_ICONS = {"exclude": ":material/block:", "group": ":material/group_work:", "keep": ":material/check:"}


def show_audit(dataset: Dataset) -> None:
    """The audit of the dataset as it is now; begun in the background where none is kept."""
    st.subheader("Audit")
    audit = keeping.kept_audit(dataset)
    if audit is None:
        _show_progress(dataset)
    else:
        _show_findings(dataset, audit)
    _show_decisions(dataset)


def _show_progress(dataset: Dataset) -> None:
    root = dataset.root
    if not keeping.is_at_work(root) and not _begun(dataset):
        return

    @st.fragment(run_every=1.0)
    @errors_in_a_line()
    def block() -> None:
        if not keeping.is_at_work(root):
            st.rerun()
        share, words = progress_words(keeping.progress_of(root))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(share, text=words, width="stretch")
            if st.button("Stop", icon=":material/stop:", key="stop-audit"):
                keeping.stop_audit(root)
        st.caption("Looks for leaks, shortcuts, duplicates and odd scans; goes on when this page is closed.")

    block()


def _begun(dataset: Dataset) -> bool:
    """Begin the audit, by itself where it takes a minute or two, else when asked; False where it was not begun."""
    asked_before = st.session_state.get(state.AUDIT_BEGUN) == dataset.fingerprint
    words = keeping.last_words(dataset.root)
    if asked_before and words:
        say_error(words, before="The audit ended early. ")
    if asked_before or len(dataset.usable) > _BY_ITSELF_UP_TO:
        st.caption(f"Looks through {len(dataset.usable):,} scans for leaks, shortcuts, duplicates and odd ones.")
        if not st.button("Audit this dataset", icon=":material/policy:", key="audit"):
            return False
    state.put(state.AUDIT_BEGUN, dataset.fingerprint)
    try:
        keeping.start_audit(dataset)
    except ExplorerError as error:
        say_error(error)
        return False
    return True


def _show_findings(dataset: Dataset, audit: Audit) -> None:
    open_ones = [finding for finding in audit.findings if not finding.settled]
    settled = [finding for finding in audit.findings if finding.settled]
    if not audit.findings:
        st.success(
            f"Nothing found among {audit.scans:,} scans that would make figures too good.", icon=":material/verified:"
        )
    elif not open_ones:
        st.success("Every finding is settled.", icon=":material/verified:")
    for finding in open_ones:
        _show_finding(dataset, finding)
    if settled:
        with st.expander(f"Settled ({len(settled)})", icon=":material/task_alt:"):
            for finding in settled:
                st.markdown(f"**{literal(sentence(finding.says))}**")
                st.caption(literal(sentence(finding.settled)))
    if audit.checked:
        with st.expander(f"Looked for and not found ({len(audit.checked)})", icon=":material/fact_check:"):
            st.markdown("\n".join(f"- {literal(sentence(entry.says))}" for entry in audit.checked))


def _show_finding(dataset: Dataset, finding: Finding) -> None:
    icon, weight = _SEVERITY[finding.severity]
    with st.container(border=True, key=f"finding-{finding.id}"):
        st.markdown(f"{icon} **{literal(sentence(finding.says))}**", help=f"Severity {finding.severity}: {weight}.")
        st.markdown(literal(sentence(finding.means)))
        _look(dataset, finding)
        with st.container(horizontal=True, vertical_alignment="center"):
            for number, offer in enumerate(finding.offers):
                st.button(
                    literal(sentence(offer.says).rstrip(".")),
                    icon=_OFFER_ICONS[offer.action],
                    key=f"offer-{finding.id}-{number}",
                    on_click=_settle,
                    args=(dataset, finding, offer),
                )


def _look(dataset: Dataset, finding: Finding) -> None:
    if not finding.paths and not finding.examples:
        return
    part = st.expander(
        f"Look at it ({finding.scans:,} scan{'s' if finding.scans != 1 else ''})",
        on_change="rerun",
        key=f"{state.FINDING_OPEN}{finding.id}",
        icon=":material/visibility:",
    )
    if not part.open:
        return
    known = set(dataset.table.loc[(dataset.table["sha256"] != "") & (dataset.table["width"] > 0), "path"])
    with part:
        side_by_side = st.grid(3, min_column_width=300, gap="medium")
        for example in finding.examples:
            with side_by_side.cell(), st.grid(2, min_column_width=120):
                for path, words in zip(example.paths, example.words, strict=True):
                    _tile(dataset, path, words, readable=path in known)
        features = finding.figures.get("features")
        if isinstance(features, list) and features:
            table_with_download(
                pd.DataFrame(features), f"{dataset.root.name}-{finding.id}-features", alt="What carries the shortcut"
            )
        rows = dataset.table.loc[dataset.table["path"].isin(finding.paths), ["path", "label", "group"]]
        if len(rows):
            table_with_download(rows, f"{dataset.root.name}-{finding.id}", alt="The scans of this finding", height=220)


def _tile(dataset: Dataset, path: str, words: str, *, readable: bool) -> None:
    name = PurePosixPath(path).name
    picture = cached_scans.thumbnail(dataset.root / path) if readable else None
    with st.container(gap="xxsmall"):
        if picture:
            st.image(picture, width="stretch", alt=f"Scan {name}")
        st.caption(f"**{literal(words)}** {literal(path)}" if words else literal(path))


def _settle(dataset: Dataset, finding: Finding, offer: Offer) -> None:
    with errors_in_a_line():
        decide(dataset.root, finding.settled_by(offer))


def _show_decisions(dataset: Dataset) -> None:
    if not dataset.decisions:
        return
    words = f"Decisions in force ({len(dataset.decisions)})"
    with st.expander(words, key="decisions", icon=":material/gavel:"):  # by its key it stays open as the number changes
        st.caption("Kept in the dataset's folder, and shown with every run trained on it.")
        for decision in dataset.decisions:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{literal(sentence(decision.says))} :small[{literal(decision.made[:16])}]")
                st.button(
                    "Undo",
                    icon=":material/undo:",
                    key=f"undo-{decision.id}",
                    on_click=_take_back,
                    args=(dataset, decision.id),
                )


def _take_back(dataset: Dataset, decision_id: str) -> None:
    with errors_in_a_line():
        undo(dataset.root, decision_id)
