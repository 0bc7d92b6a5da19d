"""What each command calls, from the options that were given."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from core.commands import (
    calibration,
    datasets,
    evaluation,
    figures,
    sweeps,
    thresholds,
    trainings,
)
from core.demo import demo as whole_way
from core.errors import RequestError
from core.narration import Narrator
from core.runs import Run, find_run
from core.training.signs import Told


def demo(options: argparse.Namespace, told: Narrator) -> Any:
    """The whole way on phantoms: a new demo, or one that goes on."""
    if options.run:
        run = found_run(options, told)
    else:
        run = trainings.new_demo_run(options.runs, options.data)
        told.log_path = run.log_path
    if options.background:
        return trainings.start(run)
    return whole_way(run, told=_logged(run, told))


def phantoms(options: argparse.Namespace, told: Narrator) -> Any:
    """Synthetic slices."""
    wanted = {
        "classes": options.classes,
        "slices": options.slices,
        "shortcut": options.shortcut,
        "label_noise": options.label_noise,
        "format": options.format,
    }
    return datasets.phantoms(options.out, count=options.count, seed=options.seed, wanted=wanted, told=told)


def fetch(options: argparse.Namespace, told: Narrator) -> Any:
    """A public set."""
    return datasets.fetch(options.name, into=options.data, told=told)


def index(options: argparse.Namespace, told: Narrator) -> Any:
    """What is in a dataset."""
    return datasets.index(options.data, group_by=options.group_by, told=told)


def audit(options: argparse.Namespace, told: Narrator) -> Any:
    """What is wrong with it."""
    facts = datasets.audit(options.data, group_by=options.group_by, again=options.again, told=told)
    return facts if options.json else datasets.audit_for_people(facts)


def decide(options: argparse.Namespace, _told: Narrator) -> Any:
    """What to do about a finding, or what was decided."""
    if options.undo:
        return datasets.undo_decision(options.data, options.undo)
    if options.finding and options.action:
        return datasets.decide(options.data, options.finding, options.action)
    return datasets.decisions(options.data)


def train(options: argparse.Namespace, told: Narrator) -> Any:
    """A new run: carried out here, or handed to the queue."""
    from core.training.config import parse_settings

    settings = parse_settings(options.set)
    if options.init is not None:
        settings["init"] = options.init
    run = trainings.new_run(options.data, preset=options.preset, settings=settings, runs_folder=options.runs)
    if options.background:
        return trainings.start(run)
    told.log_path = run.log_path
    print(f"run {run.id}", file=sys.stderr)
    return trainings.train(run, told=_logged(run, told))


def resume(options: argparse.Namespace, told: Narrator) -> Any:
    """A run that goes on, here or in the queue."""
    run = found_run(options, told)
    if options.background:
        return trainings.start(run)
    return trainings.train(run, told=_logged(run, told))


def stop(options: argparse.Namespace, _told: Narrator) -> Any:
    """A run to stop after the step at hand."""
    return trainings.stop(options.run, runs_folder=options.runs)


def sweep(options: argparse.Namespace, told: Narrator) -> Any:
    """A sweep: begun, gone on with, or its winner's test figures."""
    from core.training.config import parse_settings

    settings = parse_settings(options.set)
    if options.init is not None:
        settings["init"] = options.init
    rule = {"max_fpr": options.max_fpr, "threshold": options.threshold}
    found = sweeps.sweep_of(
        options.target,
        runs_folder=options.runs,
        preset=options.preset,
        vary=options.vary,
        settings=settings,
        trials=options.trials,
        rule={name: value for name, value in rule.items() if value is not None},
    )
    told.log_path = found.log_path
    print(f"sweep {found.id}", file=sys.stderr)
    facts = sweeps.sweep(found, open_test=options.open_test, told=told)
    return facts if options.json else sweeps.for_people(facts)


def queue(options: argparse.Namespace, _told: Narrator) -> Any:
    """The waiting runs, or another place for one of them."""
    if not options.run and not options.where:
        return trainings.queue(options.runs)
    if not options.run or not options.where:
        raise RequestError(
            "expected a run and one of --first, --last, --up, --down, or neither; found one without the other"
        )
    return trainings.move(options.run, where=options.where, runs_folder=options.runs)


def runs(options: argparse.Namespace, _told: Narrator) -> Any:
    """All runs."""
    return trainings.runs(options.runs)


def evaluate(options: argparse.Namespace, told: Narrator) -> Any:
    """A run's figures."""
    run = found_run(options, told)
    if options.join and options.by != "patient":
        raise RequestError("expected --join with --by patient, found it alone; add --by patient")
    ways = evaluation.Ways((options.join or "mean") if options.by == "patient" else "", options.subgroups)
    facts = evaluation.evaluate(
        run, data=options.data, split=options.split, threshold=options.threshold, told=told, ways=ways
    )
    return facts if options.json else evaluation.for_people(facts)


def calibrate(options: argparse.Namespace, told: Narrator) -> Any:
    """A run's temperature, and which scores are in force."""
    use = True if options.use else False if options.off else None
    facts = calibration.calibrate(found_run(options, told), use=use)
    return facts if options.json else calibration.for_people(facts)


def threshold(options: argparse.Namespace, told: Narrator) -> Any:
    """A threshold chosen on validation, the changes of it, or a step back."""
    rule = thresholds.asked_rule(vars(options))
    run = found_run(options, told)
    if options.history:
        facts = thresholds.history(run)
        return facts if options.json else thresholds.history_for_people(facts)
    if options.back is not None:
        return thresholds.back(run, to=None if options.back is True else options.back)
    facts = thresholds.threshold(run, rule, prevalence=options.prevalence, save=options.save)
    return facts if options.json else figures.with_caution_lines(facts)


def predict(options: argparse.Namespace, told: Narrator) -> Any:
    """Scores and decisions."""
    return figures.predict(found_run(options, told), options.scans, out=options.out)


def found_run(options: argparse.Namespace, told: Narrator) -> Run:
    """The run that a command names; what it says goes into the run's log from now on."""
    run = find_run(options.run, options.runs)
    told.log_path = run.log_path
    return run


def _logged(run: Run, told: Narrator) -> Told:
    """Epoch lines go into the run's log too; in the background standard error is that log already."""
    is_log = _stands_for(2, run.log_path)

    def tell(phase: str, share: float, words: str) -> None:
        told(phase, share, words)
        if phase == "epoch" and not is_log:
            with run.log_path.open("a", encoding="utf-8") as log:
                log.write(words + "\n")

    return tell


def _stands_for(descriptor: int, path: Path) -> bool:
    """Whether what is written to this descriptor goes into this file."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:  # no such file yet, or the descriptor is closed
        return False
