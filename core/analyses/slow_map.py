"""A map that takes seconds to minutes: Score-CAM or Ablation-CAM of one scan, kept once made."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.analyses.job import discard, finished_folder
from core.analyses.kinds import Progress
from core.analyses.scans import scan_of
from core.calibration import temperature_in_force
from core.errors import RequestError
from core.explanation.maps import BACKGROUND_METHODS, ScanMap, explain
from core.explanation.stages import stages
from core.files import write_array, write_json
from core.models.weights import load_run_model
from core.runs import Run

KIND = "slow-map"
_MAP, _HEAT = "map.json", "heat.npy"
_NAMES = ("path", "target", "method", "layer")


def slow_map_options(path: str, target: str = "", method: str = "scorecam", layer: str = "") -> dict[str, str]:
    """The options of one map, the same text for the same map; `with_defaults` fills in what is empty."""
    options = {"path": path, "target": target, "method": method, "layer": layer}
    return {name: value for name, value in options.items() if value}


def with_defaults(run: Run, options: Mapping[str, str]) -> dict[str, str]:
    """The options with the class, method and layer that are meant where none is given, as the pages ask for them.

    Raises:
        RequestError: no layer is given, and the network has none that a map could be of.
    """
    layer = options.get("layer") or stages(load_run_model(run))[-1].layer
    meant = {"target": run.record.positive, "method": BACKGROUND_METHODS[0], "layer": layer}
    return {**meant, **{name: value for name, value in options.items() if value}}


def work(run: Run, folder: Path, options: Mapping[str, str], progress: Progress) -> None:
    """Make one map: `map.json` and `heat.npy`, float32 (h, w) of the scan.

    Raises:
        RequestError: an unknown option, class, method or layer, or no path.
        DatasetError: the scan cannot be read.
    """
    if unknown := set(options) - set(_NAMES):
        raise RequestError(f"expected options among {', '.join(_NAMES)}, found {', '.join(sorted(unknown))}")
    if not options.get("path"):
        raise RequestError("expected --set path=SCAN, a path in the run's index, found none")
    method = options.get("method", BACKGROUND_METHODS[0])
    if method not in BACKGROUND_METHODS:
        raise RequestError(f"expected a method among {', '.join(BACKGROUND_METHODS)}, found {method!r}")
    progress(0, 1)
    model = load_run_model(run)
    found = explain(
        model,
        scan_of(run, model, options["path"]),
        target=options.get("target") or None,
        method=method,
        layer=options.get("layer", ""),
        temperature=temperature_in_force(run),
        progress=progress,
    )
    write_array(folder / _HEAT, found.heat)
    write_json(folder / _MAP, {name: value for name, value in vars(found).items() if name != "heat"})


def read_slow_map(run: Run, path: str, target: str = "", method: str = "scorecam", layer: str = "") -> ScanMap | None:
    """The map where it was made, and from the weights that the run has now; None otherwise."""
    options = with_defaults(run, slow_map_options(path, target, method, layer))
    folder = finished_folder(run, KIND, options)
    if folder is None:
        return None
    try:
        facts = json.loads((folder / _MAP).read_text(encoding="utf-8"))
        heat = np.load(folder / _HEAT, allow_pickle=False)
        return ScanMap(heat=heat.astype(np.float32), **(facts | {"side": tuple(facts["side"])}))
    except (OSError, ValueError, TypeError, KeyError):
        discard(run, KIND, options)  # damaged
        return None
