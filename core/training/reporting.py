"""What `fit` tells, written into the run's folder and passed on to a progress bar; and its progress read back."""

import io
import time
from collections import deque
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from core.errors import WorkError
from core.files import write_text, write_whole
from core.models.weights import save_weights
from core.runs import HISTORY_COLUMNS, Run
from core.training import jobs
from core.training.fit import Progress
from core.training.memory import peak_memory_gib
from core.training.signs import StopRequestedError, Told


class RunReporter:
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
            raise StopRequestedError
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
            images_per_second=round(per_second, 1) if per_second else None,  # nobody knows at the first step
            limit_images_per_second=self.run.record.bare_images_per_second,
            memory_gib=round(peak_memory_gib(), 2),
            seconds_left=None if seconds_left is None else round(seconds_left, 1),
        )
        self._tell(
            "training",
            (epoch - 1 + step / steps) / epochs,
            f"epoch {epoch} of {epochs}, {per_second:.0f} images/s",
        )

    def epoch(self, progress: Progress, *, improved: bool) -> None:
        """An epoch is done: all that is needed to go on, then the best weights, then the history.

        In this order weights are never of an epoch that a resume knows nothing of; those that a kill in between
        leaves unwritten stand in the progress, and a resume writes them.
        """
        content = io.BytesIO()  # written to a full disk itself, torch would tell of a broken archive
        torch.save(vars(progress), content)
        write_whole(self.run.resume_path, lambda path: path.write_bytes(content.getbuffer()))
        if improved:
            save_weights(progress.judged, self.run.weights_path)
        write_history(self.run, progress)
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

    def memory_ran_out(self, micro_batch: int) -> None:
        """Batches go through in smaller parts from now on."""
        note = (
            f"Memory ran out: batches of {self.run.record.config['batch_size']} go through in parts of {micro_batch}, "
            "their gradients summed; batch statistics are those of the parts, and another machine gives other weights."
        )
        others = [note for note in self.run.record.notes if not note.startswith("Memory ran out")]
        self.run = self.run.updated(micro_batch=micro_batch, notes=(*others, note))
        self._tell("epoch", 0.0, note)

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

    def _seconds_left(self, epoch: int, step: int, steps: int, images: int, epochs: int) -> float | None:
        if self._epoch_seconds:
            per_epoch = float(np.mean(self._epoch_seconds[-3:]))
        elif per_second := self._pace.images_per_second():
            per_epoch = steps * images / per_second * 1.1  # a tenth for validation
        else:
            return None
        return per_epoch * (epochs - epoch + 1 - step / steps)

    def _tell(self, phase: str, share: float, words: str) -> None:
        if self._told:
            self._told(phase, share, words)


def write_history(run: Run, progress: Progress) -> None:
    """Write `history.csv`."""
    history = pd.DataFrame(progress.history, columns=list(HISTORY_COLUMNS))
    history["epoch"] = history["epoch"].astype(int)
    write_text(run.folder / "history.csv", history.to_csv(index=False))


def load_progress(run: Run) -> Progress | None:
    """What `resume.pt` holds; None where there is none.

    Raises:
        WorkError: it is damaged.
    """
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


@dataclass
class _Pace:
    """Images a second over the last steps, and the seconds left at that pace."""

    steps: deque[tuple[float, int]]

    def images_per_second(self) -> float:
        if len(self.steps) < 2:
            return 0.0
        elapsed = self.steps[-1][0] - self.steps[0][0]
        return sum(images for _, images in list(self.steps)[1:]) / elapsed if elapsed > 0 else 0.0
