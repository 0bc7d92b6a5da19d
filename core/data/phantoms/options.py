"""What a set of phantoms is made of: its classes, slices, planted faults and format."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import ConfigError

LESION, NORMAL = "lesion", "normal"
GROUND_GLASS, CONSOLIDATION, CRAZY_PAVING = "ground-glass", "consolidation", "crazy-paving"
CLASSES = {2: (LESION, NORMAL), 4: (GROUND_GLASS, CONSOLIDATION, CRAZY_PAVING, NORMAL)}
LEAST_SLICES, MOST_SLICES = 3, 5
MARKER, OTHER_SCANNER = "marker", "scanner"
SHORTCUTS = ("", MARKER, OTHER_SCANNER)
PNG, DICOM = "png", "dicom"


@dataclass(frozen=True)
class PhantomOptions:
    """The choices of a set; the same choices, count and seed give the same files.

    `classes` is 2 (lesion, normal) or 4 (normal and three patterns). `slices` of each patient are 1 to 5; None draws
    3 to 5. A `shortcut` is planted in `shortcut_share` of the patients that are not normal, and in 1 - `shortcut_share`
    of the normal ones. `label_noise` in [0, 0.5) is the share of patients that are labelled wrongly. `format` is
    "png" or "dicom".

    Raises:
        ConfigError: a value is out of range or unknown.
    """

    classes: int = 2
    slices: int | None = None
    shortcut: str = ""
    shortcut_share: float = 0.9
    label_noise: float = 0.0
    format: str = PNG

    def __post_init__(self) -> None:
        _require(self.classes in CLASSES, "2 or 4 classes", self.classes)
        _require(
            self.slices is None or (type(self.slices) is int and 1 <= self.slices <= MOST_SLICES),
            f"1 to {MOST_SLICES} slices of each patient",
            self.slices,
        )
        _require(self.shortcut in SHORTCUTS, "no shortcut, marker or scanner", self.shortcut)
        _require(_is_within(self.shortcut_share, 0.5, 1.0), "a shortcut_share of 0.5 to 1", self.shortcut_share)
        _require(
            _is_within(self.label_noise, 0.0, 0.5) and self.label_noise < 0.5,
            "a label noise of 0 or more and below 0.5",
            self.label_noise,
        )
        _require(self.format in (PNG, DICOM), "the format png or dicom", self.format)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes' names, `normal` last."""
        return CLASSES[self.classes]

    @property
    def least_count(self) -> int:
        """The smallest set: as many scans of each class as a patient may have."""
        return MOST_SLICES * self.classes

    def to_json(self) -> dict[str, Any]:
        """The options as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "PhantomOptions":
        """Options from plain values; those not named keep their default.

        Raises:
            ConfigError: a name or value is unknown or out of range.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            _require(name in known, f"options among {', '.join(known)}", name)
        return cls(**values)


def _is_within(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _require(holds: bool, expected: str, found: Any) -> None:
    if not holds:
        raise ConfigError(f"expected {expected}, found {found!r}: choose another value")
