"""Evidence in the cells of a layer: the formulas behind the maps, for a batch, in units of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.errors import RequestError
from core.explanation.targets import Target, finer
from core.models.build import LoadedModel
from core.models.heads import has_channels_last

Array = NDArray[np.float32]


def live_evidence(
    model: LoadedModel, squares: NDArray[np.uint8], target: Target, method: str, layer: str
) -> tuple[Array, Tensor]:
    """Evidence by one forward pass, and one backward pass that ends at the layer; the lock is held meanwhile.

    Args:
        model: a trained network.
        squares: scans as the network takes them, shape (n, image_size, image_size).
        target: what is asked about; Eigen-CAM asks about nothing.
        method: a live one.
        layer: name of a stage's module.

    Returns:
        Evidence at the layer's own size, float32 (n, h, w), at least 0, unscaled; and the outputs (n, classes).

    Raises:
        RequestError: the layer does not give maps in two dimensions.
    """
    asked = finer(target) if method == "finercam" else target
    with model.lock, evaluating(model.network):
        inputs = model.input.of(torch.from_numpy(np.array(squares)), model.device)  # (n, channels, s, s)
        maps, gradients, outputs = _maps_and_gradients(model.network, inputs, asked, layer)
        if method == "eigencam":
            return _first_component(maps), outputs
        # Without layers of its own the library's object hooks nothing: its formula is all that is wanted of it.
        formula = _library_class(method)(model=model.network, target_layers=[])
        raw = formula.get_cam_image(inputs, None, [], maps, gradients, False)
    return np.maximum(raw, 0.0, dtype=np.float32), outputs


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """The network in evaluation mode, and each of its modules as it was afterwards."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def replacing_output(network: nn.Module, layer: str, replace: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Have a layer give something else meanwhile: `replace` takes its maps (n, d, h, w) and gives such maps."""
    turned = has_channels_last(network)

    def replaced(_module: nn.Module, _inputs: Any, output: Any) -> Tensor:
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise RequestError("this backbone's features are not maps in two dimensions; train a ResNet to see maps")
        maps = replace(output.permute(0, 3, 1, 2) if turned else output)
        return maps.permute(0, 2, 3, 1) if turned else maps

    hook = network.get_submodule(layer).register_forward_hook(replaced)
    try:
        yield
    finally:
        hook.remove()


def _maps_and_gradients(network: nn.Module, inputs: Tensor, target: Target, layer: str) -> tuple[Array, Array, Tensor]:
    """A layer's maps and the target's gradient at them, both (n, d, h, w), and the outputs (n, classes).

    Gradients are needed from this layer on, not before it: at the last stage that is half the work, and no parameter
    gets one.
    """
    kept: list[Tensor] = []

    def started(maps: Tensor) -> Tensor:
        kept.append(maps.detach().requires_grad_())
        return kept[0].clone()  # what comes next may write into it

    with torch.enable_grad(), replacing_output(network, layer, started):
        outputs = network(inputs)
        (gradients,) = torch.autograd.grad(target.score(outputs).sum(), kept)
    return kept[0].detach().cpu().numpy(), gradients.cpu().numpy(), outputs.detach()


def _first_component(maps: Array) -> Array:
    """Eigen-CAM: each place's part of the maps' first principal component, where it is positive.

    Which of its two directions is positive says nothing; taken is the one that rises with the mean of all maps.

    Source: Muhammad and Yeasin, Eigen-CAM: Class Activation Map using Principal Components, IJCNN 2020; centred as
    in pytorch-grad-cam.
    """
    found = np.zeros((len(maps), *maps.shape[2:]), np.float32)
    for row, of_scan in enumerate(maps):
        places = of_scan.reshape(len(of_scan), -1).T  # (h * w, d)
        centred = places - places.mean(axis=0)
        # The first component of the smaller of both products: a tenth of the time of taking the maps themselves apart.
        if places.shape[1] <= places.shape[0]:
            part = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -1]
        else:
            strengths, directions = np.linalg.eigh(centred @ centred.T)
            part = directions[:, -1] * np.sqrt(max(strengths[-1], 0.0))
        if part @ centred.mean(axis=1) < 0:
            part = -part
        found[row] = part.clip(min=0).reshape(of_scan.shape[1:])
    return found


def _library_class(method: str) -> Any:
    import pytorch_grad_cam

    return {
        "gradcam": pytorch_grad_cam.GradCAM,
        "gradcam++": pytorch_grad_cam.GradCAMPlusPlus,
        "hirescam": pytorch_grad_cam.HiResCAM,
        "layercam": pytorch_grad_cam.LayerCAM,
        "xgradcam": pytorch_grad_cam.XGradCAM,
        "finercam": pytorch_grad_cam.GradCAM,  # of a target that `finer` made
    }[method]
