"""A run from queued to finished: the data read, the network trained, every scan scored, all of it written down.

Whatever moment the process dies at, the folder stays readable, and calling `execute` again goes on from there.
"""

import io
import os
import platform
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from core.data.index import check_trainable, guess_positive, index_dataset
from core.data.pixels import decode_scans
from core.data.splits import assign_splits
from core.errors import ConfigError, ExplorerError, RequestError, WorkError
from core.files import write_text, write_whole
from core.models.build import frozen_modules, placed, to_input
from core.models.weights import initialise, load_run_model, save_weights
from core.prediction import predict_pixels
from core.runs import Run, now_text, read_index, read_run
from core.training import jobs
from core.training.config import TrainingConfig, config_from_json
from core.training.fit import HISTORY_COLUMNS, Progress, ScanSplit, fit
from core.training.precision import faster_precision

Told = Callable[[str, float, str], None]
"""Called with the phase, its share done in [0, 1], and words; for a progress bar."""


def execute(run: Run, *, told: Told | None = None) -> Run:
    """Carry out a run in this process, waiting for its turn first; returns it as it ended.

    A run that fails says why in `run.json`; so does one that was stopped. Both can be executed again.

    Raises:
        RequestError: another process works on the run, or it is finished already.
        ExplorerError: the run failed; the text is in `run.json` too.
    """
    with jobs.claimed(run):
        run = read_run(run.folder)  # while we waited to claim it, another process may have finished it
        if run.record.status == "finished":
            raise RequestError(f"run {run.id} is finished already; start a new one to train again")
        if run.record.status == "running":
            jobs.forget_stop(run)  # it was meant for a process that has died since
        run = run.updated(status="queued", error="", ended="")
        reporter = _RunReporter(run, told)
        try:
            with jobs.device_turn(run, stop_requested=lambda: jobs.stop_is_requested(run)) as its_turn:
                if not its_turn:
                    raise _StopRequestedError
                reporter.run = run.updated(
                    status="running", started=run.record.started or now_text(), versions=_versions()
                )
                return _carried_out(reporter.run, reporter)
        except _StopRequestedError:
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
            _ended(reporter.run, "failed", f"{type(error).__name__}: {error}; see log.txt")
            raise


def _carried_out(run: Run, reporter: "_RunReporter") -> Run:
    config = config_from_json(run.record.config)
    run, table = _read_data(run, config, reporter)
    reporter.run = run
    pixels = decode_scans(
        Path(run.record.data),
        table["path"].tolist(),
        config.image_size,
        progress=lambda done, total: reporter.preparing("reading scans", done, total),
    )
    splits = _in_memory(pixels, table, run.record.classes)
    if len(splits["train"].targets) < config.batch_size:
        raise ConfigError(
            f"expected batch_size at most {len(splits['train'].targets)}, the scans in the training split, "
            f"found {config.batch_size}; choose a smaller one"
        )

    reporter.preparing("building the network", 0, 1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    progress = _load_progress(run)
    first = initialise(
        config.backbone,
        classes=len(run.record.classes),
        dropout=config.dropout,
        init="scratch" if progress else config.init,  # going on replaces the first weights anyway
        runs_folder=run.folder.parent,
        image_size=config.image_size,
    )
    network = placed(first.network, device)
    if progress is None:
        run = run.updated(
            input_mean=first.mean,
            input_std=first.std,
            weights_from=first.weights_from,
            device=device.type,
            precision=_precision(config, network, splits["train"], device),
        )
        reporter.run = run
    else:
        _write_history(run, progress)  # the process may have died just before it could

    result = fit(
        network,
        train=splits["train"],
        val=splits["val"],
        positive_class=run.record.classes.index(run.record.positive),
        frozen=frozen_modules(network, config.freeze),
        mean=run.record.input_mean,
        std=run.record.input_std,
        config=config,
        device=device,
        precision=run.record.precision,
        reporter=reporter,
        progress=progress,
        workers=1 if (os.cpu_count() or 1) < 4 else 2,
    )
    run = reporter.run
    if result.stopped:
        raise _StopRequestedError
    reporter.preparing("scoring every scan", 0, 1)
    _write_predictions(run, table, pixels, device, reporter)
    run = run.updated(status="finished", best_epoch=result.best_epoch, ended=now_text())
    run.resume_path.unlink(missing_ok=True)
    jobs.report(run, phase="finished", epoch=result.epochs, epochs=config.epochs)
    return run


def _read_data(run: Run, config: TrainingConfig, reporter: "_RunReporter") -> tuple[Run, pd.DataFrame]:
    """The table to train on: as written down when the run began, else indexed and split now."""
    if (run.folder / "index.parquet").exists() and run.record.classes:
        return run, read_index(run)
    folder = Path(run.record.data)
    if run.record.phantoms and not folder.exists():
        from core.data.phantoms import write_phantoms

        folder.parent.mkdir(parents=True, exist_ok=True)
        write_phantoms(
            folder,
            count=run.record.phantoms["count"],
            seed=run.record.phantoms["seed"],
            progress=lambda done, total: reporter.preparing("making synthetic scans", done, total),
        )
    dataset = index_dataset(folder, progress=lambda done, total: reporter.preparing("checking scans", done, total))
    check_trainable(dataset)
    positive = config.positive or guess_positive(dataset.classes)
    if positive not in dataset.classes:
        raise ConfigError(
            f"expected positive to be one of {', '.join(dataset.classes)}, found {positive!r}; set positive=..."
        )
    table = dataset.usable.reset_index(drop=True)
    table["split"], how = assign_splits(table, seed=config.seed)
    write_whole(run.folder / "index.parquet", lambda path: table.to_parquet(path, index=False))
    sizes = table["split"].value_counts()
    return run.updated(
        positive=positive,
        classes=dataset.classes,
        split_how=how,
        split_sizes={name: int(sizes.get(name, 0)) for name in ("train", "val", "test")},
        group_source=dataset.group_source,
        data_fingerprint=dataset.fingerprint,
    ), table


def _in_memory(pixels: np.ndarray[Any, Any], table: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, ScanSplit]:
    targets = pd.Categorical(table["label"], categories=list(classes)).codes.astype(np.int64)
    parts = {}
    for name in ("train", "val"):
        rows = np.flatnonzero((table["split"] == name).to_numpy())
        parts[name] = ScanSplit(torch.from_numpy(pixels[rows]), torch.from_numpy(targets[rows]))
    return parts


def _precision(config: TrainingConfig, network: torch.nn.Module, train: ScanSplit, device: torch.device) -> str:
    if config.precision != "auto":
        return config.precision
    batch = to_input(train.pixels[: min(config.batch_size, 16)], mean=0.5, std=0.25, device=device)
    return faster_precision(network, batch, device=device)


def _write_predictions(
    run: Run,
    table: pd.DataFrame,
    pixels: np.ndarray[Any, Any],
    device: torch.device,
    reporter: "_RunReporter",
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
    embeddings = np.concatenate(features)

    def save_embeddings(path: Path) -> None:
        with path.open("wb") as file:  # given a name, NumPy would add its own ending
            np.save(file, embeddings, allow_pickle=False)

    write_whole(run.folder / "embeddings.npy", save_embeddings)
    write_whole(run.folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))


def _load_progress(run: Run) -> Progress | None:
    if not run.resume_path.exists():
        return None
    try:
        content = torch.load(run.resume_path, map_location="cpu", weights_only=True)
        return Progress(**content)
    except Exception as error:  # torch raises many kinds on damaged bytes
        raise WorkError(
            f"expected to go on from {run.resume_path.name} of run {run.id}, but it is damaged; "
            "delete the file to train it from the beginning"
        ) from error


def _write_history(run: Run, progress: Progress) -> None:
    history = pd.DataFrame(progress.history, columns=list(HISTORY_COLUMNS))
    history["epoch"] = history["epoch"].astype(int)
    write_text(run.folder / "history.csv", history.to_csv(index=False))


def _ended(run: Run, status: str, error: str = "") -> Run:
    jobs.forget_stop(run)
    jobs.report(run, phase=status)
    return run.updated(status=status, error=error, ended=now_text())


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


class _StopRequestedError(Exception):
    """Somebody asked to stop before there was anything to finish."""


@dataclass
class _Pace:
    """Images a second over the last steps, and the seconds left at that pace."""

    steps: deque[tuple[float, int]]

    def images_per_second(self) -> float:
        if len(self.steps) < 2:
            return 0.0
        elapsed = self.steps[-1][0] - self.steps[0][0]
        return sum(images for _, images in list(self.steps)[1:]) / elapsed if elapsed > 0 else 0.0


class _RunReporter:
    """Writes what `fit` tells it into the run's folder, and passes it on to a progress bar."""

    def __init__(self, run: Run, told: Told | None) -> None:
        self.run, self._told = run, told
        self._pace = _Pace(deque(maxlen=40))
        self._written_at = 0.0
        self._phase = ""
        self._stop_seen_at, self._stop = 0.0, False
        self._epoch_seconds: list[float] = []

    def preparing(self, phase: str, done: int, total: int) -> None:
        """Work before and after the training itself."""
        if self.stop_requested():
            raise _StopRequestedError
        if self._due(phase):
            jobs.report(self.run, phase=phase, done=done, total=total)
            self._tell(phase, done / max(total, 1), f"{done} of {total}")

    def step(self, *, epoch: int, step: int, steps: int, images: int) -> None:
        """A training step is done."""
        self._pace.steps.append((time.perf_counter(), images))
        if not self._due("training"):
            return
        epochs = int(self.run.record.config["epochs"])
        seconds_left = self._seconds_left(epoch, step, steps, images, epochs)
        per_second = self._pace.images_per_second()
        jobs.report(
            self.run,
            phase="training",
            epoch=epoch,
            epochs=epochs,
            step=step,
            steps=steps,
            images_per_second=round(per_second, 1),
            seconds_left=round(seconds_left, 1),
        )
        self._tell(
            "training",
            (epoch - 1 + step / steps) / epochs,
            f"epoch {epoch} of {epochs}, {per_second:.0f} images/s",
        )

    def epoch(self, progress: Progress, *, improved: bool) -> None:
        """An epoch is done: best weights, then all that is needed to go on, then the history."""
        if improved:
            save_weights(progress.network, self.run.weights_path)
        content = io.BytesIO()  # written to a full disk itself, torch would tell of a broken archive
        torch.save(vars(progress), content)
        write_whole(self.run.resume_path, lambda path: path.write_bytes(content.getbuffer()))
        _write_history(self.run, progress)
        self._epoch_seconds.append(progress.history[-1]["seconds"])
        self.run = self.run.updated(best_epoch=progress.best_epoch)
        last = progress.history[-1]
        self._tell(
            "epoch",
            last["epoch"] / int(self.run.record.config["epochs"]),
            f"epoch {int(last['epoch'])}: train loss {last['train_loss']:.4f}, val loss {last['val_loss']:.4f}, "
            f"val AUC {last['val_auc']:.4f}, val FNR {last['val_fnr']:.3f}, {last['seconds']:.1f} s"
            f"{', best so far' if improved else ''}",
        )

    def stop_requested(self) -> bool:
        """Whether somebody asked to stop; looked up a few times a second."""
        now = time.monotonic()
        if now - self._stop_seen_at > 0.2:
            self._stop_seen_at, self._stop = now, jobs.stop_is_requested(self.run)
        return self._stop

    def _due(self, phase: str) -> bool:
        now = time.monotonic()
        if phase == self._phase and now - self._written_at < 0.4:
            return False
        self._phase, self._written_at = phase, now
        return True

    def _seconds_left(self, epoch: int, step: int, steps: int, images: int, epochs: int) -> float:
        if self._epoch_seconds:
            per_epoch = float(np.mean(self._epoch_seconds[-3:]))
        else:
            per_second = self._pace.images_per_second()
            per_epoch = steps * images / per_second * 1.1 if per_second else 0.0  # a tenth for validation
        return per_epoch * (epochs - epoch + 1 - step / steps)

    def _tell(self, phase: str, share: float, words: str) -> None:
        if self._told:
            self._told(phase, share, words)
