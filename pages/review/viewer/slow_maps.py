"""Maps that take a while: worked out in the background, for one scan, when somebody asks."""

from core.review.pictures import Heat, heat_of
from core.runs import Run
from pages.shared.cached_viewed import Asked


def is_slow(asked: Asked) -> bool:
    """Whether the method takes longer than people wait."""
    from core.explanation.maps import BACKGROUND_METHODS

    return asked.method in BACKGROUND_METHODS


def slow_heat(run: Run, path: str, asked: Asked) -> Heat | None:
    """The map, where it has been worked out. Raises ExplorerError as `read_slow_map` does."""
    from core.analyses.slow_map import read_slow_map

    found = read_slow_map(run, path, asked.target, asked.method, asked.layer)
    return None if found is None else heat_of(found)


def offer_slow_map(run: Run, path: str, asked: Asked) -> None:
    """The button that starts it, and how far it is."""
    from core.analyses.slow_map import KIND, slow_map_options
    from core.explanation.maps import METHODS
    from pages.shared.analyses import show_analysis

    options = slow_map_options(path, asked.target, asked.method, asked.layer)
    show_analysis(run, KIND, options, start_words=f"Work out {METHODS[asked.method]} of this scan")
