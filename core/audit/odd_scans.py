"""Scans of no use to anybody who reads them: blank, tiny, of an odd shape, mostly white, inverted, or cut off.

The limits are set wide of what the public sets hold as ordinary slices; what is found is meant to be looked at.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.audit.evidence import Evidence
from core.audit.findings import KEEP, MOST_EXAMPLES, Checked, Example, Finding, Offer, counted

BLANK_SPREAD = 4.0  # grey levels, of 255: standard deviation
TINY_PX = 64  # of the shorter side: less than half of what networks here are given
TINY_SHARE = 0.25  # of the set's median shorter side
ODD_ASPECT = 1.6  # times wider or narrower than the set's median aspect ratio
WHITE_SHARE = 0.6  # of the pixels
INVERTED_CORRELATION = -0.4  # with the set's mean scan
CUT_OFF_SHARE = 0.25  # of the rows or columns, from one edge on, without any contrast, unlike in the rest of the set
_COMMON = 0.05  # share of a set above which a plain margin is its style

Marks = NDArray[np.bool_]


def find_odd_scans(evidence: Evidence) -> tuple[list[Finding], list[Checked]]:
    """Each reason that any scan gives; a scan is named for the first only."""
    seen = np.zeros(len(evidence.table), bool)
    findings, absent = [], []
    for about, (mark, says, means) in _REASONS.items():
        rows = np.flatnonzero(mark(evidence) & ~seen)
        seen[rows] = True
        if rows.size:
            findings.append(_finding(evidence, about, says, means, rows))
        else:
            absent.append(about)
    says = f"no {_listed(absent)} scans among {counted(len(evidence.table), 'scan')}"
    return findings, [Checked("odd-scan", says)] if absent else []


def _finding(evidence: Evidence, about: str, says: str, means: str, rows: NDArray[np.intp]) -> Finding:
    paths = evidence.paths_of(rows)
    width, height = evidence.table["width"].tolist(), evidence.table["height"].tolist()
    sizes = [f"{width[row]} x {height[row]} px" for row in rows[:MOST_EXAMPLES]]
    label, count = np.unique(evidence.labels[rows], return_counts=True)
    most = evidence.classes[int(label[count.argmax()])]
    share = f"{count.max():,} of them {most}" if len(rows) > 1 else most
    return Finding(
        kind="odd-scan",
        about=about,
        severity="medium" if about in ("blank", "inverted") else "low",
        scans=len(rows),
        says=f"{counted(len(rows), 'scan')} {says} ({share})",
        means=means,
        figures={"reason": about},
        paths=paths,
        examples=tuple(
            Example((path,), (f"{evidence.word(int(row))}, {size}",))
            for path, row, size in zip(paths, rows, sizes, strict=False)
        ),
        offers=(Offer("exclude", f"leave out {counted(len(rows), 'scan')}", paths), KEEP),
    )


def _blank(evidence: Evidence) -> Marks:
    return evidence.squares.std(axis=(1, 2)) < BLANK_SPREAD


def _tiny(evidence: Evidence) -> Marks:
    shorter = evidence.table[["width", "height"]].min(axis=1).to_numpy(float)
    return (shorter < TINY_PX) | (shorter < TINY_SHARE * np.median(shorter))


def _odd_shape(evidence: Evidence) -> Marks:
    aspect = np.log(evidence.table["width"].to_numpy(float) / evidence.table["height"].to_numpy(float))
    return np.abs(aspect - np.median(aspect)) > np.log(ODD_ASPECT)


def _white(evidence: Evidence) -> Marks:
    return (evidence.squares >= 250).mean(axis=(1, 2)) > WHITE_SHARE


def _inverted(evidence: Evidence) -> Marks:
    scans = evidence.squares[:, ::4, ::4].reshape(len(evidence.squares), -1).astype(np.float32)
    scans -= scans.mean(axis=1, keepdims=True)
    scans /= np.maximum(np.linalg.norm(scans, axis=1, keepdims=True), 1e-6)
    mean = scans.mean(axis=0)
    return scans @ mean < INVERTED_CORRELATION * np.linalg.norm(mean)


def _cut_off(evidence: Evidence) -> Marks:
    """A plain margin on one side that is far wider than on the side across from it."""
    marks = np.zeros(len(evidence.squares), bool)
    for axis in (1, 2):
        plain = np.ptp(evidence.squares, axis=3 - axis) <= 2  # (n, side): rows or columns of one grey
        first = np.where(plain.all(axis=1), 0, plain.argmin(axis=1)) / plain.shape[1]
        last = np.where(plain.all(axis=1), 0, plain[:, ::-1].argmin(axis=1)) / plain.shape[1]
        marks |= np.abs(first - last) > CUT_OFF_SHARE
    return marks if marks.mean() <= _COMMON else np.zeros_like(marks)


_REASONS: dict[str, tuple[Callable[[Evidence], Marks], str, str]] = {
    "blank": (_blank, "of nearly one grey all over", "there is nothing to learn or to test on them"),
    "tiny": (_tiny, "far smaller than the rest or than a lung can be read on", "fine disease cannot be seen on them"),
    "odd-shaped": (
        _odd_shape,
        "far wider or narrower than the rest",
        "squashed to a square they look like nobody; often they are no single slices",
    ),
    "mostly white": (_white, "mostly white", "often these are pages or drawings, or windowed beyond reading"),
    "inverted": (_inverted, "with light and dark reversed against the rest", "a network sees air as bone on them"),
    "cut-off": (_cut_off, "with a quarter or more missing on one side", "part of the chest is not there"),
}


def _listed(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
