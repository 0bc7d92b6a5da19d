"""The map of all scans: principal components against scikit-learn, areas and their text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import made_features, made_run, made_table
from matplotlib.path import Path as Outline
from sklearn import decomposition

from core.errors import RequestError
from core.explanation.features import Features, read_features
from core.explanation.projection import (
    MOST_CORNERS,
    PCA,
    Area,
    drawn_area,
    in_square,
    principal_components,
    read_area,
    within,
)

_coordinates = st.integers(-1000, 1000).map(lambda value: value / 1000)
_areas = st.lists(st.tuples(_coordinates, _coordinates), min_size=3, max_size=MOST_CORNERS).map(
    lambda corners: Area(PCA, tuple(corners))
)


def _features(n=200, d=24, seed=0):
    values = np.random.default_rng(seed).normal(size=(n, d)) * np.linspace(3, 0.2, d)
    return Features(made_table(n), values.astype(np.float16))


def test_principal_components_are_those_of_scikit_learn():
    features = _features()
    directions = features.directions(slice(None))
    referee = decomposition.PCA(2, svd_solver="full").fit(directions)
    found = principal_components(features)
    assert found.explained == pytest.approx(referee.explained_variance_ratio_, rel=1e-3)
    expected = in_square(referee.transform(directions))
    for axis in (0, 1):
        assert abs(np.corrcoef(found.points[:, axis], expected[:, axis])[0, 1]) == pytest.approx(1, abs=1e-5)


def test_the_same_features_give_the_same_map_to_the_bit_also_from_disk(tmp_path):
    table = made_table()
    run = made_run(tmp_path, table, made_features(table))
    one, two = (principal_components(read_features(run)).points for _ in range(2))
    assert np.array_equal(one, two)
    assert np.abs(one).max() == 1
    assert one.dtype == np.float32


def test_more_scans_than_a_block_holds_change_nothing(monkeypatch):
    whole = principal_components(_features())
    monkeypatch.setattr("core.explanation.projection.BLOCK", 7)
    assert principal_components(_features()).points == pytest.approx(whole.points, abs=1e-4)


@pytest.mark.parametrize("values", [np.ones((5, 4)), np.zeros((5, 4)), np.ones((1, 4)), np.ones((6, 1))])
def test_scans_that_nothing_tells_apart_lie_on_one_point(values):
    found = principal_components(Features(made_table(len(values)), values.astype(np.float16)))
    assert found.points == pytest.approx(np.zeros((len(values), 2)), abs=1e-5)
    assert np.isfinite(found.explained).all()


@given(_areas)
def test_an_area_survives_its_text(area):
    assert read_area(area.text) == area


@given(_areas, st.integers(0, 10_000))
def test_within_is_the_even_odd_rule_of_matplotlib_away_from_the_lines(area, seed):
    points = np.random.default_rng(seed).uniform(-1.1, 1.1, (50, 2))
    corners = np.array(area.corners)
    found = within(points, area.text)
    expected = _slow_within(points, corners)
    assert (found == expected).all()
    hull = Outline(corners[[0, 1, 2]])
    triangle = Area(PCA, area.corners[:3])
    assert (within(points, triangle.text) == hull.contains_points(points)).mean() > 0.97  # it disagrees on edges alone


def _slow_within(points, corners):
    """One point and one edge at a time."""
    found = []
    for x, y in points.tolist():
        crossings = 0
        for (x0, y0), (x1, y1) in zip(corners.tolist(), np.roll(corners, -1, axis=0).tolist(), strict=True):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                crossings += 1
        found.append(crossings % 2 == 1)
    return np.array(found)


def test_a_scan_without_a_place_lies_in_no_area():
    points = np.array([[0, 0], [np.nan, 0], [0, np.nan], [np.nan, np.nan]])
    assert within(points, "tsne:-1,-1;1,-1;1,1;-1,1").tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    "text",
    [
        *("", "pca", "pca:", "pca:0,0;1,1", "umap:0,0;1,0;1,1", "pca:0,0;1;1,1", "pca:0,0;nan,0;1,1"),
        *("pca:0,0;inf,0;1,1", "pca:0,0,0;1,0;1,1", "pca:0,0;99,0;1,1", "PCA:0,0;1,0;1,1"),
        "pca:" + ";".join(["0,0"] * (MOST_CORNERS + 1)),
    ],
)
def test_what_describes_no_area_is_refused_in_one_line(text):
    with pytest.raises(RequestError, match="expected an area"):
        read_area(text)


@given(st.integers(3, 400), st.integers(0, 10_000))
def test_whatever_is_drawn_has_few_corners_and_can_be_read_back(corners, seed):
    xs, ys = np.random.default_rng(seed).uniform(-1, 1, (2, corners))
    area = drawn_area(PCA, xs, ys)
    assert area is not None
    assert 3 <= len(area.corners) <= MOST_CORNERS
    assert read_area(area.text) == area
    assert len(area.text) < 700


def test_a_lasso_keeps_its_shape_when_simplified():
    angle = np.linspace(0, 2 * np.pi, 300)
    radius = 0.5 + 0.2 * np.sin(5 * angle)
    xs, ys = radius * np.cos(angle), radius * np.sin(angle)
    points = np.random.default_rng(0).uniform(-1, 1, (5000, 2))
    drawn = Outline(np.stack([xs, ys], axis=1)).contains_points(points)
    kept = within(points, drawn_area(PCA, xs, ys).text)
    assert (drawn != kept).mean() < 0.01


def test_two_opposite_corners_are_a_box():
    assert drawn_area(PCA, [0.5, 0], [0.1, 0.2]).corners == ((0.5, 0.1), (0, 0.1), (0, 0.2), (0.5, 0.2))


@pytest.mark.parametrize(("xs", "ys"), [([], []), ([0], [0]), ([0, 0], [1, 1]), ([0, np.nan, 1], [0, 1, 1])])
def test_what_encloses_nothing_is_no_area(xs, ys):
    assert drawn_area(PCA, xs, ys) is None
