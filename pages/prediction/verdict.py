"""The decision in words, and the score on a bar with the threshold marked, or both of two."""

from collections.abc import Sequence
from html import escape

from core.charts.palette import ACCENT, NEUTRAL, class_colours
from core.evaluation.decision.zones import REFERRED, RULED_IN, RULED_OUT, zone_of
from pages.shared.words import score_text

_HEADLINES = {RULED_OUT: "Ruled out", REFERRED: "Referred to a reader", RULED_IN: "Ruled in"}


def verdict_html(
    decision: str,
    score: float,
    *,
    threshold: float,
    classes: Sequence[str],
    positive: str,
    upper: float | None = None,
) -> str:
    """A decision with its colour, a bar from 0 to 1 filled up to the score, a line at each threshold, and why.

    Args:
        decision: the class it was called.
        score: probability of the positive class, in [0, 1].
        threshold: positive from here on, in [0, 1]; of two thresholds the lower.
        classes: of the run, which give the colours.
        positive: the positive class.
        upper: the second threshold; with it the zone is said first, for a scan in between is a reader's to decide.
    """
    colours = class_colours(classes, positive)
    zone = zone_of(score, threshold, upper)
    colour = NEUTRAL if zone == REFERRED else colours[decision]
    cuts = [threshold] if upper is None else [threshold, upper]
    marked = f"threshold{'s' * (len(cuts) - 1)} {' and '.join(map(score_text, cuts))}"
    says = f"Score {score_text(score)} of 1, {marked}"
    called = f"Called {decision}"
    why = _why(score, threshold, upper)
    if zone:
        why += f" {called}{', for it is not ruled out' if zone == REFERRED else ''}."
    parts = (
        f'<div style="display:flex;align-items:center;gap:0.5rem;font-size:1.15rem;font-weight:600">'
        f'<span style="width:0.9rem;height:0.9rem;border-radius:50%;background:{colour};flex:none"></span>'
        f"<span>{escape(_HEADLINES.get(zone, called))}</span></div>",
        f'<div role="img" aria-label="{says}" style="position:relative;height:1.6rem;margin:0.5rem 0 0.25rem">',
        _piece(NEUTRAL, "top:0.4rem;height:0.8rem;width:100%;opacity:0.25"),
        _piece(colours[positive], f"top:0.4rem;height:0.8rem;width:{100 * score:.2f}%"),
        *(_piece(ACCENT, f"top:0;height:1.6rem;width:3px;left:calc({100 * cut:.2f}% - 1.5px)") for cut in cuts),
        "</div>",
        f'<div style="font-size:0.875rem;opacity:0.75">{escape(why)}</div>',
    )
    return "".join(parts)


def _why(score: float, threshold: float, upper: float | None) -> str:
    lower = f"the {'' if upper is None else 'lower '}threshold {score_text(threshold)}"
    at_lower = f"The score {score_text(score)} {'reaches' if score >= threshold else 'is below'} {lower}"
    if upper is None:
        return f"{at_lower}."
    if score < threshold:
        return f"{at_lower}; the upper is {score_text(upper)}."
    return f"{at_lower} {'and' if score >= upper else 'but not'} the upper {score_text(upper)}."


def _piece(colour: str, where: str) -> str:
    return f'<div style="position:absolute;border-radius:0.2rem;background:{colour};{where}"></div>'
