"""Indexing a folder, each file decoded once, over a bare loop that reads, hashes and decodes; then once more."""

import hashlib
import io
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.fresh_cache import fresh_cache
from benchmarks.measured import Measured, in_turns, timed
from benchmarks.textured import write_textured
from core.data.index import index_dataset
from core.data.parallel import each_in_threads

FILES, ROUNDS = 3_000, 3


def run(files: int = FILES) -> list[Measured]:
    """As many threads on both sides. `run(20_000)` is the size the goal was set for; it takes some minutes."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "scans"
        paths = write_textured(root, files)
        again: list[float] = []

        def index() -> float:
            with fresh_cache():
                first = timed(lambda: index_dataset(root))
                again.append(timed(lambda: index_dataset(root)))
            return first

        seconds = in_turns(rounds=ROUNDS, bare=lambda: timed(lambda: _bare(paths)), ours=index)
    return [
        Measured(
            f"indexing {files} files: over reading, hashing and decoding them in bare Pillow",
            files / seconds["ours"],
            files / seconds["bare"],
            "files/s",
            0.75,
            goal_is_least=True,
        ),
        Measured(
            f"indexing {files} unchanged files once more: over the first time",
            sorted(again)[ROUNDS // 2],
            seconds["ours"],
            "s",
            0.05,
            goal_is_least=False,
        ),
    ]


def _bare(paths: list[Path]) -> None:
    for _ in each_in_threads(_hash_and_decode, paths):
        pass


def _hash_and_decode(path: Path) -> str:
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        image.load()
    return hashlib.sha256(content).hexdigest()
