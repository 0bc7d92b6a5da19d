"""Commands about trainings."""

from pathlib import Path

from core.commands.datasets import Facts
from core.runs import Run, create_run, find_run, list_runs
from core.training.signs import Told

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
    from core.data.folders import check_folder
    from core.training.presets import configured, preset_named

    config = configured(preset, settings)
    check_folder(data)
    base = preset_named(preset).config.to_json()
    return create_run(runs_folder, config=config.to_json(), data=data, preset=preset, preset_config=base)


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
        from core.decided import point_in_force
        from core.results import split_results, splits_of
        from core.sweeps.opening import sweep_words

        threshold = point_in_force(run).threshold
        facts["sweep"] = sweep_words(run)
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


def start(run: Run) -> Facts:
    """Queue a run, or go on with one, in the background.

    Raises:
        RequestError: it is finished; but a demo goes on with its threshold and maps.
    """
    from core.training import jobs

    if run.record.phantoms:
        jobs.start_in_background(run)
    else:
        jobs.retry(run)
    return {"run": run.id, "status": "queued", "folder": str(run.folder), "place": jobs.waiting_before(run) + 1}


def queue(runs_folder: Path) -> Facts:
    """The run that trains, and those that wait for it in their order."""
    from core.training import jobs

    found, problems = list_runs(runs_folder)
    waiting = [_in_short(run) for run in jobs.queued(runs_folder)]
    return {
        "training": [_in_short(run) for run in found if jobs.current_status(run)[0] == "running"],
        "waiting": [{"place": place, **facts} for place, facts in enumerate(waiting, start=1)],
        "problems": problems,
    }


def move(name: str, *, where: str, runs_folder: Path) -> Facts:
    """Move a waiting run in the queue: to its `first` or `last` place, or one `up` or `down`.

    Raises:
        RequestError: the run does not wait.
    """
    from core.training import jobs

    run = find_run(name, runs_folder)
    if where in ("first", "last"):
        order = (jobs.move_to_front if where == "first" else jobs.move_to_end)(run)
    else:
        order = jobs.move(run, places=-1 if where == "up" else 1)
    return {"waiting": [{"place": place, **_in_short(other)} for place, other in enumerate(order, start=1)]}


def runs(runs_folder: Path) -> Facts:
    """All runs, newest first; of each that waits its place in the queue, from 1, and of each that ended early why."""
    from core.training.jobs import current_status, queued

    found, problems = list_runs(runs_folder)
    places = {run.id: place for place, run in enumerate(queued(runs_folder), start=1)}
    rows = []
    for run in found:
        status, error = current_status(run)
        rows.append(
            {
                "run": run.id,
                "status": status,
                "place": places.get(run.id),
                "created": run.record.created,
                "preset": run.record.preset,
                "backbone": run.record.config.get("backbone"),
                "data": run.record.data,
                "best_epoch": run.record.best_epoch,
                "error": error,
            }
        )
    return {"runs": rows, "problems": problems}


def _in_short(run: Run) -> Facts:
    return {
        "run": run.id,
        "created": run.record.created,
        "preset": run.record.preset,
        "backbone": run.record.config.get("backbone"),
        "data": run.record.data,
    }
