"""The command that calibrates a run's scores, and puts calibrated or raw ones in force."""

from core.commands.datasets import Facts
from core.runs import Run


def calibrate(run: Run, *, use: bool | None) -> Facts:
    """A run's temperature, fitted on validation, and what it does to validation and test.

    Args:
        run: a finished one.
        use: True puts calibrated scores in force everywhere, False raw ones; None changes nothing.

    Raises:
        RequestError: no temperature can be fitted, and raw scores are not what is asked for.
    """
    from core.calibration import read_calibration
    from core.decided import point_in_force
    from core.results import splits_of
    from core.scores_in_force import calibration_reports, temperature_of, use_calibrated_scores, use_raw_scores

    if use is False:
        use_raw_scores(run)
    else:
        temperature_of(run)
        if use:
            use_calibrated_scores(run)
    kept = read_calibration(run)
    reports = calibration_reports(run, [split for split in ("val", "test") if split in splits_of(run)])
    temperature = next(iter(reports.values())).temperature
    return {
        "run": run.id,
        "temperature": None,
        **({} if temperature is None else {**temperature.to_json(), "rough": temperature.is_rough}),
        "scores": "calibrated" if kept is not None and kept.in_force else "raw",
        "threshold": point_in_force(run).threshold,
        **{split: report.to_json() for split, report in reports.items()},
    }


def for_people(facts: Facts) -> Facts:
    """The same without the bins, which are for charts."""
    shorter = {
        split: {
            kind: one and {name: value for name, value in one.items() if name != "bins"}
            for kind, one in facts[split].items()
        }
        for split in ("val", "test")
        if split in facts
    }
    return facts | shorter
