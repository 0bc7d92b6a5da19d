"""How often a model looked outside the lungs, by cell, and how often it would have by chance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.evaluation.confusion import CLEARED, FALSE_ALARM, FOUND, MISSED
from core.evaluation.intervals import Estimate, group_bootstrap
from core.evaluation.shares import share_estimate
from core.explanation.whereabouts import OUTSIDE_BELOW

ALL = "all"
CELLS = (MISSED, FALSE_ALARM, FOUND, CLEARED)


@dataclass(frozen=True)
class HeatPlaces:
    """Where the heat of some scans lies; intervals are 95 %, by groups.

    Attributes:
        cell: of which cell they are, or `ALL`.
        scans: how many there are.
        without_lungs: how many of them do not look like lungs.
        without_heat: how many have an all-zero map.
        judged: how many are left, which have both.
        outside: share of the judged ones with less than `OUTSIDE_BELOW` of the heat in the lungs.
        outside_by_chance: share of them that a map which is the same everywhere would have there.
        in_lungs: mean share of the heat in the lungs, of the judged ones.
        lung_area: mean share of the picture that lungs cover, of the judged ones: what chance would put there.
        gain: mean of the first less the second; above 0 the maps favour the lungs.
        in_body, in_border: mean shares, of all scans with heat.
    """

    cell: str
    scans: int
    without_lungs: int
    without_heat: int
    judged: int
    outside: Estimate
    outside_by_chance: float
    in_lungs: Estimate
    lung_area: float
    gain: Estimate
    in_body: Estimate
    in_border: Estimate


def heat_places(table: pd.DataFrame) -> dict[str, HeatPlaces]:
    """Of all scans and of each cell that has some.

    Args:
        table: as `core.analyses.heat.read_heat` gives it.
    """
    parts = {ALL: table} | {cell: table[table["cell"] == cell] for cell in CELLS}
    return {cell: _places(cell, part) for cell, part in parts.items() if cell == ALL or len(part)}


def as_table(places: dict[str, HeatPlaces]) -> pd.DataFrame:
    """A row a cell, for people."""
    rows = []
    for found in places.values():
        row: dict[str, object] = {"cell": found.cell, "scans": found.scans, "judged": found.judged}
        for name in ("outside", "in_lungs", "gain", "in_body", "in_border"):
            estimate: Estimate = getattr(found, name)
            row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        rows.append(row | {"lung_area": found.lung_area, "outside_by_chance": found.outside_by_chance})
    return pd.DataFrame(rows)


def _places(cell: str, part: pd.DataFrame) -> HeatPlaces:
    judged = part[part["in_lungs"].notna() & part["lung_area"].notna()]
    with_heat = part[part["in_border"].notna()]
    return HeatPlaces(
        cell=cell,
        scans=len(part),
        without_lungs=int((part["refused"] != "").sum()),
        without_heat=int(((part["refused"] == "") & part["in_border"].isna()).sum()),
        judged=len(judged),
        outside=_share(judged["in_lungs"] < OUTSIDE_BELOW, judged["group"]),
        outside_by_chance=float((judged["lung_area"] < OUTSIDE_BELOW).mean()) if len(judged) else float("nan"),
        in_lungs=_mean(judged["in_lungs"], judged["group"]),
        lung_area=float(judged["lung_area"].mean()),
        gain=_mean(judged["in_lungs"] - judged["lung_area"], judged["group"]),
        in_body=_mean(with_heat["in_body"], with_heat["group"]),
        in_border=_mean(with_heat["in_border"], with_heat["group"]),
    )


def _share(hits: "pd.Series[bool]", groups: "pd.Series[str]") -> Estimate:
    numbers = np.unique(groups.to_numpy(str), return_inverse=True)[1].astype(np.intp)
    return share_estimate(hits.to_numpy(np.bool_), np.ones(len(hits), np.bool_), numbers)


def _mean(values: "pd.Series[float]", groups: "pd.Series[str]") -> Estimate:
    known = values.notna()
    numbers = values[known].to_numpy(np.float64)
    if not len(numbers):
        return Estimate(*(float("nan"),) * 3)
    return group_bootstrap(lambda weights: weights @ numbers / weights.sum(axis=1), groups[known].to_numpy(str))
