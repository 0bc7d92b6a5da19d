"""What a reader may say about a scan that a model has called."""

from collections.abc import Mapping
from types import MappingProxyType

# Names as stored, in the order of their keys 1 to 5, with the words that people see.
VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "model-wrong": "Model wrong",
        "label-wrong": "Label wrong",
        "both-defensible": "Both defensible",
        "poor-image": "Poor image",
        "wrong-kind": "Wrong kind of image",
    }
)
LABEL_WRONG = "label-wrong"
CONFIDENCES: tuple[str, ...] = ("low", "medium", "high")
