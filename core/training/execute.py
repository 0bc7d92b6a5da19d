"""A run from queued to finished: the data read, the network trained, every scan scored, all of it written down.

Whatever moment the process dies at, the folder stays readable, and calling `execute` again goes on from there.
"""

import platform
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from core.data.index import index_dataset
from core.data.joined import join_labels, joined_classes
from core.data.pixels import DecodedScans, decoded
from core.data.positive import guess_positive
from core.data.split_ways import split_way
from core.data.splits import assign_splits
from core.data.trainable import check_trainable
from core.data.unchanged import check_unchanged
from core.data.windows import window_named
from core.errors import ConfigError, ExplorerError, RequestError, WorkError
from core.evaluation.splits import SPLITS
from core.files import write_array, write_whole
from core.models.build import placed
from core.models.freezing import frozen_modules
from core.models.inputs import InputForm
from core.models.weights import Initialised, initialise, load_run_model, save_weights
from core.prediction import predict_pixels
from core.runs import Run, clear_leftovers, now_text, read_index, read_run
from core.training import jobs
from core.training.batches import ScanLessons, ScanSplit
from core.training.config import TrainingConfig, config_from_json
from core.training.features import FeatureLessons, keeps_features
from core.training.fit import fit
from core.training.lessons import Lessons
from core.training.precision import faster_precision
from core.training.reporting import RunReporter, StopRequestedError, Told, load_progress, write_history


def execute(run: Run, *, told: Told | None = None) -> Run:
    """Carry out a run in this process, waiting for its turn first; returns it as it ended.

    A run that fails says why in `run.json`; so does one that was stopped. Both can be executed again.

    Raises:
        RequestError: another process works on the run, or it is finished already.
        ExplorerError: the run failed; the text is in `run.json` too.
    """
    with jobs.claimed(run):
        run = read_run(run.folder)  # while we waited to claim it, another process may have finished it
        clear_leftovers(run)
        if run.record.status == "finished":
            raise RequestError(f"run {run.id} is finished already; start a new one to train again")
        if run.record.status != "queued":
            jobs.forget_stop(run)  # it was meant for a process that has ended since
        run = run.updated(status="queued", error="", ended="")
        reporter = RunReporter(run, told)
        try:
            with jobs.device_turn(run, stop_requested=lambda: jobs.stop_is_requested(run)) as its_turn:
                if not its_turn:
                    raise StopRequestedError
                reporter.run = run.updated(
                    status="running", started=run.record.started or now_text(), versions=_versions()
                )
                return _carried_out(reporter.run, reporter)
        except StopRequestedError:
            return _ended(reporter.run, "stopped")
        except ExplorerError as error:
            _ended(reporter.run, "failed", str(error))
            raise
        except KeyboardInterrupt:
            _ended(reporter.run, "stopped")
            raise
        except (MemoryError, torch.OutOfMemoryError) as error:
            text = "out of memory; train again with a smaller batch_size or image_size"
            _ended(reporter.run, "failed", text)
            raise WorkError(text) from error
        except Exception as error:
            _ended(reporter.run, "failed", " ".join(f"{type(error).__name__}: {error}; see log.txt".split()))
            raise


def _carried_out(run: Run, reporter: RunReporter) -> Run:
    config = config_from_json(run.record.config)
    run, table = _read_data(run, config, reporter)
    reporter.run = run
    pixels = decoded(
        Path(run.record.data),
        table,
        config.image_size,
        window=window_named(config.window),
        progress=lambda done, total: reporter.preparing("reading scans", done, total),
    )
    splits = _parts(pixels, table, run.record.classes)
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


def _read_data(run: Run, config: TrainingConfig, reporter: RunReporter) -> tuple[Run, pd.DataFrame]:
    """The table to train on: as written down when the run began, else indexed and split now."""
    folder = Path(run.record.data)
    if (run.folder / "index.parquet").exists() and run.record.classes:
        table = read_index(run)
        check_unchanged(folder, table, progress=lambda done, total: reporter.preparing("checking scans", done, total))
        return run, table
    if run.record.phantoms and not folder.exists():
        from core.data.phantoms.writing import write_phantoms

        write_phantoms(
            folder,
            count=run.record.phantoms["count"],
            seed=run.record.phantoms["seed"],
            progress=lambda done, total: reporter.preparing("making synthetic scans", done, total),
        )
    dataset = index_dataset(
        folder,
        group_by=config.group_by,
        progress=lambda done, total: reporter.preparing("checking scans", done, total),
    )
    way = split_way(config.split_by)
    check_trainable(dataset, way)
    table = join_labels(dataset.usable.reset_index(drop=True), joined_classes(config.join))
    classes = tuple(sorted(table["label"].unique()))
    if len(classes) < 2:
        raise ConfigError(f"expected two classes or more, found {classes[0]!r} alone once joined; change join")
    positive = config.positive or guess_positive(classes)
    if positive not in classes:
        raise ConfigError(f"expected positive to be one of {', '.join(classes)}, found {positive!r}; set positive=...")
    table["split"], how = assign_splits(table, seed=config.seed, way=way)
    write_whole(run.folder / "index.parquet", lambda path: table.to_parquet(path, index=False))
    sizes = table["split"].value_counts()
    return run.updated(
        positive=positive,
        classes=classes,
        split_how=how,
        split_sizes={name: int(sizes.get(name, 0)) for name in SPLITS},
        group_source=dataset.group_source,
        group_by=dataset.group_by,
        decisions=tuple(decision.says for decision in dataset.decisions),
        data_fingerprint=dataset.fingerprint,
    ), table


def _parts(pixels: DecodedScans, table: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, ScanSplit]:
    targets = pd.Categorical(table["label"], categories=list(classes)).codes.astype(np.int64)
    parts = {}
    for name in ("train", "val"):
        rows = np.flatnonzero((table["split"] == name).to_numpy())
        parts[name] = ScanSplit(pixels.part(rows), torch.from_numpy(targets[rows]))
    return parts


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
        precision="",
        micro_batch=0,
        notes=tuple(notes),
    )


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
    precision, per_second = faster_precision(
        lambda batch: lessons.logits(network, batch),
        network,
        inputs,
        device=device,
        among=("fp32", "bf16") if config.precision == "auto" else (config.precision,),
    )
    return run.updated(precision=precision, bare_images_per_second=round(per_second, 1))


def _write_predictions(
    run: Run,
    table: pd.DataFrame,
    pixels: DecodedScans,
    device: torch.device,
    reporter: RunReporter,
) -> None:
    model = load_run_model(run, device=device)
    probabilities, features = [], []
    for start in range(0, len(pixels), 64):
        some, penultimate = predict_pixels(model, pixels[start : start + 64])
        probabilities.append(some)
        features.append(penultimate)
        reporter.preparing("scoring every scan", start, len(pixels))
    predictions = table[["path", "label", "split", "group"]].copy()
    for column, name in enumerate(run.record.classes):
        predictions[name] = np.concatenate(probabilities)[:, column]
    write_array(run.folder / "embeddings.npy", np.concatenate(features))
    write_whole(run.folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))


def _ended(run: Run, status: str, error: str = "") -> Run:
    run = run.updated(status=status, error=error, ended=now_text())
    jobs.forget_stop(run)
    with suppress(WorkError):  # the record tells how it ended; this is for the page alone
        jobs.report(run, phase=status)
    return run


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
