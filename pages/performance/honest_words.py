"""What makes the figures better than the truth, before anybody reads them."""

import streamlit as st

from core.cautions import TORN, Caution
from core.evaluation.summary import Evaluation
from core.results import splits_of
from core.runs import Run
from pages.shared import cached
from pages.shared.caution_words import show_list, title_of
from pages.shared.splitting import say_how_split
from pages.shared.words import SPLIT_NAMES, literal


def show_honest_words(run: Run, split: str) -> None:
    """The split first, then what an audit found that touches these figures."""
    if "test" not in splits_of(run):
        st.warning(
            "This run has no test split, so there are no figures from scans that nothing was chosen on.",
            icon=":material/warning:",
        )
    if split == "val":
        st.warning(
            "Figures on the validation split are optimistic: the weights, the moment to stop and the threshold "
            "were chosen there.",
            icon=":material/warning:",
        )
    say_how_split(run)
    found = _found(run, split)
    if not found:
        return
    grave = any(caution.too_good and caution.severity == "high" and not caution.decided for caution in found)
    with st.expander(title_of(found), expanded=grave, icon=":material/policy:"):
        show_list(found)


def say_absent_class(run: Run, evaluation: Evaluation) -> None:
    """That a split has no scans of a class, and what cannot be told then."""
    here = SPLIT_NAMES[evaluation.split]
    absent = [name for name, row in zip(evaluation.classes, evaluation.confusion, strict=True) if not sum(row)]
    if not absent:
        return
    lacking = "the share missed" if run.record.positive in absent else "false alarms"
    whole = evaluation.positives in (0, evaluation.n)
    then = f"nothing tells {lacking}, nor the AUC" if whole else "averages over the classes leave it out"
    st.warning(
        f"{here} has no {literal(' and no '.join(absent))} {evaluation.counted}: {then}.", icon=":material/group_off:"
    )


def remind(run: Run, split: str) -> None:
    """The same in a line, beside figures further down."""
    too_good = [caution for caution in _found(run, split) if caution.too_good and not caution.decided]
    if too_good:
        kinds = ", ".join(dict.fromkeys(caution.kind.replace("-", " ") for caution in too_good))
        st.caption(f":material/policy: Too good by what the data's audit found ({kinds}): see the top of the page.")


def _found(run: Run, split: str) -> list[Caution]:
    """All but the torn groups, of which the words about the split have told."""
    return [caution for caution in cached.cautions_on(run, (split,)) if caution.kind != TORN]
