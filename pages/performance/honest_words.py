"""What makes the figures better than the truth, before anybody reads them."""

import streamlit as st

from core.cautions import Caution
from core.results import splits_of
from core.runs import Run
from pages.performance.cached_checks import cautions
from pages.shared.splitting import say_how_split
from pages.shared.words import literal, sentence

_MARKS = {"high": ":red[:material/error:]", "medium": ":orange[:material/warning:]", "low": ":material/info:"}


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
    found = cautions(run, split)
    open_ones = [caution for caution in found if not caution.decided]
    if not found:
        return
    grave = any(caution.too_good and caution.severity == "high" for caution in open_ones)
    title = (
        f"{len(open_ones)} finding{'s' if len(open_ones) != 1 else ''} in the data touch{'es' * (len(open_ones) == 1)}"
    )
    with st.expander(f"{title} these figures", expanded=grave, icon=":material/policy:"):
        st.markdown("\n".join(f"- {_line(caution)}" for caution in found))
        st.caption("Overlap is that of this run's own scans; the rest the last audit of its dataset found.")


def remind(run: Run, split: str) -> None:
    """The same in a line, beside figures further down."""
    too_good = [caution for caution in cautions(run, split) if caution.too_good and not caution.decided]
    if too_good:
        kinds = ", ".join(dict.fromkeys(caution.kind.replace("-", " ") for caution in too_good))
        st.caption(f":material/policy: Too good by what the data's audit found ({kinds}): see the top of the page.")


def _line(caution: Caution) -> str:
    words = f"{_MARKS[caution.severity]} {literal(sentence(caution.says))} {literal(sentence(caution.means))}"
    return words + (f" :small[Decided: {literal(sentence(caution.decided))}]" if caution.decided else "")
