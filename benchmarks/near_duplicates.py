"""The search for near hashes, over one bare pass that compares all of them and keeps nothing."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.measured import Measured, in_turns, timed
from core.data.near_duplicates import MAX_BITS, near_hashes

COUNT, PLANTED, BLOCK, ROUNDS = 100_000, 5_000, 512, 3


def run() -> list[Measured]:
    """100,000 hashes, a twentieth of them a few bits away from another."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, COUNT, dtype=np.uint64)
    flipped = np.left_shift(np.uint64(1), rng.integers(0, 64, (4, PLANTED), dtype=np.uint64))
    hashes[-PLANTED:] = hashes[:PLANTED] ^ np.bitwise_xor.reduce(flipped)
    starts = range(0, COUNT, BLOCK)

    def compare(start: int) -> None:
        for other in starts[start // BLOCK :]:
            np.bitwise_count(hashes[start : start + BLOCK, None] ^ hashes[None, other : other + BLOCK])

    def bare() -> float:
        with ThreadPoolExecutor() as pool:
            return timed(lambda: list(pool.map(compare, starts)))

    def ours() -> float:
        return timed(lambda: near_hashes(hashes, MAX_BITS))

    found = len(near_hashes(hashes, MAX_BITS))
    if found < PLANTED:
        raise RuntimeError(f"expected the {PLANTED} planted pairs, found {found}")
    seconds = in_turns(rounds=ROUNDS, bare=bare, ours=ours)
    name = f"near-duplicate search, {COUNT:,} hashes: over comparing them all"
    return [
        Measured(name, seconds["ours"], seconds["bare"], "s", 2, goal_is_least=False),
        Measured(f"the same, {COUNT:,} hashes: over a minute", seconds["ours"], 60, "s", 1, goal_is_least=False),
    ]
