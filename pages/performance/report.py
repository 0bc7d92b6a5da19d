"""The tables behind the page, to look at and to take along."""

import math

import pandas as pd
import streamlit as st

from core.evaluation.curves import precision_recall_points, roc_points
from core.evaluation.predicted import classification_report
from core.evaluation.summary import Evaluation
from core.results import SplitResults
from core.runs import Run
from pages.shared.tables import table_with_download

_SHARES = ("precision", "recall", "f1", "fpr", "fnr", "tpr")


def show_tables(run: Run, results: SplitResults, evaluation: Evaluation) -> None:
    """A tab a table; what is drawn is in there in full."""
    st.subheader("Tables")
    named = f"{run.id}-{results.split}"
    report, rates, matrix, roc, precision_recall = st.tabs(
        ["By class", "Figures with intervals", "Confusion matrix", "ROC points", "Precision-recall points"]
    )
    predicted = results.with_cells(evaluation.threshold)
    scored = results.scored
    with report:
        table_with_download(
            classification_report(predicted["label"].tolist(), predicted["predicted"].tolist(), results.classes),
            f"{named}-report",
            alt="Precision, recall, F1 and number of scans of each class",
            percents=_SHARES,
        )
    with rates:
        table_with_download(rates_table(evaluation), f"{named}-figures", alt="Every figure with its 95 % interval")
    with matrix:
        table_with_download(
            confusion_table(evaluation), f"{named}-confusion", alt="Scans by true class and predicted class"
        )
    with roc:
        table_with_download(
            roc_points(scored),
            f"{named}-roc",
            alt="False alarms and misses at each threshold",
            percents=_SHARES,
        )
    with precision_recall:
        table_with_download(
            precision_recall_points(scored),
            f"{named}-precision-recall",
            alt="Precision and recall at each threshold",
            percents=_SHARES,
        )


def rates_table(evaluation: Evaluation) -> pd.DataFrame:
    """A row a figure: its value, its 95 % interval, the method of the interval (empty where there is none)."""
    named = {
        "missed (FNR)": ("fnr", "rates"),
        "false alarms (FPR)": ("fpr", "rates"),
        "sensitivity (recall)": ("recall", "rates"),
        "specificity": ("specificity", "rates"),
        "precision (PPV)": ("precision", "rates"),
        "NPV": ("npv", "rates"),
        "accuracy": ("accuracy", "rates"),
        "F1": ("f1", "f1"),
        "ROC AUC": ("auc", "auc"),
    }
    rows = []
    for name, (attribute, method) in named.items():
        estimate = getattr(evaluation, attribute)
        rows.append((name, estimate.value, estimate.low, estimate.high, evaluation.interval_methods[method]))
    rows.append(("average precision", evaluation.average_precision, math.nan, math.nan, ""))
    rows.append(("Brier score", evaluation.brier, math.nan, math.nan, ""))
    table = pd.DataFrame(rows, columns=["figure", "value", "low", "high", "interval"])
    return table.assign(split=evaluation.split, threshold=evaluation.threshold, scans=evaluation.n)


def confusion_table(evaluation: Evaluation) -> pd.DataFrame:
    """Counts, a row a true class, a column a predicted one."""
    return pd.DataFrame(
        evaluation.confusion,
        index=pd.Index(evaluation.classes, name="truth"),
        columns=[f"predicted {name}" for name in evaluation.classes],
    )
