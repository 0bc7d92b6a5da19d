"""Labelled scores for property tests: many ties, both classes or not, groups of several scans."""

from __future__ import annotations

from hypothesis import strategies as st

from core.evaluation.scored import Scored

TIED = st.integers(0, 8).map(lambda eighth: eighth / 8)  # few values, so ties are the rule
ANY = st.floats(0, 1, width=32)


@st.composite
def labelled_scores(draw, min_size=1, max_size=40, both_classes=False):
    """A Scored of up to max_size scans in up to six groups."""
    scores = draw(st.lists(draw(st.sampled_from([TIED, ANY])), min_size=min_size, max_size=max_size))
    labels = draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores)))
    if both_classes:
        labels[0], labels[1] = True, False
    groups = draw(st.lists(st.sampled_from("abcdef"), min_size=len(scores), max_size=len(scores)))
    return Scored.of(scores, labels, groups)
