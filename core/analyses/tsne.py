"""The t-SNE map of a run's scans: neighbours in the network's features stay neighbours, distances mean little else.

van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 2008, in the approximation of Barnes and Hut (van der
Maaten, "Accelerating t-SNE using Tree-Based Algorithms", JMLR 2014), as scikit-learn computes it; begun from principal
components and seeded, so that it can be made again.
"""

import io
import re
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analyses.job import finished_folder
from core.analyses.kinds import Progress
from core.errors import RequestError
from core.explanation.features import Features, read_features
from core.explanation.projection import Projection, in_square
from core.files import write_whole
from core.run_record import damaged
from core.runs import Run

KIND = "tsne"
MOST_SCANS = 20_000  # some minutes on one thread
_LEAST_SCANS = 5
_PERPLEXITY = 30.0  # about how many neighbours count; with few scans fewer
_MOST_DIMENSIONS = 50  # of the features, by principal components, as its authors did
_ITERATIONS = 1000
_FILE = "tsne.parquet"
_ITERATION = re.compile(r"Iteration (\d+):")


def work(run: Run, folder: Path, options: Mapping[str, str], progress: Progress) -> None:
    """Write `tsne.parquet`: path, and x and y float32 in [-1, 1]; of a sample where there are more than `MOST_SCANS`.

    Raises:
        RequestError: an option is given, or the run has too few scans.
        RunDamagedError: its features cannot be read.
    """
    if options:
        raise RequestError(f"expected no options for {KIND}, found {', '.join(options)}; leave them out")
    features = read_features(run)
    rows = sampled_rows(features.table, MOST_SCANS)
    if len(rows) < _LEAST_SCANS:
        raise RequestError(f"expected at least {_LEAST_SCANS} scans for a t-SNE map, found {len(rows)}")
    progress(0, _ITERATIONS)
    points = _embedded(features, rows, progress)
    table = pd.DataFrame({"path": features.table["path"].to_numpy(object)[rows], "x": points[:, 0], "y": points[:, 1]})
    progress(_ITERATIONS, _ITERATIONS)  # it may have come to rest before
    write_whole(folder / _FILE, lambda path: table.to_parquet(path, index=False))


def read_tsne(run: Run, paths: "pd.Series[str]") -> Projection | None:
    """The map where it was made and still holds, a point for each path; None where there is none.

    Raises:
        RunDamagedError: its file cannot be read.
    """
    folder = finished_folder(run, KIND)
    if folder is None:
        return None
    try:
        table = pd.read_parquet(folder / _FILE).drop_duplicates("path").set_index("path")
        points = table.reindex(paths)[["x", "y"]].to_numpy(np.float32)
    except Exception as error:  # pyarrow raises many kinds on damaged bytes
        raise damaged(folder / _FILE, error) from error
    return Projection(points)


def sampled_rows(table: pd.DataFrame, most: int) -> NDArray[np.int64]:
    """Row numbers of all scans, or of `most` of them: of each split and class its share, evenly spread; sorted."""
    if len(table) <= most:
        return np.arange(len(table))
    order = np.lexsort((np.arange(len(table)), table["label"].to_numpy(str), table["split"].to_numpy(str)))
    # Sorted by split and class and then taken at even steps, each of them gives its share to within one.
    return np.sort(order[np.linspace(0, len(table) - 1, most).round().astype(np.int64)])


def _embedded(features: Features, rows: NDArray[np.int64], progress: Progress) -> NDArray[np.float32]:
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    directions = features.directions(rows)
    if min(directions.shape) > _MOST_DIMENSIONS:
        directions = PCA(_MOST_DIMENSIONS, svd_solver="covariance_eigh").fit_transform(directions)
    if not np.ptp(directions, axis=0).any():  # all scans alike: nothing tells them apart, and no scale to begin with
        return np.zeros((len(rows), 2), np.float32)
    method = TSNE(
        perplexity=min(_PERPLEXITY, (len(rows) - 1) / 3),
        init="pca",
        random_state=0,
        max_iter=_ITERATIONS,
        verbose=2,  # the only way it tells how far it is
    )
    with redirect_stdout(_Listener(progress)):
        return in_square(method.fit_transform(directions))


class _Listener(io.StringIO):
    """Takes scikit-learn's words for progress; what `progress` raises ends the work."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def write(self, text: str) -> int:
        """Told every fifty iterations."""
        if found := _ITERATION.search(text):
            self._progress(min(int(found[1]), _ITERATIONS), _ITERATIONS)
        return len(text)
