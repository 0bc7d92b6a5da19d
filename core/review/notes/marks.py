"""Where a reader points: a place or a rectangle on a scan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import RequestError

POINT, RECTANGLE = "point", "rectangle"


@dataclass(frozen=True)
class Mark:
    """A place on a scan, in shares of its width and height, from the upper left corner.

    Attributes:
        kind: `POINT` or `RECTANGLE`.
        x0, y0: the point, or the rectangle's upper left corner, in [0, 1].
        x1, y1: its lower right corner, in [0, 1], not before the first; of a point the same place again.
    """

    kind: str
    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        """Refuse what is no place on a scan.

        Raises:
            RequestError: another kind, a corner outside, or corners in the wrong order.
        """
        corners = (self.x0, self.y0, self.x1, self.y1)
        if self.kind not in (POINT, RECTANGLE):
            raise RequestError(f"expected a mark that is a point or a rectangle, found {self.kind!r}")
        if not all(math.isfinite(value) and 0 <= value <= 1 for value in corners):
            raise RequestError(f"expected a mark inside the scan, its corners in [0, 1], found {corners}")
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise RequestError(f"expected a mark from its upper left to its lower right corner, found {corners}")
        if self.kind == POINT and (self.x0, self.y0) != (self.x1, self.y1):
            raise RequestError(f"expected a point to be one place, found {corners}")

    def to_dict(self) -> dict[str, str | float]:
        """As JSON keeps it; `from_dict` gives the same mark back."""
        return {"kind": self.kind, "x0": self.x0, "y0": self.y0, "x1": self.x1, "y1": self.y1}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Mark":
        """The mark that was written down.

        Raises:
            RequestError: it is none.
        """
        try:
            corners = (float(content[name]) for name in ("x0", "y0", "x1", "y1"))
            return cls(str(content["kind"]), *corners)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise RequestError("expected a mark with kind, x0, y0, x1 and y1, found something else") from None
