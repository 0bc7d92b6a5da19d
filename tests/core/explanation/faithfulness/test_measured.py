"""All measures of a map of a trained network: seeded, bounded, and the network left as it was."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from core.analyses.scans import square_of
from core.errors import RequestError
from core.explanation.faithfulness.cells import cells_of
from core.explanation.faithfulness.measured import Faithfulness, measure
from core.explanation.faithfulness.random_weights import agreement_with_untrained, untrained
from core.explanation.faithfulness.stability import agreement, flip_and_shift
from core.explanation.stages import stages
from core.models.build import LoadedModel
from core.models.outputs import class_scores, log_odds
from core.models.weights import load_run_model
from core.runs import read_index


@pytest.fixture(scope="module")
def model(trained: Any) -> LoadedModel:
    return load_run_model(trained.run)


@pytest.fixture(scope="module")
def square(trained: Any, model: LoadedModel) -> np.ndarray:
    index = read_index(trained.run)
    return square_of(trained.run, model, index.loc[index["label"] == "covid", "path"].iloc[0])


@pytest.fixture(scope="module")
def fine_layer(model: LoadedModel) -> str:
    """A stage with several cells: 32 px are one cell at the last."""
    return stages(model)[1].layer


@pytest.fixture(scope="module")
def found(model: LoadedModel, square: np.ndarray, fine_layer: str) -> Faithfulness:
    return measure(model, square, method="layercam", layer=fine_layer, random_count=5, seed=1)


def test_a_map_of_one_cell_is_ignored_with_the_reason(model: LoadedModel, square: np.ndarray) -> None:
    one = measure(model, square)
    assert one.verdict.word == "ignore"
    assert "same everywhere" in one.verdict.says or "empty" in one.verdict.says
    assert one.compared == {}
    json.dumps(one.to_json(), allow_nan=False)


def test_the_same_seed_measures_the_same(
    found: Faithfulness, model: LoadedModel, square: np.ndarray, fine_layer: str
) -> None:
    again = measure(model, square, method="layercam", layer=fine_layer, random_count=5, seed=1)
    assert again.to_json() == found.to_json()
    other = measure(model, square, method="layercam", layer=fine_layer, random_count=5, seed=2)
    assert other.to_json()["measures"] != found.to_json()["measures"]
    assert other.flip == found.flip


def test_figures_are_in_their_ranges_and_can_be_written(found: Faithfulness) -> None:
    assert len(found.random) == 5
    assert 1 / 6 <= found.chance <= 1
    for value in (found.flip, found.shift, found.untrained):
        assert -1 - 1e-9 <= value <= 1 + 1e-9
    for one in found.compared.values():
        assert one.gain.low <= one.gain.value <= one.gain.high
    json.dumps(found.to_json(), allow_nan=False)


def test_progress_is_told_and_can_stop_the_work(model: LoadedModel, square: np.ndarray, fine_layer: str) -> None:
    told = []

    class StopError(Exception):
        pass

    def progress(done: int, of: int) -> None:
        told.append((done, of))
        if done == 2:
            raise StopError

    with pytest.raises(StopError):
        measure(model, square, layer=fine_layer, method="layercam", random_count=5, progress=progress)
    assert told == [(0, 6), (1, 6), (2, 6)]


def test_wrong_wishes_are_refused(model: LoadedModel, square: np.ndarray) -> None:
    for wish in ({"method": "magic"}, {"layer": "nowhere"}, {"target": "nobody"}):
        with pytest.raises(RequestError):
            measure(model, square, **wish)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one"):
        measure(model, square, random_count=0)


def test_untrained_networks_are_seeded_others_and_the_trained_one_stays(model: LoadedModel) -> None:
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    one, again, other = (untrained(model, seed=seed).network.state_dict() for seed in (1, 1, 2))
    after = model.network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert all(torch.equal(value, again[name]) for name, value in one.items())
    drawn = [name for name, value in one.items() if value.ndim >= 2]
    assert drawn
    assert not any(torch.equal(one[name], other[name]) or torch.equal(one[name], after[name]) for name in drawn)


def test_agreement_is_spearmans_and_not_defined_for_flat_maps() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 4, (2, 9, 9)).astype(np.float32)
    assert agreement(one, other) == pytest.approx(spearmanr(one.ravel(), other.ravel()).statistic)
    assert agreement(one, one) == pytest.approx(1.0)
    assert agreement(one, -one) == pytest.approx(-1.0)
    assert math.isnan(agreement(one, np.ones((9, 9))))


def test_a_symmetric_scan_under_eigen_cam_agrees_with_itself_mirrored(
    model: LoadedModel, square: np.ndarray, fine_layer: str
) -> None:
    symmetric = np.concatenate([square[:, :16], square[:, :16][:, ::-1]], axis=1)
    about = {"target": "covid", "method": "eigencam", "layer": fine_layer}
    # In a batch of two, as the mirrored and the moved scan are: one alone may be rounded otherwise, and ranks tell.
    cells = cells_of(model, np.stack([symmetric, symmetric]), **about)[0][0]
    large = cells_large(cells)
    assert flip_and_shift(model, symmetric, cells, **about)[0] == pytest.approx(
        agreement(large, large[:, ::-1])  # mirrored last: enlarging rounds too
    )


def cells_large(cells: np.ndarray) -> np.ndarray:
    from core.explanation.faithfulness.random_maps import enlarged

    return enlarged(cells, 32)


def test_a_map_without_a_place_has_no_agreement_with_untrained_ones(model: LoadedModel, square: np.ndarray) -> None:
    flat = np.ones((2, 2), np.float32)
    assert math.isnan(agreement_with_untrained(model, square, flat, target="covid", method="gradcam", layer="", seed=0))


@pytest.mark.parametrize("loss", ["cross-entropy", "binary"])
def test_log_odds_are_those_of_the_scores(loss: str) -> None:
    outputs = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
    scores = class_scores(outputs, loss)[:, 1].double()
    assert log_odds(outputs, loss, 1).double().numpy() == pytest.approx(torch.logit(scores).numpy(), abs=1e-4)
    assert log_odds(torch.tensor([[200.0, -200.0]]), loss, 0).item() > 50
