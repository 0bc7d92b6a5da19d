"""What a sweep varies: for each field either values to choose from, or a range to draw from."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from math import prod
from typing import Any

from core.errors import ConfigError
from core.training.config import TrainingConfig, parse_settings, with_settings
from core.training.presets import PRESETS, preset_named

LOG_FROM_RATIO = 10  # a range this wide is drawn on a logarithmic scale
KEPT = ("seed", "positive", "join", "group_by", "split_by")
"""Fields that say which scans are learnt from and judged on: trials that differ in them cannot be compared."""


@dataclass(frozen=True)
class Choices:
    """A field takes one of these values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Range:
    """A field takes a value from low to high, both included; on a logarithmic scale where `log`."""

    low: float
    high: float
    log: bool


Space = Mapping[str, Choices | Range]


def parse_space(pairs: Iterable[str]) -> dict[str, Choices | Range]:
    """`field=a,b,c` and `field=low..high` texts of the command line as a space.

    Raises:
        ConfigError: an unknown field, one given twice, a value not of the field's type, or a range that is none.
    """
    space: dict[str, Choices | Range] = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not text:
            raise ConfigError(
                f"expected a field and its values, found {pair!r}; for instance backbone=resnet18,resnet34 or "
                "learning_rate=1e-4..1e-2"
            )
        if name in space:
            raise ConfigError(f"expected {name} to be varied once, found it twice; give all its values in one --vary")
        low, is_range, high = text.partition("..")
        space[name] = _range(name, low, high) if is_range else _choices(name, text.split(","))
    return space


def space_of_preset(preset: str, settings: Mapping[str, Any]) -> dict[str, Choices | Range]:
    """What a sweep over a preset varies by itself: its grid, less the fields that `settings` fix.

    Raises:
        ConfigError: no such preset, or nothing of it is left to vary.
    """
    grid = preset_named(preset).grid
    left: dict[str, Choices | Range] = {
        name: Choices(tuple(values)) for name, values in grid.items() if name not in settings
    }
    if not left:
        with_grid = ", ".join(known.name for known in PRESETS.values() if known.grid)
        found = "all of its fields fixed by --set" if grid else "none"
        raise ConfigError(
            f"expected the preset {preset} to say what to vary, found {found}; "
            f"say it with --vary, for instance --vary learning_rate=1e-4..1e-2, or take one of {with_grid}"
        )
    return left


def check_space(space: Space, config: TrainingConfig) -> None:
    """Try every choice and both ends of every range in the config.

    Raises:
        ConfigError: the space is empty, a value is out of its field's range, or the field must not be varied.
    """
    if not space:
        raise ConfigError("expected at least one field to vary, found none; for instance epochs=10,20")
    for name, varied in space.items():
        if name in KEPT:
            raise ConfigError(
                f"expected a field to vary that leaves the scans as they are, found {name}: trials that differ "
                f"in {', '.join(KEPT)} are judged on other scans; fix it with --set {name}=..."
            )
        ends = varied.values if isinstance(varied, Choices) else (varied.low, varied.high)
        for value in ends:
            with_settings(config, {name: value})


def is_grid(space: Space) -> bool:
    """Whether every field has values to choose from, so that all combinations can be tried."""
    return all(isinstance(varied, Choices) for varied in space.values())


def trials_in(space: Space) -> int | None:
    """How many combinations a grid has; None where a range is among them."""
    if not is_grid(space):
        return None
    return prod(len(varied.values) for varied in space.values() if isinstance(varied, Choices))


def space_to_json(space: Space) -> dict[str, Any]:
    """The space as plain values."""
    return {
        name: {"choices": list(varied.values)} if isinstance(varied, Choices) else asdict(varied)
        for name, varied in space.items()
    }


def space_from_json(content: Mapping[str, Any]) -> dict[str, Choices | Range]:
    """What `space_to_json` gave.

    Raises:
        ValueError, KeyError, TypeError: it did not give this.
    """
    return {
        name: Choices(tuple(varied["choices"]))
        if "choices" in varied
        else Range(varied["low"], varied["high"], bool(varied["log"]))
        for name, varied in content.items()
    }


def space_words(space: Space) -> str:
    """The space in words: `backbone: resnet18 or resnet34; learning_rate: 0.0001 to 0.01, logarithmic`."""
    return "; ".join(
        f"{name}: {' or '.join(map(str, varied.values))}"
        if isinstance(varied, Choices)
        else f"{name}: {varied.low:g} to {varied.high:g}{', logarithmic' if varied.log else ''}"
        for name, varied in space.items()
    )


def _choices(name: str, texts: list[str]) -> Choices:
    values = [parse_settings([f"{name}={text.strip()}"])[name] for text in texts]
    return Choices(tuple(dict.fromkeys(values)))


def _range(name: str, low_text: str, high_text: str) -> Range:
    kinds = {spec.name: type(spec.default) for spec in fields(TrainingConfig)}
    if kinds.get(name, float) not in (int, float):
        raise ConfigError(f"expected values of {name} with commas between them, found a range; only numbers have one")
    low, high = (parse_settings([f"{name}={text.strip()}"])[name] for text in (low_text, high_text))
    if not low < high:
        raise ConfigError(f"expected the range of {name} from low to high, found {low:g}..{high:g}")
    return Range(low, high, log=low > 0 and high / low >= LOG_FROM_RATIO)
