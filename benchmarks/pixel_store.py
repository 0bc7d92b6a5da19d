"""Filling the store of decoded pixels over a bare loop that decodes and resizes; and the memory it takes."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.fresh_cache import fresh_cache
from benchmarks.measured import Measured, in_turns, timed
from benchmarks.textured import write_textured
from core.data.inspection import inspected
from core.data.parallel import each_in_threads
from core.data.pixels import decoded

FILES, SIDE, ROUNDS = 1_500, 224, 3
FEW, MANY = 500, 2_000  # scans whose memory is compared


def run(files: int = FILES) -> list[Measured]:
    """As many threads on both sides; memory in a process for each number of scans."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "scans"
        paths = write_textured(root, max(files, MANY))
        table = index_table(root, paths)
        some = table.iloc[:files]

        def fill() -> float:
            with fresh_cache():
                return timed(lambda: decoded(root, some, SIDE))

        seconds = in_turns(rounds=ROUNDS, bare=lambda: timed(lambda: _bare(paths[:files])), ours=fill)
        table.to_parquet(Path(name) / "table.parquet")
        few, many = (_growth_mib(Path(name), count) for count in (FEW, MANY))
    return [
        Measured(
            f"filling the pixel store, {files} scans to {SIDE} px: over decoding and resizing in bare Pillow",
            files / seconds["ours"],
            files / seconds["bare"],
            "scans/s",
            0.8,
            goal_is_least=True,
        ),
        Measured(
            f"memory of filling and reading the store: what {MANY - FEW} more scans add to the peak, over their pixels",
            max(many - few, 0.0),
            (MANY - FEW) * SIDE**2 / 2**20,
            "MiB",
            0.1,
            goal_is_least=False,
        ),
    ]


def index_table(root: Path, paths: list[Path]) -> pd.DataFrame:
    """What `decoded` needs to know of the scans."""
    names = [path.relative_to(root).as_posix() for path in paths]
    with fresh_cache():
        facts = inspected(root, names)
    return pd.DataFrame({"path": names, "sha256": [frames[0].sha256 for frames in facts]})


def _growth_mib(folder: Path, count: int) -> float:
    with fresh_cache():
        arguments = [sys.executable, "-m", "benchmarks.pixel_store", str(folder), str(count)]
        return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def _bare(paths: list[Path]) -> None:
    for _ in each_in_threads(_decode_and_resize, paths):
        pass


def _decode_and_resize(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX))


def _peak_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _fill_and_read(folder: Path, count: int) -> float:
    """By how much the peak of this process grows while it fills the store and goes through it in batches."""
    table = pd.read_parquet(folder / "table.parquet")
    decoded(folder / "scans", table.iloc[:200], SIDE)[:32]  # every thread has had its work
    before = _peak_mib()
    scans = decoded(folder / "scans", table.iloc[:count], SIDE)
    for start in range(0, count, 32):
        scans[start : start + 32]
    return _peak_mib() - before


if __name__ == "__main__":
    print(_fill_and_read(Path(sys.argv[1]), int(sys.argv[2])))
