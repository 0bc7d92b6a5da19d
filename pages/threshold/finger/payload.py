"""What the browser gets of a run, once: sorted scores by split and class, and the charts that stay as they are."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from scipy.special import ndtri

from core.charts.rates_by_threshold import rates_by_threshold_figure
from core.charts.roc import roc_figure
from core.charts.score_histogram import BIN_EDGES, score_histogram_figure
from core.charts.thinning import thinned
from core.evaluation.curves import roc_auc_score, roc_points, threshold_curve
from core.evaluation.scored import Scored

_CONFIDENCE = 0.95
_HEIGHT_PX = 320
_TITLES = {"val": ("Validation", "chosen here"), "test": ("Test", "only reported")}


def content_key(splits: Mapping[str, Scored], words: Mapping[str, str]) -> str:
    """A name for these scores, labels, groups and words: the same ones have the same, any change gives another."""
    digest = hashlib.blake2b(json.dumps(dict(words), sort_keys=True).encode(), digest_size=12)
    for split, scored in splits.items():
        digest.update(f"{split} {scored.n} ".encode())
        digest.update(scored.scores.tobytes())
        digest.update(scored.labels.tobytes())
        digest.update(scored.group_numbers.tobytes())
    return digest.hexdigest()


def payload(key: str, splits: Mapping[str, Scored], *, words: Mapping[str, str], notes: Mapping[str, str]) -> bytes:
    """A header's length (4 bytes, little-endian), the header (JSON), then the scores: of each split those of positives
    and those of the others, rising.

    Args:
        key: as `content_key` gives it.
        splits: scores by split, `val` first.
        words: what `positive` and `others` are called.
        notes: a sentence a split, about its intervals.
    """
    bytes_per_score, scores = packed(splits)
    validation = splits["val"]
    roc = thinned(roc_points(validation).dropna())
    header = {
        "key": key,
        "z": float(ndtri((1 + _CONFIDENCE) / 2)),
        "bytes_per_score": bytes_per_score,
        "words": dict(words),
        "splits": [
            {
                "name": split,
                "title": _TITLES[split][0],
                "role": _TITLES[split][1],
                "note": notes[split],
                "by_groups": not scored.independent,
                "positives": scored.positives,
                "others": scored.negatives,
            }
            for split, scored in splits.items()
        ],
        "edges": BIN_EDGES.tolist(),
        "roc": {
            "fpr": roc["fpr"].tolist(),
            "tpr": roc["tpr"].tolist(),
            "threshold": [value if np.isfinite(value) else None for value in roc["threshold"].tolist()],
        },
        "figures": {
            "roc": _still(_roc(validation)),
            "rates": _still(rates_by_threshold_figure(threshold_curve(validation))),
            "scores": _still(
                score_histogram_figure(validation, positive=words["positive"], negative_name=words["others"])
            ),
        },
    }
    text = json.dumps(header, allow_nan=False).encode()
    return len(text).to_bytes(4, "little") + text + scores


def packed(splits: Mapping[str, Scored]) -> tuple[int, bytes]:
    """Of each split the scores of positives and those of the others, rising; and the bytes that each one takes.

    4 where that loses nothing (little-endian float32), else 8: a count in the browser is the count in core.
    """
    scores = np.concatenate([np.sort(s.scores[side]) for s in splits.values() for side in (s.labels, ~s.labels)])
    small = scores.astype("<f4")
    return (4, small.tobytes()) if np.array_equal(small, scores) else (8, scores.astype("<f8").tobytes())


def _roc(validation: Scored) -> go.Figure:
    return roc_figure({"Validation": roc_points(validation)}, aucs={"Validation": roc_auc_score(validation)})


def _still(figure: go.Figure) -> dict[str, Any]:
    """A figure as plotly's JavaScript takes it, small, and without what only a pointer over its points would need."""
    figure.update_layout(template="none", height=_HEIGHT_PX, margin={"t": 24})
    content: dict[str, Any] = json.loads(figure.to_json())
    for trace in content["data"]:
        for name in ("customdata", "text", "hovertemplate", "marker" if trace["type"] == "scatter" else ""):
            trace.pop(name, None)
        if trace["type"] == "scatter":
            trace["mode"] = "lines"
    return content
