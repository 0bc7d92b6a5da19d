"""A cell's mean scan and mean map are the means of its scans and maps, however they come in batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.explanation.mean_maps import mean_maps

CELLS = ("found", "missed", "false alarm", "cleared")


@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=12), st.integers(1, 5), st.integers(0, 99))
def test_means_are_those_of_all_scans_of_a_cell(cells, batch_size, seed) -> None:
    rng = np.random.default_rng(seed)
    squares = rng.integers(0, 256, (len(cells), 6, 6), dtype=np.uint8)
    heats = rng.random((len(cells), 6, 6), dtype=np.float32)
    parts = [slice(start, start + batch_size) for start in range(0, len(cells), batch_size)]
    found = mean_maps((squares[part], heats[part], cells[part]) for part in parts)
    assert list(found) == list(dict.fromkeys(cells))
    for cell, mean in found.items():
        rows = [row for row, name in enumerate(cells) if name == cell]
        assert mean.scans == len(rows)
        np.testing.assert_array_equal(mean.scan, squares[rows].mean(axis=0).round().astype(np.uint8))
        np.testing.assert_allclose(mean.heat, heats[rows].mean(axis=0), rtol=1e-5)


def test_maps_without_evidence_count_as_nothing_seen() -> None:
    squares, heats = np.full((4, 8, 8), 100, np.uint8), np.zeros((4, 2, 2), np.float32)
    heats[0] = 1.0
    (mean,) = mean_maps([(squares, heats, ["missed"] * 4)]).values()
    assert (mean.scans, mean.without_evidence) == (4, 3)
    assert mean.heat.shape == (8, 8)
    assert mean.heat == pytest.approx(0.25)
    assert (mean.scan == 100).all()


def test_a_cell_without_scans_has_no_mean() -> None:
    assert mean_maps([]) == {}


def test_as_many_maps_as_scans_are_wanted() -> None:
    with pytest.raises(ValueError, match="as many maps and cells as 2 scans"):
        mean_maps([(np.zeros((2, 8, 8), np.uint8), np.zeros((1, 2, 2), np.float32), ["missed", "found"])])
