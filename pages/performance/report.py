"""The tables behind the page, to look at and to take along."""

import pandas as pd
import streamlit as st

from core.evaluation.predicted import classification_report
from core.evaluation.summary import Evaluation
from core.results import SplitResults
from core.runs import Run
from pages.performance.by_patient import named_by
from pages.shared.tables import table_with_download

_SHARES = ("precision", "recall", "f1")


def show_tables(run: Run, results: SplitResults, evaluation: Evaluation) -> None:
    """A tab a table; what is drawn is in there in full."""
    st.subheader("Tables")
    named = f"{run.id}-{results.split}{named_by(run, results.joining)}"
    report, matrix = st.tabs(["By class", "Confusion matrix"])
    predicted = results.with_cells(evaluation.threshold)
    with report:
        table_with_download(
            classification_report(predicted["label"].tolist(), predicted["predicted"].tolist(), results.classes).rename(
                columns={"support": evaluation.counted}
            ),
            f"{named}-report",
            alt=f"Precision, recall, F1 and number of {evaluation.counted} of each class",
            percents=_SHARES,
        )
    with matrix:
        table_with_download(
            confusion_table(evaluation),
            f"{named}-confusion",
            alt=f"{evaluation.counted.capitalize()} by true class and predicted class",
        )


def confusion_table(evaluation: Evaluation) -> pd.DataFrame:
    """Counts, a row a true class, a column a predicted one, and what was counted."""
    counts = pd.DataFrame(
        evaluation.confusion,
        index=pd.Index(evaluation.classes, name="truth"),
        columns=[f"predicted {name}" for name in evaluation.classes],
    )
    return counts.assign(counted=evaluation.counted)
