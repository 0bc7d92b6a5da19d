"""Shortcuts: labels that follow from what is not anatomy, as findings.

The rule: a family is a finding where the 95 % interval of its AUC begins above the family's limit. How a file is
stored, its size, its rim and its noise have no business with a disease, so 0.6 is enough: with less a label is hardly
given away, and chance does not reach it. Brightness is changed by the disease itself, so it, and all families
together, must begin above 0.7.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.audit.cues import Cues
from core.audit.evidence import Evidence
from core.audit.findings import KEEP, Checked, Example, Finding, Offer, counted
from core.audit.shortcut_probe import TOGETHER, CarryingCue, FamilyProbe
from core.evaluation.intervals import Estimate

LIMITS = {"storage": 0.6, "geometry": 0.6, "noise": 0.6, "edges": 0.6, "brightness": 0.7, TOGETHER: 0.7}
_HIGH, _MEDIUM = 0.8, 0.7  # where the interval of the AUC begins
_EXAMPLES = 3

_SUBJECTS = {
    "storage": "how the files are stored (format, mode, header, bytes per pixel)",
    "geometry": "their size and shape",
    "edges": "their borders and corners",
    "noise": "the noise where they are flat",
    "brightness": "their histogram of brightness",
    TOGETHER: "all that is not anatomy together",
}
_OTHER_SOURCE = (
    "the classes come from different sources; a network sees grey squares, not files, but it can learn the look of "
    "a source instead of the disease, and will fail elsewhere"
)
_MEANINGS = {
    "storage": _OTHER_SOURCE,
    "geometry": _OTHER_SOURCE,
    "noise": "the classes come from different scanners or were processed differently; a network can learn that instead "
    "of the disease, and will fail elsewhere",
    "edges": "a network can read the label from the rim (markers, padding, cropping) instead of the lungs; "
    "some of it may be true anatomy, look at the examples",
    "brightness": "a network can read the label from the brightness; part of that may be the disease itself, part the "
    "window or the source: test on another hospital's scans",
    TOGETHER: "no kind of trace does it alone, but together they tell the label without looking at the lungs",
}


def shortcut_findings(
    evidence: Evidence, rows: Sequence[int], cues: Mapping[str, Cues], probes: Sequence[FamilyProbe], judged_by: str
) -> tuple[list[Finding], list[Checked]]:
    """The families above their limits; all together only where none of them is.

    Args:
        evidence: of the whole dataset.
        rows: of `evidence` that were probed, as the rows of `cues`.
        cues: what was measured, by family.
        probes: what came of it.
        judged_by: the groups of the cross-validation, in words.
    """
    if not probes:
        return [], [Checked("shortcut", f"shortcuts were not looked for: a class has fewer than two {judged_by}")]
    findings: list[Finding] = []
    checked: list[Checked] = []
    for probe in probes:
        gives_away = probe.auc.low > LIMITS[probe.family] and not (probe.family == TOGETHER and findings)
        if gives_away:
            findings.append(_finding(evidence, np.asarray(rows), cues, probe, judged_by))
        elif probe.family != TOGETHER or not findings:
            says = (
                f"{evidence.classes[probe.label]} can hardly be told from the rest by {_SUBJECTS[probe.family]}: "
                f"AUC {_range(probe.auc)}, cross-validated by {judged_by}"
            )
            if probe.auc.low > 0.5:
                says += f"; it counts as a shortcut only where the interval begins above {LIMITS[probe.family]}"
            checked.append(Checked("shortcut", says, {"family": probe.family, "auc": probe.auc}))
    return findings, checked


def _finding(
    evidence: Evidence, rows: np.ndarray, cues: Mapping[str, Cues], probe: FamilyProbe, judged_by: str
) -> Finding:
    label = evidence.classes[probe.label]
    positive = evidence.labels[rows] == probe.label
    values = _values(cues, probe)
    described = [_described(values[:, cue.column], positive, cue, label) for cue in probe.carried_by]
    marked = _marked(values, positive, probe)
    says = (
        f"{label} can be told from the rest by {_SUBJECTS[probe.family]}: AUC {_range(probe.auc)}, "
        f"cross-validated by {judged_by}"
    )
    if described:
        says += f"; most by {described[0]}"
    offers = [KEEP]
    if 0 < marked.sum() < len(rows):
        paths = evidence.paths_of(rows[marked])
        offers.insert(
            0, Offer("exclude", f"leave out {counted(len(paths), 'scan')} with {probe.carried_by[0].name}", paths)
        )
    return Finding(
        kind="shortcut",
        about=probe.family,
        severity="high" if probe.auc.low >= _HIGH else "medium" if probe.auc.low >= _MEDIUM else "low",
        scans=len(evidence.table),
        says=says,
        means=_MEANINGS[probe.family],
        figures={
            "auc": probe.auc,
            "positive": label,
            "features": [
                {"name": cue.name, "auc": round(cue.auc, 4), "says": words, "also": ", ".join(cue.also)}
                for cue, words in zip(probe.carried_by, described, strict=True)
            ],
            "by": judged_by,
        },
        examples=tuple(
            _example(evidence, rows, values[:, cue.column], positive, cue) for cue in probe.carried_by[:_EXAMPLES]
        ),
        offers=tuple(offers),
    )


def _values(cues: Mapping[str, Cues], probe: FamilyProbe) -> np.ndarray:
    if probe.family != TOGETHER:
        return cues[probe.family].values
    return np.concatenate([family.values for family in cues.values()], axis=1)


def _is_item(values: np.ndarray) -> bool:
    """Whether a cue is there or not, with nothing in between."""
    return bool(np.isin(values, (0.0, 1.0)).all())


def _described(values: np.ndarray, positive: np.ndarray, cue: CarryingCue, label: str) -> str:
    if _is_item(values):
        having, others = int(values[positive].sum()), int(values[~positive].sum())
        return f"{cue.name}: {having:,} of {positive.sum():,} {label}, {others:,} of {(~positive).sum():,} others"
    medians = [_short(float(np.median(values[side]))) for side in (positive, ~positive)]
    return f"{cue.name}: {medians[0]} in {label}, {medians[1]} in others (medians; AUC {cue.auc:.2f} alone)"


def _marked(values: np.ndarray, positive: np.ndarray, probe: FamilyProbe) -> np.ndarray:
    """The scans with the item that tells most, where nearly all of these are of one side; else none."""
    none = np.zeros(len(values), bool)
    if not probe.carried_by or not _is_item(values[:, probe.carried_by[0].column]):
        return none
    has = values[:, probe.carried_by[0].column] == 1
    share = positive[has].mean()
    return has if max(share, 1 - share) > 0.95 and has.mean() < 0.5 else none


def _example(
    evidence: Evidence, rows: np.ndarray, values: np.ndarray, positive: np.ndarray, cue: CarryingCue
) -> Example:
    """Two scans that show the cue: one of the class and one of the rest, each typical of its side's far end."""
    picked = []
    for side, wants_high in ((positive, cue.rises), (~positive, not cue.rises)):
        order = np.flatnonzero(side)[np.argsort(values[side], kind="stable")]
        # The very last may be an odd one out.
        picked.append(int(order[round((len(order) - 1) * (0.9 if wants_high else 0.1))]))
    words = tuple(f"{evidence.word(int(rows[row]))}, {cue.name}: {_shown(values, row)}" for row in picked)
    return Example(evidence.paths_of(rows[picked]), words)


def _shown(values: np.ndarray, row: int) -> str:
    if _is_item(values):
        return "yes" if values[row] else "no"
    return _short(float(values[row]))


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _range(auc: Estimate) -> str:
    return f"{auc.value:.2f} ({auc.low:.2f} to {auc.high:.2f})"
