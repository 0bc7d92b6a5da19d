"""What makes the figures better than the truth, before anybody reads them."""

import streamlit as st

from core.cautions import TORN, Caution
from core.results import splits_of
from core.runs import Run
from pages.shared import cached
from pages.shared.caution_words import show_list, title_of
from pages.shared.splitting import say_how_split


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


def remind(run: Run, split: str) -> None:
    """The same in a line, beside figures further down."""
    too_good = [caution for caution in _found(run, split) if caution.too_good and not caution.decided]
    if too_good:
        kinds = ", ".join(dict.fromkeys(caution.kind.replace("-", " ") for caution in too_good))
        st.caption(f":material/policy: Too good by what the data's audit found ({kinds}): see the top of the page.")


def _found(run: Run, split: str) -> list[Caution]:
    """All but the torn groups, of which the words about the split have told."""
    return [caution for caution in cached.cautions_on(run, (split,)) if caution.kind != TORN]
