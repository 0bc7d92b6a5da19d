"""A decoder that crashes, hangs or wants too much costs one file, and nobody else notices."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from mutants import saved

from core.data.decoding import apart
from core.data.decoding.apart import decoded_apart
from core.data.refusals import UnusableError

NOISE = np.random.default_rng(0).integers(0, 256, (24, 32), dtype=np.uint8)
JOB = {"kind": "image", "format": "JPEG2000", "megapixels": 0.001}
CONTENT = saved(NOISE, "JPEG2000")


def idle_process():
    """The worker that the next job gets."""
    decoded_apart(JOB, CONTENT)
    return apart._idle[-1]._process


def test_pixels_come_back():
    assert np.array_equal(decoded_apart(JOB, CONTENT), NOISE)
    assert decoded_apart(JOB, CONTENT).flags.writeable


def test_a_worker_is_used_again():
    assert idle_process().pid == idle_process().pid


def test_damage_is_told_and_the_worker_lives_on():
    process = idle_process()
    with pytest.raises(UnusableError, match="damaged"):
        decoded_apart(JOB, CONTENT[:200])
    assert idle_process() is process


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV])
def test_a_dead_worker_costs_one_file(blow):
    process = idle_process()
    process.send_signal(blow)
    process.wait()
    with pytest.raises(UnusableError, match="damaged: its pixels cannot be decoded"):
        decoded_apart(JOB, CONTENT)
    assert np.array_equal(decoded_apart(JOB, CONTENT), NOISE)


def test_a_worker_that_has_retired_is_replaced():
    process = idle_process()
    process.send_signal(signal.SIGALRM)  # what ends it when it is idle
    process.wait()
    assert np.array_equal(decoded_apart(JOB, CONTENT), NOISE)


def test_work_without_end_is_ended():
    with pytest.raises(UnusableError, match="damaged: its pixels cannot be decoded"):
        decoded_apart(JOB | {"megapixels": -0.9999 * 2}, bytes(saved(np.tile(NOISE, (80, 60)), "JPEG2000")))
    assert np.array_equal(decoded_apart(JOB, CONTENT), NOISE)


def test_a_worker_can_open_nothing(tmp_path):
    pid = idle_process().pid
    limits = {line[:26].strip(): line[26:].split()[:2] for line in Path(f"/proc/{pid}/limits").read_text().splitlines()}
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max core file size"] == ["0", "0"]
    opened = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    assert limits["Max open files"] == [str(opened), str(opened)]


def test_many_threads_get_their_own_pixels():
    wrong = []

    def often(number):
        mine = np.roll(NOISE, number)
        content = saved(mine, "JPEG2000")
        wrong.extend(number for _ in range(10) if not np.array_equal(decoded_apart(JOB, content), mine))

    threads = [threading.Thread(target=often, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(apart._idle) <= (os.cpu_count() or 1)
