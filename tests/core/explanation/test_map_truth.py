"""The measure behind the table of methods: heat in a lesion counts as inside, and nothing else does."""

import numpy as np
import pytest

from benchmarks.map_truth import inside


def lesion() -> np.ndarray:
    mask = np.zeros((1, 32, 32), np.float32)
    mask[0, 8:16, 16:24] = 1.0
    return mask


def test_heat_of_the_lesions_own_shape_is_all_inside_and_points_there() -> None:
    shares, hits = inside(lesion(), lesion())
    assert shares == pytest.approx([1.0])
    assert hits.tolist() == [1.0]


def test_heat_spread_evenly_has_the_share_that_is_lesion_the_level_of_chance() -> None:
    shares, _ = inside(np.ones((1, 4, 4), np.float32), lesion())
    assert shares == pytest.approx([lesion().mean()])


def test_the_centre_of_the_hottest_cell_is_what_points() -> None:
    heats = np.zeros((2, 4, 4), np.float32)
    heats[0, 1, 2] = heats[1, 1, 3] = 1.0  # the lesion is the cell (1, 2)
    assert inside(heats, lesion().repeat(2, axis=0))[1].tolist() == [1.0, 0.0]


def test_a_map_without_evidence_has_nothing_inside_and_misses() -> None:
    shares, hits = inside(np.zeros((1, 4, 4), np.float32), lesion())
    assert (shares.tolist(), hits.tolist()) == ([0.0], [0.0])
