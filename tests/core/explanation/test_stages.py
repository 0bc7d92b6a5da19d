"""Stages are named as the network names them, finest first."""

from dataclasses import replace

import pytest

from core.errors import RequestError
from core.explanation.stages import last_stage, stages
from core.models.build import LoadedModel
from tests.core.explanation.conftest import small_model


def test_a_resnet_has_its_stem_and_four_layers(model: LoadedModel) -> None:
    assert [stage.layer for stage in stages(model)] == ["act1", "layer1", "layer2", "layer3", "layer4"]
    assert [stage.reduction for stage in stages(model)] == [2, 4, 8, 16, 32]
    assert stages(model)[-1].words == "stage 5 of 5, 2 x 2 cells"
    assert last_stage(model) == "layer4"


def test_cells_are_of_what_the_network_is_fed(model: LoadedModel) -> None:
    fed = replace(model, input=replace(model.input, feed_size=80))
    assert [stage.words for stage in stages(fed)][2:] == [
        "stage 3 of 5, 10 x 10 cells",
        "stage 4 of 5, 5 x 5 cells",
        "stage 5 of 5, 3 x 3 cells",
    ]


def test_a_network_without_stages_is_refused() -> None:
    model = small_model()
    model.network.feature_info = None
    with pytest.raises(RequestError, match="no stages of feature maps"):
        stages(model)


def test_a_stage_that_is_no_module_of_the_network_is_left_out(model: LoadedModel) -> None:
    model.network.feature_info = [{"module": "stem", "reduction": 2}, {"module": "layer4", "reduction": 32}]
    assert [stage.layer for stage in stages(model)] == ["layer4"]
