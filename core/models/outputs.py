"""What a network's outputs mean: logits to a probability for each class."""

from torch import Tensor
from torch.nn import functional


def class_scores(logits: Tensor, loss: str) -> Tensor:
    """Probabilities (n, classes), float32, rows summing to 1, of logits (n, classes).

    The softmax; where a network learnt one sigmoid a class (`loss` is `binary`), the sigmoids divided by their sum.
    That is the softmax of their logarithms, and so computed: it holds where every sigmoid is 0 to the last bit.
    """
    logits = logits.float()
    return (functional.logsigmoid(logits) if loss == "binary" else logits).softmax(1)


def log_odds(outputs: Tensor, loss: str, column: int) -> Tensor:
    """Logarithm of a class's probability over that of all others, shape (n,), of outputs (n, classes).

    It tells probabilities apart that are 1 to the last bit. Arguments as for `class_scores`.
    """
    logits = functional.logsigmoid(outputs.float()) if loss == "binary" else outputs.float()
    others = [number for number in range(logits.shape[1]) if number != column]
    return logits[:, column] - logits[:, others].logsumexp(1)
