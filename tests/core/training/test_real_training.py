"""A small training on real slices: what the synthetic ones cannot prove."""

from pathlib import Path

import pytest

from core.results import split_results
from core.runs import create_run
from core.training.config import TrainingConfig
from core.training.execute import execute

REAL_SLICES = Path(__file__).parents[3] / "../shared/data/sars-cov-2-ct"
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.mark.realdata
@pytest.mark.skipif(not REAL_SLICES.is_dir(), reason=f"the real slices are not at {REAL_SLICES}")
def test_four_short_epochs_on_real_slices_tell_covid_from_the_rest(tmp_path):
    config = TrainingConfig(backbone="resnet10t", image_size=48, epochs=4, learning_rate=3e-3, precision="fp32")
    run = execute(create_run(tmp_path, config=config.to_json(), data=REAL_SLICES))
    test = split_results(run, "test").evaluated(0.5)
    assert (run.record.positive, run.record.classes) == ("COVID", ("COVID", "non-COVID"))
    assert test.n > 250
    assert test.auc.value >= 0.80
