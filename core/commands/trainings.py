"""Commands about trainings."""

from pathlib import Path

from core.commands.datasets import Facts, Told
from core.errors import RequestError
from core.runs import Run, create_run, find_run, list_runs

DEMO_COUNT, DEMO_SEED = 400, 0


def new_demo_run(runs_folder: Path, data_folder: Path) -> Run:
    """A queued run that makes phantoms and trains on them."""
    from core.training.presets import preset_named

    return create_run(
        runs_folder,
        config=preset_named("demo").config.to_json(),
        preset="demo",
        data=data_folder / f"phantoms-{DEMO_COUNT}-seed-{DEMO_SEED}",
        phantoms={"count": DEMO_COUNT, "seed": DEMO_SEED},
    )


def new_run(data: Path, *, preset: str, settings: Facts, runs_folder: Path) -> Run:
    """A queued run of a preset with some settings changed.

    Raises:
        RequestError: the dataset or a setting cannot be used.
    """
    from core.training.config import with_settings
    from core.training.presets import preset_named

    config = with_settings(preset_named(preset).config, settings)
    if not data.is_dir():
        raise RequestError(f"expected a dataset's folder, found {'a file' if data.exists() else 'nothing'} at {data}")
    if config.init not in ("hub", "scratch") and Path(config.init).exists():
        config = with_settings(config, {"init": str(Path(config.init).resolve())})  # wherever it is resumed from
    return create_run(runs_folder, config=config.to_json(), data=data, preset=preset)


def train(run: Run, *, told: Told) -> Facts:
    """Carry out a run, or go on with it."""
    from core.training.execute import execute

    run = execute(run, told=told)
    facts: Facts = {
        "run": run.id,
        "status": run.record.status,
        "folder": str(run.folder),
        "best_epoch": run.record.best_epoch,
    }
    if run.record.status == "finished":
        from core.results import point_in_force, split_results, splits_of

        threshold = point_in_force(run).threshold
        for split in ("val", "test"):
            if split in splits_of(run):
                facts[split] = split_results(run, split).evaluated(threshold).to_json()
    return facts


def stop(name: str, *, runs_folder: Path) -> Facts:
    """Ask a run to stop."""
    from core.training.jobs import current_status, request_stop

    run = find_run(name, runs_folder)
    request_stop(run)
    return {"run": run.id, "status": current_status(find_run(str(run.folder), runs_folder))[0], "asked": True}


def runs(runs_folder: Path) -> Facts:
    """All runs, newest first."""
    from core.training.jobs import current_status

    found, problems = list_runs(runs_folder)
    rows = []
    for run in found:
        status, error = current_status(run)
        rows.append(
            {
                "run": run.id,
                "status": status,
                "created": run.record.created,
                "preset": run.record.preset,
                "backbone": run.record.config.get("backbone"),
                "data": run.record.data,
                "best_epoch": run.record.best_epoch,
                "error": error,
            }
        )
    return {"runs": rows, "problems": problems}
