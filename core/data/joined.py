"""Several classes taken as one: "sick=COVID+Viral Pneumonia; well=Normal"."""

from collections.abc import Mapping

import pandas as pd

from core.errors import ConfigError, DatasetError

CLASS_IN_DATA = "class_in_data"
EXPECTED = "NAME=CLASS+CLASS; NAME=CLASS"


def joined_classes(text: str) -> dict[str, str]:
    """The new name of each class that such a text names; empty for an empty text.

    Raises:
        ConfigError: it is not written so, or names a class twice.
    """
    names: dict[str, str] = {}
    for part in text.split(";") if text.strip() else ():
        name, equals, members = part.partition("=")
        classes = [member.strip() for member in members.split("+")]
        if not name.strip() or not equals or not all(classes):
            raise ConfigError(f"expected join to be {EXPECTED}, found {text!r}")
        for member in classes:
            if member in names:
                raise ConfigError(f"expected every class once in join, found {member!r} twice")
            names[member] = name.strip()
    return names


def join_labels(table: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The table with classes joined; what the dataset calls them stays in a column `class_in_data`.

    Args:
        table: `label`, shape (n,); classes that `names` does not have keep theirs.
        names: from class to new name.

    Raises:
        DatasetError: a class of `names` is not in the table.
    """
    if not names:
        return table
    there = set(table["label"])
    if absent := sorted(set(names) - there):
        raise DatasetError(f"expected join to name classes among {', '.join(sorted(there))}, found {absent[0]!r}")
    joined = table["label"].map(lambda label: names.get(label, label))
    return table.assign(**{CLASS_IN_DATA: table["label"], "label": joined})
