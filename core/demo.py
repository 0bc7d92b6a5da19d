"""The demo: the whole way on phantoms, from nothing to maps of what was missed."""

from dataclasses import replace

from core.commands.datasets import Facts
from core.commands.figures import explain
from core.runs import Run
from core.training.signs import Told

MAX_FNR = 0.05


def demo(run: Run, *, told: Told) -> Facts:
    """Train, evaluate, choose a threshold, draw maps of the missed and the found; goes on wherever it was.

    A run that is finished is not trained again, and a threshold that somebody saved since is kept.
    """
    from core.decided import POINT_FILE, point_in_force, save_point
    from core.results import split_results, torn_groups
    from core.review.worklists.case_table import case_table
    from core.review.worklists.filters import Filters
    from core.review.worklists.worklist import worklist
    from core.training.jobs import report

    if run.record.status != "finished":
        from core.training.execute import execute

        run = execute(run, told=told)
        if run.record.status != "finished":
            return {"run": run.id, "status": run.record.status}
    if not (run.folder / POINT_FILE).exists():
        from core.evaluation.decision.choosing import chosen
        from core.evaluation.decision.rules import MaxFnr

        val = split_results(run, "val")
        save_point(run, replace(chosen(val.scored, MaxFnr(MAX_FNR)), score_kind=val.score_kind))
    point = point_in_force(run)
    test = split_results(run, "test")
    scans = case_table(run, ("test",), point)
    lists = [worklist(scans, Filters(cells=(cell,))) for cell in ("missed", "found")]
    shown = [path for cases in lists for path in cases["path"].head(2)]
    told("drawing maps", 0.0, "")
    report(run, phase="drawing maps")
    maps = explain(run, shown, method="gradcam", out=run.folder / "maps", told=told)["maps"]
    report(run, phase="finished")
    return {
        "run": run.id,
        "status": run.record.status,
        "folder": str(run.folder),
        "threshold": point.threshold,
        "rule": point.rule,
        "torn_groups": torn_groups(run),
        "val": split_results(run, "val").evaluated(point.threshold).to_json(),
        "test": test.evaluated(point.threshold).to_json(),
        "maps": maps,
    }
