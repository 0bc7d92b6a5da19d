"""What a threshold does, as a table: on validation, where it is chosen, and on test, where it is only reported."""

import pandas as pd
import streamlit as st

from core.evaluation.confusion import Rates, counts_at
from core.evaluation.decision.zones import ZONES, ZoneFigures
from pages.shared.tables import table_with_download
from pages.threshold.certainty import rates_of, zones_of
from pages.threshold.draft import Draft, current
from pages.threshold.subject import Subject

_NAMES = {
    "fnr": "Missed (FNR)",
    "fpr": "False alarms (FPR)",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
}
_OF_ZONES = {
    "fnr": "Missed: ruled out (FNR)",
    "fpr": "False alarms: ruled in (FPR)",
    "referred": "Referred",
    "ppv": "PPV of the ruled in",
    "npv": "NPV of the ruled out",
}


def show_tables(subject: Subject) -> None:
    """The rates at the threshold by split, then validation at every threshold; each with its download."""
    table_with_download(
        outcome_table(subject, current(subject)),
        f"{subject.run.id}-at-threshold",
        alt="Rates with 95 % intervals at this threshold, by split",
        percents=("value", "low", "high"),
    )
    st.markdown("**Validation at every threshold**")
    table_with_download(
        subject.every_threshold,
        f"{subject.run.id}-val-thresholds",
        alt="Validation at every threshold: rates and counts",
        percents=("fnr", "fpr", "precision", "accuracy"),
    )


def outcome_table(subject: Subject, tried: Draft) -> pd.DataFrame:
    """A row a rate and split, with its 95 % interval and the counts it comes from."""
    rows = []
    for split, scored in subject.splits.items():
        of: Rates | ZoneFigures
        at: dict[str, object] = {"split": split, "threshold": tried.threshold}
        if tried.upper is None:
            counts = counts_at(scored, tried.threshold)
            of, names = rates_of(subject, split, tried.threshold), _NAMES
            cells = {
                "found": counts.tp,
                "missed": counts.fn,
                "false alarms": counts.fp,
                "cleared": counts.tn,
            }
        else:
            zones = zones_of(subject, split, tried.threshold, tried.upper)
            of, names = zones, _OF_ZONES
            at["upper"] = tried.upper
            cells = {
                f"{side} {zone}": count
                for side, counts_of_side in (("positives", zones.positives), ("others", zones.others))
                for zone, count in zip(ZONES, counts_of_side, strict=True)
            }
        for attribute, name in names.items():
            rate = getattr(of, attribute)
            rows.append(at | {"rate": name, "value": rate.value, "low": rate.low, "high": rate.high} | cells)
    return pd.DataFrame(rows)
