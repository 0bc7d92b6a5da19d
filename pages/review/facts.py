"""What is known about a scan: what it was called and how surely, its file, its group, what audit and other runs say."""

import pandas as pd
import streamlit as st

from core.errors import ExplorerError
from core.evaluation.decision.operating_point import OperatingPoint
from core.evaluation.decision.zones import REFERRED, RULED_IN, RULED_OUT, zone_of
from core.review.worklists.filters import ANY, Filters
from core.review.worklists.other_runs import MOST_RUNS
from core.review.worklists.scan_facts import file_facts, findings_on
from core.review.worklists.worklist import position_of
from core.runs import Run
from pages.review import cached_review
from pages.shared import links, state
from pages.shared.errors import say_error
from pages.shared.words import SPLIT_NAMES, literal, run_name, score_text

_BADGES = {"missed": "red", "false alarm": "orange", "found": "green", "cleared": "blue"}
_MIRRORED = " The mean of the scan's and its mirror image's; a map's own score is of the scan as it is."
_ZONE_BADGES = {RULED_OUT: "blue", REFERRED: "violet", RULED_IN: "red"}


def verdict_words(label: str, predicted: str) -> str:
    """How it is labelled and what it was called, in a sentence of Markdown that shows the names as they are."""
    truth, call = literal(label), literal(predicted)
    if label == predicted:
        return f"Labelled {truth}, and called so."
    return f"Labelled {truth}, called {call}."


def show_verdict(case: pd.Series, run: Run, point: OperatingPoint) -> None:
    """The cell, the sentence, the score and where it lies to the thresholds in force."""
    zone = zone_of(float(case["score"]), point.threshold, point.upper)
    badges = f":{_BADGES[case['cell']]}-badge[{case['cell']}]"
    if zone:
        badges += f" :{_ZONE_BADGES[zone]}-badge[{zone}]"
    st.markdown(f"{badges} {verdict_words(case['label'], case['predicted'])}")
    score, distance = st.columns(2)
    score.metric(
        f"Score for {literal(run.record.positive)}",
        score_text(case["score"]),
        help=f"Probability of the positive class.{_MIRRORED * bool(run.record.config.get('test_flip'))}",
    )
    second = "" if point.upper is None else f", ruled in from {score_text(point.upper)} on"
    distance.metric(
        f"From the threshold {score_text(point.threshold)}",
        f"{case['score'] - point.threshold:+.3f}",
        help=f"Positive from {score_text(point.threshold)} on{second}. Far on the wrong side is a confident error.",
    )


def show_facts(case: pd.Series, run: Run, point: OperatingPoint) -> None:
    """Probabilities, label, split, group with the way to all its scans, and what the file says of itself."""
    left, right = st.columns(2, gap="medium")
    facts = {
        "File": case["path"],
        "Label": case["label"],
        "Split": SPLIT_NAMES[case["split"]],
        "Group": case["group"],
        **{f"Probability of {name}": f"{case[name]:.4f}" for name in run.record.classes},
    }
    with left:
        _two_columns(facts)
        in_group = int((cached_review.table(run, point)["group"] == case["group"]).sum())
        st.button(
            f"All {in_group:,} slices of this group" if in_group > 1 else "The only scan of its group",
            icon=":material/stacks:",
            key="whole-group",
            disabled=in_group < 2,
            on_click=_ask_for_group,
            args=(str(case["group"]), str(case["path"])),
        )
    with right:
        try:
            _two_columns(file_facts(cached_review.index_row(run, case["path"])))
        except ExplorerError as error:
            say_error(error)
    _findings(case, run)


def show_other_runs(case: pd.Series, run: Run, point: OperatingPoint) -> None:
    """What other runs with the same classes say about the same picture, told by its content."""
    heard = cached_review.others(run, point)
    row = position_of(cached_review.table(run, point), str(case["path"]))
    opinions = () if row is None else heard.on(row)
    if not opinions:
        st.info("No other finished run with these classes knows this scan.", icon=":material/group_off:")
    else:
        otherwise = sum(opinion.predicted != case["predicted"] for opinion in opinions)
        st.markdown(
            f"**{otherwise} of {len(opinions)}** other runs call it something else than this run, which says "
            f"{literal(case['predicted'])} at {score_text(case['score'])}."
        )
        rows = [
            {
                "run": run_name(opinion.run),
                "score": opinion.score,
                "threshold": opinion.threshold,
                "called": opinion.predicted,
                "the scan was in its": SPLIT_NAMES[opinion.split].lower(),
            }
            for opinion in opinions
        ]
        score = st.column_config.ProgressColumn("score", min_value=0.0, max_value=1.0, format="%.3f")
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            width="stretch",
            column_config={"score": score, "threshold": st.column_config.NumberColumn(format="%.3f")},
            alt="What other runs say about this scan",
        )
        st.caption("A run that trained on this scan has learnt its label: that it agrees with it says little.")
    if len(heard.runs) == MOST_RUNS:
        st.caption(f"The newest {MOST_RUNS} that know scans of this run are asked.")
    for line in heard.left_out:
        st.caption(f"Left out: {literal(line)}")


def _findings(case: pd.Series, run: Run) -> None:
    found = findings_on(run, case["path"])
    if found is None:
        st.caption("The dataset has not been audited on this machine; the Dataset page does it.")
    elif not found:
        st.caption("The last audit of the dataset found nothing about this scan by itself.")
    else:
        st.markdown("**The last audit about this scan**")
        for finding in found:
            settled = f" Settled: {literal(finding.settled)}." if finding.settled else ""
            st.markdown(f"- {literal(finding.says)}: {literal(finding.means)}.{settled}")


def _two_columns(facts: dict[str, str]) -> None:
    shown = [(literal(name), literal(str(value))) for name, value in facts.items()]
    st.table(pd.DataFrame(shown, columns=["", " "]).set_index(""), border="horizontal")


def _ask_for_group(group: str, path: str) -> None:
    """Callback: every scan of a group, of whichever cell and split, slice by slice; this one stays in sight."""
    links.ask_for_worklist(Filters(group=group, split=ANY, order="group").to_query())
    state.put(state.CASE, path)
