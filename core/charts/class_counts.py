"""How many scans of which class each split holds."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.charts.layout import empty_figure, styled
from core.charts.palette import class_colours
from core.charts.wording import percent, scans
from core.evaluation.splits import SPLITS

_HEIGHT_PX = 300


def class_counts_figure(table: pd.DataFrame, *, positive: str | None = None, title: str | None = None) -> go.Figure:
    """A bar a split, stacked by class.

    Args:
        table: a row a scan, columns `label` and `split` (empty where a scan is in none).
        positive: the positive class, which then has its own colour.
        title: of the chart.
    """
    if not len(table):
        return empty_figure("No scans to count.", title=title, height=_HEIGHT_PX)
    labels = table["label"].fillna("").astype(str).replace("", "no label")
    splits = table["split"].fillna("").astype(str).replace("", "no split")
    counts = pd.crosstab(splits, labels)
    known = [split for split in SPLITS if split in counts.index]
    counts = counts.loc[known + [split for split in counts.index if split not in SPLITS]]
    totals = counts.sum(axis=1)
    names = [str(name) for name in counts.columns]
    figure = go.Figure()
    for name, colour in class_colours(names, positive).items():
        figure.add_bar(
            x=counts.index.tolist(),
            y=counts[name].tolist(),
            name=name,
            customdata=[[count / total] for count, total in zip(counts[name], totals, strict=True)],
            hovertemplate=f"%{{x}}: %{{y:,}} {name}, %{{customdata[0]:.1%}} of the split<extra></extra>",
            marker={"color": colour, "line": {"width": 0}},
            text=[f"{count:,}" if count else "" for count in counts[name]],
            textposition="inside",
            textangle=0,
            insidetextanchor="middle",
        )
    alt = "; ".join(
        f"{split}: {scans(int(totals[split]))} ("
        + ", ".join(
            f"{counts.loc[split, name]:,} {name}, {percent(counts.loc[split, name] / totals[split])}" for name in names
        )
        + ")"
        for split in counts.index
    )
    styled(figure, alt=f"Scans by split and class. {alt}.", x="", y="Scans", title=title, height=_HEIGHT_PX)
    figure.update_layout(barmode="stack", bargap=0.35, uniformtext={"minsize": 10, "mode": "hide"})
    figure.update_xaxes(type="category")
    return figure
