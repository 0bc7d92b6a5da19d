"""Where a run's scans stand on a map of all of them."""

import numpy as np
import pandas as pd

from core.analyses.tsne import read_tsne
from core.errors import RequestError
from core.explanation.features import read_features
from core.explanation.projection import MAPS, PCA, Projection, principal_components
from core.runs import Run


def scan_places(run: Run, kind: str, paths: "pd.Series[str] | None" = None) -> Projection | None:
    """The places of a run's scans on one of the `MAPS`; None where that map has not been made yet.

    Args:
        run: a finished one.
        kind: principal components are computed now, t-SNE is made in the background.
        paths: of the scans wanted, a point each; by default those of the run's predictions, in their order.

    Raises:
        RequestError: there is no such map, or the run is not finished.
        RunDamagedError: its features, predictions or the map cannot be read.
    """
    if kind not in MAPS:
        raise RequestError(f"expected a map among {', '.join(MAPS)}, found {kind!r}; choose one of them")
    features = read_features(run)
    own = features.table["path"]
    if kind != PCA:
        return read_tsne(run, own if paths is None else paths)
    found = principal_components(features)
    if paths is None:
        return found
    places = pd.DataFrame(found.points, index=own.to_numpy(object))
    places = places[~places.index.duplicated()]
    return Projection(places.reindex(paths.to_numpy(object)).to_numpy(np.float32), found.explained)
