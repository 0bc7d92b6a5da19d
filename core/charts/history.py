"""Training history: what changed from epoch to epoch."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import ACCENT, CELL_COLOURS, NEUTRAL
from core.charts.wording import number, percent
from core.evaluation.confusion import FALSE_ALARM, MISSED

Quantity = Literal["loss", "accuracy", "detection", "learning rate"]

FNR_AT_FPR_WORDS = "val FNR at 10 % false alarms"  # as `core.evaluation.decision.budgets.USUAL_MAX_FPR` has it
_HEIGHT_PX = 300
_EVERY_EPOCH_TICKED = 10
# For each quantity: its column, its words, its colour, its dash.
_LINES: dict[str, list[tuple[str, str, str, str]]] = {
    "loss": [("train_loss", "train loss", NEUTRAL, "dash"), ("val_loss", "val loss", ACCENT, "solid")],
    "accuracy": [
        ("train_accuracy", "train accuracy", NEUTRAL, "dash"),
        ("val_accuracy", "val accuracy", ACCENT, "solid"),
    ],
    "detection": [
        ("val_fnr", "val FNR at 0.5: missed", CELL_COLOURS[MISSED], "solid"),
        ("val_fnr_at_fpr", FNR_AT_FPR_WORDS, CELL_COLOURS[FALSE_ALARM], "dot"),
        ("val_auc", "val AUC", ACCENT, "dash"),
    ],
    "learning rate": [("learning_rate", "learning rate", ACCENT, "solid")],
}
_AXES = {"loss": "Loss", "accuracy": "Accuracy", "detection": "FNR and AUC", "learning rate": "Learning rate"}
_FORMATS = {"accuracy": ".1%", "learning rate": ".2e"}


def history_figure(
    history: pd.DataFrame, quantity: Quantity, *, best_epoch: int | None = None, title: str | None = None
) -> go.Figure:
    """Train and validation by epoch, the best epoch marked.

    Args:
        history: a row an epoch, columns as in `history.csv`; gaps (NaN) and columns that are not there are left out.
        quantity: `loss`; `accuracy`; `detection`, the validation split's FNR and AUC; or `learning rate`.
        best_epoch: the one whose weights are kept; where it is unknown, that of the lowest validation loss.
        title: of the chart.

    Raises:
        ValueError: there is no such quantity.
    """
    if quantity not in _LINES:
        raise ValueError(f"quantity must be one of {', '.join(_LINES)}; found {quantity!r}")
    lines = [line for line in _LINES[quantity] if line[0] in history.columns]
    series = {
        name: history.loc[history[column].notna(), ["epoch", column]].to_numpy().T.tolist()
        for column, name, _, _ in lines
    }
    if not any(epochs for epochs, _ in series.values()):
        return empty_figure("No epoch is finished yet.", title=title, height=_HEIGHT_PX)
    shown = _FORMATS.get(quantity, ".3f")
    figure = go.Figure()
    for _, name, colour, dash in lines:
        epochs, values = series[name]
        figure.add_scatter(
            x=epochs,
            y=values,
            mode="lines+markers",
            name=name,
            hovertemplate=f"epoch %{{x}}: {name} %{{y:{shown}}}<extra></extra>",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 5},
        )
    alt = f"{_AXES[quantity]} over {len(history)} epoch{'s' if len(history) != 1 else ''}."
    alt += _mark_best(figure, history, quantity, best_epoch)
    styled(figure, alt=alt, x="Epoch", y=_AXES[quantity], title=title, height=_HEIGHT_PX)
    epochs_shown = max(int(history["epoch"].max()), 2)
    figure.update_xaxes(tickformat="d", range=[0.5, epochs_shown + 0.5])
    if epochs_shown <= _EVERY_EPOCH_TICKED:
        figure.update_xaxes(dtick=1)  # else half epochs would be ticked, and rounded
    if quantity == "accuracy":
        figure.update_yaxes(tickformat=".0%")
    if quantity == "detection":
        figure.update_yaxes(range=[-0.03, 1.03])
    if quantity == "learning rate":
        figure.update_yaxes(exponentformat="e", rangemode="tozero")
    return figure


def _mark_best(figure: go.Figure, history: pd.DataFrame, quantity: Quantity, best_epoch: int | None) -> str:
    marked = history[history["epoch"] == best_epoch] if best_epoch else history[:0]
    known = history[history["val_loss"].notna()]
    if marked.empty and known.empty:
        return ""
    best = known.iloc[int(known["val_loss"].to_numpy().argmin())] if marked.empty else marked.iloc[0]
    epoch = int(best["epoch"])
    figure.add_vline(x=epoch, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    in_right_half = epoch > history["epoch"].max() / 2
    figure.add_annotation(
        x=epoch,
        y=1,
        yref="paper",
        yanchor="bottom",
        xanchor="right" if in_right_half else "left",
        text=f"best epoch {epoch}",
        showarrow=False,
    )
    at_best = ", ".join(
        f"{name} {_said(float(best[column]), quantity)}" for column, name, _, _ in _LINES[quantity] if column in best
    )
    return f" Best epoch {epoch}: {at_best}."


def _said(value: float, quantity: Quantity) -> str:
    if quantity == "learning rate":
        return f"{value:.2e}"
    return percent(value) if quantity == "accuracy" else number(value)
