"""Whatever becomes of a valid file, reading it ends soon, in pixels or in one line: no crash, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import SEEDS, mutants

from core.data.images import inspect_scan, read_scan, read_scan_bytes
from core.errors import DatasetError

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", sorted(set(SEEDS) - {"dicom rtplan", "dicom test-SR"}))
def test_the_files_that_are_damaged_here_were_valid(tmp_path, name):
    (tmp_path / "scan").write_bytes(SEEDS[name])
    assert [facts.problem for facts in inspect_scan(tmp_path / "scan")] == [""] * (2 if "frame" in name else 1)


@settings(max_examples=400, deadline=None)
@given(content=mutants())
def test_inspect_never_raises_and_agrees_with_read(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(content)
    found = inspect_scan(path)
    for number, facts in enumerate(found, start=1):
        assert "\n" not in facts.problem
        address = f"{path}#{number}" if len(found) > 1 else path
        if facts.problem:
            with pytest.raises(DatasetError):
                read_scan(address, sha256=facts.sha256)
        else:
            pixels = read_scan(address, sha256=facts.sha256)
            assert pixels.dtype == np.uint8
            assert pixels.shape == (facts.height, facts.width)


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=300), dicom=st.booleans())
def test_any_bytes_get_facts(tmp_path_factory, content, dicom):
    content = b"\0" * 128 + b"DICM" + content if dicom else content
    path = tmp_path_factory.getbasetemp() / "bytes.dcm"
    path.write_bytes(content)
    assert inspect_scan(path)[0].bytes == len(content)
    if inspect_scan(path)[0].problem:
        with pytest.raises(DatasetError):
            read_scan_bytes(content, "bytes.dcm")


MANY = """
import random, resource, sys, time
from mutants import SEEDS, mutate
from core.data.images import inspect_scan
random.seed(0)
limit = 3 * 2**30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
path, names = sys.argv[1], sorted(SEEDS)
slowest = 0
for _ in range(600):
    content = bytearray(SEEDS[random.choice(names)])
    for _ in range(random.randint(1, 5)):
        change = random.choice(("flip", "set", "number", "insert", "repeat", "remove", "cut"))
        mutate(content, change, random.randrange(max(1, min(len(content), 500))), random.getrandbits(32))
    with open(path, "wb") as file:
        file.write(content)
    before = time.thread_time()
    inspect_scan(path)
    slowest = max(slowest, time.thread_time() - before)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # getrusage counts who started us as well
print(slowest, int(status["VmHWM"].split()[0]) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_damage_costs_little_time_and_memory_and_no_word_on_standard_error(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MANY, tmp_path / "scan"],
        env={**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parents[2]}"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    processor_seconds, most_mib = map(float, done.stdout.split())
    assert processor_seconds < 2
    assert most_mib < 600
