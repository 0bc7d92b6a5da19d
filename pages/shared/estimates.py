"""A rate and its interval side by side: no figure of a model stands alone."""

import streamlit as st

from core.evaluation.intervals import Estimate
from pages.shared.words import decimal, decimal_interval, interval, percent, span


def show_rate(label: str, rate: Estimate, *, meaning: str, card: bool = True) -> None:
    """A share in percent with its interval in plain sight; `meaning` says what it is a share of.

    Without `card` there is no border, and the interval is as short as it can be said: for narrow places.
    """
    _show(label, percent(rate), interval(rate) if card else span(rate), meaning, card)


def show_score(label: str, score: Estimate, *, meaning: str) -> None:
    """A score such as AUC, as a decimal with its interval in plain sight."""
    _show(label, decimal(score), decimal_interval(score), meaning, True)


def _show(label: str, value: str, interval_text: str, meaning: str, border: bool) -> None:
    st.metric(
        label,
        value,
        interval_text,
        delta_color="off",
        delta_arrow="off",
        help=meaning,
        border=border,
        height="stretch",
    )
