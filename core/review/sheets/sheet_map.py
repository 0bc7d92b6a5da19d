"""The map on the sheet of a case, and what is told of it in numbers."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.calibration import temperature_in_force
from core.data.pixels import kept_square
from core.errors import RequestError
from core.runs import Run

if TYPE_CHECKING:
    from core.explanation.maps import ScanMap
    from core.models.build import LoadedModel


def map_of(
    run: Run,
    network: "LoadedModel",
    path: str,
    scan: NDArray[np.uint8],
    content: str,
    target: str,
    method: str,
    layer: str,
) -> "tuple[ScanMap | None, str]":
    """The map of a scan, or None and why there is none.

    Args:
        run: a finished one.
        network: the run's.
        path: of the scan in the run's index.
        scan: grey bytes, shape (h, w).
        content: key of its content.
        target: as `core.explanation.maps.explain` has it; so the next two.
        method: a key of `METHODS`; of those that take a while, what was worked out before is taken.
        layer: of the network.

    Raises:
        RequestError: no such target, method or layer.
    """
    if _is_slow(method):
        return _slow_map(run, path, scan, target, method, layer)
    from core.explanation.maps import explain
    from core.explanation.stages import stages

    try:
        stages(network)
    except RequestError as error:
        return None, str(error)
    found = explain(
        network,
        scan,
        target=target,
        method=method,
        layer=layer,
        square=kept_square(content, network.image_size, window=network.window),
        temperature=temperature_in_force(run),
    )
    return found, found.says


def map_facts(network: "LoadedModel", scan: NDArray[np.uint8], found: "ScanMap | None") -> list[tuple[str, str]]:
    """What is told of a map in numbers: names and values; nothing of no map."""
    from core.explanation.lungs import find_lungs
    from core.explanation.stages import stages
    from core.explanation.whereabouts import whereabouts

    if found is None:
        return []
    height, width = found.side
    layer = next((stage.words for stage in stages(network) if stage.layer == found.layer), found.layer)
    facts = [
        ("Map", map_title(found)),
        ("Layer", f"{found.layer}: {layer}"),
        ("Unscaled maximum", f"{found.maximum:.3g}, on {height} x {width} cells"),
    ]
    anatomy = find_lungs(scan)
    if anatomy.refused:
        return [*facts, ("Heat in the lungs", f"not told: {anatomy.refused}")]
    where = whereabouts(found.heat, anatomy)
    if math.isnan(where.in_lungs):
        return facts
    return [
        *facts,
        ("Heat in the lungs", f"{where.in_lungs:.0%} (lungs cover {where.lung_area:.0%} of the picture)"),
        ("Hottest place", where.peak_in or "nowhere"),
    ]


def map_title(found: "ScanMap") -> str:
    """Method and target in words."""
    from core.explanation.maps import METHODS

    return f"{METHODS[found.method]} for {found.about or found.target}"


def _is_slow(method: str) -> bool:
    """Whether a map by this method takes longer than people wait, so that only one worked out before is drawn.

    Raises:
        RequestError: no such method.
    """
    from core.explanation.maps import BACKGROUND_METHODS, METHODS

    if method not in METHODS:
        raise RequestError(f"expected a method among {', '.join(METHODS)}, found {method!r}")
    return method in BACKGROUND_METHODS


def _slow_map(
    run: Run, path: str, scan: NDArray[np.uint8], target: str, method: str, layer: str
) -> "tuple[ScanMap | None, str]":
    """The map that was worked out before, as large as the scan; or that it was not."""
    import cv2

    from core.analyses.slow_map import read_slow_map
    from core.explanation.maps import METHODS

    found = read_slow_map(run, path, target, method, layer)
    if found is None:
        return None, f"{METHODS[method]} takes a while, and has not been worked out for this scan yet."
    height, width = scan.shape
    heat = cv2.resize(found.heat, (width, height), interpolation=cv2.INTER_LINEAR).clip(0.0, 1.0)
    found = replace(found, heat=heat.astype(np.float32))
    return found, found.says
