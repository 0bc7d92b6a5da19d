"""What makes figures better than the truth, or less certain, as every page with figures says it."""

from collections.abc import Sequence

import streamlit as st

from core.audit.findings import SEVERITIES
from core.cautions import Caution
from pages.shared.words import literal, sentence

_MARKS = {"high": ":red[:material/error:]", "medium": ":orange[:material/warning:]", "low": ":material/info:"}


def title_of(found: Sequence[Caution]) -> str:
    """How many of them nobody has decided about, in a line."""
    count = sum(not caution.decided for caution in found)
    return f"{count} finding{'s' * (count != 1)} in the data touch{'es' * (count == 1)} these figures"


def short_title(found: Sequence[Caution]) -> str:
    """The same where there is little room, with the mark of the gravest of them; Markdown."""
    open_ones = [caution for caution in found if not caution.decided]
    mark = _MARKS[min((caution.severity for caution in open_ones), key=SEVERITIES.index, default="low")]
    return f"{mark} {len(open_ones)} caution{'s' * (len(open_ones) != 1)}"


def show_list(found: Sequence[Caution]) -> None:
    """One line each, the gravest first, and where they come from."""
    st.markdown("\n".join(f"- {_line(caution)}" for caution in found))
    st.caption("What splits share is looked up in this run's own table; the rest the last audit of its dataset found.")


def _line(caution: Caution) -> str:
    words = f"{_MARKS[caution.severity]} {literal(sentence(caution.says))} {literal(sentence(caution.means))}"
    return words + (f" :small[Decided: {literal(sentence(caution.decided))}]" if caution.decided else "")
