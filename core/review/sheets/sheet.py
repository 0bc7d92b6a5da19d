"""What stands on the sheet of one case: scan, map, numbers and notes, gathered from a run and the notes beside it.

A sheet leaves the machine. So it names its scan by the content, not by a file's name, and its group not at all: both
may hold who the patient is.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.images import read_scan
from core.decided import point_in_force
from core.errors import RequestError
from core.evaluation.decision.operating_point import OperatingPoint
from core.evaluation.decision.zones import zone_of
from core.results import split_results
from core.review.notes.note import Note
from core.review.notes.note_book import notes_of
from core.review.notes.verdicts import VERDICTS
from core.review.sheets.sheet_map import map_facts, map_of, map_title
from core.runs import Run, now_text, read_index

if TYPE_CHECKING:
    from core.explanation.maps import ScanMap
    from core.models.build import LoadedModel

RESEARCH_ONLY = "Research use only, not a medical device"
LONGEST_PX = 1600  # of the pictures: more than the paper shows


@dataclass(frozen=True, eq=False)
class Sheet:
    """All that stands on it.

    Attributes:
        scan: grey bytes, shape (h, w).
        scan_map: over it; None where there is none, and `map_says` says why.
        map_says: what the map's picture does not tell; empty where it tells all.
        map_title: method and target in words.
        facts: names and values, in their order.
        notes: of readers about this scan, those that stand, the oldest first.
        run: id of the run.
        data_fingerprint: of its dataset.
        made: ISO 8601, UTC.
    """

    scan: NDArray[np.uint8]
    scan_map: "ScanMap | None"
    map_says: str
    map_title: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]
    run: str
    data_fingerprint: str
    made: str


def sheet_of(
    run: Run,
    path: str,
    *,
    target: str | None = None,
    method: str = "gradcam",
    layer: str = "",
    model: "LoadedModel | None" = None,
) -> Sheet:
    """The sheet of a scan of a finished run, by what is in force now.

    Args:
        run: whose network is asked.
        path: of the scan in the run's index, or the beginning of its content's SHA-256, at least 8 digits.
        target: of the map, as `core.explanation.maps.explain` has it; so the next two.
        method: of the map.
        layer: of the map.
        model: the run's network, where it is loaded already.

    Raises:
        RequestError: no such scan, or no such method or target.
        DatasetError: the scan cannot be read.
        RunDamagedError: a file of the run cannot be read.
    """
    from core.explanation.overlay import reduced
    from core.models.weights import load_run_model

    known = _row_of(run, path)
    point = point_in_force(run)
    results = split_results(run, str(known["split"])).with_cells(point.threshold)
    rows = results[results["path"] == known["path"]]
    if rows.empty:
        raise RequestError(f"expected a prediction for this scan in run {run.id}, found none; score the run again")
    case, content = rows.iloc[0], str(known["sha256"])
    network = model or load_run_model(run)
    scan = read_scan(_file_of(run, str(known["path"])), window=network.window, sha256=content)
    asked = (target or run.record.positive, method, layer)
    found, says = map_of(run, network, str(known["path"]), scan, content, *asked)
    facts = [*_verdict(case, run, point), *map_facts(network, scan, found), *_origin(run, case, content)]
    if found is not None:
        scan, found = reduced(scan, found, longest_px=LONGEST_PX)
    notes = tuple(note for note in notes_of(run).standing() if note.content == content)
    return Sheet(
        scan=scan,
        scan_map=found,
        map_says=says,
        map_title="" if found is None else map_title(found),
        facts=tuple(facts),
        notes=notes,
        run=run.id,
        data_fingerprint=run.record.data_fingerprint,
        made=now_text(),
    )


def note_heading(note: Note) -> str:
    """Who said what when, in a line."""
    said = VERDICTS[note.verdict]
    said += f", rather {note.right_label}" if note.right_label else ""
    said += f" (confidence {note.confidence})" if note.confidence else ""
    return f"{note.reader}, {note.at[:10]}: {said}"


def _row_of(run: Run, path: str) -> "pd.Series[Any]":
    index = read_index(run)
    found = index[index["path"] == path]
    if found.empty and len(path) >= 8:
        found = index[index["sha256"].str.startswith(path.lower())]
    if found.empty:
        raise RequestError(f"expected a scan of run {run.id} by its path in the index or its content, found {path!r}")
    return found.iloc[0]


def _file_of(run: Run, path: str) -> Path:
    """A run's tables may come from anywhere: what they name must lie in the dataset's folder."""
    from core.data.folders import refusal

    root = Path(run.record.data).resolve()
    if reason := refusal(root, path):
        raise RequestError(f"expected a scan in {root}, found {path!r}: {reason}")
    return root / path


def _verdict(case: "pd.Series[Any]", run: Run, point: OperatingPoint) -> list[tuple[str, str]]:
    score = float(case["score"])
    facts = [
        ("Score", f"{_share(score)} for {run.record.positive}{', calibrated' if point.score_kind else ''}"),
        ("Threshold", f"{point.threshold:.6g}, {point.says}"),
    ]
    if point.upper is not None:
        zone = zone_of(score, point.threshold, point.upper)
        facts.append(("Zone", f"{zone} (second threshold {point.upper:.6g})"))
    facts += [("Label", str(case["label"])), ("Called", str(case["predicted"])), ("Cell", str(case["cell"]))]
    return [*facts, *((f"P({name})", _share(float(case[name]))) for name in run.record.classes)]


def _origin(run: Run, case: "pd.Series[Any]", content: str) -> list[tuple[str, str]]:
    record = run.record
    return [
        ("Split", str(case["split"])),
        ("Scan (content)", content[:16]),
        ("Network", f"{record.config.get('backbone')} at {record.config.get('image_size')} px"),
    ]


def _share(value: float) -> str:
    """A probability to six decimals, never said to be 0 or 1 where it is not."""
    if 0 < value < 1e-6:
        return "under 0.000001"
    if 1 - 1e-6 < value < 1:
        return "over 0.999999"
    return f"{value:.6f}".rstrip("0").removesuffix(".")
