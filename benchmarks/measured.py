"""A figure beside its limit."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Measured:
    """One benchmark's outcome.

    Attributes:
        name: what was compared.
        ours: our figure, in `unit`.
        limit: the figure of what cannot be beaten, in the same unit, from the same run.
        unit: of both.
        goal: the ratio ours / limit to keep to.
        goal_is_least: whether the ratio should be at least `goal` (throughput) or at most (time).
    """

    name: str
    ours: float
    limit: float
    unit: str
    goal: float
    goal_is_least: bool

    @property
    def ratio(self) -> float:
        """Ours over the limit."""
        return self.ours / self.limit

    @property
    def kept(self) -> bool:
        """Whether the goal is kept."""
        return self.ratio >= self.goal if self.goal_is_least else self.ratio <= self.goal

    def line(self) -> str:
        """One row of the table in README.md."""
        sign = "≥" if self.goal_is_least else "≤"
        return (
            f"| {self.name} | {self.ours:.4g} {self.unit} | {self.limit:.4g} {self.unit} | {self.ratio:.2f} "
            f"| {sign} {self.goal:g} | {'yes' if self.kept else 'NO'} |"
        )


HEADER = "| what | ours | limit | ratio | goal | kept |\n| --- | --- | --- | --- | --- | --- |"


def in_turns(*, rounds: int, **works: Callable[[], float]) -> dict[str, float]:
    """Median seconds of each work, taken in turns so that a busy moment of the machine meets all of them.

    Each work returns its own seconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name].append(work())
    return {name: median(values) for name, values in seconds.items()}


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
