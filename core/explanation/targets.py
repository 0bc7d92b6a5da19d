"""What a map asks about: a class, or one of two classes over the other; as words, and as a number for each scan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import RequestError
from core.models.build import LoadedModel

DIFFERENCE = "difference"
"""Of two classes, the positive one's output minus the other's; a class that is called so comes first."""

_COMPARED_WITH = 3  # nearest other classes, as in the paper on Finer-CAM


@dataclass(frozen=True)
class Target:
    """What is asked about.

    Attributes:
        name: a class, or `DIFFERENCE`.
        words: the same for people, as "COVID over non-COVID".
        column: of the class whose probability belongs to the map: of `DIFFERENCE` the positive one.
        score: outputs (n, classes) -> what the map explains, (n,).
    """

    name: str
    words: str
    column: int
    score: Callable[[Tensor], Tensor]


def target_choices(classes: Sequence[str], positive: str) -> Mapping[str, str]:
    """What can be asked about, and its words: every class, the positive one first; of two also their difference."""
    ordered = [positive, *(name for name in classes if name != positive)]
    choices = {name: name for name in ordered}
    if len(ordered) == 2:
        choices.setdefault(DIFFERENCE, f"{ordered[0]} over {ordered[1]}")
    return choices


def target_named(model: LoadedModel, name: str | None) -> Target:
    """The target of that name; the positive class where there is none.

    Raises:
        RequestError: no such class, or `DIFFERENCE` of other than two.
    """
    name = model.positive if name is None else name
    if name in model.classes:
        column = model.classes.index(name)
        return Target(name, name, column, lambda outputs: outputs[:, column])
    if name != DIFFERENCE:
        raise RequestError(f"expected a class among {', '.join(model.classes)}, found {name!r}")
    if len(model.classes) != 2:
        raise RequestError(
            f"expected two classes to take the difference of, found {len(model.classes)}; ask about one of "
            f"{', '.join(model.classes)}"
        )
    column = model.classes.index(model.positive)
    words = target_choices(model.classes, model.positive)[DIFFERENCE]
    return Target(name, words, column, lambda outputs: outputs[:, column] - outputs[:, 1 - column])


def finer(target: Target) -> Target:
    """The same target compared with the classes nearest to it: what speaks for it and not for them.

    The mean of its lead over the (at most three) other classes whose outputs are nearest to its own, weighted by
    their probabilities among themselves. With two classes that is the difference of the outputs.

    Source: Zhang et al., Finer-CAM: Spotting the Difference Reveals Finer Details for Visual Explanation, CVPR 2025.
    """

    def lead(outputs: Tensor) -> Tensor:
        own = outputs[:, target.column, None]  # (n, 1)
        others = torch.cat([outputs[:, : target.column], outputs[:, target.column + 1 :]], dim=1)  # (n, classes - 1)
        nearest = (others - own).detach().abs().argsort(dim=1, stable=True)[:, :_COMPARED_WITH]
        compared = others.gather(1, nearest)
        return (compared.softmax(1) * (own - compared)).sum(1)

    return Target(target.name, target.words, target.column, lead)
