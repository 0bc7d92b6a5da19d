"""The file index.csv: its columns and rows as text, or why it is of no use."""

import csv
import io
from collections import Counter
from pathlib import Path

from core.errors import DatasetError


def read_index_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The columns, and one dictionary a row with every value stripped; blank lines are left out.

    Raises:
        DatasetError: not UTF-8, empty, no `path` or `label` column, a column twice, or a line that is no CSV.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DatasetError(f"{path} is not UTF-8: save it as 'CSV UTF-8', separated by commas") from None
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}; check its rights") from None
    if not text.strip():
        raise DatasetError(f"{path} is empty: expected a first line with the columns path and label")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        columns = [name.strip() for name in next(reader)]
        for name in ("path", "label"):
            if name not in columns:
                raise DatasetError(f"{path} has no column '{name}': found {', '.join(columns)}; add it")
        twice = [name for name, count in Counter(columns).items() if count > 1]
        if twice:
            raise DatasetError(f"{path} has the column '{twice[0]}' more than once: rename or remove one")
        for values in reader:
            if len(values) > len(columns):
                raise DatasetError(
                    f"{path} line {reader.line_num}: expected {len(columns)} values, found {len(values)}; "
                    "put values with commas into double quotes"
                )
            if any(values):  # a blank line is no scan
                values += [""] * (len(columns) - len(values))
                rows.append({name: value.strip() for name, value in zip(columns, values, strict=True)})
    except csv.Error as error:
        raise DatasetError(f"{path} line {reader.line_num} is no CSV: {error}; correct it") from None
    return columns, rows
