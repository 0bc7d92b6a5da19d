"""A dataset whose labels were corrected says so itself: in three columns of its index.csv, which every run keeps."""

import pandas as pd

LABEL_BEFORE = "label_before"
CORRECTION_COLUMNS = (LABEL_BEFORE, "corrected_by", "corrected_at")
"""What the label was before anybody corrected it (empty where nobody has), by whom it was corrected, and when."""


def labels_before(table: pd.DataFrame) -> pd.Series:
    """The label of each scan of a dataset's or a run's table as it was before anybody corrected it, text."""
    labels = table["label"].astype(str)
    if LABEL_BEFORE not in table.columns:
        return labels
    before = table[LABEL_BEFORE].fillna("").astype(str)
    return labels.where(before == "", before)


def corrected_words(table: pd.DataFrame) -> str:
    """How many labels were corrected, such as "7 of 1,489 labels corrected by readers"; empty where none was."""
    if LABEL_BEFORE not in table.columns:
        return ""
    count = int((table[LABEL_BEFORE].fillna("").astype(str) != "").sum())
    return f"{count:,} of {len(table):,} labels corrected by readers" if count else ""
