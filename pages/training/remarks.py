"""What the curves of a training say, in sentences."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

_ACCURACY_GAP = 0.1  # share of scans by which training may be ahead before it is said
_LOSS_RISE = 0.05  # share of the lowest validation loss by which it may rise before it is said
_BETTER = {
    "val_loss": "lower validation loss",
    "val_auc": "higher validation AUC",
    "val_fnr": "lower validation FNR at 10 % false alarms",
}


def remarks(history: pd.DataFrame, config: Mapping[str, Any], *, best_epoch: int | None, working: bool) -> list[str]:
    """The gap between training and validation where it opens, and what early stopping did or is about to do.

    Args:
        history: a row an epoch, columns as in `history.csv`, at least one row.
        config: of the run; what an older run lacks is not spoken of.
        best_epoch: the one whose weights are kept; None where unknown.
        working: whether the training goes on.
    """
    said = [_loss_gap(history), _accuracy_gap(history), _stopping(history, config, best_epoch, working)]
    return [sentence for sentence in said if sentence]


def _loss_gap(history: pd.DataFrame) -> str:
    known = history.dropna(subset=["train_loss", "val_loss"])
    if known.empty:
        return ""
    lowest, last = known.loc[known["val_loss"].idxmin()], known.iloc[-1]
    since = known[known["epoch"] > lowest["epoch"]]
    rises = since["val_loss"].tail(3).mean() > lowest["val_loss"] * (1 + _LOSS_RISE)  # one bad epoch says nothing
    if len(since) < 3 or not rises or last["train_loss"] >= lowest["train_loss"]:
        return ""
    return (
        f"Since epoch {lowest['epoch']:.0f} validation loss rises ({lowest['val_loss']:.3f} to {last['val_loss']:.3f}) "
        f"while training loss falls ({lowest['train_loss']:.3f} to {last['train_loss']:.3f}): what is learnt since "
        "then holds for the training scans alone."
    )


def _accuracy_gap(history: pd.DataFrame) -> str:
    last = history.iloc[-1]
    gap = float(last["train_accuracy"] - last["val_accuracy"])
    if not gap > _ACCURACY_GAP:
        return ""
    return (
        f"Training accuracy is {gap * 100:.0f} points above validation ({last['train_accuracy']:.1%} and "
        f"{last['val_accuracy']:.1%}): it knows its training scans better than others."
    )


def _stopping(history: pd.DataFrame, config: Mapping[str, Any], best_epoch: int | None, working: bool) -> str:
    patience, epochs, done = config.get("patience"), config.get("epochs"), int(history["epoch"].iloc[-1])
    if not isinstance(patience, int) or not isinstance(epochs, int) or not best_epoch:
        return ""
    better = _BETTER.get(str(config.get("best_by", "val_loss")), "better epoch")
    since = done - best_epoch
    if since >= patience and done < epochs:
        return f"Stopped early: none of the {since} epochs after epoch {best_epoch} had a {better}."
    if working and since >= 2 and best_epoch + patience < epochs:
        return (
            f"No {better} for {since} epochs; it stops early after {patience} such epochs, and keeps the weights of "
            f"epoch {best_epoch}."
        )
    return ""
