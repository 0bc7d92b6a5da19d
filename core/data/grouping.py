"""Groups: the scans that a split must not tear apart."""

import pandas as pd

_TOO_GOOD = "slices of one patient may be on both sides of the split, figures will be too good"
GROUP_SOURCES = {
    "patient": "patient ids: a split drawn here keeps all scans of a patient on one side",
    "content": f"not every scan has a patient id: only exact copies are kept together, {_TOO_GOOD}",
    "scan": f"not every scan has a patient id: {_TOO_GOOD}",
}


def group_scans(table: pd.DataFrame, patient_ids: pd.Series) -> tuple[pd.Series, str, tuple[str, ...]]:
    """Name the group of each scan, say what groups come from, and note what is odd about them.

    Scans belong together if they have the same patient id or the same bytes, also by way of a third scan. A
    group is named "patient:<id>" after the first of its patients, else "content:<first 8 of sha256>" if it
    has several scans, else "scan:<path>", so that names of different kinds cannot meet. Scans with a problem
    keep to themselves or their patient.

    Args:
        table: `path`, `sha256` and `problem`, shape (n,) each.
        patient_ids: as text, empty where unknown; indexed as `table`.

    Returns:
        The groups, indexed as `table`; "patient" if every usable scan has an id, else "content" if there are
        copies, else "scan"; sentences for people.
    """
    usable = table["problem"] == ""
    named = patient_ids != ""
    copied = usable & table["sha256"].where(usable).duplicated(keep=False)
    patient_of = _first_patients(table["sha256"][copied & named], patient_ids[copied & named])
    groups = []
    merged = set()
    rows = zip(table["path"], table["sha256"], patient_ids, copied, strict=True)
    for path, sha256, patient, is_copy in rows:
        first = patient_of.get(f"patient:{patient}" if patient else f"content:{sha256}", patient)
        if first:
            groups.append(f"patient:{first}")
        else:
            groups.append(f"content:{sha256[:8]}" if is_copy else f"scan:{path}")
        if patient and first != patient:
            merged |= {first, patient}
    known = usable.any() and named[usable].all()
    source = "patient" if known else "content" if copied.any() else "scan"
    notes = _notes(int(named[usable].sum()), int(usable.sum()), sorted(merged))
    return pd.Series(groups, index=table.index, name="group", dtype="str"), source, notes


def _first_patients(contents: pd.Series, patients: pd.Series) -> dict[str, str]:
    """The first patient of everything linked, for each "content:<sha256>" and "patient:<id>" given."""
    first: dict[str, str] = {}
    linked: dict[str, set[str]] = {}
    for content, patient in zip("content:" + contents, "patient:" + patients, strict=True):
        linked.setdefault(content, set()).add(patient)
        linked.setdefault(patient, set()).add(content)
    for start in sorted(patients.unique()):
        waiting = [f"patient:{start}"]
        while waiting:
            key = waiting.pop()
            if key not in first:
                first[key] = start
                waiting.extend(linked[key])
    return first


def _notes(known: int, usable: int, merged: list[str]) -> tuple[str, ...]:
    notes = []
    if 0 < known < usable:
        notes.append(f"only {known} of {usable} usable scans have a patient id")
    if merged:
        some = ", ".join(merged[:6]) + (", ..." if len(merged) > 6 else "")
        notes.append(f"the same file lies under several patient ids, which count as one patient: {some}")
    return tuple(notes)
