"""What a command is at, on standard error."""

import sys
import time
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm


class Narrator:
    """A progress bar on standard error; where that is no terminal, a line for each phase and each finished epoch."""

    def __init__(self, *, plain: bool) -> None:
        self.log_path: Path | None = None  # of the run that is worked on, once it is known
        self._plain = plain or not sys.stderr.isatty()
        self._bar: tqdm[NoReturn] | None = None
        self._phase, self._shown_at = "", 0.0

    def __call__(self, phase: str, share: float, words: str) -> None:
        """Tell the phase, its share done in [0, 1], and words; the phase "epoch" is a line that stays."""
        if phase == "epoch":
            tqdm.write(words, file=sys.stderr)
            sys.stderr.flush()
            return
        if phase != self._phase:
            self.close()
            self._phase, self._shown_at = phase, 0.0
            if self._plain:
                print(phase, file=sys.stderr, flush=True)
            else:
                self._bar = tqdm(total=100, bar_format="{bar:30} {n:3.0f} %  {desc}", leave=False)
        now = time.monotonic()
        if self._bar is not None and now - self._shown_at > 0.1:
            self._shown_at = now
            self._bar.n = min(100.0, share * 100)
            self._bar.set_description_str(f"{phase}: {words}")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
