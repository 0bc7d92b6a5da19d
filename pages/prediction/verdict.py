"""The decision in words, and the score on a bar with the threshold marked."""

from collections.abc import Sequence
from html import escape

from core.charts.palette import ACCENT, NEUTRAL, class_colours
from pages.shared.words import score_text


def verdict_html(decision: str, score: float, *, threshold: float, classes: Sequence[str], positive: str) -> str:
    """A decision with its colour, a bar from 0 to 1 filled up to the score, a line at the threshold, and why.

    Args:
        decision: the class it was called.
        score: probability of the positive class, in [0, 1].
        threshold: positive from here on, in [0, 1].
        classes: of the run, which give the colours.
        positive: the positive class.
    """
    colours = class_colours(classes, positive)
    colour, bar_colour = colours[decision], colours[positive]
    reached = score >= threshold
    why = f"The score {score_text(score)} {'reaches' if reached else 'is below'} the threshold {score_text(threshold)}."
    says = f"Score {score_text(score)} of 1, threshold {score_text(threshold)}"
    parts = (
        f'<div style="display:flex;align-items:center;gap:0.5rem;font-size:1.15rem;font-weight:600">'
        f'<span style="width:0.9rem;height:0.9rem;border-radius:50%;background:{colour};flex:none"></span>'
        f"<span>Called {escape(decision)}</span></div>",
        f'<div role="img" aria-label="{says}" style="position:relative;height:1.6rem;margin:0.5rem 0 0.25rem">',
        _piece(NEUTRAL, "top:0.4rem;height:0.8rem;width:100%;opacity:0.25"),
        _piece(bar_colour, f"top:0.4rem;height:0.8rem;width:{100 * score:.2f}%"),
        _piece(ACCENT, f"top:0;height:1.6rem;width:3px;left:calc({100 * threshold:.2f}% - 1.5px)"),
        "</div>",
        f'<div style="font-size:0.875rem;opacity:0.75">{why}</div>',
    )
    return "".join(parts)


def _piece(colour: str, where: str) -> str:
    return f'<div style="position:absolute;border-radius:0.2rem;background:{colour};{where}"></div>'
