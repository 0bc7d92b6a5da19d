"""Maps that say that there is evidence, and not where."""

from core.explanation.maps import ScanMap

FLAT_WORDS = "The last feature map is one cell: it cannot say where. Train on larger images to see where."


def is_flat(found: ScanMap) -> bool:
    """Whether the heat is the same everywhere; made smaller for a screen it may differ in its last bit."""
    return not found.is_empty and (found.is_flat or tuple(found.side) == (1, 1))
