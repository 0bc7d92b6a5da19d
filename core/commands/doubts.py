"""The command that ranks the labels a run's scans probably have wrongly."""

from core.commands.datasets import Facts
from core.errors import RequestError
from core.runs import Run


def doubts(run: Run, *, most: int) -> Facts:
    """The most doubtful labels, by scores from outside the training alone.

    Args:
        run: a finished one; other runs beside it are asked where they are folds of the same data.
        most: how many to tell, at least 1.

    Raises:
        RequestError: the run is not finished, or `most` is below 1.
        RunDamagedError: predictions cannot be read.
    """
    from core.review.label_doubt import label_doubts, ranked, words

    if most < 1:
        raise RequestError(f"expected --most to be at least 1, found {most}")
    found = label_doubts(run)
    table = ranked(found)
    columns = ["path", "label", "looks_like", "doubt", "suspected", "from_split", "by_run"]
    return {
        "run": run.id,
        "says": words(found),
        "judged": len(table),
        "suspected": int(table["suspected"].sum()),
        "folds": int(found["n_folds"].max()) if len(found) else 0,
        "labels": table.head(most)[columns].to_dict("records"),
    }


def for_people(facts: Facts) -> Facts:
    """The same, a line a scan."""
    lines = [
        {
            "doubt": one["doubt"],
            "path": one["path"],
            "says": f"{one['label']}, looks like {one['looks_like']}{' (suspected)' if one['suspected'] else ''}",
        }
        for one in facts["labels"]
    ]
    return facts | {"labels": lines}
