"""What can be worked out about a run in the background."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from core.runs import Run

Progress = Callable[[int, int], None]
"""Is told how many steps of how many are done; raises when somebody asked to stop."""
Work = Callable[[Run, Path, Mapping[str, str], Progress], None]
"""Works on a run with options, writes files into a folder that is its own, and tells its progress."""


@dataclass(frozen=True)
class Kind:
    """One kind of analysis.

    Attributes:
        title: what it is called in a sentence.
        module: where its function `work` is; loaded by who works alone, for it loads what is heavy.
        version: goes up whenever it would find something else.
        has_scores: whether what it keeps holds scores, calibrated ones where that is in force.
        has_defaults: whether its module's `with_defaults` fills in what an option means where nobody gives it.
    """

    title: str
    module: str
    version: int = 1
    has_scores: bool = False
    has_defaults: bool = False

    def work(self) -> Work:
        """Its function."""
        return cast(Work, import_module(self.module).work)

    def asked(self, run: Run, options: Mapping[str, str]) -> Mapping[str, str]:
        """Options as people give them, complete: what is meant alike is kept under one name."""
        if not self.has_defaults:
            return options
        return cast(Mapping[str, str], import_module(self.module).with_defaults(run, options))


KINDS: Mapping[str, Kind] = {
    "heat": Kind("where the heat is", "core.analyses.heat"),
    "faithfulness": Kind("whether its maps are faithful", "core.analyses.faithfulness"),
    "slow-map": Kind("a slow map of one scan", "core.analyses.slow_map", has_scores=True, has_defaults=True),
    "tsne": Kind("the t-SNE map of all scans", "core.analyses.tsne"),
}
