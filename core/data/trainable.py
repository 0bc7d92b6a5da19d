"""Whether a dataset can be trained on at all, or one line on why not."""

from core.data.dataset import Dataset
from core.data.split_ways import SplitWay
from core.errors import DatasetError

# Classes become columns of the tables that a run is read from, beside these.
RESERVED_CLASSES = frozenset(
    {
        *("path", "label", "split", "group", "brightness", "scans", "score", "predicted", "cell"),
        *("scan", "decision", "threshold", "problem"),
    }
)
MIN_SCANS = 10
MIN_GROUPS_PER_CLASS = 5  # one for each of the five folds that a split is drawn from


def check_trainable(dataset: Dataset, way: SplitWay | None = None) -> None:
    """Pass if a model can be trained on the dataset, split this way, and be tested on scans it has not seen.

    Raises:
        DatasetError: fewer than two classes or ten usable scans, a class named as a column of the results, too
            few groups of a class to split, or a given split without `train`.
    """
    way = way or SplitWay()
    usable, root = dataset.usable, dataset.root
    left_out = len(dataset.table) - len(usable)
    aside = f" ({left_out} more have problems)" if left_out else ""
    if len(usable) < MIN_SCANS:
        raise DatasetError(
            f"expected at least {MIN_SCANS} usable scans in {root}, found {len(usable)}{aside}; add scans"
        )
    if len(dataset.classes) < 2:
        raise DatasetError(
            f"expected at least two classes in {root}, found only '{dataset.classes[0]}'{aside}; "
            "add a folder or rows of another class"
        )
    reserved = [label for label in dataset.classes if label in RESERVED_CLASSES]
    if reserved:
        raise DatasetError(
            f"expected class names other than the columns of the results, found '{reserved[0]}' in {root}; "
            f"rename the class, for instance to '{reserved[0]}-class'"
        )
    kind = way.kind or ("given" if dataset.has_given_split else "group")
    if kind == "given" and "train" not in set(usable["split"]):
        found = ", ".join(sorted(usable["split"].unique()))
        raise DatasetError(f"expected scans in the split 'train' in {root}, found only {found}; add some")
    if kind not in ("group", "fold"):
        return
    for label, groups in usable.groupby("label")["group"].nunique().items():
        if groups < MIN_GROUPS_PER_CLASS:
            raise DatasetError(
                f"expected at least {MIN_GROUPS_PER_CLASS} groups of every class in {root}, "
                f"found {groups} of '{label}' (grouped by {dataset.group_by}); add scans of other patients, "
                "group otherwise, or give a split in index.csv"
            )
