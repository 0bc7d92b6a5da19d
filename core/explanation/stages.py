"""A network's stages: the modules whose output maps can be made of."""

from dataclasses import dataclass
from typing import Any

from core.errors import RequestError
from core.models.build import LoadedModel


@dataclass(frozen=True)
class Stage:
    """Where a network's maps get smaller.

    Attributes:
        layer: name of the module that gives the stage's maps.
        reduction: how many pixels of what the network is fed are one cell, along a side.
        words: which one it is and how fine, as "stage 5 of 5, 7 x 7 cells".
    """

    layer: str
    reduction: int
    words: str


def stages(model: LoadedModel) -> tuple[Stage, ...]:
    """The stages in the order of the forward pass: the first ones fine and general, the last coarse and decisive.

    Raises:
        RequestError: the backbone has none in two dimensions (a transformer, say).
    """
    named: Any = getattr(model.network, "feature_info", None)
    modules = {name for name, _ in model.network.named_modules()}  # not all that networks name are modules of theirs
    found = [(str(stage["module"]), int(stage["reduction"])) for stage in named or () if stage["module"] in modules]
    if not found:
        raise RequestError("this backbone has no stages of feature maps; train a ResNet to see class activation maps")
    fed = model.input.feed_size or model.image_size
    return tuple(
        Stage(
            layer, reduction, f"stage {number} of {len(found)}, {-(-fed // reduction)} x {-(-fed // reduction)} cells"
        )
        for number, (layer, reduction) in enumerate(found, start=1)
    )


def last_stage(model: LoadedModel) -> str:
    """Name of the module that gives the last feature maps.

    Raises:
        RequestError: as `stages`.
    """
    return stages(model)[-1].layer


def stage_named(model: LoadedModel, layer: str) -> str:
    """The stage's module of that name; the last one's where there is none.

    Raises:
        RequestError: no stage has it, or as `stages`.
    """
    names = [stage.layer for stage in stages(model)]
    if layer and layer not in names:
        raise RequestError(f"expected a layer among {', '.join(names)}, found {layer!r}")
    return layer or names[-1]
