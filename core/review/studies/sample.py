"""Which cases a reading study has: drawn from one split of a run, by class, with a seed."""

import secrets

import numpy as np
import pandas as pd

from core.decided import point_in_force
from core.errors import RequestError
from core.results import split_results
from core.review.studies.study import AT_THE_END, TRUTH_SHOWN, Study, StudyCase, tidy_name
from core.runs import Run, now_text, read_index

MOST_CASES = 2000


def new_study(
    run: Run,
    *,
    name: str,
    cases: int = 40,
    split: str = "test",
    seed: int = 0,
    enriched: bool = False,
    several_of_a_group: bool = False,
    truth_shown: str = AT_THE_END,
    method: str = "gradcam",
) -> Study:
    """A study of a finished run at the threshold in force; it is not saved yet.

    Args:
        run: whose model is looked at.
        name: as people will call it.
        cases: how many.
        split: that they are drawn from.
        seed: same seed, same cases, and the same order for each reader.
        enriched: up to half of each class are scans that the model has wrong, as far as there are any.
        several_of_a_group: whether a patient may come more than once.
        truth_shown: a key of `TRUTH_SHOWN`.
        method: of the map shown with the model.

    Raises:
        RequestError: too few scans or more cases than there are, no such split, an unknown option, or no name.
        RunDamagedError: the run's files cannot be read.
    """
    if truth_shown not in TRUTH_SHOWN:
        raise RequestError(f"expected the truth to be shown {' or '.join(TRUTH_SHOWN)}, found {truth_shown!r}")
    if not 2 <= cases <= MOST_CASES:
        raise RequestError(f"expected 2 to {MOST_CASES} cases, found {cases}")
    results, point = split_results(run, split), point_in_force(run)
    drawn = sampled(
        results.with_cells(point.threshold),
        cases,
        seed=seed,
        enriched=enriched,
        several_of_a_group=several_of_a_group,
    )
    index = read_index(run)
    contents = dict(zip(index["path"], index["sha256"], strict=True))
    return Study(
        id=secrets.token_hex(4),
        name=tidy_name(name, "a name for the study"),
        run=run.id,
        split=split,
        positive=run.record.positive,
        threshold=float(point.threshold),
        score_kind=results.score_kind,
        seed=seed,
        enriched=enriched,
        truth_shown=truth_shown,
        method=method,
        created=now_text(),
        data_fingerprint=run.record.data_fingerprint,
        cases=tuple(
            StudyCase(
                number=number,
                path=str(row["path"]),
                content=contents.get(str(row["path"]), ""),
                label=str(row["label"]),
                group=str(row["group"]),
                score=float(row["score"]),
                called=str(row["predicted"]),
            )
            for number, row in enumerate(drawn.to_dict("records"))
        ),
    )


def sampled(
    table: pd.DataFrame, cases: int, *, seed: int, enriched: bool = False, several_of_a_group: bool = False
) -> pd.DataFrame:
    """So many scans of a split, each class in its share of the split but at least one, shuffled.

    Args:
        table: a row a scan: path, label, predicted, group.
        cases: how many are wanted.
        seed: of the drawing; the order of the rows does not matter.
        enriched: as `new_study` has it.
        several_of_a_group: without it, at most one scan of each group is there.

    Raises:
        RequestError: there are not so many, or fewer cases than classes.
    """
    rng = np.random.default_rng(seed)
    rows = table.sort_values("path", kind="stable").iloc[rng.permutation(len(table))]
    rows = rows.assign(wrong=rows["label"] != rows["predicted"])
    shares = rows["label"].value_counts().sort_index()
    if enriched:  # stable: among the wrong ones, and among the others, the order stays that of the drawing
        rows = rows.sort_values("wrong", ascending=False, kind="stable")
    if not several_of_a_group:
        rows = rows.drop_duplicates("group")
    if cases > len(rows):
        kind = "scans" if several_of_a_group else "groups (patients), of each of which one scan is read,"
        raise RequestError(
            f"expected at most {len(rows)} cases, as there are {len(rows)} {kind} found {cases}; ask "
            "for fewer, or take another split"
        )
    available = rows["label"].value_counts().reindex(shares.index, fill_value=0)
    wanted = _by_class(shares, available, cases)
    parts = [_of_class(rows[rows["label"] == label], count, enriched) for label, count in wanted.items()]
    drawn = pd.concat(parts)
    return drawn.iloc[rng.permutation(len(drawn))].drop(columns="wrong").reset_index(drop=True)


def _by_class(shares: pd.Series, available: pd.Series, cases: int) -> dict[str, int]:
    """How many of each class: by largest remainder, at least one, at most as many as there are."""
    room = {str(label): int(count) for label, count in available.items() if count > 0}
    if len(room) < 2 or cases < len(room):
        raise RequestError(
            f"expected cases of at least two classes and one of each, found {cases} cases of {len(room)} classes; "
            "ask for more, or take another split"
        )
    total = sum(int(shares[label]) for label in room)
    exact = {label: int(shares[label]) / total * cases for label in room}
    counts = {label: min(max(int(exact[label]), 1), room[label]) for label in room}
    while (left := cases - sum(counts.values())) != 0:
        if left > 0:
            counts[max((n for n in room if counts[n] < room[n]), key=lambda name: exact[name] - counts[name])] += 1
        else:
            counts[min((n for n in room if counts[n] > 1), key=lambda name: exact[name] - counts[name])] -= 1
    return counts


def _of_class(rows: pd.DataFrame, count: int, enriched: bool) -> pd.DataFrame:
    if not enriched:
        return rows.head(count)
    wrong, right = rows[rows["wrong"]], rows[~rows["wrong"]]
    of_wrong = max(min(len(wrong), (count + 1) // 2), count - len(right))
    return pd.concat([wrong.head(of_wrong), right.head(count - of_wrong)])
