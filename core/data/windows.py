"""Windows: which Hounsfield units are shown from black to white."""

import re
from dataclasses import dataclass

from core.errors import ConfigError

_OWN = re.compile(r"([+-]?\d{1,5}(?:\.\d+)?)/(\d{1,5}(?:\.\d+)?)")


@dataclass(frozen=True)
class Window:
    """A range of Hounsfield units: `centre_hu` is mid grey, `width_hu` reaches from black to white.

    A width of 0 asks for the window that is stored in the file, or its whole range where none is.
    """

    name: str
    centre_hu: float = 0.0
    width_hu: float = 0.0

    @property
    def is_as_stored(self) -> bool:
        """Whether the file's own window is asked for."""
        return self.width_hu == 0


LUNG = Window("lung", -600.0, 1500.0)
MEDIASTINUM = Window("mediastinum", 40.0, 400.0)
AS_STORED = Window("stored")
WINDOWS = (LUNG, MEDIASTINUM, AS_STORED)


def window_named(text: str) -> Window:
    """The window that a text asks for: lung, mediastinum, stored, or CENTRE/WIDTH in HU such as "-600/1500".

    Raises:
        ConfigError: it is none of these.
    """
    for window in WINDOWS:
        if text.strip().lower() == window.name:
            return window
    found = _OWN.fullmatch(text.strip())
    if found and float(found.group(2)) >= 1:
        centre, width = float(found.group(1)), float(found.group(2))
        return Window(f"{centre:g}/{width:g}", centre, width)
    raise ConfigError(
        f"expected window to be lung, mediastinum, stored or CENTRE/WIDTH in HU such as -600/1500, found {text!r}"
    )
