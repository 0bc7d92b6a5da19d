"""What a run does in its turn: the data read, the network trained, every scan scored, all of it written down."""

import platform
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from core.data.brightness import BRIGHTNESS, mean_brightness
from core.data.pixels import DecodedScans, decoded
from core.data.windows import window_named
from core.errors import ConfigError, WorkError
from core.files import write_array, write_whole
from core.models.build import placed
from core.models.freezing import frozen_modules
from core.models.inputs import InputForm
from core.models.weights import Initialised, initialise, load_run_model, save_weights
from core.prediction import predict_pixels
from core.run_record import RunRecord
from core.runs import Run, now_text
from core.training import jobs
from core.training.batches import ScanLessons
from core.training.config import TrainingConfig, config_from_json
from core.training.features import FeatureLessons, keeps_features
from core.training.fit import fit
from core.training.lessons import Lessons
from core.training.material import parts_of, read_table
from core.training.memory import halved, is_out_of_memory
from core.training.precision import faster_precision
from core.training.reporting import RunReporter, load_progress, write_history
from core.training.signs import StopRequestedError, Told


def carry_out(run: Run, *, told: Told | None) -> Run:
    """Carry out a run that is claimed and whose turn it is; returns it finished.

    Raises:
        StopRequestedError: somebody asked to stop.
        ExplorerError: what went wrong, in one line.
    """
    reporter = RunReporter(run.updated(versions=_versions()), told)
    try:
        return _carried_out(reporter.run, reporter, before=run.record)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise WorkError("out of memory; train again with a smaller batch_size or image_size") from error


def _carried_out(run: Run, reporter: RunReporter, *, before: RunRecord) -> Run:
    config = config_from_json(run.record.config)
    run, table = read_table(run, config, reporter)
    reporter.run = run
    pixels = decoded(
        Path(run.record.data),
        table,
        config.image_size,
        window=window_named(config.window),
        progress=lambda done, total: reporter.preparing("reading scans", done, total),
    )
    splits = parts_of(pixels, table, run.record.classes)
    if len(splits["train"].targets) < config.batch_size:
        raise ConfigError(
            f"expected batch_size at most {len(splits['train'].targets)}, the scans in the training split, "
            f"found {config.batch_size}; choose a smaller one"
        )

    reporter.preparing("building the network", 0, 1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    progress = load_progress(run)
    first = initialise(
        config.backbone,
        classes=len(run.record.classes),
        head=config.head,
        channels=config.channels,
        dropout=config.dropout,
        drop_path=config.drop_path,
        init="scratch" if progress else config.init,  # going on replaces the first weights anyway
        runs_folder=run.folder.parent,
        image_size=config.feed_size or config.image_size,
        class_names=run.record.classes,
    )
    network = placed(first.network, device)
    frozen = frozen_modules(network, config.freeze)
    if progress is None:
        run = _begun(run, first, config, device)
    else:
        run = _gone_on(run, before, device, after_epoch=len(progress.history))
        network.load_state_dict(progress.network)
        write_history(run, progress)  # the process may have died just before it could, here and below
        if progress.best_epoch == len(progress.history):
            save_weights(progress.judged, run.weights_path)
    form = InputForm(run.record.input_mean, run.record.input_std, channels=first.channels, feed_size=config.feed_size)
    scans = ScanLessons(
        splits["train"], splits["val"], classes=len(run.record.classes), form=form, config=config, device=device
    )
    lessons: Lessons = scans
    if keeps_features(config, network):
        lessons = FeatureLessons(scans, network, config, folder=run.folder, progress=reporter.preparing)
        run = _with_note(run, lessons.says)
    if not run.record.precision:
        run = _timed(run, config, network, frozen, lessons, device)
    reporter.run = run

    result = fit(
        network,
        lessons,
        positive_class=run.record.classes.index(run.record.positive),
        classes=len(run.record.classes),
        frozen=frozen,
        config=config,
        device=device,
        precision=run.record.precision,
        reporter=reporter,
        progress=progress,
        micro_batch=run.record.micro_batch,
    )
    run = reporter.run
    if result.stopped:
        raise StopRequestedError
    reporter.preparing("scoring every scan", 0, 1)
    _write_predictions(run, table, pixels, device, reporter)
    run = run.updated(status="finished", best_epoch=result.best_epoch, ended=now_text())
    reporter.run = run
    with suppress(OSError, WorkError):  # it is finished whatever becomes of these
        run.resume_path.unlink(missing_ok=True)
        jobs.report(run, phase="finished", epoch=result.epochs, epochs=config.epochs)
    return run


def _begun(run: Run, first: Initialised, config: TrainingConfig, device: torch.device) -> Run:
    """The run's record with what is known once there is a network; an earlier attempt is forgotten."""
    notes = []
    if device.type == "cuda":
        notes.append("On a GPU sums are taken in a changing order: training again gives slightly other weights.")
    if config.precision == "auto":
        notes.append("The arithmetic was chosen by timing: set precision to fp32 or bf16 to train exactly so again.")
    return run.updated(
        input_mean=first.mean,
        input_std=first.std,
        weights_from=first.weights_from,
        device=device.type,
        precision=run.record.precision if run.record.device == device.type else "",  # timed anew it might be another
        micro_batch=0,
        notes=tuple(notes),
    )


def _gone_on(run: Run, before: RunRecord, device: torch.device, *, after_epoch: int) -> Run:
    """The run's record, which says so where what it goes on with computes otherwise than what it began with."""
    was = {**before.versions, "device": before.device}
    now = {**run.record.versions, "device": device.type}
    names = [name for name in ("device", "torch", "threads") if was.get(name) != now[name]]
    changed = [f"{name} {was.get(name, 'unknown')}, now {now[name]}" for name in names]
    if not changed:
        return run
    note = f"Gone on with after epoch {after_epoch} otherwise than before ({'; '.join(changed)}): the last bits differ."
    return _with_note(run.updated(device=device.type), note)


def _with_note(run: Run, note: str) -> Run:
    return run if note in run.record.notes else run.updated(notes=(*run.record.notes, note))


def _timed(
    run: Run,
    config: TrainingConfig,
    network: torch.nn.Module,
    frozen: Sequence[torch.nn.Module],
    lessons: Lessons,
    device: torch.device,
) -> Run:
    """The run's record with the arithmetic to train in, and the pace of bare steps."""
    for module in frozen:
        module.requires_grad_(False)
    inputs, _ = next(lessons.epoch(1))
    while True:
        try:
            precision, per_second = faster_precision(
                lambda batch: lessons.logits(network, batch),
                network,
                inputs,
                device=device,
                among=("fp32", "bf16") if config.precision == "auto" else (config.precision,),
            )
            break
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        inputs = inputs[: halved(len(inputs))]  # `fit` will find out by itself what fits
    return run.updated(precision=precision, bare_images_per_second=round(per_second, 1))


def _write_predictions(
    run: Run,
    table: pd.DataFrame,
    pixels: DecodedScans,
    device: torch.device,
    reporter: RunReporter,
) -> None:
    model = load_run_model(run, device=device)
    probabilities, features, brightness = [], [], []
    for start in range(0, len(pixels), 64):
        squares = pixels[start : start + 64]
        some, penultimate = predict_pixels(model, squares)
        probabilities.append(some)
        features.append(penultimate)
        brightness.append(mean_brightness(squares))
        reporter.preparing("scoring every scan", start, len(pixels))
    predictions = table[["path", "label", "split", "group"]].copy()
    predictions[BRIGHTNESS] = np.concatenate(brightness)
    for column, name in enumerate(run.record.classes):
        predictions[name] = np.concatenate(probabilities)[:, column]
    write_array(run.folder / "embeddings.npy", np.concatenate(features))
    write_whole(run.folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))


def _versions() -> dict[str, str]:
    import timm
    import torchvision

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "timm": timm.__version__,
        "numpy": np.__version__,
        "threads": str(torch.get_num_threads()),
    }
