"""A run's figures by epoch: the latest as numbers, all of them as curves, what they say as sentences."""

import pandas as pd
import streamlit as st

from core.charts.history import Quantity, history_figure
from core.runs import Run, read_history
from core.training.jobs import progress_of
from pages.shared.charts import show
from pages.shared.progress import duration, fact, pace_words
from pages.shared.tables import download_button
from pages.training.remarks import remarks

_QUANTITIES: tuple[Quantity, ...] = ("detection", "loss", "accuracy", "learning rate")
_NOT_YET = "-"


def show_curves(run: Run, *, working: bool) -> None:
    """Numbers, curves and sentences; while the run works the same places stand there from the beginning."""
    history = read_history(run)
    _figures(run, history, working)
    if history.empty:
        st.caption("Curves appear after the first epoch.")
        return
    for words in remarks(history, run.record.config, best_epoch=run.record.best_epoch, working=working):
        st.markdown(f":material/lightbulb: {words}")
    charts = st.grid(2, min_column_width=330)
    for quantity in _QUANTITIES:
        with charts.cell():
            figure = history_figure(history, quantity, best_epoch=run.record.best_epoch)
            show(figure, key=f"{quantity}-{run.id}")
    with st.expander("The figures by epoch", icon=":material/table:"):
        st.dataframe(history, hide_index=True, width="stretch", alt="A row an epoch, as in history.csv")
        download_button(history, f"{run.id}-history")


def _figures(run: Run, history: pd.DataFrame, working: bool) -> None:
    if history.empty and not working:
        return
    row, which = _spoken_of(run, history, working)
    figures = st.grid(6, min_column_width=140)
    for words, name, shown in (
        ("Missed (FNR at 0.5)", "val_fnr", ".1%"),
        ("Validation AUC", "val_auc", ".3f"),
        ("Validation loss", "val_loss", ".3f"),
    ):
        known = row is not None and pd.notna(row[name])
        figures.metric(words, format(row[name], shown) if known else _NOT_YET, help=f"On validation, {which}.")
    facts = progress_of(run)
    seconds_left, memory_gib = fact(facts, "seconds_left"), fact(facts, "memory_gib")
    an_epoch = None if history.empty else float(history["seconds"].mean())
    if working:
        limit = fact(facts, "limit_images_per_second") or run.record.bare_images_per_second
        figures.metric(
            "Images/s",
            pace_words(fact(facts, "images_per_second"), limit) or _NOT_YET,
            help="Of the limit: the same steps on scans that lie in memory, without reading and augmentation.",
        )
        figures.metric(
            "Memory",
            _NOT_YET if memory_gib is None else f"{memory_gib:.1f} GiB",
            help="The most that the process has held so far.",
        )
        figures.metric(
            "Time left",
            _NOT_YET if seconds_left is None else duration(seconds_left),
            help="If every epoch is used; early stopping ends it sooner."
            + ("" if an_epoch is None else f" An epoch takes {duration(an_epoch)}."),
        )
        return
    figures.metric("Epochs", f"{len(history)} of {run.record.config.get('epochs', len(history))}")
    if an_epoch is not None:
        figures.metric("An epoch took", duration(an_epoch))
    if run.record.bare_images_per_second:
        figures.metric(
            "Limit, images/s",
            f"{run.record.bare_images_per_second:.0f}",
            help="Steps on scans that lie in memory, without reading and augmentation; measured when it began.",
        )


def _spoken_of(run: Run, history: pd.DataFrame, working: bool) -> "tuple[pd.Series | None, str]":
    """The epoch whose figures are shown: the last one of a training that goes on, else the one that is kept."""
    if history.empty:
        return None, "after the first epoch"
    kept = history[history["epoch"] == run.record.best_epoch]
    if working or kept.empty:
        return history.iloc[-1], f"after epoch {history['epoch'].iloc[-1]:.0f}, the last one finished"
    return kept.iloc[0], f"after epoch {run.record.best_epoch}, the best one"
