"""The command that lists the scans to look at, as the review page does."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from core.commands.datasets import Facts
from core.errors import RequestError
from core.runs import Run

if TYPE_CHECKING:
    from core.review.worklists.filters import Filters


def worklist(run: Run, query: Mapping[str, str], *, most: int) -> Facts:
    """The scans that the parts of an address ask for, in their order, and the address itself.

    Args:
        run: a finished one.
        query: as `core.review.worklists.filters.Filters.from_query` reads it.
        most: how many scans to tell, at least 1; the count is of all.

    Raises:
        RequestError: the run is not finished, the query asks for what there is not, or for what is not worked out yet.
        RunDamagedError: a file of the run cannot be read.
    """
    from core.decided import point_in_force
    from core.results import splits_of
    from core.review.worklists.case_table import case_table, with_parts
    from core.review.worklists.joined import with_known
    from core.review.worklists.worklist import counts
    from core.review.worklists.worklist import worklist as made

    if most < 1:
        raise RequestError(f"expected --most to be at least 1, found {most}")
    filters = _asked(run, query)
    point = point_in_force(run)
    table = case_table(run, splits_of(run), point)
    table = with_parts(table, run, [column for column, _ in filters.subgroups], filters.split)
    table = with_known(table, run, filters)
    cases = made(table, filters)
    columns = ["path", "label", "predicted", "cell", "score", "split", "group"]
    columns += [name for name in ("doubt", "in_lungs", "disagreement") if name in cases.columns]
    shown = cases.head(most)[columns].astype(object)
    return {
        "run": run.id,
        "threshold": point.threshold,
        "address": "review?" + urlencode({"run": run.id, **filters.to_query()}),
        "count": len(cases),
        "by_cell": counts(table, filters)["cell"],
        "scans": shown.where(shown.notna(), None).to_dict("records"),
    }


def for_people(facts: Facts) -> Facts:
    """The same, a line a scan."""
    return facts | {
        "scans": [
            {
                "score": f"{one['score']:.4f}",
                "cell": f"{one['cell']:<11}",
                "says": f"{one['label']}, called {one['predicted']}",
                "path": one["path"],
            }
            for one in facts["scans"]
        ]
    }


def _asked(run: Run, query: Mapping[str, str]) -> "Filters":
    from core.review.worklists.filters import Filters

    filters, ignored = Filters.from_query(query)
    if ignored:
        raise RequestError(f"cannot make this worklist: {ignored[0]}")
    for name, asked in (("--truth", filters.truth), ("--predicted", filters.predicted)):
        if asked and asked not in run.record.classes:
            raise RequestError(f"expected {name} to be one of {', '.join(run.record.classes)}, found {asked!r}")
    return filters
