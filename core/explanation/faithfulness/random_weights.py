"""The same map of the same architecture that has learnt nothing: one that hardly differs does not show what was learnt.

Source: J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt and B. Kim, "Sanity checks for saliency maps", NeurIPS
2018, arXiv:1810.03292, the model parameter randomisation test.
"""

import copy
import math
import threading
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from core.explanation.faithfulness.cells import cells_of
from core.explanation.faithfulness.random_maps import enlarged
from core.explanation.faithfulness.stability import agreement
from core.models.build import LoadedModel

NETWORKS = 5


def untrained(model: LoadedModel, *, seed: int) -> LoadedModel:
    """A copy of the network with weights drawn anew, as before a training from scratch; the model stays as it is.

    Weights are drawn by He's rule (K. He et al., "Delving deep into rectifiers", ICCV 2015, arXiv:1502.01852), norms
    do nothing, biases are 0.
    """
    generator = torch.Generator().manual_seed(seed)
    with model.lock:
        network = copy.deepcopy(model.network)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, _BatchNorm):
                module.reset_running_stats()
            for name, parameter in module.named_parameters(recurse=False):
                _draw(name, parameter, generator)
    return replace(model, network=network, lock=threading.Lock())


def agreement_with_untrained(
    model: LoadedModel,
    square: NDArray[np.uint8],
    cells: NDArray[np.float32],
    *,
    target: str,
    method: str,
    layer: str,
    seed: int,
) -> float:
    """Mean agreement of a map with the same maps of networks that have learnt nothing, in [-1, 1].

    One network says little: a coarse map has few cells, and chance makes two of them alike. An untrained network that
    finds no evidence, or the same everywhere, agrees by 0. NaN where the map itself is flat.

    Args:
        model: the trained network.
        square: as it takes it, shape (s, s).
        cells: its map at the layer's own size.
        target, method, layer: of the map.
        seed: of the first of `NETWORKS` networks.
    """
    if np.ptp(cells) == 0:
        return math.nan
    side = square.shape[0]
    heat = enlarged(cells, side)
    found = []
    for number in range(NETWORKS):
        network = untrained(model, seed=seed + number)
        (other,), _ = cells_of(network, square[None], target=target, method=method, layer=layer)
        found.append(agreement(heat, enlarged(other, side)))
    return float(np.nan_to_num(found).mean())


def _draw(name: str, parameter: nn.Parameter, generator: torch.Generator) -> None:
    if parameter.ndim >= 2:
        # Drawn on the CPU, so that every device gets the same weights.
        drawn = torch.empty(parameter.shape)
        nn.init.kaiming_normal_(drawn, nonlinearity="relu", generator=generator)
        parameter.copy_(drawn)
    else:
        parameter.fill_(0.0 if name.endswith("bias") else 1.0)
